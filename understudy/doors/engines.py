"""What differs between a store of one file and a store of a lake: how it is opened, how rows are added, and who may write when."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

import duckdb

from understudy.doors import folders, migrations, store_faults
from understudy.doors.connection import OF_THE_FILE, configured, connected, way_back
from understudy.errors import UnderstudyError

Connection = duckdb.DuckDBPyConnection
StillMine = Callable[[], None]
"""Raises where the turn to write was lost, before what was written is committed."""


class Engine(Protocol):
    """How the rows of a store are kept. `address` opens it again, and what lies beside it is named after `path`."""

    is_shared: bool

    @property
    def address(self) -> Path: ...

    @property
    def path(self) -> Path: ...

    def exists(self) -> bool:
        """Whether a store is there; a lake in PostgreSQL is known to be there only once it is opened."""

    def opened(self, *, read_only: bool) -> Connection:
        """The first connection; a store is created where there is none. Raises StoreBusy, BadInput, UnderstudyError."""

    def configured(self, connection: Connection) -> Connection:
        """Another connection of an open store with its settings."""

    def turn(self) -> AbstractContextManager[StillMine]:
        """The right to write, held until the block ends. Raises StoreBusy where others hold it for too long."""

    def adding(self, table: str, columns: Sequence[str]) -> str:
        """The statement that adds the rows of `incoming` whose keys are not there; of rows with one key the first is taken."""

    def failure(self, error: duckdb.Error, path: Path) -> UnderstudyError | None:
        """The error to tell where the store cannot be read or written; None where something else is wrong."""

    def bring(self, connection: Connection, pending: Mapping[str, str]) -> None:
        """Applies migrations (name → text) within the caller's transaction."""

    def tidy(self, connection: Connection) -> None:
        """Writes small commits together where they are kept apart, within the caller's turn."""

    def has_others(self) -> bool:
        """Whether somebody else has the store open for writing."""

    def close(self) -> None:
        """Lets go of what the engine holds beside its connections."""


class FileEngine:
    """One DuckDB file, one writer process: whoever has it open for writing keeps all others out."""

    is_shared = False

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def address(self) -> Path:
        return self._path

    @property
    def path(self) -> Path:
        return self._path

    def exists(self) -> bool:
        return self._path.exists()

    def opened(self, *, read_only: bool) -> Connection:
        folders.made(self._path.parent)
        return connected(self._path, read_only=read_only)

    def configured(self, connection: Connection) -> Connection:
        return configured(connection)

    @contextmanager
    def turn(self) -> Iterator[StillMine]:
        """Nothing has to be waited for: DuckDB lets the threads of the one process write side by side."""
        yield _nothing

    def adding(self, table: str, columns: Sequence[str]) -> str:
        named = ", ".join(columns)
        return f"insert into {table} ({named}) select {named} from incoming on conflict do nothing"

    def failure(self, error: duckdb.Error, path: Path) -> UnderstudyError | None:
        # a transaction also fails where two of them change the same row
        refused = isinstance(error, duckdb.TransactionException) and store_faults.system_reason(path, str(error)) is not None
        if not isinstance(error, OF_THE_FILE) and not refused:
            return None
        return store_faults.why_not_used(path, str(error), way_back=lambda: way_back(self._path))

    def bring(self, connection: Connection, pending: Mapping[str, str]) -> None:
        connection.execute(migrations.RECORD)
        for text in pending.values():
            connection.execute(text)

    def tidy(self, connection: Connection) -> None:
        """DuckDB does so by itself."""

    def has_others(self) -> bool:
        return False

    def close(self) -> None:
        """Nothing is held beside the connections."""


def _nothing() -> None:
    return
