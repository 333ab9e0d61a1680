"""A command of the command line, run in the process of the test: what the console script would print, and its exit code."""

from __future__ import annotations

import io
import os
import signal
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from understudy.flows.cli.app import main


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


def run(*words: str, cwd: Path, **environment: str) -> Ended:
    """What `understudy WORDS` does in a folder; environment and signal handlers are as before afterwards."""
    out, errors, handler = io.StringIO(), io.StringIO(), signal.getsignal(signal.SIGTERM)
    try:
        with (
            chdir(cwd),
            patch.dict(os.environ, environment),
            patch.object(sys, "argv", ["understudy", *words]),
            redirect_stdout(out),
            redirect_stderr(errors),
        ):
            main()
    except SystemExit as end:
        return Ended(int(end.code or 0), out.getvalue(), errors.getvalue())
    finally:
        signal.signal(signal.SIGTERM, handler)
