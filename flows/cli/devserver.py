"""The command `devserver`: a loopback server that answers with rehearsal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def devserver(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one and prints it.")] = 8099,
    faults: Annotated[Path | None, typer.Option(help="TOML of fault rates.")] = None,
    latency_ms: Annotated[int, typer.Option(min=0, help="Wait before each answer.")] = 0,
    log: Annotated[Path | None, typer.Option(help="Append one JSON line per request to this file.")] = None,
) -> None:
    """A loopback server that speaks the OpenAI protocol and answers with rehearsal, for tests and rehearsals."""
    from understudy.doors.devserver import serve

    serve(port, faults=faults, latency_ms=latency_ms, log=log)
