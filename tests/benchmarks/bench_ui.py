"""How fast Prefect's server on PostgreSQL answers what its pages ask for, with 10,000 task runs in its database.

Flows of trivial tasks are run by threads until the server has recorded every task; then the server is started again, and each request
is sent once and N_WARM times more. The requests are those that a browser sent when the pages were opened (Prefect 3.8).
PostgreSQL is Debian's, in a cluster of the benchmark's own. `--tasks N …` takes other flow runs, and `--show` keeps nothing.
"""

from __future__ import annotations

import argparse
import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from prefect import flow, task
from prefect.settings import PREFECT_API_URL, temporary_settings
from tables import Table, write_section

from tests import postgres, prefect_server
from understudy.flows.runners import threads
from understudy.flows.server import delivered

# one flow run with more task runs than a long search has, and as many as a search of ten generations has
N_TASKS = (5_000, *[500] * 10)
N_WARM, GOAL_S, PATIENCE_S = 20, 1.0, 3600.0
# as `understudy ui` sets the server up (understudy/flows/cli/console.py)
PACE = {
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
}
SETTINGS = {"as PostgreSQL is set by itself": "", "with `jit = off`": "alter database {} set jit = off"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of a page."""

    page: str
    what: str
    path: str
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """The seconds of a request's answers, the first one first."""

    asked: Asked
    seconds: list[float]


@task(name="trivial", persist_result=False)
def trivial(n: int) -> int:
    """The number itself."""
    return n


@flow(name="many", flow_run_name="{n} tasks", task_runner=threads(8), validate_parameters=False)
def many(n: int) -> int:
    """How many trivial tasks were run."""
    return sum(one.result() >= 0 for one in trivial.map(list(range(n))))


def main() -> None:
    """Measures, and writes the section of docs/benchmarks.md unless it is only shown."""
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("--tasks", type=int, nargs="+", default=list(N_TASKS))
    reading.add_argument("--show", action="store_true")
    asked = reading.parse_args()
    with tempfile.TemporaryDirectory() as place, postgres.cluster() as cluster:
        database, folder = cluster.database(), Path(place)
        login = f"{postgres.USER}:{postgres.PASSWORD}@127.0.0.1:{cluster.port}"
        os.environ |= {"PREFECT_API_DATABASE_CONNECTION_URL": f"postgresql+asyncpg://{login}/{database}", **PACE}
        with _served(folder) as address:
            tables = [_recorded(address, asked.tasks, lambda sql: cluster.asked(database, sql))]
        took: list[list[Answered]] = []
        for statement in SETTINGS.values():
            if statement:
                cluster.asked(database, statement.format(database))
            with _served(folder) as address:
                took.append(_answers(address))
        tables.append(_shown(took, sum(asked.tasks)))
    if asked.show:
        print("\n".join(one.markdown() for one in tables))
    else:
        write_section("Prefect's pages", tables, command="make bench-ui")


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """The address of a server that was just started."""
    address, process = prefect_server.started(folder)
    try:
        yield address
    finally:
        os.kill(int(process), signal.SIGTERM)
        os.waitpid(int(process), 0)


def _recorded(address: str, sizes: Sequence[int], query: Callable[[str], str]) -> Table:
    """Runs the flows, and waits until every task run is in the database."""
    began, wanted = time.perf_counter(), str(sum(sizes))
    with temporary_settings(updates={PREFECT_API_URL: address}):
        for n in sizes:
            many(n)
        delivered()
    ran = time.perf_counter() - began
    while (there := query("select count(*) from task_run where state_type = 'COMPLETED'")) != wanted:
        if time.perf_counter() - began > PATIENCE_S:
            raise SystemExit(f"{there} of {wanted} task runs were recorded")
        time.sleep(1.0)
    whole = time.perf_counter() - began
    size = query("select pg_size_pretty(pg_database_size(current_database()))")
    row = [f"{sum(sizes):,}", str(len(sizes)), f"{ran:.0f}", f"{whole:.0f}", f"{sum(sizes) / whole:.0f}", size]
    header = ["task runs", "flow runs", "s until the flows ended", "s until all was recorded", "a second", "database"]
    return Table("Trivial tasks, mapped by threads and recorded", header, [row])


def _answers(address: str) -> list[Answered]:
    """What the server answered to each request of the pages."""
    with httpx.Client(base_url=address, timeout=300.0) as client:
        runs = client.post("flow_runs/filter", json={"sort": "START_TIME_ASC"}).raise_for_status().json()
        return [Answered(one, [_seconds(client, one) for _ in range(N_WARM + 1)]) for one in _requests(runs[0], runs[-1])]


def _seconds(client: httpx.Client, asked: Asked) -> float:
    began = time.perf_counter()
    (client.post(asked.path, json=asked.body) if asked.body is not None else client.get(asked.path)).raise_for_status()
    return time.perf_counter() - began


def _shown(took: Sequence[Sequence[Answered]], n_tasks: int) -> Table:
    """The figures of every request, by setting of PostgreSQL."""
    rows = []
    for answers in zip(*took, strict=True):
        cells, one = [], answers[0].asked
        for each in answers:
            cold, *warm = each.seconds
            over = max(cold, *warm) >= GOAL_S
            cells += [f"{cold:.3f}", f"**{median(warm):.3f}**" if over else f"{median(warm):.3f}", f"{max(warm):.3f}"]
        rows.append([one.page, one.what, *cells])
    title = (
        f"Seconds of an answer with {n_tasks:,} task runs recorded: the first of a server that was just started, then {N_WARM} more "
        f"(median, most), {' and '.join(SETTINGS)}; bold where one of them took {GOAL_S:.0f} s or more"
    )
    return Table(title, ["page", "what it asks for", *(["first", "median", "most"] * len(took))], rows)


def _requests(large: Mapping[str, Any], small: Mapping[str, Any]) -> list[Asked]:
    """What the pages ask for, as a browser did; those that differ by the state that they count stand once."""
    now = datetime.now(UTC)
    day, week = ({"before_": now.isoformat(), "after_": (now - timedelta(days=n)).isoformat()} for n in (1, 7))
    done, main = {"type": {"any_": ["COMPLETED"]}}, {"exists_": False}
    newest = {"sort": "START_TIME_DESC", "limit": 100}
    history = {"history_start": day["after_"], "history_end": now.isoformat(), "history_interval_seconds": 4320}
    found = [
        Asked("dashboard", "flow runs by state", "flow_runs/count", {"flow_runs": {"state": done, "expected_start_time": day}}),
        Asked("dashboard", "flow runs", "flow_runs/filter", {"flow_runs": {"expected_start_time": day}, **newest, "limit": 58}),
        Asked("dashboard", "task runs by state", "task_runs/count",
              {"task_runs": {"state": done, "start_time": day, "subflow_runs": main}}),
        Asked("dashboard", "history of task runs", "task_runs/history", {**history, "flow_runs": {}, "task_runs": {"start_time": day}}),
        Asked("runs", "number of task runs", "task_runs/count", {}),
        Asked("runs", "history of flow runs", "ui/flow_runs/history", {"flow_runs": {"start_time": week}, **newest, "offset": 0}),
        Asked("runs", "flow runs", "flow_runs/paginate", {"flow_runs": {"start_time": week}, **newest, "page": 1}),
        Asked("runs", "task runs", "task_runs/paginate",
              {"task_runs": {"expected_start_time": week}, "sort": "EXPECTED_START_TIME_DESC", "limit": 100, "page": 1}),
        Asked("flows", "flows", "flows/paginate", {"sort": "NAME_ASC", "limit": 10, "page": 1}),
    ]  # fmt: skip
    for run in (large, small):
        only, page = {"id": {"any_": [run["id"]]}}, f"flow run, {run['name']}"
        logs = {"logs": {"level": {"ge_": 0}, "flow_run_id": only["id"]}, "sort": "TIMESTAMP_ASC", "offset": 0, "limit": 200}
        events = {"occurred": {"since": day["after_"], "until": now.isoformat()}, "any_resource": {"id": [f"prefect.flow-run.{run['id']}"]}}
        found += [
            Asked(page, "the flow run", f"flow_runs/{run['id']}"),
            Asked(page, "number of its task runs", "task_runs/count", {"flow_runs": only, "task_runs": {"subflow_runs": main}}),
            Asked(page, "its graph", f"flow_runs/{run['id']}/graph-v2"),
            Asked(page, "its log", "logs/filter", logs),
            Asked(page, "its events", "events/filter", {"filter": {**events, "event": {"exclude_prefix": ["prefect.task-run."]}}}),
            Asked(page, "its task runs", "task_runs/paginate",
                  {"flow_runs": only, "sort": "EXPECTED_START_TIME_DESC", "limit": 100, "page": 1}),
        ]  # fmt: skip
    return found


if __name__ == "__main__":
    main()
