"""Whose turn it is to write to a lake.

DuckLake has no keys: of two processes that look for a key at the same time, neither finds it, and both add the row. So writers take
turns, each from before it looks until its rows are committed. A turn belongs to a process as a lock of the operating system or of
PostgreSQL does, so it ends with the process that holds it, however that dies. Readers wait for nobody.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from understudy.doors.engines import Connection, StillMine
from understudy.errors import StoreBusy, UnderstudyError

LONGEST_WAIT_S = 600.0
_FIRST_WAIT_S, _LAST_WAIT_S = 0.002, 0.05
_TURN_FILE, _PRESENT_FILE = "writer.lock", "present.lock"
# keys of advisory locks, which are a database's own
_TURN, _PRESENT = 7_210_401, 7_210_402
_GUARD = "turns"


class FolderTurns:
    """Turns among the processes of one machine, by locks on files of the lake's folder."""

    def __init__(self, folder: Path, shown: str) -> None:
        self._folder, self._shown = folder, shown
        self._present: int | None = None

    @contextmanager
    def held(self) -> Iterator[StillMine]:
        """The turn to write, until the block ends. Raises StoreBusy."""
        # a lock belongs to the opened file, so that threads of a process keep each other out as well
        file = self._file(_TURN_FILE)
        try:
            _wait(lambda: _locked(file, fcntl.LOCK_EX), self._shown)
            yield _nothing
        finally:
            os.close(file)

    def enter(self) -> None:
        """Lets others see that this store is open for writing, until `leave`."""
        self._present = self._file(_PRESENT_FILE)
        fcntl.flock(self._present, fcntl.LOCK_SH)

    def has_others(self) -> bool:
        """Whether another store is open for writing."""
        if self._present is not None:
            try:
                return not _locked(self._present, fcntl.LOCK_EX)
            finally:
                fcntl.flock(self._present, fcntl.LOCK_SH)
        # who only reads may not be allowed to write into the folder
        seen = self._folder / _PRESENT_FILE
        if not seen.exists():
            return False
        with seen.open("rb") as file:
            return not _locked(file.fileno(), fcntl.LOCK_EX)

    def leave(self) -> None:
        """Takes back what `enter` showed."""
        if self._present is not None:
            os.close(self._present)
            self._present = None

    def _file(self, name: str) -> int:
        return os.open(self._folder / name, os.O_RDWR | os.O_CREAT, 0o666)


class PostgresTurns:
    """Turns among all who use a catalogue in PostgreSQL, by advisory locks of its database; `root` has the extension loaded."""

    def __init__(self, root: Connection, keywords: str, shown: str) -> None:
        self._root, self._shown = root, shown
        self._present: Connection | None = None
        root.execute(f"attach '{keywords.replace(chr(39), chr(39) * 2)}' as {_GUARD} (type postgres, read_only)")

    @contextmanager
    def held(self) -> Iterator[StillMine]:
        """The turn to write, until the block ends. Raises StoreBusy, UnderstudyError."""
        guard = self._begun()

        def still_mine() -> None:
            try:
                _asked(guard, "select 1")
            except duckdb.Error as error:
                raise UnderstudyError(
                    f"the connection to {self._shown} was lost while rows were written, so none of them is kept",
                    hint="look at the database server, then run the same command again: committed work is kept",
                ) from error

        try:
            _wait(lambda: bool(_asked(guard, f"select pg_try_advisory_xact_lock({_TURN})")), self._shown)
            yield still_mine
        finally:
            _ended(guard)

    def enter(self) -> None:
        """Lets others see that this store is open for writing, until `leave`."""
        self._present = self._begun()
        _asked(self._present, f"select count(pg_advisory_xact_lock_shared({_PRESENT}))")

    def has_others(self) -> bool:
        """Whether another store is open for writing."""
        guard = self._begun()
        try:
            own = "database = (select oid from pg_database where datname = current_database())"
            n = _asked(guard, f"select count(*) from pg_locks where locktype = 'advisory' and objid = {_PRESENT} and {own}")
        finally:
            _ended(guard)
        return int(n) > (self._present is not None)

    def leave(self) -> None:
        """Takes back what `enter` showed."""
        if self._present is not None:
            _ended(self._present)
            self._present = None

    def _begun(self) -> Connection:
        """A connection in a transaction of its own, with which its locks end."""
        guard = self._root.cursor()
        guard.execute("begin transaction")
        return guard


def _asked(guard: Connection, sql: str) -> int:
    """The one number or truth that PostgreSQL answers."""
    quoted = sql.replace("'", "''")
    row = guard.execute(f"select * from postgres_query('{_GUARD}', '{quoted}')").fetchone()
    return int(row[0]) if row else 0


def _ended(guard: Connection) -> None:
    # where the server is gone its locks are gone with it
    with suppress(duckdb.Error):
        guard.execute("rollback")
    guard.close()


def _wait(take: Callable[[], bool], shown: str) -> None:
    end, rest_s = time.monotonic() + LONGEST_WAIT_S, _FIRST_WAIT_S
    while not take():
        if time.monotonic() > end:
            raise StoreBusy(
                f"another process has been writing to {shown} for {LONGEST_WAIT_S:.0f} s",
                hint="wait until it has committed; look whether it is stopped, and run the same command again",
            )
        time.sleep(rest_s)
        rest_s = min(_LAST_WAIT_S, rest_s * 1.5)


def _locked(file: int, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _nothing() -> None:
    return
