"""The same search on threads, on Dask and on Ray, against a model server whose log says what it was asked; workers are killed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.workers.commands import Commands, killed_once, model_server, workers_of
from tests.workers.searching import CONCURRENCY

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def searches(tmp_path_factory: pytest.TempPathFactory, profiled_sample: Path) -> Iterator[Commands]:
    """Searches over the profiled sample, that on threads among them."""
    folder = tmp_path_factory.mktemp("searches")
    with model_server(folder) as served:
        found = Commands("searching.py", folder, profiled_sample, served)
        found.ended(found.begun("threads"))
        yield found


@pytest.mark.parametrize("runner", ["dask", "ray"])
def test_a_search_on_workers_leaves_the_store_of_one_on_threads(searches: Commands, runner: str) -> None:
    n_before = searches.asked().total()
    searches.ended(searches.begun(runner))
    (digest, totals), asked = searches.digest(runner), searches.asked(n_before)
    assert digest == searches.digest("threads")[0]
    assert (totals["n_duplicate_keys"], totals["n_unknown"]) == (0, 0)
    assert max(asked.values()) == 1
    # finished work makes no call
    searches.ended(searches.begun(runner))
    assert searches.asked(n_before) == asked


def test_a_killed_worker_loses_its_calls_in_flight_and_nothing_is_paid_twice(searches: Commands) -> None:
    n_before = searches.asked().total()
    process = searches.begun("dask", name="killed")
    killed_once(process, searches, "dask", n_before=n_before, n=100)
    searches.ended(process)
    (digest, totals), asked = searches.digest("killed"), searches.asked(n_before)
    assert digest == searches.digest("threads")[0]
    assert totals["n_duplicate_keys"] == 0
    again = [key for key, n in asked.items() if n > 1]
    assert len(again) <= CONCURRENCY
    assert asked.total() - len(asked) == len(again)


def test_caps_are_not_passed_by_the_servers_log_when_a_worker_is_killed(searches: Commands) -> None:
    n_before = searches.asked().total()
    process = searches.begun("dask", "calls=150", name="capped")
    killed_once(process, searches, "dask", n_before=n_before, n=60)
    told = searches.ended(process, error="budget_exhausted")
    assert told.get("stopped") == "budget" or told.get("error") == "budget_exhausted"
    assert searches.asked(n_before).total() <= 150


def test_a_killed_command_is_finished_on_workers_and_pays_for_calls_in_flight_only(searches: Commands) -> None:
    n_before = searches.asked().total()
    process = searches.begun("dask", name="resumed")
    searches.until_asked(process, since=n_before, n=100)
    workers = workers_of(process, "dask")
    process.kill()
    process.communicate()
    # Dask's workers end with the process that started them
    for one in workers:
        one.wait(timeout=60)
    searches.ended(searches.begun("dask", name="resumed"))
    asked = searches.asked(n_before)
    assert searches.digest("resumed")[0] == searches.digest("threads")[0]
    assert asked.total() - len(asked) <= CONCURRENCY
