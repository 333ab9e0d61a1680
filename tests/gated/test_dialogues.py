"""The dialogues of a batch are shown with their reasons, and the turns marked that a bound is about."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.stored import on
from understudy.doors import checks
from understudy.doors.store import Store
from understudy.errors import BadInput
from understudy.measure.reference import Reference
from understudy.play.dialogue import Played, PlayedTurn
from understudy.prompt.genome import SECTIONS, Controls, Genome
from understudy.release import advice, gates
from understudy.release.advice import advice_on, advice_on_quarantine
from understudy.release.failing import Behind, has_marks, marks
from understudy.release.verdicts import VerdictFields
from understudy.search.influence import ComparedTurn, Exhibit, Reading
from understudy.tasks.publish.listing import listed_releases
from understudy.tasks.validate import dialogues
from understudy.tasks.validate.batch import validate_batch
from understudy.tasks.validate.broken import bound_page
from understudy.tasks.validate.dialogues import TABLE_SUITES, Shown, batch_dialogues

CODE = "zabcdefgh zijklmnop zaaaabbbb"
NOTHING = Reading("neither", "inform", "start", ("a",))


def shown(path: Path, *, failing: str | None = None, n: int = 10) -> Any:
    return batch_dialogues(path, "one", dataset=None, failing=failing, n=n)


@pytest.mark.usefixtures("quick_suites")
def test_a_leaking_dialogue_is_shown_first_with_its_reason_and_the_turn_that_gives_the_title_away(make_store: Callable[..., Any]) -> None:
    path = Path(make_store(leaking=("d03",)))
    on(path, validate_batch, "b1")
    whole = shown(path, n=2)
    assert whole["dialogues"][0]["id"] == "d03"
    assert whole["n_matching"] == 150
    assert whole["snapshot"] is None
    behind = shown(path, failing="synthetic_dialogues/title_kept")
    (only,) = behind["dialogues"]
    assert (behind["n_matching"], only["id"], only["engine"], only["kind"]) == (1, "d03", "some-model", "free run")
    assert "title given away" in only["reasons"]
    marked = [turn for turn in only["turns"] if turn["marks"]]
    assert [turn["speaker"] for turn in marked] == ["seeker"]
    assert marked[0]["marks"] == ["gives the wanted title away"]
    assert shown(path, failing="release/quarantined")["n_matching"] == 1


@pytest.mark.usefixtures("quick_suites")
def test_what_bounds_rest_on_is_read_once_for_all_of_them(judged_store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    n_read: list[int] = []

    def read(everything: list[Played], **_: object) -> list[object]:
        n_read.append(len(everything))
        return []

    monkeypatch.setattr(dialogues.cases, "cases", read)
    monkeypatch.setattr(dialogues.cases.HumanTurns, "of", lambda *_: None)
    monkeypatch.setattr(dialogues, "evaluation_of", lambda *_: SimpleNamespace(objectives={}))
    for name in ("contexts", "reference", "reactions", "behaviour"):
        # the store has no turns of people
        monkeypatch.setattr(dialogues.Humans, name, lambda *_, **__: {})
    with Store.open(judged_store) as store:
        batch = dialogues.Shown(store, "b1")
        for failing in ("leakage/title", "leakage/attributes", "leakage/title"):
            batch.behind(failing)
    assert n_read == [150]


@pytest.mark.parametrize(
    ("failing", "told"),
    [
        ("nowhere/title", "there is no suite 'nowhere'"),
        ("leakage/nothing", "no expectation 'nothing'"),
        ("release/dialogues", "no dialogue is behind it"),
        ("bias/over_acceptance", "were not recorded for this batch"),
        ("bias/corrected_acceptance", "were not recorded for this batch"),
    ],
)
def test_what_has_no_dialogues_is_refused_with_what_there_is(make_store: Callable[..., Any], failing: str, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        shown(Path(make_store()), failing=failing)


def case(key: str, *, label: str = "accept", theirs: str | None = "reject", stratum: str | None = None, leaks: str = "") -> ComparedTurn:
    """A turn of the piece `key`."""
    ours = Reading(label, "inform", "start", (key,))
    human = None if theirs is None else Reading(theirs, "inform", "start", ("b",))
    return ComparedTurn(key, Exhibit("", key), ours, human, stratum, frozenset(leaks.split()), (key, 0))


def played(key: str, status: str, reason: str = "", *, mode: str = "free", n_cut: int = 0, said: str = "") -> Played:
    return Played(
        play_key=key, mode=mode, scenario_id="s", dialogue_id="d", genome_digest="g", replicate=0, recommender="r", model="m", engine="e",
        status=status, reason=reason, stratum=None, item_id=None, target=None, title_in_prompt=False, n_turns=0, n_tokens=0, n_cut=n_cut,
        turns=(PlayedTurn("seeker", said),) if said else (),
    )  # fmt: skip


@pytest.fixture
def behind() -> Behind:
    """One piece for each figure."""
    cases = [
        case("leaks", theirs=None, leaks="title copying"), case("agrees", stratum="disliked", theirs="accept"),
        case("accepts", stratum="disliked"), case("refuses", stratum="unstated", label="neither", theirs="accept"),
        case("declines", stratum="disliked", label="reject"), case("decoy", stratum="decoy"),
    ]  # fmt: skip
    pieces = [
        played("gone", "missing", "no answer"), played("gone too", "missing", mode="replay"), played("odd", "invalid", "empty"),
        played("flip", "invalid", "role_flip"), played("cut", "complete", n_cut=2),
        played("sown", "complete", said=f"({CODE[10:19].upper()})"),
        played("wine", "complete", said="a zinfandel, please"),
    ]  # fmt: skip
    reference: Reference = object()  # type: ignore[assignment]  # no figure here reads it
    return Behind(pieces, cases, {"positive_bias": {"disliked": 0.6}}, reference, (CODE,))


@pytest.mark.parametrize(
    ("figure", "keys"),
    [
        ("leakage.title", ["leaks"]),
        ("leakage.attributes", []),
        ("leakage.copying", ["leaks"]),
        ("diagnostics.over_acceptance", ["accepts"]),
        ("facts.corrected_acceptance", ["accepts", "refuses"]),
        ("facts.canaries", ["sown"]),
        ("diagnostics.decoy_acceptance", ["decoy"]),
        ("diagnostics.invalid", ["flip", "odd"]),
        ("diagnostics.role_flips", ["flip"]),
        ("facts.missing", ["gone"]),
        ("facts.cut", ["cut"]),
        ("objectives.positive_bias", ["accepts", "agrees"]),
    ],
)
def test_a_figure_names_the_turns_behind_it(behind: Behind, figure: str, keys: list[str]) -> None:
    found = marks(figure, behind)
    assert has_marks(figure)
    assert [mark.play_key for mark in found] == keys
    assert all(mark.why for mark in found)


# bounds on what no dialogue is behind, and bounds that no section of a prompt decides
OF_THE_BATCH = {
    "history", "split", "unmeasured", "dialogues", "unlicensed_sources", "foreign_scenarios", "foreign_exemplars", "quarantined",
}  # fmt: skip
OF_NO_SECTION = OF_THE_BATCH | {"missing"}


def test_every_other_bound_shows_its_dialogues_and_names_a_section() -> None:
    suites = checks.suites()
    for name in gates.batch_gates(suites):
        for one in gates.bounds(suites[name]):
            figure = one.meta["figure"]
            assert has_marks(figure) == (one.name not in OF_THE_BATCH), figure
            parts = dict.fromkeys(advice._OF_PARTS.get(figure, ()), 0.1)
            assert (advice_on(figure, parts) is not None) == (one.name not in OF_NO_SECTION), figure


@pytest.mark.parametrize("figure", ["facts.dialogues", "facts.unlicensed_sources", "leakage.history", "leakage.split"])
def test_a_fact_of_the_whole_batch_has_none(figure: str) -> None:
    assert not has_marks(figure)


def test_a_page_of_a_bound_interprets_nothing_that_was_said() -> None:
    verdict: VerdictFields = {  # type: ignore[typeddict-item]  # what the page does not read is left out
        "suite": "leakage", "expectation": "title", "detail": "the value 0.6 is 0.55 above the maximum of 0.05 (n = 190)",
    }  # fmt: skip
    said = "<img src=x> [a](javascript:b)\n# title | `c`"
    one = {
        "id": "k", "engine": "e", "kind": "free run", "status": "complete", "reasons": ["gives it away"],
        "turns": [{"speaker": "seeker", "text": said, "of_log": False, "marks": ["gives it away"]}],
        "human": {
            "dialogue_id": "h`1", "turn_index": 4,
            "turns": [
                {"speaker": "recommender", "text": "not theirs", "of_log": True, "marks": []},
                {"speaker": "seeker", "text": "<b>no</b>", "of_log": True, "marks": []},
            ],
        },
    }  # fmt: skip
    text = bound_page(verdict, "one", [one], "", advice=["Look at the section **disclosure**"])  # type: ignore[list-item]
    human = next(line for line in text.splitlines() if "the human of dialogue" in line)
    assert ", turn 4*: &#60;b&#62;no&#60;&#47;b&#62;".replace("&#47;", "/") in human
    assert "h&#96;1" in human
    assert "not theirs" not in text
    assert "Look at the section **disclosure**" in text
    assert "### leakage/title" in text
    assert "understudy dialogues one --failing leakage/title" in text
    turn = next(line for line in text.splitlines() if "seeker" in line)
    assert not set("<>[]#|`") & set(turn.replace("&#", ""))
    assert "img src" in turn


SIGNED = {"distinct_2": 0.1, "self_similarity": None, "act_entropy": -0.4, "openings": 0.3}


@pytest.mark.parametrize(
    ("figure", "signed", "section"),
    [
        ("leakage.title", {}, "disclosure"), ("diagnostics.role_flips", {}, "role"), ("objectives.positive_bias", SIGNED, "reaction"),
        ("objectives.diversity_gap", SIGNED, "reaction"), ("objectives.diversity_gap", {**SIGNED, "openings": -2.0}, "need"),
        ("objectives.behavioural_distance", {"turns": 0.5, "acts": 0.1}, "ending"),
    ],
)  # fmt: skip
def test_a_bound_names_the_section_of_the_prompt_to_look_at(figure: str, signed: dict[str, float | None], section: str) -> None:
    found = advice_on(figure, signed)
    assert found is not None
    assert found.section == section
    assert section in SECTIONS
    assert found.why


@pytest.mark.parametrize(("figure", "signed"), [("facts.missing", {}), ("objectives.diversity_gap", {}), ("leakage.split", {})])
def test_where_no_section_decides_none_is_named(figure: str, signed: dict[str, float | None]) -> None:
    assert advice_on(figure, signed) is None


# reasons for quarantine that lie with the recommender, the provider or the store
OF_NO_PROMPT = {
    "no key", "twice in the batch", "not a free run", "missing reply", "turns lost", "two turns in one place", "unknown speaker",
    "speakers do not alternate", "turns are not in order", "unknown item",
}  # fmt: skip


def test_the_most_frequent_reason_for_quarantine_names_the_section() -> None:
    found = advice_on_quarantine({"title given away": 30, "cut turn": 31, "role flip": 2})
    assert found is not None
    assert (found.section, "cut turn, 31" in found.why) == ("style", True)
    assert advice_on_quarantine({"missing reply": 5, "cut turn": 1}) is None
    assert advice_on_quarantine({}) is None


def test_every_reason_for_quarantine_names_a_section_or_none_decides_it() -> None:
    reasons = {one.meta["reason"] for name in TABLE_SUITES for one in checks.suite(name) if "reason" in one.meta}
    for reason in reasons:
        assert (advice_on_quarantine({reason: 1}) is None) == (reason in OF_NO_PROMPT), reason
    assert reasons >= OF_NO_PROMPT


@pytest.mark.usefixtures("quick_suites")
def test_a_batch_with_too_many_in_quarantine_is_told_the_section_and_its_text(make_store: Callable[..., Any]) -> None:
    def write_one(tables: dict[str, list[dict[str, Any]]]) -> None:
        sections = {name: f"text of {name}" for name in SECTIONS}
        genome = Genome(sections, Controls(), ("h0", "h1"))
        tables["play.genomes"][0]["genome"] = json.dumps(genome.as_json())

    path = make_store(write_one, leaking=("d03", "d04"))
    on(path, validate_batch, "b1")
    with Store.open(Path(path)) as store:
        found = Shown(store, "b1").advice("release/quarantined")
    assert found is not None
    assert (found[0].section, found[1]) == ("disclosure", "text of disclosure")


def test_every_section_is_one_of_a_prompt_and_every_part_one_of_its_objective() -> None:
    of_parts = (one for parts in advice._OF_PARTS.values() for one in parts.values())
    named = [*advice._OF_FIGURES.values(), *advice._OF_REASONS.values(), *of_parts]
    assert {one.section for one in named} <= set(SECTIONS)
    for figure, parts in advice._OF_PARTS.items():
        assert set(parts) == set(import_module(f"understudy.objectives.{figure.partition('.')[2]}").PARTS)


def test_releases_of_an_empty_folder_are_none(tmp_path: Path) -> None:
    assert listed_releases(tmp_path / "releases") == {"snapshot": None, "releases": []}
