"""How a command answers: one JSON object or a readable page on stdout, everything else on stderr, and the promised exit code."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypedDict, TypeVar, cast

from rich.console import Console

from understudy.doors.events import recording
from understudy.errors import BadInput, GateFailed, Stopped, UnderstudyError
from understudy.flows.cli.progress import narrated
from understudy.flows.cli.signals import signals_answered
from understudy.flows.cli.tables import page_console

if TYPE_CHECKING:
    from understudy.doors.reading_copy import SnapshotFields

# what a command answers is a TypedDict, which is read as any mapping is
_OLD_S = 120

Result = TypeVar("Result", bound=Mapping[str, object])

_STDOUT = 1

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


class ErrorFields(TypedDict):
    """The field `error` of a failure."""

    code: str
    message: str
    hint: str


class Misused(BadInput):
    """Options that do not go together."""

    code = "usage"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command came to: its fields, with those that a gate refused; why it failed, and the exit code."""

    fields: Mapping[str, object]
    error: ErrorFields | None = None
    exit_code: int = 0

    @property
    def is_stopped(self) -> bool:
        """Whether a signal ended the command."""
        return self.error is not None and self.error["code"] == Stopped.code

    def as_json(self) -> dict[str, object]:
        """The one object that `--json` prints."""
        return {"ok": True, **self.fields} if self.error is None else {**self.fields, "ok": False, "error": self.error}


def answer(
    work: Callable[[], Result],
    show: Callable[[Console, Result], None],
    *,
    as_json: bool,
    events: Path | None = None,
    verbose: bool = False,
) -> NoReturn:
    """Does the work and ends the process: fields on stdout, progress and errors on stderr, exit code as the contract says."""
    for name, value in _PREFECT_DEFAULTS.items():
        os.environ.setdefault(name, value)
    progress = Console(stderr=True, highlight=False)
    is_silent = as_json and not progress.is_terminal

    def recorded() -> Result:
        if is_silent:
            with recording(events):
                return work()
        with narrated(progress, verbose=verbose) as listener, recording(events, listener=listener):
            return work()

    with signals_answered(), redirect_stdout(sys.stderr):
        outcome = _outcome(recorded)
    _end(outcome, show, as_json=as_json)


def then(console: Console, command: str) -> None:
    """Prints what can be done next, as the last line of a page."""
    console.print(f"next: {command}", markup=False, soft_wrap=True)


def usage_error(message: str, *, as_json: bool) -> NoReturn:
    """Ends the process with 2, as for any input that cannot be used."""
    error: ErrorFields = {"code": "usage", "message": message, "hint": "see `understudy --help`"}
    _end(Outcome({}, error, 2), _nothing, as_json=as_json)


def refuse(error: UnderstudyError, *, as_json: bool) -> NoReturn:
    """Ends the process with an error that was seen before the command was run."""
    _end(Outcome({}, _why(error), error.exit_code), _nothing, as_json=as_json)


def _end(outcome: Outcome, show: Callable[[Console, Result], None], *, as_json: bool) -> NoReturn:
    with written_out():
        if as_json:
            print(json.dumps(outcome.as_json(), ensure_ascii=False, default=str))
        elif outcome.fields:
            # what a gate refuses has the fields that the page shows; the error carries them as plain ones
            show(page_console(), cast(Result, outcome.fields))
        sys.stdout.flush()
    if not as_json:
        _explain(outcome.error)
    if outcome.is_stopped:
        # threads that still work are not waited for
        sys.stderr.flush()
        os._exit(outcome.exit_code)
    raise SystemExit(outcome.exit_code)


def _nothing(console: Console, fields: Mapping[str, object]) -> None:
    """A command that was not run has no page."""


@contextmanager
def written_out() -> Iterator[None]:
    """Ends the process with 1 and a sentence where the output of the block cannot be written; quietly where its reader is gone."""
    try:
        yield
    except OSError as error:
        # what is still buffered would fail again when Python ends
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, _STDOUT)
        if not isinstance(error, BrokenPipeError):
            hint = "the work itself is done and kept; make room, and run the same command again"
            _explain({"code": "output", "message": f"standard output cannot be written: {error.strerror}", "hint": hint})
        raise SystemExit(1) from None


def _outcome(work: Callable[[], Mapping[str, object]]) -> Outcome:
    try:
        return Outcome(work())
    except GateFailed as error:
        return Outcome(error.fields, _why(error), error.exit_code)
    except UnderstudyError as error:
        return Outcome({}, _why(error), error.exit_code)
    except KeyboardInterrupt:
        return Outcome({}, _why(Stopped()), Stopped.exit_code)
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        hint = "this is a fault of understudy; the traceback is on stderr"
        return Outcome({}, {"code": "internal", "message": f"{type(error).__name__}: {error}", "hint": hint}, 1)


def snapshot_read(console: Console, snapshot: SnapshotFields | None) -> None:
    """A line that says how old what is shown is, where another process writes to the store."""
    if snapshot is not None:
        age = f"{snapshot['age_s']:.0f} s" if snapshot["age_s"] < _OLD_S else f"{snapshot['age_s'] / 60:.0f} min"
        console.print(f"another process writes to the store; this is a copy of it from {age} ago")


def _why(error: UnderstudyError) -> ErrorFields:
    return {"code": error.code, "message": error.message, "hint": error.hint}


def _explain(error: ErrorFields | None) -> None:
    if error is None:
        return
    console = Console(stderr=True, highlight=False)
    # the exit code says it as well where nobody can be told
    with suppress(OSError):
        console.print(f"[bold red]{error['code']}[/]: ", end="")
        console.print(error["message"], markup=False)
        if error["hint"]:
            console.print(f"→ {error['hint']}", markup=False)
