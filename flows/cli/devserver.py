"""The command `devserver`: a loopback server that answers with rehearsal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from understudy.flows.cli.beforehand import Means


def devserver(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes any free port and prints it.")] = 8099,
    faults: Annotated[Path | None, typer.Option(help="TOML file with the share of requests that get each fault."), Means.INPUT] = None,
    latency_ms: Annotated[int, typer.Option(min=0, help="Delay before each answer, in milliseconds.")] = 0,
    log: Annotated[Path | None, typer.Option(help="File to which one JSON line is appended for each request."), Means.APPENDED] = None,
) -> None:
    """Run a local server with the OpenAI protocol that answers with rehearsal, for tests."""
    from understudy.doors.devserver import serve

    serve(port, faults=faults, latency_ms=latency_ms, log=log)
