"""The Prefect server that the flows of a command talk to: the one that is configured, or a temporary one of this process.

Prefect starts a temporary server itself where none is configured, in the terminal's process group and without a bond to the process
that started it: Ctrl-C ended the server first, and the flows then waited for it; after `kill -9` the server stayed. This one ends
with its parent and gets no signals from the terminal (understudy/doors/children.py).
"""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from inspect import isawaitable

import prefect
from prefect.client.orchestration import get_client
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_SERVER_EPHEMERAL_ENABLED,
    PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS,
    get_current_settings,
    temporary_settings,
)
from prefect.utilities.asyncutils import run_coro_as_sync

from understudy.doors import children
from understudy.errors import UnderstudyError

STOP_S = 2.0
_HOST = "127.0.0.1"
_APPLICATION = ("--app-dir", str(prefect.__module_path__.parent), "--factory", "prefect.server.api.server:create_app")
_KIND = {"PREFECT_UI_ENABLED": "0", "PREFECT__SERVER_EPHEMERAL": "1", "PREFECT__SERVER_FINAL": "1"}


@contextmanager
def served() -> Iterator[None]:
    """A Prefect server for the flows of the block. Raises UnderstudyError where a temporary one does not start."""
    if PREFECT_API_URL.value() or not PREFECT_SERVER_EPHEMERAL_ENABLED.value():
        yield
        return
    port = _free_port()
    server = children.start("uvicorn", [*_APPLICATION, *_words(port)], environment=_environment())
    try:
        with temporary_settings(updates={PREFECT_API_URL: f"http://{_HOST}:{port}/api"}):
            _wait_for(server, port)
            try:
                yield
            finally:
                # a stop by a signal waits for nothing
                if not isinstance(sys.exception(), KeyboardInterrupt):
                    delivered()
    finally:
        children.stop(server, grace_s=STOP_S)


def delivered() -> None:
    """Returns once the server has what it is told in the background: states of tasks, and log lines."""

    async def drained() -> None:
        for told in (APILogWorker.instance().drain(), EventsWorker.drain_all()):
            if isawaitable(told):
                await told

    run_coro_as_sync(drained())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])


def _words(port: int) -> list[str]:
    return ["--host", _HOST, "--port", str(port), "--log-level", "error", "--lifespan", "on"]


def _environment() -> dict[str, str]:
    return {**os.environ, **_KIND, **get_current_settings().to_environment_variables(exclude_unset=True)}


def _wait_for(server: children.Child, port: int) -> None:
    """Returns once the server answers."""
    patience_s = float(PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS.value())
    end = time.monotonic() + patience_s
    with get_client(sync_client=True) as client:
        while client.api_healthcheck() is not None:
            if server.poll() is not None:
                raise UnderstudyError(
                    f"the temporary Prefect server ended with code {server.returncode} before it answered",
                    hint="its messages are on standard error; a server that runs already is used where PREFECT_API_URL names it",
                )
            if time.monotonic() > end:
                raise UnderstudyError(
                    f"the temporary Prefect server on port {port} did not answer within {patience_s:.0f} s",
                    hint="set PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS to more, or PREFECT_API_URL to a server that runs",
                )
            time.sleep(0.1)
