"""The same batch on threads, on Dask and on Ray, against a model server whose log says what it was asked; a worker is killed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.workers.batching import CONCURRENCY
from tests.workers.commands import Commands, killed_once, model_server

N = "36"
pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def batches(tmp_path_factory: pytest.TempPathFactory, profiled_sample: Path, prefect_server: str) -> Iterator[Commands]:
    """Batches of seekers of the profiled sample."""
    folder = tmp_path_factory.mktemp("batches")
    with model_server(folder) as served:
        yield Commands("batching.py", folder, profiled_sample, served, prefect=prefect_server)


@pytest.fixture(scope="module")
def on_threads(batches: Commands) -> dict[str, Any]:
    """What the batch on threads says."""
    told = batches.ended(batches.begun("threads", N))
    assert told["done"] == told["planned"] > int(N)
    return told


@pytest.mark.parametrize("runner", ["dask", "ray"])
def test_a_batch_on_workers_leaves_the_store_and_says_what_one_on_threads_does(
    batches: Commands, on_threads: dict[str, Any], runner: str
) -> None:
    n_before = batches.asked().total()
    assert batches.ended(batches.begun(runner, N)) == on_threads
    (digest, totals), asked = batches.digest(runner), batches.asked(n_before)
    assert digest == batches.digest("threads")[0]
    assert (totals["n_duplicate_keys"], totals["n_unknown"]) == (0, 0)
    assert max(asked.values()) == 1


def test_a_worker_that_is_killed_in_a_batch_loses_its_calls_in_flight_and_nothing_is_paid_twice(
    batches: Commands, on_threads: dict[str, Any]
) -> None:
    n_before = batches.asked().total()
    process = batches.begun("dask", N, name="killed")
    killed_once(process, batches, "dask", n_before=n_before, n=120)
    told = batches.ended(process)
    (digest, totals), asked = batches.digest("killed"), batches.asked(n_before)
    assert digest == batches.digest("threads")[0]
    assert totals["n_duplicate_keys"] == 0
    again = [key for key, n in asked.items() if n > 1]
    assert len(again) <= CONCURRENCY
    assert asked.total() - len(asked) == len(again)
    # the dialogues that were begun anew are counted once
    assert (told["done"], told["planned"]) == (on_threads["done"], on_threads["planned"])


@pytest.mark.usefixtures("on_threads")
def test_a_cap_is_never_passed_in_a_batch_and_the_same_command_goes_on(batches: Commands) -> None:
    n_before, cap = batches.asked().total(), 150
    told = batches.ended(batches.begun("dask", N, f"calls={cap}", name="capped"), error="budget_exhausted")
    assert told["error"] == "budget_exhausted"
    assert batches.asked(n_before).total() <= cap
    # as many as the cap lets be made, by whichever worker
    assert batches.digest("capped")[1]["n"] == cap
    batches.ended(batches.begun("dask", N, name="capped"))
    assert batches.digest("capped")[0] == batches.digest("threads")[0]
    assert max(batches.asked(n_before).values()) == 1
