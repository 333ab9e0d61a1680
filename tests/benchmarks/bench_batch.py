"""What dialogues of a batch take of each process: by threads, and in chunks by two Dask workers, against a server with a latency.

`--store FILE` is a store with the profiled data set `sample` (`understudy ingest` and `profile` of examples/sample make one). Batches of
the sizes of `--n` are played by both sides in turn within one run. Processor time is told, since two workers on a machine whose cores
have other work are not faster; what the coordinator takes for a dialogue says how many one of them can carry.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile
from time import perf_counter
from typing import Any

import psutil
from bench_calls import LATENCY_MS, MODEL, devserver
from prefect import flow, task
from tables import Table, write_section

from understudy.flows.server import served
from understudy.parameters import Models, PanelSize, RunOptions
from understudy.tasks.play.chunks import CALLS_IN_A_CHUNK
from understudy.tasks.play.elsewhere import here
from understudy.tasks.play.opened import OpenRun, models_open, store_open
from understudy.tasks.simulate.batch import play_batch, prompt_of
from understudy.tasks.simulate.plan import BatchPlan

CONCURRENCY, N_WORKERS, N_EMPTY = 32, 2, 64
NO_REPORT = PanelSize(per_stratum=1, behaviour=0, free=0)


@task(name="empty", persist_result=False)
@here
def empty(number: int, opened: OpenRun) -> int:
    """A task that does nothing with the run that it is given."""
    return number + opened.options.seed


@flow(name="batch", validate_parameters=False)
def batch(opened: OpenRun, n: int, name: str) -> int:
    """The calls of a batch of `n` dialogues."""
    genome = prompt_of(opened, setting="zero_shot", genome_file=None)
    return play_batch(opened, genome_digest=genome, plan=BatchPlan(name, n, NO_REPORT))["n_model_calls"]


@flow(name="empty tasks", validate_parameters=False)
def empties(opened: OpenRun) -> int:
    """How many empty tasks the workers of the run have done."""
    assert opened.workers is not None
    return sum(1 for _ in opened.workers.in_order(empty, range(N_EMPTY), opened))


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds of a stretch: of the clock, and of the processors for this process, for Dask's workers and for Prefect's server."""

    wall: float
    own: float
    workers: float
    server: float


@contextmanager
def measured(found: list[Took]) -> Iterator[None]:
    """Adds what the block took to `found`."""
    before, start = _processor_s(), perf_counter()
    yield
    after = _processor_s()
    found.append(Took(perf_counter() - start, *(late - early for late, early in zip(after, before, strict=True))))


def _processor_s() -> tuple[float, float, float]:
    own = psutil.Process()
    workers, server = 0.0, 0.0
    for child in own.children(recursive=True):
        command = " ".join(child.cmdline())
        workers += _of(child) if "spawn_main" in command else 0.0
        server += _of(child) if "uvicorn" in command else 0.0
    return _of(own), workers, server


def _of(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


@contextmanager
def run_open(store: Path, address: str, runner: str) -> Iterator[OpenRun]:
    """A run on a copy of the store."""
    with tempfile.TemporaryDirectory() as folder:
        path = copyfile(store, Path(folder) / "store.duckdb")
        options = RunOptions(store=path, models=Models(seeker=MODEL, api_base=address, concurrency=CONCURRENCY), runner=runner)
        with store_open(path) as there, models_open("sample", options, there) as opened:
            yield opened


def sides(store: Path, address: str, sizes: list[int], cluster: Any) -> tuple[list[list[str]], Took]:
    """Rows of both sides for each size, and what the empty tasks took."""
    rows: list[list[str]] = []
    with (
        run_open(store, address, "threads") as threads,
        run_open(store, address, f"dask={cluster.scheduler_address}") as dask,
    ):
        for opened in (threads, dask):
            # connections, humans and recommenders are opened by the first dialogues
            batch(opened, 4 * N_WORKERS * CALLS_IN_A_CHUNK // 8, "warm")
        nothing: list[Took] = []
        with measured(nothing):
            empties(dask)
        for n in sizes:
            for name, opened in (("threads", threads), (f"Dask, {N_WORKERS} processes", dask)):
                took: list[Took] = []
                with measured(took):
                    n_calls = batch(opened, n, f"of {n}")
                rows.append(_row(n, name, n_calls, took[0]))
                print(rows[-1], f"load {os.getloadavg()[0]:.1f}", flush=True)
    return rows, nothing[0]


def _row(n: int, name: str, n_calls: int, took: Took) -> list[str]:
    each = [f"{1000 * one / n:.0f}" for one in (took.own, took.workers, took.server)]
    return [f"{n:,}", name, f"{n_calls:,}", f"{took.wall:.0f}", *each, f"{1000 * took.own / n_calls:.1f}"]


def main() -> None:
    """Measures, and writes the section of docs/benchmarks.md unless it was small."""
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("--store", type=Path, required=True)
    reading.add_argument("--n", type=int, nargs="+", default=[128, 512])
    reading.add_argument("--small", action="store_true")
    asked = reading.parse_args()
    os.environ.setdefault("OPENAI_API_KEY", "none")
    from distributed import LocalCluster

    size: dict[str, Any] = {"n_workers": N_WORKERS, "threads_per_worker": 4, "host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    with devserver() as address, served(), LocalCluster(**size) as cluster:
        before = os.getloadavg()[0]
        rows, nothing = sides(asked.store, address, asked.n, cluster)
    title = (
        f"Batches of the sample against `devserver` at {LATENCY_MS} ms and concurrency {CONCURRENCY}; the load of the machine was "
        f"{before:.1f} at the beginning and {os.getloadavg()[0]:.1f} at the end. Processor time in ms"
    )
    header = [
        "dialogues", "played by", "calls", "seconds", "coordinator, a dialogue", "workers, a dialogue", "Prefect's server, a dialogue",
        "coordinator, a call",
    ]  # fmt: skip
    cells = [f"{1000 * one / N_EMPTY:.0f}" for one in (nothing.own, nothing.workers, nothing.server)]
    empty_title = f"Processor time of a task that does nothing, in ms; the mean of {N_EMPTY}"
    tables = [Table(title, header, rows), Table(empty_title, ["coordinator", "workers", "Prefect's server"], [cells])]
    if asked.small:
        print("\n".join(one.markdown() for one in tables))
    else:
        write_section("Batches on workers", tables, command='make bench-batch ARGS="--store FILE"')


if __name__ == "__main__":
    main()
