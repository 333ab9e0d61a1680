"""Flows on small panels, so that a night takes seconds: their bodies alone, or run by a real Prefect server.

What Prefect itself does is seen by few tests: one night, one search with its artifacts, one deployment, and the commands.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from inspect import isawaitable
from pathlib import Path
from shutil import copyfile
from typing import Any

import httpx
import pytest
from prefect import Flow, Task

from understudy.parameters import PanelSize, RunOptions, Search
from understudy.profile.anchors import human_anchors

ROOT = Path(__file__).resolve().parents[2]
SMALL = PanelSize(per_stratum=6, behaviour=8, free=4)
SEARCH = Search(population=4, generations=1, n_front=2, panel=SMALL, front_panel=SMALL)
PATIENCE_S = 300.0


@pytest.fixture(scope="session")
def prefect_server(shared_folder: Path, alone: Any) -> Iterator[str]:
    """The address of a server of the tests' own; the test processes of a run share it, and the last one stops it."""
    users, told = shared_folder / "prefect.users", shared_folder / "prefect.server"
    with alone("prefect"):
        n_users = int(users.read_text()) if users.exists() else 0
        if not n_users:
            told.write_text(" ".join(_started(shared_folder)))
        users.write_text(str(n_users + 1))
    address, pid = told.read_text().split()
    from prefect.settings import PREFECT_API_URL, temporary_settings

    try:
        with temporary_settings(updates={PREFECT_API_URL: address}):
            yield address
            _drain()
    finally:
        with alone("prefect"):
            n_users = int(users.read_text()) - 1
            users.write_text(str(n_users))
            if not n_users:
                os.kill(int(pid), signal.SIGTERM)


def _started(folder: Path) -> tuple[str, str]:
    """Address and process id of a server that answers, with every service of the one that an operator starts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    environment = {
        **os.environ,
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_UI_ENABLED": "0",
        "PREFECT__SERVER_FINAL": "1",
        # the scheduler looks once a minute by default; a test of the cron is not to wait for that
        "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "1",
        "DO_NOT_TRACK": "1",
    }
    command = [sys.executable, "-m", "uvicorn", "--factory", "prefect.server.api.server:create_app", "--lifespan", "on"]
    words = ["--host", "127.0.0.1", "--port", port, "--log-level", "error"]
    with (folder / "prefect.log").open("w") as log:
        process = subprocess.Popen([*command, *words], env=environment, stdout=log, stderr=log, start_new_session=True)
    address, end = f"http://127.0.0.1:{port}/api", time.monotonic() + PATIENCE_S
    while not _answers(address):
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            raise AssertionError((folder / "prefect.log").read_text()[-3000:])
        time.sleep(0.2)
    _end_with_the_run(process.pid)
    return address, str(process.pid)


def _end_with_the_run(server: int) -> None:
    """A run that is interrupted tears no fixture down; then a watcher ends the server, once the run's own process is gone."""
    run = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
    watch = 'while kill -0 "$0" && kill -0 "$1"; do sleep 1; done; kill "$1"'
    subprocess.Popen(["bash", "-c", watch, str(run), str(server)], stderr=subprocess.DEVNULL, start_new_session=True)


def _drain() -> None:
    """What Prefect still has to say is said while there is a server to hear it."""
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker
    from prefect.utilities.asyncutils import run_coro_as_sync

    async def drained() -> None:
        for said in (APILogWorker.instance().drain(), EventsWorker.drain_all()):
            if isawaitable(said):
                await said

    run_coro_as_sync(drained())


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/health").status_code == 200
    except httpx.HTTPError:
        return False


class Mapped:
    """What a task that was mapped without Prefect returned or raised."""

    def __init__(self, work: Callable[[Any], Any], over: Any) -> None:
        self._value, self._raised = None, None
        try:
            self._value = work(over)
        except Exception as error:
            self._raised = error

    def result(self) -> Any:
        if self._raised is not None:
            raise self._raised
        return self._value


@pytest.fixture
def plain_flows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Flows and tasks are the functions that they are made of; nothing is told to a server."""

    def called(self: Flow[..., Any] | Task[..., Any], *values: Any, **named: Any) -> Any:
        return self.fn(*values, **named)

    def mapped(self: Task[..., Any], over: Iterable[Any]) -> list[Mapped]:
        return [Mapped(self.fn, one) for one in over]

    for kind in (Flow, Task):
        monkeypatch.setattr(kind, "__call__", called)
    monkeypatch.setattr(Task, "map", mapped)


@pytest.fixture
def few_halvings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Floors by three halvings, which is enough to be there."""
    monkeypatch.setattr("understudy.profile.anchors.human_anchors", partial(human_anchors, n_halvings=3))


@pytest.fixture
def night(profiled_sample: Path, tmp_path: Path) -> dict[str, Any]:
    """Parameters of a night on the bundled sample that is as small as one can be; its humans are profiled already."""
    copyfile(profiled_sample, tmp_path / "night.duckdb")
    return {
        "dataset": "sample",
        "data": str(ROOT / "examples" / "sample"),
        "reader": "redial",
        "batch": "one",
        "n": 6,
        "search": SEARCH,
        "report": SMALL,
        "options": RunOptions(store=tmp_path / "night.duckdb"),
    }
