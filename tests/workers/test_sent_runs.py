"""An open run on its way to a worker: a ticket, and the run that the worker opens with it."""

from __future__ import annotations

import copy
import os
import pickle
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import cloudpickle
import pytest
from prefect import task
from prefect.context import SettingsContext, get_settings_context, serialize_context
from prefect.settings import PREFECT_API_KEY, PREFECT_API_URL, get_current_settings, temporary_settings

from tests.doors.scripted import Scripted
from understudy.doors.gateway.caller import GatewayConfig
from understudy.doors.gateway.gateway import Exchange
from understudy.doors.store import Store
from understudy.doors.workers import kept
from understudy.doors.workers.coordinator import Coordinator, Ticket
from understudy.doors.workers.extras import require_installed, without_telemetry
from understudy.errors import BadInput, BudgetExhausted, Stopped, UnderstudyError
from understudy.parameters import LocalServing, Models, RunOptions, checked
from understudy.tasks.play.elsewhere import here
from understudy.tasks.play.opened import Cast, OpenRun, models_open, store_open
from understudy.tasks.play.runners import host_for, require_runner
from understudy.tasks.play.workers import Workers

CAST = Cast(*["m"] * 5)


def opened(options: RunOptions, workers: Workers | None) -> OpenRun:
    nothing: object = None
    return OpenRun(nothing, nothing, options, gateway=nothing, http=nothing, cast=CAST, workers=workers)  # type: ignore[arg-type]


def test_an_open_run_without_workers_is_neither_copied_nor_sent() -> None:
    run = opened(RunOptions(), None)
    with pytest.raises(TypeError, match="not sent elsewhere"):
        pickle.dumps(run)
    with pytest.raises(TypeError, match="not copied"):
        copy.deepcopy(run)


def test_an_open_run_with_workers_arrives_as_a_ticket_with_its_seed_and_is_still_not_copied(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"
    opening = Store.open(path), Exchange(GatewayConfig(), provider=Scripted(), store_path=path, run_id="run")
    with opening[0] as store, opening[1] as gateway, _coordinating(store, gateway) as coordinator:
        runner: object = None
        run = opened(RunOptions(seed=7), Workers(runner, coordinator))  # type: ignore[arg-type]
        assert pickle.loads(pickle.dumps(run)) == coordinator.ticket(7)
        assert pickle.loads(pickle.dumps(run.seeded(9))) == coordinator.ticket(9)
        with pytest.raises(TypeError, match="not copied"):
            copy.deepcopy(run)


def _coordinating(store: Store, gateway: Exchange) -> Coordinator:
    return Coordinator(store, gateway, facts=None, host="127.0.0.1", concurrency=1)


def test_a_worker_opens_the_run_of_a_ticket_once_and_reads_the_same_humans(
    profiled_sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "store.duckdb"
    path.write_bytes(profiled_sample.read_bytes())
    monkeypatch.setattr("understudy.doors.workers.extras.find_spec", lambda name: name)
    monkeypatch.setattr("understudy.tasks.play.workers.runner_open", nullcontext)
    taken = here(lambda one: one)
    with store_open(path) as store, models_open("sample", RunOptions(store=path, seed=3, runner="dask"), store) as run:
        ticket = pickle.loads(pickle.dumps(run))
        there = taken(ticket)
        assert there is not run
        assert there is taken(ticket)
        assert taken(run) is run
        assert taken(replace(ticket, seed=4)).options.seed == 4
        assert list(there.humans.contexts("search")) == list(run.humans.contexts("search"))
        assert (there.cast, there.gateway.run_id) == (run.cast, run.gateway.run_id)
    # what the ended run left open is closed when the next one is opened
    kept.once("another", lambda _: (None, lambda: False))
    with pytest.raises(Stopped):
        there.gateway.run(_nothing())


async def _nothing() -> None:
    return None


@pytest.mark.parametrize(
    ("raised", "kind", "told"),
    [
        (BudgetExhausted("the cap of 5 calls", hint="more"), BudgetExhausted, "the cap of 5 calls"),
        (Stopped(), Stopped, "a signal stopped"),
        (ZeroDivisionError("a fault of ours"), UnderstudyError, "a task on a worker failed: ZeroDivisionError: a fault of ours"),
    ],
)
def test_an_error_on_a_worker_is_sent_without_what_happened_before_it(
    raised: Exception, kind: type[UnderstudyError], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("understudy.doors.workers.kept.once", lambda *_: opened(RunOptions(seed=1), None))

    @here
    def failing(_: object) -> None:
        # as deep as the calls of a large piece of work, each of which fails for the one before
        last: Exception = raised
        for n in range(3000):
            before = ValueError(n)
            before.__context__ = last.__context__
            last.__context__ = before
        raise raised

    with pytest.raises(kind, match=told) as found:
        failing(Ticket("127.0.0.1", 1, "k", 1))
    assert found.value.__context__ is None
    assert found.value.__cause__ is None
    assert pickle.loads(pickle.dumps(found.value)).hint == found.value.hint


@pytest.mark.parametrize("written", ["dusk", "dask=", "threads=tcp://x:1", "", "ray ="])
def test_another_runner_is_bad_input(written: str) -> None:
    with pytest.raises(BadInput, match="threads, dask or ray is expected"):
        checked(RunOptions, {"runner": written})


def test_a_runner_that_is_not_installed_says_which_package_and_extra_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("understudy.doors.workers.extras.find_spec", lambda name: None if name == "prefect_dask" else name)
    require_installed("threads")
    with pytest.raises(BadInput, match="--runner dask needs the package prefect-dask") as missing:
        require_installed("dask=tcp://10.0.0.1:8786")
    assert "understudy[dask]" in missing.value.hint


@pytest.mark.parametrize(
    ("models", "told"),
    [
        (Models(seeker="local/some", local=LocalServing()), "a local model is served by the process of the run"),
        (Models(recording=Path("r")), "a recording is played again by the run itself"),
    ],
)
def test_what_workers_cannot_ask_is_refused(models: Models, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("understudy.doors.workers.extras.find_spec", lambda name: name)
    with pytest.raises(BadInput, match=told):
        require_runner(RunOptions(runner="dask", models=models))


def test_the_coordinator_listens_on_loopback_where_the_cluster_is_on_this_machine() -> None:
    written = ("dask", "ray", "dask=tcp://127.0.0.1:8786", "ray=ray://127.0.0.1:1")
    assert {host_for(RunOptions(runner=one)) for one in written} == {"127.0.0.1"}


def test_ray_is_told_to_tell_nobody_what_it_is_used_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_USAGE_STATS_ENABLED", raising=False)
    without_telemetry()
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "1")
    without_telemetry()
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "1"


def test_the_settings_of_prefect_go_with_a_task_as_they_are_and_are_the_same_there() -> None:
    sent: list[bytes] = []

    class Runner:
        def map(self, *_: object) -> list[object]:
            sent.append(cloudpickle.dumps(serialize_context()["settings_context"]))
            return []

    with temporary_settings(updates={PREFECT_API_URL: "http://127.0.0.1:1/api", PREFECT_API_KEY: "hidden"}):
        Workers(Runner(), None).mapped(task(_twice), [1, 2])  # type: ignore[arg-type]
        settings = get_current_settings()
        # made anew from a dictionary, a worker's settings would be those of its own environment where none are named
        assert cloudpickle.loads(sent[0])["settings"] == settings
    there = SettingsContext(**cloudpickle.loads(sent[0]))
    assert (there.settings, there.profile) == (settings, get_settings_context().profile)
    assert there.settings.api.key is not None
    assert there.settings.api.key.get_secret_value() == "hidden"


def _twice(n: int) -> int:
    return 2 * n
