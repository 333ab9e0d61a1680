"""The store: a DuckDB file with one writer process, or a lake with several. How it is opened and written to says its engine.

Rows are keyed by content, and a row whose key is there is left as it is, so writing the same rows twice adds nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock, get_ident
from types import TracebackType
from typing import Any

import duckdb
import polars as pl
from pyarrow import RecordBatchReader

from understudy.doors import migrations
from understudy.doors.digests import VOLATILE_TABLES, digest_query
from understudy.doors.engines import Connection, Engine, StillMine
from understudy.doors.opening import engine_of
from understudy.doors.queries import query_text
from understudy.doors.table_files import write_tables
from understudy.errors import BadInput, UnderstudyError

SCHEMAS = ("ingest", "profile", "play", "optimize", "simulate", "validate", "publish")


class Store:
    """An open store. Use it as a context manager. Every thread that uses it has a connection of its own, and so its own transactions."""

    # without a dictionary of attributes Prefect cannot walk through it when it is a parameter
    __slots__ = ("_engine", "_lock", "_of_thread", "_root", "_writing")

    def __init__(self, engine: Engine, connection: Connection) -> None:
        self._engine, self._root = engine, connection
        self._lock = Lock()
        self._of_thread = {get_ident(): connection}
        self._writing: set[int] = set()

    @classmethod
    def open(cls, address: Path | str, *, read_only: bool = False) -> Store:
        """The store at `address`, migrated; created where there is none. Raises StoreBusy, BadInput."""
        engine = engine_of(address)
        if read_only and not engine.exists():
            hint = "run `understudy ingest` or `understudy nightly` first, or name another --store"
            raise BadInput(f"there is no store at {address}", hint=hint)
        store = cls(engine, engine.opened(read_only=read_only))
        try:
            if not read_only:
                migrate(store)
            elif _pending(store):
                # a store of an earlier version lacks what queries name
                store.__exit__(None, None, None)
                cls.open(address).__exit__(None, None, None)
                store = cls(engine, engine.opened(read_only=True))
        except BaseException:
            store.__exit__(None, None, None)
            raise
        return store

    @property
    def path(self) -> Path:
        """The path after which what lies beside the store is named; that of a file is the file."""
        return self._engine.path

    @property
    def address(self) -> Path:
        """What opens the store again."""
        return self._engine.address

    @property
    def is_shared(self) -> bool:
        """Whether other processes can write at the same time."""
        return self._engine.is_shared

    def has_others(self) -> bool:
        """Whether somebody else has a shared store open for writing."""
        return self._engine.has_others()

    @property
    def _connection(self) -> Connection:
        """The connection of the calling thread."""
        ident = get_ident()
        with self._lock:
            # an ident is given again after its thread has ended, which left no transaction open
            if ident not in self._of_thread:
                self._of_thread[ident] = self._engine.configured(self._root.cursor())
            return self._of_thread[ident]

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._engine.close()
        # the file is let go when its last connection is closed
        with self._lock:
            for connection in {*self._of_thread.values(), self._root}:
                if self.is_shared:
                    # DuckDB ends the process where it closes a transaction in a database whose server is gone
                    with suppress(duckdb.Error):
                        connection.execute("rollback")
                connection.close()
            self._of_thread.clear()

    def frame(self, query: str, **parameters: Any) -> pl.DataFrame:
        """The rows of `sql/queries/<query>.sql` with its `$name` parameters bound."""
        with self._store_errors():
            return self._connection.execute(query_text(query), parameters).pl()

    def rows(self, query: str, **parameters: Any) -> list[dict[str, Any]]:
        """The rows of a query as plain mappings, for small results."""
        return self.frame(query, **parameters).to_dicts()

    def add(self, table: str, rows: pl.DataFrame | Sequence[Mapping[str, Any]]) -> int:
        """How many of `rows` were new; columns are matched by name, rows whose key is there are left as they are."""
        frame = rows if isinstance(rows, pl.DataFrame) else pl.DataFrame(rows, infer_schema_length=None, strict=False)
        return 0 if frame.is_empty() else self._changed(self._engine.adding(_known(table), frame.columns), frame, {})

    def append(self, table: str, rows: pl.DataFrame) -> int:
        """How many rows were added to a table without a key; whoever calls knows that they are new."""
        columns = ", ".join(rows.columns)
        return 0 if rows.is_empty() else self._changed(f"insert into {_known(table)} ({columns}) select {columns} from incoming", rows, {})

    def apply(self, statement: str, *, incoming: pl.DataFrame | None = None, **parameters: Any) -> int:
        """How many rows `sql/queries/<statement>.sql` changed; it reads the rows of `incoming` under that name."""
        return self._changed(query_text(statement), incoming, parameters)

    def _changed(self, sql: str, frame: pl.DataFrame | None, parameters: dict[str, Any]) -> int:
        # found by its name in this scope: a registered view would be kept, with its rows, until the transaction ends
        incoming = None if frame is None else frame.to_arrow()  # noqa: F841
        with self._turn(), self._store_errors():
            return int((self._connection.execute(sql, parameters).fetchone() or (0,))[0])

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        """Adds a few rows whose keys the caller knows to be new; a key that is there raises, or is left as it is in a shared store.

        Bound values cost half of what registering a frame does, and looking for conflicts would cost as much again.
        """
        if self.is_shared:
            self.add(table, [dict(zip(columns, row, strict=True)) for row in rows])
            return
        marks = ", ".join(["(" + ", ".join("?" * len(columns)) + ")"] * len(rows))
        sql = f"insert into {_known(table)} ({', '.join(columns)}) values {marks}"
        with self._store_errors():
            self._connection.execute(sql, [value for row in rows for value in row])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All the writes in the block, or none of them. In a shared store what the block reads stays true until they are committed."""
        with self._turn() as still_mine:
            with self._store_errors():
                self._connection.execute("begin transaction")
            try:
                yield
                still_mine()
            except BaseException:
                # a database that has failed cannot roll back, and what failed is the error to tell
                with suppress(duckdb.Error):
                    self._connection.execute("rollback")
                raise
            with self._store_errors():
                self._connection.execute("commit")

    @contextmanager
    def _turn(self) -> Iterator[StillMine]:
        """The right to write, which a thread takes once for a transaction."""
        ident = get_ident()
        if ident in self._writing:
            yield lambda: None
            return
        with self._engine.turn() as still_mine:
            self._writing.add(ident)
            try:
                yield still_mine
            finally:
                self._writing.discard(ident)

    def counts(self) -> dict[str, int]:
        """Rows per `schema.table`, in order of name."""
        with self.at_one_moment():
            return {table: int(self._value(f"select count(*) from {table}")) for table in self.tables()}

    def tables(self) -> list[str]:
        """Every `schema.table` of the stages, in order of name."""
        # of this file alone: while a copy is written its tables are there too, under the same names
        own = "database_name = current_database() and schema_name in (select unnest(?))"
        sql = f"select schema_name || '.' || table_name from duckdb_tables() where {own} order by 1"
        with self._store_errors():
            return [row[0] for row in self._connection.execute(sql, [list(SCHEMAS)]).fetchall()]

    def digest(self) -> str:
        """SHA-256 over all rows, leaving out latency, cost, time, paths and run ids."""
        total = hashlib.sha256()
        with self.at_one_moment():
            for table in self.tables():
                if table not in VOLATILE_TABLES:
                    total.update(f"{table}={self._table_digest(table)};".encode())
        return total.hexdigest()

    def tidy(self) -> None:
        """Writes the small commits of a shared store together; its rows stay. Raises BadInput where they do not, which is a fault."""
        if not self.is_shared:
            return
        with self._turn(), self._store_errors():
            before = self.digest()
            self._engine.tidy(self._connection)
            if self.digest() != before:
                hint = "go back to its snapshot: `understudy store move SNAPSHOT NEW`"
                raise BadInput(f"the rows of the store {self.address} changed as they were written together", hint=hint)

    @contextmanager
    def at_one_moment(self) -> Iterator[Connection]:
        """The connection of the thread. In a shared store all that is read in the block is of one moment, and is read at once."""
        if not self.is_shared or get_ident() in self._writing:
            with self._store_errors():
                yield self._connection
            return
        with self._store_errors():
            self._connection.execute("begin transaction")
            try:
                yield self._connection
            finally:
                with suppress(duckdb.Error):
                    self._connection.execute("rollback")

    def take(self, table: str, rows: RecordBatchReader) -> int:
        """How many rows of another store were added to a table that has none, in their order."""
        incoming, columns = rows, ", ".join(f'"{name}"' for name in rows.schema.names)  # noqa: F841
        with self._turn(), self._store_errors():
            row = self._connection.execute(f"insert into {_known(table)} ({columns}) select {columns} from incoming").fetchone()
        return int(row[0]) if row else 0

    def export(self, path: Path, tables: Mapping[str, pl.DataFrame]) -> None:
        """Writes `tables` (name → rows) into a new DuckDB file at `path`, for consumers who open it read-only."""
        with self._store_errors(path):
            write_tables(path, tables)

    def _table_digest(self, table: str) -> str:
        with self._store_errors():
            columns = {name: kind for name, kind, *_ in self._connection.execute(f"describe {table}").fetchall()}
        return str(self._value(digest_query(table, columns)))

    def _value(self, sql: str) -> Any:
        with self._store_errors():
            row = self._connection.execute(sql).fetchone()
        return row[0] if row else None

    @contextmanager
    def _store_errors(self, path: Path | None = None) -> Iterator[None]:
        """What goes wrong with the store in the block, or with a file that is written for it, as an error that says what to do."""
        try:
            yield
        except duckdb.Error as error:
            told = self._engine.failure(error, path or self.path)
            if told is None:
                raise
            raise told from error


def migrate(store: Store) -> None:
    """Applies the numbered migrations that are missing. Raises BadInput for a store that is foreign, newer or edited."""
    pending = _pending(store)
    if pending and store.is_shared:
        with store.transaction():
            # looked at again: another process may have had its turn meanwhile
            _bring(store, _pending(store))
        return
    for name, text in pending.items():
        with store.transaction():
            _bring(store, {name: text})


def _bring(store: Store, pending: Mapping[str, str]) -> None:
    with store._store_errors():
        store._engine.bring(store._connection, pending)
        for name, text in pending.items():
            store._connection.execute("insert into main.migrations values (?, ?)", [name, migrations.digest(text)])


def _pending(store: Store) -> dict[str, str]:
    with store._store_errors():
        return migrations.pending(store.path, migrations.recorded(store._connection, store.path))


def _known(table: str) -> str:
    schema, _, name = table.partition(".")
    if schema not in SCHEMAS or not name.isidentifier():
        raise UnderstudyError(f"{table} is not a table of the store")
    return table
