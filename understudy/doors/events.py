"""The event log of a run: one JSON line per event, flushed as it happens, and listeners for a terminal."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import IO

from understudy.errors import BadInput, UnderstudyError

Listener = Callable[[str, str, str], None]


class EventLog:
    """Writes `{seq, at, stage, event, key}` lines. A file that is there is continued: `seq` goes on from its last line."""

    def __init__(self, file: IO[str] | None, *, n_before: int, listener: Listener | None) -> None:
        self._file, self._seq, self._listener, self._lock = file, n_before, listener, Lock()

    def emit(self, stage: str, event: str, key: str) -> None:
        """One line, on disk when this returns."""
        with self._lock:
            self._seq += 1
            if self._file is not None:
                line = {"seq": self._seq, "at": datetime.now(UTC).isoformat(), "stage": stage, "event": event, "key": key}
                self._write(json.dumps(line) + "\n")
        if self._listener is not None:
            self._listener(stage, event, key)


    def _write(self, line: str) -> None:
        assert self._file is not None
        try:
            self._file.write(line)
            self._file.flush()
        except OSError as error:
            raise UnderstudyError(
                f"the event log {self._file.name} cannot be written: {error.strerror}",
                hint="make room, or name another file with --events; then run the same command again: finished work is kept",
            ) from error


_SILENT = EventLog(None, n_before=0, listener=None)
_current = _SILENT


@contextmanager
def recording(path: Path | None, *, listener: Listener | None = None) -> Iterator[EventLog]:
    """Events of the block go to `path` and to `listener`; inside another recording they join the outer one."""
    global _current
    if _current is not _SILENT or (path is None and listener is None):
        yield _current
        return
    n_before, file = (0, None) if path is None else _continued(path)
    _current = EventLog(file, n_before=n_before, listener=listener)
    try:
        yield _current
    finally:
        _current = _SILENT
        if file is not None:
            # what could not be flushed was told when it was written
            with suppress(OSError):
                file.close()


def _continued(path: Path) -> tuple[int, IO[str]]:
    """How many lines the log has, and the log opened at its end. Raises BadInput where it is no plain file in a folder that is there."""
    if path.exists() and not path.is_file():
        raise BadInput(f"the event log {path} is no plain file", hint="name a file with --events")
    try:
        n_before = 0
        if path.exists():
            with path.open("rb") as before:
                n_before = sum(1 for _ in before)
        return n_before, path.open("a", encoding="utf-8")
    except OSError as error:
        raise BadInput(
            f"the event log {path} cannot be opened: {error.strerror}", hint="name a file in a folder that is there and can be written"
        ) from error


def emit(stage: str, event: str, key: str) -> None:
    """Records an event of the run that this process is making."""
    _current.emit(stage, event, key)
