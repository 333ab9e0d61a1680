"""Pages of all commands on a narrow terminal and into a pipe: with wide values every number stands whole, and a next step ends each."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

import pytest
from rich.console import Console
from rich.text import Text

from tests.flows.test_result_types import ANSWERS
from understudy.doors.copies import MovedFields
from understudy.flows.cli import app
from understudy.flows.cli.tables import PageTable, page_console
from understudy.flows.stages import OptimizeFields
from understudy.release import usefulness
from understudy.release.verifying import VerifyFields
from understudy.report.figures import bound
from understudy.tasks.models import ModelsFields
from understudy.tasks.profile.results import LabelsFields, ProfileFields
from understudy.tasks.publish.listing import ReleasesFields
from understudy.tasks.publish.retracting import RetractFields
from understudy.tasks.simulate.results import SimulateFields
from understudy.tasks.studies.react import ReactFields
from understudy.tasks.studies.results.probes import OneProbeFields
from understudy.tasks.studies.results.replicated import ReplicateEstimated, ReplicateFields
from understudy.tasks.validate.dialogues import DialoguesFields
from understudy.tasks.validate.gates import GatesFields

# a wide number; the short ones of headings stand in every block of a stacked table
NUMBER = re.compile(r"\d[\d,]{5,}(?:\.\d+)?%?")
KINDS: dict[str, tuple[str, Any]] = {
    **{name: (name.split("_")[0], kind) for name, kind in ANSWERS.items()},
    "labels": ("label", LabelsFields),
    "one_probe": ("probe", OneProbeFields),
    "optimize": ("optimize", OptimizeFields),
    "profile": ("profile", ProfileFields),
    "simulate": ("simulate", SimulateFields),
    "gates": ("gates", GatesFields),
    "releases": ("releases", ReleasesFields),
    "retract": ("retract", RetractFields),
    "dialogues": ("dialogues", DialoguesFields),
    "verify": ("verify", VerifyFields),
    "models": ("models", ModelsFields),
    "react": ("react", ReactFields),
    "replicate": ("replicate", ReplicateFields),
    "replicate_estimate": ("replicate", ReplicateEstimated),
    "store": ("store", MovedFields),
}
FIGURE = {"value": 123456.789012, "ci": [-234567.890123, 345678.901234], "n": 1234567}
PER_CALL = ("prompt_tokens", "reply_tokens", "latency_s", "cached_share")
# what a type does not tell: words that pages look up, and mappings whose names they know
SAID: dict[str, Any] = {
    "outcome": "better", "home_outcome": "better", "direction": "higher", "engine": "rehearsal", "engines": ["rehearsal"],
    "began_at": "2026-11-29T01:02:03", "ended_at": "2026-11-29T03:02:03",
    "recall": dict.fromkeys(("1", "10", "50"), FIGURE), "pictures": {"page": "index.html"},
    "assumptions": {
        "calls": {"seeker": {"model": "one", "from": "it", **dict.fromkeys(PER_CALL, FIGURE)}},
        "seeker_turns_from": "the humans", "ledger": "nothing has been played",
    },
    "cost": dict.fromkeys(("n_dialogues", "n_tokens", "n_critic_tokens"), 1234567),
    "sections": {"role": [["gone", "1234567 films"], ["new", "2345678 films"]]},
    "rejected": [{"n": 1234567, "operator": "crossover", "reason": "a near-duplicate"}],
    "instruments": {
        "reaction": {
            "kind": "shipped", "digest": "0123456789abcdef", "fitted_on": [], "languages": ["en"], "macro_f1": {"human": FIGURE},
            "macro_f1_by_register": {"human": FIGURE}, "per_class": None, "confusion_by_register": None,
        },
    },
    "confusion_by_register": {"reaction": {"human": {"n": 1234567, "source": "gold acts"}}},
}  # fmt: skip

NAMES: dict[str, Iterable[str]] = {
    "calls": ("search", "report", "dialogues"), "reported": ("questions", "stop_tokens"),
    "trained_on": usefulness.ARMS, "baselines": ("popularity", "majority"),
    **dict.fromkeys(("n_test", "figures", "versus_real", "versus_baseline"), usefulness.COLUMNS),
}  # fmt: skip


def made(kind: Any, name: str = "") -> Any:
    """A value of a type, as wide as values get."""
    origin, inner = get_origin(kind), get_args(kind)
    # of a profile an instrument has a type of its own; elsewhere it is a mapping whose names the pages know
    is_typed = name == "instruments" and is_typeddict(inner[-1])
    if name in SAID and origin is not Literal and not is_typed:
        return SAID[name]
    if is_typeddict(kind):
        fields = {field: made(one, field) for field, one in get_type_hints(kind).items() if field != "content"}
        return fields | ({"ci": FIGURE["ci"]} if "ci" in fields else {}) | ({"range": [1234567, 2345678]} if "range" in fields else {})
    if origin is Literal:
        return inner[0]
    if origin in (Union, type(int | None)):
        return made(next(one for one in inner if one is not type(None)), name)
    if origin in (list, tuple):
        return [made(inner[0], name)] * 2
    if origin is dict:
        return {one: made(inner[1]) for one in NAMES.get(name, ("a_name_of_some_length_0", "a_name_of_some_length_1"))}
    return {int: 1234567, float: 123456.789012, bool: True, str: "a text of some length"}.get(kind, "a text")


def printed(show: Callable[[Console, Any], None], fields: Any, *, width: int) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    show(console, fields)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def page_of(command: str) -> Callable[[Console, Any], None]:
    show: Callable[[Console, Any], None] = import_module(f"understudy.flows.cli.{command}").page
    return show


def test_every_command_that_has_a_page_is_looked_at() -> None:
    with_page = {one.__name__ for one in app.COMMANDS if hasattr(import_module(f"understudy.flows.cli.{one.__name__}"), "page")}
    assert with_page == {command for command, _ in KINDS.values()}


@pytest.mark.parametrize("name", KINDS)
def test_no_number_is_cut_or_broken_on_80_columns(name: str) -> None:
    command, kind = KINDS[name]
    show, fields = page_of(command), made(kind)
    wide, narrow = (printed(show, fields, width=width) for width in (100_000, 80))
    assert Counter(NUMBER.findall(narrow)) == Counter(NUMBER.findall(wide))
    assert "…" not in narrow.replace("… and", "")


@pytest.mark.parametrize("name", KINDS)
def test_a_page_into_a_pipe_has_each_row_on_a_line_of_its_own(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    command, kind = KINDS[name]
    show, fields = page_of(command), made(kind)
    show(page_console(), fields)
    assert capsys.readouterr().out == printed(show, fields, width=100_000)


@pytest.mark.parametrize("name", KINDS)
def test_a_page_ends_with_what_can_be_done_next(name: str) -> None:
    command, kind = KINDS[name]
    last = printed(page_of(command), made(kind), width=80).rstrip().split("\n")[-1]
    assert last.startswith("next: ")


def test_a_grid_has_columns_where_they_fit_and_blocks_of_lines_where_they_do_not() -> None:
    grid = PageTable("setting", "objective", "before", "after", title="Figures", n_names=2)
    grid.add_row("few_shot", "positive_bias", "0.123 [0.100, 0.150]", Text("0.100 [0.050, 0.150]", style="green"))
    wide, narrow = (printed(lambda console, one: console.print(one), grid, width=width) for width in (80, 40))
    assert len([line for line in wide.split("\n") if "0.123 [0.100, 0.150]" in line and "0.100 [0.050, 0.150]" in line]) == 1
    assert [line.rstrip() for line in narrow.split("\n")[:4]] == [
        "Figures", "few_shot, positive_bias", "  before  0.123 [0.100, 0.150]", "  after   0.100 [0.050, 0.150]",
    ]  # fmt: skip


def test_markup_in_a_cell_is_data() -> None:
    grid = PageTable("name", "value")
    grid.add_row("[bold]film[/]", "[red]")
    assert "[bold]film[/]" in printed(lambda console, one: console.print(one), grid, width=80)


def test_a_bound_says_on_which_side_a_figure_must_lie() -> None:
    assert (bound(20.0, at_least=True), bound(0.05, at_least=False), bound(0.05, at_least=None)) == ("≥ 20.000", "≤ 0.050", "0.050")
