"""A night from logs to its end: what it answers, what it leaves, and that the same night again costs nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.search.searched import Searched
from understudy.doors.events import recording
from understudy.doors.store import Store
from understudy.errors import BadInput, GateFailed, ProviderFailed
from understudy.flows import stages
from understudy.flows.cli.app import app
from understudy.flows.nightly import nightly
from understudy.objectives import NAMES
from understudy.parameters import Caps, Models, RunOptions
from understudy.readers import Options
from understudy.readers._field_map import FieldMap
from understudy.tasks.status import StatusFields, store_status

ROOT = Path(__file__).resolve().parents[2]
STAGES = ("ingest_done", "profile_done", "generation_started", "generation_done", "search_done", "batch_played", "verdict")


def without_nights(status: StatusFields) -> dict[str, Any]:
    """What a night leaves in the store besides the note that it was there."""
    tables = {name: n for name, n in status["tables"].items() if not name.startswith("publish.night")}
    return {**status, "tables": tables, "nights": []}


def spent(parameters: dict[str, Any]) -> dict[str, Any]:
    """The fields of a night, which at this size never passes its gates: six dialogues are too few to tell."""
    with pytest.raises(GateFailed) as failed:
        nightly(**parameters)
    return failed.value.fields


@pytest.mark.usefixtures("plain_flows", "few_halvings", "quick_suites")
def test_a_night_goes_all_the_way_and_again_costs_nothing(night: dict[str, Any], few_dialogues: Path, tmp_path: Path) -> None:
    night["options"].store.unlink()
    night["data"] = str(few_dialogues)
    with recording(tmp_path / "events.jsonl"):
        first = spent(night)
    told = (tmp_path / "events.jsonl").read_text()
    assert all(event in told for event in STAGES)
    assert first["n_model_calls"] > 100
    assert first["engine"] == "rehearsal"
    assert (first["split"], first["part"]) == ("select", "reporting")
    assert sum(first["calls"].values()) == first["n_model_calls"]
    assert all(first["calls"].values())
    assert first["overlap"]["n_batches"] == 0
    assert set(first["objectives"]) == set(NAMES)
    told_of_each = {"unit", "better", "seed", "optimized", "human", "floor", "difference", "outcome", "n"}
    assert told_of_each <= set(first["objectives"]["positive_bias"])
    assert [one for one in first["verdicts"] if one["suite"] == "leakage" and not one["passed"]]
    before = store_status(night["options"].store)
    assert before["ledger"]["n_duplicate_keys"] == 0
    assert before["ledger"]["n_unknown"] == 0
    assert before["tables"]["publish.releases"] == 0

    again = spent(night)
    after = store_status(night["options"].store)
    assert again["n_model_calls"] == 0
    assert without_nights(after) == without_nights(before)
    nothing = {"n_model_calls": 0, "calls": dict.fromkeys(first["calls"], 0)}
    assert again == {**first, **nothing}

    other = spent({**night, "batch": "two"})
    counts = store_status(night["options"].store)["tables"]
    assert other["calls"]["search"] == 0
    assert other["calls"]["report"] > first["calls"]["report"] / 2, "the report of another batch is played anew"
    assert other["overlap"]["n_batches"] == 1
    assert counts["optimize.candidates"] == before["tables"]["optimize.candidates"]
    assert counts["simulate.batches"] == before["tables"]["simulate.batches"] + 1


@pytest.mark.usefixtures("plain_flows")
def test_a_search_stopped_by_its_budget_ends_where_it_would_have_ended(night: dict[str, Any], undisturbed_search: Searched) -> None:
    plain = {key: night[key] for key in ("search", "dataset")}
    store, whole = night["options"].store, undisturbed_search.fields
    calls = whole["n_model_calls"]
    stopped = stages.optimize(**plain, options=RunOptions(store=store, caps=Caps(calls=calls * 2 // 3)))
    assert stopped["stopped"] == "budget"
    assert stopped["n_model_calls"] <= calls * 2 // 3
    finished = stages.optimize(**plain, options=RunOptions(store=store))
    assert finished["run"] == whole["run"]
    assert finished["stopped"] == whole["stopped"]
    assert finished["front_digest"] == whole["front_digest"]
    assert finished["pick"]["genome_digest"] == whole["pick"]["genome_digest"]
    assert stopped["n_model_calls"] + finished["n_model_calls"] == calls


@pytest.mark.usefixtures("plain_flows", "quick_suites")
@pytest.mark.parametrize("n", [24, pytest.param(190, marks=pytest.mark.integration)])
def test_a_prompt_that_gives_titles_away_is_stopped_by_the_leakage_gate(night: dict[str, Any], n: int) -> None:
    seed_alone = night["search"].model_copy(update={"generations": 0})
    leaky = {**night, "setting": str(ROOT / "examples" / "leaky.toml"), "search": seed_alone, "n": n}
    fields = spent(leaky)
    title = next(one for one in fields["verdicts"] if one["suite"] == "leakage" and one["expectation"] == "title")
    assert not title["passed"]
    assert title["observed"] > 0.5
    assert title["n"] >= n
    assert fields["n_quarantined"] > n / 2
    assert fields["quarantined_by_reason"]["title given away"] > n / 2
    with Store.open(night["options"].store) as store:
        assert store.counts()["publish.releases"] == 0
        assert store.counts()["validate.quarantine"] == fields["n_quarantined"]


@pytest.mark.usefixtures("plain_flows")
def test_an_infeasible_pick_ends_the_night_before_its_report_and_its_dialogues_are_paid(
    night: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    seed_alone = night["search"].model_copy(update={"generations": 0})
    leaky = {**night, "setting": str(ROOT / "examples" / "leaky.toml"), "search": seed_alone, "anyway": False}
    for check in ("require_enough", "require_evidence"):
        monkeypatch.setattr(f"understudy.flows.nightly.{check}", lambda *_, **__: None)
    fields = spent(leaky)
    assert fields["pick"]["violations"]["title"] > 0
    assert fields["calls"] == {"search": fields["n_model_calls"], "dialogues": 0, "report": 0}
    assert fields["release"] is None
    assert fields["verdicts"] == []
    with Store.open(night["options"].store) as store:
        assert store.counts()["simulate.batches"] == 0


@pytest.mark.usefixtures("plain_flows")
def test_a_night_with_too_few_dialogues_is_refused_before_anything_is_read(night: dict[str, Any]) -> None:
    night["options"].store.unlink()
    with pytest.raises(BadInput, match="cannot pass its gates"):
        nightly(**{**night, "anyway": False})
    assert not night["options"].store.exists()


class _Read(Exception):
    """The logs of a night are read; what follows is not played."""


@pytest.mark.usefixtures("plain_flows")
def test_a_night_reads_its_logs_by_roles_and_a_map_of_fields(
    night: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def profiled(*_: Any, **__: Any) -> None:
        raise _Read

    monkeypatch.setattr("understudy.flows.nightly.stages.profile", profiled)
    (tmp_path / "log.csv").write_text("c,who,said\n1,Ann,a comedy?\n1,desk,this one\n2,Ann,hi\n")
    layout = Options({"Ann": "seeker", "desk": "recommender"}, FieldMap(dialogue=("c",), speaker=("who",), text=("said",)))
    store = tmp_path / "own.duckdb"
    with pytest.raises(_Read):
        nightly(**{**night, "data": str(tmp_path / "log.csv"), "reader": "fields", "layout": layout, "options": RunOptions(store=store)})
    with Store.open(store) as opened:
        assert [row["dialogue_id"] for row in opened.rows("ingest/dialogues", dataset="sample")] == ["1", "2"]


def test_the_command_hands_roles_and_fields_to_the_night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}

    def run(flow: Any, *_: Any, **parameters: Any) -> dict[str, Any]:
        given.update(parameters, flow=flow)
        return {}

    monkeypatch.setattr("understudy.flows.cli.running.run", run)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "log.csv").write_text("c,who,said\n1,Ann,hi\n")
    (tmp_path / "map.toml").write_text('dialogue = "c"\nspeaker = "who"\ntext = "said"\n')
    words = ("nightly", "--dataset", "d", "--data", "log.csv", "--reader", "fields", "--fields", "map.toml", "--roles", "Ann=seeker")
    CliRunner().invoke(app, [*words, "--json"])
    assert given["layout"] == Options({"Ann": "seeker"}, FieldMap(dialogue=("c",), speaker=("who",), text=("said",)))
    assert given["flow"].validate_parameters({"dataset": "d", "data": "x", "layout": {"roles": {"Ann": "seeker"}}})["layout"] == Options(
        {"Ann": "seeker"}
    )


@pytest.mark.usefixtures("plain_flows", "quick_suites")
def test_the_report_that_simulate_leaves_out_is_played_by_validate(night: dict[str, Any]) -> None:
    options = night["options"]
    parts = stages.simulate("sample", setting="zero_shot", n=4, batch="b", report=night["report"], with_report=False, options=options)
    assert not parts["is_reported"]
    assert parts["calls"]["report"] == {"planned": {"value": 0, "range": [0, 0]}, "made": 0}
    assert parts["calls"]["dialogues"]["made"] == parts["n_model_calls"] > 0
    low, high = parts["calls"]["dialogues"]["planned"]["range"]
    assert low <= parts["n_model_calls"] <= high
    with pytest.raises(BadInput, match="has not been played"):
        stages.validate("b", store=options.store)
    with pytest.raises(GateFailed) as failed:
        stages.validate("b", store=options.store, options=options)
    assert failed.value.fields["calls"]["report"] > 30, "12 reactions, 3 decoys and 5 whole dialogues"
    assert failed.value.fields["overlap"]["value"] == 0
    both = stages.simulate("sample", setting="zero_shot", n=4, batch="c", report=night["report"], options=options)
    assert both["is_reported"]
    assert both["calls"]["report"]["made"] + both["calls"]["dialogues"]["made"] == both["n_model_calls"]
    low, high = both["calls"]["report"]["planned"]["range"]
    assert low <= both["calls"]["report"]["made"] <= high


@pytest.mark.usefixtures("plain_flows")
def test_a_model_that_does_not_answer_ends_the_night_with_what_was_paid_for_kept(night: dict[str, Any]) -> None:
    nobody = Models(seeker="openai/nobody", api_base="http://127.0.0.1:9/v1", timeout_s=2, breaker_after=3)
    with pytest.raises(ProviderFailed):
        nightly(**{**night, "options": RunOptions(store=night["options"].store, models=nobody)})
    with Store.open(night["options"].store) as store:
        assert store.counts()["profile.contexts"] > 0
        assert store.counts()["play.completions"] == 0
