"""Gates on real rows: a clean batch passes, each fault stops it with a verdict that names bound and miss.

One batch that passes and one with faults are judged by Great Expectations itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from shutil import rmtree
from typing import Any
from urllib.parse import unquote, urlparse

import duckdb
import pytest

from tests.stored import on
from understudy.doors import checks
from understudy.doors.store import Store
from understudy.errors import BadInput, GateFailed
from understudy.instruments.reaction import CLASSES
from understudy.records import STRATA
from understudy.release.gates import batch_gates, bounds
from understudy.statistics.confusion import Confusion
from understudy.statistics.rates import wilson
from understudy.tasks.validate import corrected
from understudy.tasks.validate.batch import require_passed, validate_batch
from understudy.tasks.validate.gates import gate_bounds
from understudy.tasks.validate.pages import verdict_page

Tables = dict[str, list[dict[str, Any]]]


def validate(path: Path, batch_key: str) -> Any:
    return on(path, validate_batch, batch_key)


quick = pytest.mark.usefixtures("quick_suites")


def failed(fields: dict[str, Any]) -> dict[str, str]:
    return {f"{v['suite']}/{v['expectation']}": v["detail"] for v in fields["verdicts"] if v["outcome"] == "failed"}


def test_a_clean_batch_passes_every_suite(make_store: Callable[..., str]) -> None:
    fields = validate(make_store(), "b1")
    assert failed(fields) == {}
    assert fields["passed"]
    assert fields["n_quarantined"] == 0
    suites = {verdict["suite"] for verdict in fields["verdicts"]}
    assert suites == {
        "human_dialogues", "synthetic_dialogues", "synthetic_turns", "leakage", "bias", "diversity", "alignment", "privacy", "release"
    }  # fmt: skip
    title = next(v for v in fields["verdicts"] if (v["suite"], v["expectation"]) == ("leakage", "title"))
    assert (title["observed"], title["ci"], title["bound"], title["n"]) == (0.0, [0.0, 0.0188], 0.05, 1000)


@quick
def test_validating_twice_gives_the_same_fields_and_rows(make_store: Callable[..., str]) -> None:
    path = make_store(leaking=("d03",))
    first = validate(path, "b1")
    with Store.open(path) as store:
        before = store.digest()
    assert validate(path, "b1") == first
    with Store.open(path) as store:
        assert store.digest() == before


@quick
def test_a_figure_beyond_its_bound_fails_its_gate_alone(make_store: Callable[..., str], figure: Callable[..., None]) -> None:
    value = {"value": 0.04, "ci": [0.02, 0.08], "n": 1000}
    fields = validate(make_store(lambda tables: figure(tables, "leakage.title", value)), "b1")
    assert failed(fields) == {"leakage/title": "the upper end of the interval 0.080 is 0.030 above the maximum of 0.050 (n = 1000)"}


@quick
def test_bounds_that_the_data_cannot_give_evidence_for_do_not_apply_and_are_not_passed(make_store: Callable[..., str]) -> None:
    def forget_forms(tables: Tables) -> None:
        for context in tables["profile.contexts"]:
            context["stratum"] = "unstated"
        for item in tables["ingest.items"]:
            item |= {"year": None, "genres": []}

    path = make_store(forget_forms)
    fields = validate(path, "b1")
    beside = {f"{v['suite']}/{v['expectation']}": v for v in fields["verdicts"] if v["outcome"] == "not_applicable"}
    assert set(beside) == {"leakage/attributes", "bias/decoy_acceptance", "bias/corrected_acceptance", "privacy/canaries"}
    assert all(verdict["passed"] is None for verdict in beside.values())
    assert fields["passed"]
    assert require_passed(fields) == fields
    assert "leakage / attributes: not applicable: the catalogue tells nothing of the targets but their titles" in verdict_page(fields)
    assert validate(path, "b1") == fields


# of 100 turns of each class: people are read well, the engine's acceptances are half taken for no reaction
READ_WELL = ((90.0, 3.0, 7.0), (5.0, 85.0, 10.0), (6.0, 6.0, 88.0))
MISSES_ACCEPTANCES = ((50.0, 2.0, 48.0), (10.0, 50.0, 40.0), (5.0, 5.0, 90.0))


def reactions(accepted: float, human: float, *, n: int = 1000) -> dict[str, dict[str, Any]]:
    """Diagnostics of an evaluation in which these shares are read as acceptances in every stratum, and a tenth as refusals."""
    found = {}
    for side, share in (("", accepted), ("_human", human)):
        for label, value in (("accept", share), ("reject", 0.1), ("neither", 0.9 - share)):
            found |= {f"{label}_{name}{side}": wilson(round(value * n), n).as_json() for name in STRATA}
    return found


@quick
@pytest.mark.parametrize(("engine_is_read", "outcome"), [(MISSES_ACCEPTANCES, "failed"), (READ_WELL, "passed")])
def test_a_batch_whose_acceptances_are_missed_does_not_pass_because_of_it(
    make_store: Callable[..., str], monkeypatch: pytest.MonkeyPatch, engine_is_read: tuple[tuple[float, ...], ...], outcome: str
) -> None:
    known = {"some-model": Confusion(CLASSES, engine_is_read), "human": Confusion(CLASSES, READ_WELL)}
    monkeypatch.setattr(corrected, "known_confusions", lambda *_: known)

    def read(tables: Tables) -> None:
        told = json.loads(tables["optimize.evaluations"][0]["diagnostics"])
        tables["optimize.evaluations"][0]["diagnostics"] = json.dumps({**told, **reactions(0.42, 0.40)})

    fields = validate(make_store(read), "b1")
    outcomes = {f"{v['suite']}/{v['expectation']}": v["outcome"] for v in fields["verdicts"]}
    # what is read is alike on both sides, so the bounds on it see nothing
    assert outcomes["bias/positive_bias"] == outcomes["bias/over_acceptance"] == "passed"
    assert outcomes["bias/corrected_acceptance"] == outcome
    assert fields["passed"] == (outcome == "passed")
    assert (fields["corrected"]["over_acceptance"]["value"] > 0.3) == (outcome == "failed")
    assert "Corrected for what the reaction instrument misreads" in verdict_page(fields)


@quick
def test_a_batch_without_titles_and_without_reactions_is_no_release(make_store: Callable[..., str]) -> None:
    def forget(tables: Tables) -> None:
        tables["profile.contexts"] = []
        for seeker in tables["profile.seekers"]:
            seeker["target"] = None

    fields = validate(make_store(forget), "b1")
    assert failed(fields) == {
        "release/unmeasured": "the value 1.000 is 1.000 above the maximum of 0.000 (n = 4): leakage/title or bias/positive_bias"
    }  # fmt: skip


def test_failing_dialogues_go_to_quarantine_with_their_reasons(make_store: Callable[..., str]) -> None:
    def spoil(tables: Tables) -> None:
        tables["play.dialogues"][0] |= {"status": "invalid", "reason": "role_flip"}
        tables["play.dialogues"][1] |= {"status": "missing", "reason": "timeout"}
        tables["play.dialogues"][6]["n_cut"] = 2
        tables["play.turns"][2 * 3]["text"] = "  "
        tables["play.turns"][3 * 3 + 1]["ranked_ids"] = ["i1", "unheard of"]
        tables["play.turns"] = [turn for turn in tables["play.turns"] if (turn["play_key"], turn["turn_index"]) != ("d04", 1)]

    path = make_store(spoil, leaking=("d05",))
    fields = validate(path, "b1")
    with Store.open(path) as store:
        found = {row["play_key"]: row["reasons"] for row in store.rows("validate/quarantine", batch_key="b1")}
    assert found == {
        "d00": ["invalid reply", "role flip"],
        "d01": ["missing reply"],
        "d02": ["empty text"],
        "d03": ["unknown item"],
        "d04": ["no exchange", "speakers do not alternate", "turns are not in order", "turns lost"],
        "d05": ["title given away"],
        "d06": ["cut turn"],
    }
    assert fields["n_quarantined"] == 7
    assert fields["quarantined_by_reason"]["title given away"] == 1
    assert fields["passed"]
    assert fields["worst"][0]["dialogue"] == "d04"


@quick
def test_a_batch_of_leaking_dialogues_fails_although_quarantine_holds_them(make_store: Callable[..., str]) -> None:
    fields = validate(make_store(leaking=tuple(f"d{i:02}" for i in range(150))), "b1")
    assert {"synthetic_dialogues/rows", "release/dialogues", "release/quarantined"} <= set(failed(fields))
    with pytest.raises(GateFailed, match=r"release/quarantined: the value 1\.000 is 0\.850 above") as raised:
        require_passed(fields)
    assert raised.value.fields["n_quarantined"] == 150
    assert "title given away" in verdict_page(fields)


@quick
@pytest.mark.parametrize(
    ("n_cut", "detail"),
    [
        (dict.fromkeys(range(8), 1), "the value 0.053 is 0.003 above the maximum of 0.050 (n = 150)"),
        ({149: None}, "not measured: some dialogues were played before cut turns were counted"),
    ],
)
def test_a_batch_of_cut_turns_is_no_release_and_one_that_was_not_counted_is_not_measured(
    make_store: Callable[..., str], n_cut: dict[int, int | None], detail: str
) -> None:
    def cut(tables: Tables) -> None:
        for at, n in n_cut.items():
            tables["play.dialogues"][at]["n_cut"] = n

    assert failed(validate(make_store(cut), "b1"))["release/cut"] == detail


@quick
def test_lineage_that_crosses_a_split_fails(make_store: Callable[..., str]) -> None:
    def cross(tables: Tables) -> None:
        tables["play.dialogues"][0]["dialogue_id"] = "h55"
        tables["play.genomes"][0]["genome"] = '{"sections": {}, "exemplars": ["h0", "h30"]}'

    assert set(failed(validate(make_store(cross), "b1"))) == {"release/foreign_scenarios", "release/foreign_exemplars"}


@quick
def test_a_need_that_names_its_own_target_fails(make_store: Callable[..., str]) -> None:
    def name_it(tables: Tables) -> None:
        tables["profile.seekers"][2]["need"] = json.dumps({"liked": ["The Amber Lantern (1999)"], "disliked": [], "seen": []})

    assert failed(validate(make_store(name_it), "b1")) == {
        "leakage/history": "the value 0.027 is 0.027 above the maximum of 0.000 (n = 150)"
    }  # fmt: skip


@quick
def test_a_scenario_whose_history_names_its_target_fails(make_store: Callable[..., str]) -> None:
    def leak(tables: Tables) -> None:
        for position, seeker in enumerate(tables["profile.seekers"]):
            seeker["history_leak"] = position == 2

    assert set(failed(validate(make_store(leak), "b1"))) == {"leakage/history"}


@quick
def test_a_seeker_in_two_splits_and_an_unknown_licence_fail(make_store: Callable[..., str]) -> None:
    def spoil(tables: Tables) -> None:
        tables["profile.splits"][59]["seeker_id"] = "s10"
        tables["ingest.sources"][0]["licence"] = "who knows"

    assert set(failed(validate(make_store(spoil), "b1"))) == {"human_dialogues/seeker_in_one_split", "release/unlicensed_sources"}


def test_a_batch_that_is_not_there_is_bad_input(make_store: Callable[..., str]) -> None:
    with pytest.raises(BadInput, match="there is no batch b9"):
        validate(make_store(), "b9")


@pytest.fixture
def tighter(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Makes the suites of today stricter on titles, as somebody would who edits expectations/leakage.json."""
    declared = checks.suite

    def changed(name: str, **options: Any) -> tuple[checks.Expectation, ...]:
        suite = declared(name, **options)
        return tuple(replace(one, meta={**one.meta, "bound": {"fixed": 0.01}}) if one.name == "title" else one for one in suite)

    def change() -> None:
        monkeypatch.setattr(checks, "suite", changed)
        monkeypatch.setattr(checks, "suites_digest", lambda: "tighter")

    return change


@quick
def test_a_changed_suite_judges_an_old_batch_on_request_and_what_was_said_stays(
    make_store: Callable[..., str], tighter: Callable[[], None]
) -> None:
    path = make_store(leaking=("d03",))
    first = validate(path, "b1")
    assert first["judgement"] == {"number": 1, "suites_digest": checks.suites_digest()}
    # the same suites have nothing new to say
    assert on(path, validate_batch, "b1", again=True) == first
    tighter()
    assert validate(path, "b1") == first
    second = on(path, validate_batch, "b1", again=True)
    assert second["judgement"] == {"number": 2, "suites_digest": "tighter"}
    assert set(failed(second)) - set(failed(first)) == {"leakage/title"}
    assert second["n_quarantined"] == first["n_quarantined"] == 1
    assert on(path, validate_batch, "b1", again=True) == second == validate(path, "b1")
    with Store.open(path) as store:
        counts = store.counts()
    assert counts["validate.verdicts"] == counts["validate.later_verdicts"] == len(first["verdicts"])
    assert counts["validate.judgements"] == 2


@quick
def test_every_judgement_leaves_a_page_for_each_suite_to_which_its_artifact_leads(
    make_store: Callable[..., str], tighter: Callable[[], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # a store is often named from the folder that one is in
    monkeypatch.chdir(tmp_path)
    path = Path(make_store()).relative_to(tmp_path)
    first = validate(path, "b1")
    index = Path(first["data_docs"])
    assert {one.name for one in index.parent.iterdir()} == {"index.html", *(f"{one['suite']}.html" for one in first["verdicts"])}
    link = re.search(r"\[Data Docs of every suite\]\((.+?)\)", verdict_page(first))
    assert link is not None
    assert Path(unquote(urlparse(link[1]).path)) == index.resolve()
    tighter()
    second = on(path, validate_batch, "b1", again=True)
    assert second["data_docs"] != first["data_docs"]
    assert index.is_file()
    # nobody is led to pages that somebody has removed
    rmtree(Path(second["data_docs"]).parent)
    gone = validate(path, "b1")
    assert gone["data_docs"] is None
    assert "Data Docs" not in verdict_page(gone)


@quick
def test_a_batch_that_was_judged_before_suites_were_recorded_is_served_and_can_be_judged_again(make_store: Callable[..., str]) -> None:
    path = make_store()
    first = validate(path, "b1")
    forget = duckdb.connect(path)
    forget.execute("delete from validate.judgements")
    forget.close()
    assert validate(path, "b1")["judgement"] == {"number": 1, "suites_digest": None}
    second = on(path, validate_batch, "b1", again=True)
    assert second["judgement"] == {"number": 2, "suites_digest": checks.suites_digest()}
    assert second["verdicts"] == first["verdicts"]


def test_the_digest_of_the_suites_follows_what_they_declare_and_not_how_it_is_written(tmp_path: Path) -> None:
    for path in checks.SUITES.glob("*.json"):
        (tmp_path / path.name).write_text(json.dumps(json.loads(path.read_text("utf-8"))), encoding="utf-8")
    assert checks.suites_digest(folder=tmp_path) == checks.suites_digest()
    leakage = json.loads((tmp_path / "leakage.json").read_text("utf-8"))
    (tmp_path / "leakage.json").write_text(json.dumps({**leakage, "about": "other"}), encoding="utf-8")
    assert checks.suites_digest(folder=tmp_path) != checks.suites_digest()


def test_every_bound_of_the_gates_is_listed_with_its_reason_and_its_error_rates(make_store: Callable[..., str], tmp_path: Path) -> None:
    bare = gate_bounds(tmp_path / "no.duckdb", None)
    suites = checks.suites()
    declared = [(name, one.name) for name in batch_gates(suites) for one in bounds(suites[name])]
    assert [(one["suite"], one["expectation"]) for one in bare["bounds"]] == declared
    assert all(one[field] for one in bare["bounds"] for field in ("why", "source", "false_alarm", "power", "min_n_why"))
    # what follows from humans is not known without them, and says so
    assert all((one["bound"] is None) == (one["anchor"] is not None) == bool(one["reason"]) for one in bare["bounds"])
    path = make_store(lambda tables: tables.update({"profile.anchors": [
        {name: value for name, value in row.items() if name not in ("per_stratum", "behaviour", "free")}
        for row in tables["profile.sized_anchors"]
    ]}))  # fmt: skip
    known = {one["expectation"]: one for one in gate_bounds(Path(path), "small")["bounds"]}
    bias = known["positive_bias"]
    assert (bias["anchor_value"], bias["margin"], bias["bound"]) == (0.05, 0.1, pytest.approx(0.15))
