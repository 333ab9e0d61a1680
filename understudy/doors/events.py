"""The event log of a run: one JSON line per event, flushed as it happens, and listeners for a terminal."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import IO

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
                self._file.write(json.dumps(line) + "\n")
                self._file.flush()
        if self._listener is not None:
            self._listener(stage, event, key)


_SILENT = EventLog(None, n_before=0, listener=None)
_current = _SILENT


@contextmanager
def recording(path: Path | None, *, listener: Listener | None = None) -> Iterator[EventLog]:
    """Events of the block go to `path` and to `listener`; inside another recording they join the outer one."""
    global _current
    if _current is not _SILENT or (path is None and listener is None):
        yield _current
        return
    n_before = len(path.read_text(encoding="utf-8").splitlines()) if path is not None and path.exists() else 0
    file = path.open("a", encoding="utf-8") if path is not None else None
    _current = EventLog(file, n_before=n_before, listener=listener)
    try:
        yield _current
    finally:
        _current = _SILENT
        if file is not None:
            file.close()


def emit(stage: str, event: str, key: str) -> None:
    """Records an event of the run that this process is making."""
    _current.emit(stage, event, key)
