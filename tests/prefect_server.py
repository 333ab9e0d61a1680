"""A real Prefect server on loopback, one for all test processes of a run, started by the first test that needs it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

PATIENCE_S = 300.0


@pytest.fixture(scope="session")
def prefect_server(shared_folder: Path, alone: Any) -> Iterator[str]:
    """The address of a server of the tests' own; the test processes of a run share it, and the last one stops it."""
    users, told = shared_folder / "prefect.users", shared_folder / "prefect.server"
    with alone("prefect"):
        n_users = int(users.read_text()) if users.exists() else 0
        if not n_users:
            told.write_text(" ".join(started(shared_folder)))
        users.write_text(str(n_users + 1))
    address, pid = told.read_text().split()
    from prefect.settings import PREFECT_API_URL, temporary_settings

    from understudy.flows.server import delivered

    try:
        with temporary_settings(updates={PREFECT_API_URL: address}):
            yield address
            delivered()
    finally:
        with alone("prefect"):
            n_users = int(users.read_text()) - 1
            users.write_text(str(n_users))
            if not n_users:
                os.kill(int(pid), signal.SIGTERM)


def started(folder: Path, *, port: str = "") -> tuple[str, str]:
    """Address and process id of a server that answers, with every service of the one that an operator starts; at a free port if none."""
    port = port or _free_port()
    environment = {
        **os.environ,
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_UI_ENABLED": "0",
        "PREFECT__SERVER_FINAL": "1",
        # the scheduler looks once a minute by default; a test of the cron is not to wait for that
        "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "5",
        "DO_NOT_TRACK": "1",
    }
    command = [sys.executable, "-m", "uvicorn", "--factory", "prefect.server.api.server:create_app", "--lifespan", "on"]
    words = ["--host", "127.0.0.1", "--port", port, "--log-level", "error"]
    with (folder / "prefect.log").open("w") as log:
        process = subprocess.Popen([*command, *words], env=environment, stdout=log, stderr=log, start_new_session=True)
    address, end = f"http://127.0.0.1:{port}/api", time.monotonic() + PATIENCE_S
    with httpx.Client() as client:
        while not _answers(client, address):
            if process.poll() is not None or time.monotonic() > end:
                process.kill()
                raise AssertionError((folder / "prefect.log").read_text()[-3000:])
            time.sleep(0.2)
    _end_with_the_run(process.pid)
    return address, str(process.pid)


def _free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def _end_with_the_run(server: int) -> None:
    """A run that is interrupted tears no fixture down; then a watcher ends the server, once the run's own process is gone."""
    run = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
    watch = 'while kill -0 "$0" && kill -0 "$1"; do sleep 1; done; kill "$1"'
    subprocess.Popen(["bash", "-c", watch, str(run), str(server)], stderr=subprocess.DEVNULL, start_new_session=True)


def _answers(client: httpx.Client, address: str) -> bool:
    try:
        return client.get(f"{address}/health").status_code == 200
    except httpx.HTTPError:
        return False
