"""What mapping work costs: by Prefect's threads beside plain ones, and by one Dask worker beside two, against a server with a latency.

Both sides of the workers are measured at two latencies: a server's nearby, and that of a hosted model. What the processes of a round take
of the processors is told beside them, since a machine with as many busy cores as workers gains nothing by another worker.

`--store FILE` is a store with the profiled data set `sample` (`understudy ingest` and `profile` of examples/sample make one). `--small`
plays a few calls and prints the tables without keeping them, to see that it works; `--rounds N` plays fewer or more rounds. The sides
take turns within one run.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from shutil import copyfile
from time import perf_counter

import growth
from bench_calls import LATENCY_MS, MODEL, devserver, requests
from prefect import flow, task
from tables import Table, write_section

from understudy.flows.runners import threads
from understudy.flows.searching import Tasks
from understudy.flows.server import served
from understudy.parameters import Models, RunOptions
from understudy.tasks.play.elsewhere import here
from understudy.tasks.play.opened import OpenRun, models_open, store_open

N_CANDIDATES, N_EACH, CONCURRENCY, N_ROUNDS = 40, 24, 32, 5
LATENCIES_MS = (LATENCY_MS, 1500)
# what the command line of each process of a round holds
PROCESSES = {"workers": "spawn_main", "Prefect server": growth.SERVER, "coordinator": "bench_scale.py"}
_rounds = count(1)


@task(name="candidate", persist_result=False)
@here
def candidate(place: tuple[int, int, int], opened: OpenRun) -> int:
    """How many calls one candidate of a round has made: `place` is the round, its place there and the number of its calls."""
    return asked_of(opened, place)


def asked_of(opened: OpenRun, place: tuple[int, int, int]) -> int:
    """The calls of a candidate, all at once."""
    n_round, at, n_each = place
    mine = requests(n_round, MODEL)[at][:n_each]

    async def all_of() -> int:
        return len(await asyncio.gather(*(opened.gateway.complete(one) for one in mine)))

    return opened.gateway.run(all_of())


@flow(name="generation", task_runner=threads(N_CANDIDATES), validate_parameters=False)
def mapped(opened: OpenRun, places: Sequence[tuple[int, int, int]]) -> int:
    """The calls of a round whose candidates are mapped by the runner of the run."""
    done, _ = Tasks(opened.workers).mapped(candidate, places, opened)
    return sum(done)


@contextmanager
def run_open(store: Path, address: str, *, concurrency: int, runner: str = "threads") -> Iterator[OpenRun]:
    """A run on a copy of the store."""
    with tempfile.TemporaryDirectory() as folder:
        path = copyfile(store, Path(folder) / "store.duckdb")
        models = Models(seeker=MODEL, api_base=address, concurrency=concurrency)
        options = RunOptions(store=path, models=models, runner=runner)
        with store_open(path) as there, models_open("sample", options, there) as opened:
            yield opened


def seconds(opened: OpenRun, n_candidates: int, n_each: int, *, is_mapped: bool) -> float:
    """Seconds of a round: mapped by Prefect, or by plain threads."""
    n_round = next(_rounds)
    places = [(n_round, at, n_each) for at in range(n_candidates)]
    start = perf_counter()
    if is_mapped:
        n = mapped(opened, places)
    else:
        with ThreadPoolExecutor(n_candidates) as pool:
            n = sum(pool.map(lambda place: asked_of(opened, place), places))
    assert n == n_candidates * n_each
    return perf_counter() - start


def orchestration(store: Path, address: str, asked: argparse.Namespace) -> Table:
    """Prefect's part of the wall time of a generation on threads."""
    took: dict[bool, list[float]] = {True: [], False: []}
    with run_open(store, address, concurrency=CONCURRENCY) as opened:
        for n in range(asked.rounds + 1):
            for is_mapped in (True, False) if n % 2 else (False, True):
                one = seconds(opened, asked.candidates, asked.each, is_mapped=is_mapped)
                # the first round makes connections
                if n:
                    took[is_mapped].append(one)
    shares = [1 - plain / whole for whole, plain in zip(took[True], took[False], strict=True)]
    ideal = asked.candidates * asked.each * LATENCY_MS / 1000 / CONCURRENCY
    row = [f"{ideal:.2f}", *(f"{statistics.median(took[one]):.2f}" for one in (False, True)), f"**{statistics.median(shares):.3f}**"]
    title = (
        f"Seconds of {asked.candidates} candidates × {asked.each} calls at {LATENCY_MS} ms and concurrency {CONCURRENCY}, and the share of "
        f"the wall time that mapping by Prefect adds; median of {asked.rounds} rounds"
    )
    return Table(title, ["latency alone", "plain threads", "mapped by Prefect", "share of orchestration"], [[*row]])


def workers(store: Path, asked: argparse.Namespace) -> Table:
    """One Dask worker beside two, each with one task at a time: a task waits for its calls most of the time."""
    rows = []
    for latency_ms in LATENCIES_MS:
        with devserver(latency_ms) as address:
            one, two = (_with_workers(n, store, address, asked) for n in (1, 2))
        ratio = statistics.median(one.seconds) / statistics.median(two.seconds)
        cells = [f"{statistics.median(each):.2f}" for each in (one.seconds, two.seconds)]
        busy = [f"{1000 * statistics.median(each):.0f}" for each in one.busy_s.values()]
        rows.append([str(latency_ms), f"{asked.candidates * latency_ms / 1000:.0f}", *cells, f"**{ratio:.2f}**", *busy])
    title = (
        f"Seconds of {asked.candidates} candidates × {asked.each} calls on Dask workers with one task at a time each, and processor "
        f"milliseconds of a candidate by process, with one worker; median of {asked.rounds} rounds"
    )
    measured = ["latency, ms", "latency alone, one worker", "one worker", "two workers", "one / two"]
    header = [*measured, *(f"ms of the {one}" for one in PROCESSES)]
    return Table(title, header, rows)


@dataclass(frozen=True, slots=True)
class Rounds:
    """Seconds of each round, and processor seconds of a candidate in it, by process."""

    seconds: list[float]
    busy_s: dict[str, list[float]]


def _with_workers(n_workers: int, store: Path, address: str, asked: argparse.Namespace) -> Rounds:
    """The rounds with as many Dask workers."""
    from distributed import LocalCluster

    size = {"n_workers": n_workers, "threads_per_worker": 1, "host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    rounds = Rounds([], {one: [] for one in PROCESSES})
    with (
        LocalCluster(**size) as cluster,
        run_open(store, address, concurrency=4 * asked.each, runner=f"dask={cluster.scheduler_address}") as opened,
    ):
        for n in range(asked.rounds + 1):
            before = _busy()
            one, after = seconds(opened, asked.candidates, asked.each, is_mapped=True), _busy()
            # the first round makes connections
            if n:
                rounds.seconds.append(one)
                for name, kept in rounds.busy_s.items():
                    kept.append((after[name] - before[name]) / asked.candidates)
    return rounds


def _busy() -> dict[str, float]:
    """Processor seconds so far of this process and of those that it has started, by what they are."""
    found = dict.fromkeys(PROCESSES, 0.0)
    for pid in growth.tree(os.getpid()):
        words = growth.words_of(pid)
        name = next((name for name, told in PROCESSES.items() if told in words), "")
        if name:
            found[name] += growth.busy_s(pid)
    return found


def main() -> None:
    """Measures, and writes the section of docs/benchmarks.md unless it was small."""
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("--store", type=Path, required=True)
    reading.add_argument("--small", action="store_true")
    reading.add_argument("--rounds", type=int, default=N_ROUNDS)
    asked = reading.parse_args()
    asked.candidates, asked.each = (8, 6) if asked.small else (N_CANDIDATES, N_EACH)
    os.environ.setdefault("OPENAI_API_KEY", "none")
    with served():
        with devserver() as address:
            tables = [orchestration(asked.store, address, asked)]
        tables.append(workers(asked.store, asked))
    if asked.small:
        print("\n".join(one.markdown() for one in tables))
    else:
        write_section("Scale", tables, command='make bench-scale ARGS="--store FILE"')


if __name__ == "__main__":
    main()
