"""Nights as the store and Prefect name them: begun, ended, killed, at work; and what runs are called."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect.client.schemas.filters import FlowRunFilter
from prefect.states import Crashed

from tests.doors.test_reading_copy import held
from understudy.doors.reading_copy import renew
from understudy.doors.store import Store
from understudy.errors import GateFailed
from understudy.tasks import runs
from understudy.tasks.names import with_batch, with_prompt
from understudy.tasks.play.opened import N_RECENT, OpenRun, store_open
from understudy.tasks.publish.nights import recorded
from understudy.tasks.status import NightRow, store_status


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "nights.duckdb"


def nights(path: Path) -> dict[str, NightRow]:
    return {night["batch"]: night for night in store_status(path)["nights"]}


def refused(store: Store) -> None:
    with recorded(store, dataset="d", batch="refused") as night:
        night.batch_key = "k"
        raise GateFailed("leakage/title: the value 0.6 is 0.55 above the maximum of 0.05 (n = 190)")


def interrupted(store: Store) -> None:
    with recorded(store, dataset="d", batch="interrupted"):
        raise KeyboardInterrupt


def died(store: Store, batch: str) -> None:
    """A night that has begun and of which nothing more is heard."""
    store.add("publish.nights", [{"night_id": batch, "dataset": "d", "batch": batch, "run_id": batch, "began_at": datetime(2026, 11, 29)}])


def test_a_night_is_written_down_with_its_begin_its_end_and_what_came_of_it(path: Path) -> None:
    with Store.open(path) as store:
        with recorded(store, dataset="d", batch="good") as night:
            night.released({"name": "d-seekers", "version": 3, "digest": "x", "path": "p"})
        with pytest.raises(GateFailed):
            refused(store)
        with pytest.raises(KeyboardInterrupt):
            interrupted(store)
        named = {"suite": "leakage", "expectation": "title", "subject": "title"}
        verdict = {"batch_key": "k", **named, "n": 190, "passed": False, "detail": ""}
        store.add("validate.verdicts", [verdict])
    found = nights(path)
    assert [found[name]["outcome"] for name in ("good", "refused", "interrupted")] == ["published", "gate_failed", "interrupted"]
    assert (found["good"]["release"], found["good"]["version"]) == ("d-seekers", 3)
    assert found["refused"]["failed"] == ["leakage/title"]
    assert "0.55 above the maximum" in found["refused"]["reason"]
    assert all(night["ended_at"] and night["began_at"] <= night["ended_at"] for night in found.values())
    assert all((night["n_model_calls"], night["tokens"], night["usd"]) == (0, 0, 0.0) for night in found.values())


def test_a_night_without_an_end_is_at_work_while_the_store_is_held_and_killed_otherwise(path: Path) -> None:
    with Store.open(path) as store:
        died(store, "first")
        renew(store)
    with held(path):
        status = store_status(path)
        assert status["snapshot"] is not None
        assert [night["outcome"] for night in status["nights"]] == ["running"]
    assert nights(path)["first"]["outcome"] == "killed"
    with store_open(path) as store:
        died(store, "second")
    found = nights(path)
    assert [found[name]["outcome"] for name in ("first", "second")] == ["killed", "killed"]
    assert "without a word" in found["first"]["reason"]
    assert found["second"]["ended_at"] is None


def test_a_night_costs_what_was_reserved_under_its_run_and_what_the_embedded_model_answered_meanwhile(path: Path) -> None:
    reply = {
        **dict.fromkeys(("model", "reported_model", "engine", "text", "finish_reason", "fingerprint"), ""), "role": "seeker",
        "prompt_tokens": 10, "completion_tokens": 5, "latency_s": 0.0,
    }  # fmt: skip
    with Store.open(path) as store:
        with recorded(store, dataset="d", batch="one") as night:
            at = store.rows("publish/nights")[0]["began_at"]
            reserved = {"max_tokens": 99, "max_usd": 1.0, "run_id": night.run_id, "made_at": at}
            store.add("play.reservations", [{"reservation_id": one, "completion_key": one, **reserved} for one in ("paid", "lost")])
            store.add("play.completions", [
                {**reply, "completion_key": "paid", "reservation_id": "paid", "usd": 0.25, "made_at": at},
                {**reply, "completion_key": "own", "reservation_id": None, "usd": 0.0, "made_at": at},
            ])  # fmt: skip
        other = {"reservation_id": "other", "completion_key": "other", **reserved, "run_id": "another run"}
        store.add("play.reservations", [other])
    one = nights(path)["one"]
    assert (one["n_model_calls"], one["tokens"], one["usd"], one["n_unknown"]) == (3, 30, 0.25, 1)


@pytest.mark.parametrize(("flow", "name"), [("generation", "evaluate 3f2a… generation 2"), ("compare", "evaluate 3f2a…")])
def test_the_runs_of_a_prompt_say_which_prompt_and_where(flow: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("understudy.tasks.names.flow_run.get_flow_name", lambda: flow)
    monkeypatch.setattr("understudy.tasks.names.flow_run.get_name", lambda: "generation 2")
    assert with_prompt("evaluate")(parameters={"work": SimpleNamespace(genome_digest="3f2a" + "0" * 28)}) == name


def test_a_night_is_named_by_its_data_set_and_its_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("understudy.tasks.names.flow_run.get_parameters", lambda: {"dataset": "redial", "batch": "2026-11-29"})
    assert with_batch("nightly")() == "nightly redial 2026-11-29"


class ManyTasks:
    """A Prefect client whose server has more tasks of a killed run than it tells at once."""

    def __init__(self, n: int) -> None:
        self.tasks = [SimpleNamespace(id=uuid4()) for _ in range(n)]
        self.run = SimpleNamespace(id=uuid4(), state=None)
        self.settled: list[UUID] = []

    def __enter__(self) -> ManyTasks:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def read_flow_runs(self, *, flow_run_filter: FlowRunFilter, limit: int, offset: int, **_: object) -> list[SimpleNamespace]:
        return [self.run][offset : offset + limit] if flow_run_filter.parent_flow_run_id is None else []

    def read_task_runs(self, *, limit: int, offset: int, **_: object) -> list[SimpleNamespace]:
        return self.tasks[offset : offset + min(limit, 200)]

    def set_flow_run_state(self, *_: object, force: bool) -> None:
        assert force

    def set_task_run_state(self, run_id: UUID, *_: object, force: bool) -> None:
        assert force
        self.settled.append(run_id)


@pytest.mark.parametrize("n", [0, 3, 200, 401])
def test_every_task_of_a_killed_run_is_settled_however_many_there_are(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    server = ManyTasks(n)
    monkeypatch.setattr(runs, "get_client", lambda **_: server)
    assert runs.settle([server.run.id], Crashed()) == [server.run.id]
    assert server.settled == [one.id for one in server.tasks]


def test_a_run_keeps_what_was_asked_for_last_and_no_more() -> None:
    nothing: Any = None
    run = OpenRun(nothing, nothing, nothing, gateway=nothing, http=nothing, cast=nothing)
    made: list[int] = []

    def ask(name: int) -> int:
        return run.recent(name, lambda: made.append(name) or name)  # type: ignore[func-returns-value]

    for name in [*range(N_RECENT), 0, N_RECENT]:
        assert ask(name) == name
    assert made == [*range(N_RECENT), N_RECENT], "each was made once"
    ask(0)
    ask(1)
    assert made[N_RECENT:] == [N_RECENT, 1], "1 was the one that nobody had asked for longest"
