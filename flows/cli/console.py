"""How a command answers: one JSON object or a readable page on stdout, everything else on stderr, and the promised exit code."""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, NoReturn

from rich.console import Console

from understudy.doors.events import recording
from understudy.errors import GateFailed, UnderstudyError

Fields = Mapping[str, Any]

# read by Prefect when it is first imported; a value that the user has set stays
_PREFECT_DEFAULTS = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    # its own 20 s are too few on a machine that is busy
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
}


def answer(
    work: Callable[[], Fields], show: Callable[[Console, dict[str, Any]], None], *, as_json: bool, events: Path | None = None
) -> NoReturn:
    """Does the work and ends the process: fields on stdout, progress and errors on stderr, exit code as the contract says."""
    for name, value in _PREFECT_DEFAULTS.items():
        os.environ.setdefault(name, value)
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
    progress = Console(stderr=True, highlight=False)
    listener = None if as_json and not progress.is_terminal else _narrator(progress)
    with redirect_stdout(sys.stderr), recording(events, listener=listener):
        fields, code = _outcome(work)
    if as_json:
        print(json.dumps(fields, ensure_ascii=False, default=str))
    else:
        _tell(fields, show)
    sys.stdout.flush()
    raise SystemExit(code)


def usage_error(message: str, *, as_json: bool) -> NoReturn:
    """Ends the process with 2, as for any input that cannot be used."""
    fields = _failure("usage", message, "see `understudy --help`")
    if as_json:
        print(json.dumps(fields))
    else:
        _tell(fields, lambda _console, _fields: None)
    raise SystemExit(2)


def _outcome(work: Callable[[], Fields]) -> tuple[dict[str, Any], int]:
    try:
        return {"ok": True, **work()}, 0
    except GateFailed as error:
        return {**error.fields, **_failure(error.code, error.message, error.hint)}, error.exit_code
    except UnderstudyError as error:
        return _failure(error.code, error.message, error.hint), error.exit_code
    except KeyboardInterrupt:
        return _failure("interrupted", "stopped by a signal", "run the same command again: finished work is kept"), 1
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        return _failure("internal", f"{type(error).__name__}: {error}", "this is a fault of understudy; the traceback is on stderr"), 1


def _failure(code: str, message: str, hint: str) -> dict[str, Any]:
    return {"ok": False, "error": {"code": code, "message": message, "hint": hint}}


def _tell(fields: dict[str, Any], show: Callable[[Console, dict[str, Any]], None]) -> None:
    if fields["ok"] or len(fields) > 2:
        show(Console(highlight=False), fields)
    if not fields["ok"]:
        error = fields["error"]
        console = Console(stderr=True, highlight=False)
        console.print(f"[bold red]{error['code']}[/]: ", end="")
        console.print(error["message"], markup=False)
        if error["hint"]:
            console.print(f"→ {error['hint']}", markup=False)


def _narrator(console: Console) -> Callable[[str, str, str], None]:
    def tell(stage: str, event: str, key: str) -> None:
        console.print(f"[dim]{stage:>9}[/]  {event.replace('_', ' ')}  [dim]{key}[/]")

    return tell
