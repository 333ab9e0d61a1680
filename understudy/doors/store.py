"""The store: one DuckDB file, one writer process. It is opened here and in connection.py alone.

Rows are keyed by content and inserted with `on conflict do nothing`, so writing the same rows twice adds nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from threading import Lock, get_ident
from types import TracebackType
from typing import Any

import duckdb
import polars as pl

from understudy.doors import folders, migrations, store_faults
from understudy.doors.connection import OF_THE_FILE, configured, connected, snapshot_of, way_back
from understudy.errors import BadInput, UnderstudyError

PACKAGE = Path(__file__).resolve().parents[1]
QUERIES = PACKAGE / "sql" / "queries"
SCHEMAS = ("ingest", "profile", "play", "optimize", "simulate", "validate", "publish")

# what may differ between two runs that did the same work
_VOLATILE_COLUMNS = (
    "latency_s", "usd", "max_usd", "made_at", "path", "run_id", "reservation_id", "cached_tokens", "cache_write_tokens", "work_tokens",
    "critic_work_tokens",
)  # fmt: skip
_VOLATILE_TABLES = (
    "play.reservations", "play.settlements", "play.marks", "play.failures", "play.machines", "publish.nights", "publish.night_ends",
)  # fmt: skip


class Store:
    """An open store. Use it as a context manager. Every thread that uses it has a connection of its own, and so its own transactions."""

    # without a dictionary of attributes Prefect cannot walk through it when it is a parameter
    __slots__ = ("_lock", "_of_thread", "_root", "path")

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        self._root = connection
        self._lock = Lock()
        self._of_thread = {get_ident(): connection}
        self.path = path

    @classmethod
    def open(cls, path: Path | str, *, read_only: bool = False) -> Store:
        """The store at `path`, migrated; created where there is none. Raises StoreBusy, BadInput."""
        path = Path(path)
        store_faults.refuse_unless_file(path)
        if read_only and not path.exists():
            raise BadInput(
                f"there is no store at {path}", hint="run `understudy ingest` or `understudy nightly` first, or name another --store"
            )
        folders.made(path.parent)
        store = cls(connected(path, read_only=read_only), path)
        try:
            if not read_only:
                migrate(store)
            elif migrations.pending(store.path, _recorded(store)):
                # a store of an earlier version lacks what queries name
                store.__exit__(None, None, None)
                cls.open(path).__exit__(None, None, None)
                store = cls(connected(path, read_only=True), path)
        except BaseException:
            store.__exit__(None, None, None)
            raise
        return store

    @property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        """The connection of the calling thread."""
        ident = get_ident()
        with self._lock:
            # an ident is given again after its thread has ended, which left no transaction open
            if ident not in self._of_thread:
                self._of_thread[ident] = configured(self._root.cursor())
            return self._of_thread[ident]

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        # the file is let go when its last connection is closed
        with self._lock:
            for connection in {*self._of_thread.values(), self._root}:
                connection.close()
            self._of_thread.clear()

    def frame(self, query: str, **parameters: Any) -> pl.DataFrame:
        """The rows of `sql/queries/<query>.sql` with its `$name` parameters bound."""
        with self._file_errors():
            return self._connection.execute(_query(query), parameters).pl()

    def rows(self, query: str, **parameters: Any) -> list[dict[str, Any]]:
        """The rows of a query as plain mappings, for small results."""
        return self.frame(query, **parameters).to_dicts()

    def add(self, table: str, rows: pl.DataFrame | Sequence[Mapping[str, Any]]) -> int:
        """How many of `rows` were new; columns are matched by name, rows whose key is there are left as they are."""
        frame = rows if isinstance(rows, pl.DataFrame) else pl.DataFrame(rows, infer_schema_length=None, strict=False)
        return self._taken_in(table, frame, "on conflict do nothing")

    def append(self, table: str, rows: pl.DataFrame) -> int:
        """How many rows were added to a table without a key; whoever calls knows that they are new."""
        return self._taken_in(table, rows, "")

    def apply(self, statement: str, *, incoming: pl.DataFrame | None = None, **parameters: Any) -> int:
        """How many rows `sql/queries/<statement>.sql` changed; it reads the rows of `incoming` under that name."""
        return self._changed(_query(statement), incoming, parameters)

    def _taken_in(self, table: str, frame: pl.DataFrame, ending: str) -> int:
        if frame.is_empty():
            return 0
        columns = ", ".join(frame.columns)
        return self._changed(f"insert into {_known(table)} ({columns}) select {columns} from incoming {ending}", frame, {})

    def _changed(self, sql: str, frame: pl.DataFrame | None, parameters: dict[str, Any]) -> int:
        # found by its name in this scope: a registered view would be kept, with its rows, until the transaction ends
        incoming = None if frame is None else frame.to_arrow()  # noqa: F841
        with self._file_errors():
            return int((self._connection.execute(sql, parameters).fetchone() or (0,))[0])

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        """Adds a few rows whose keys the caller knows to be new; a key that is there raises.

        Bound values cost half of what registering a frame does, and looking for conflicts would cost as much again.
        """
        marks = ", ".join(["(" + ", ".join("?" * len(columns)) + ")"] * len(rows))
        sql = f"insert into {_known(table)} ({', '.join(columns)}) values {marks}"
        with self._file_errors():
            self._connection.execute(sql, [value for row in rows for value in row])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All the writes in the block, or none of them."""
        with self._file_errors():
            self._connection.execute("begin transaction")
        try:
            yield
        except BaseException:
            # a database that has failed cannot roll back, and what failed is the error to tell
            with suppress(duckdb.Error):
                self._connection.execute("rollback")
            raise
        with self._file_errors():
            self._connection.execute("commit")

    def counts(self) -> dict[str, int]:
        """Rows per `schema.table`, in order of name."""
        return {table: int(self._value(f"select count(*) from {table}")) for table in self.tables()}

    def tables(self) -> list[str]:
        """Every `schema.table` of the stages, in order of name."""
        # of this file alone: while a copy is written its tables are there too, under the same names
        own = "database_name = current_database() and schema_name in (select unnest(?))"
        sql = f"select schema_name || '.' || table_name from duckdb_tables() where {own} order by 1"
        with self._file_errors():
            return [row[0] for row in self._connection.execute(sql, [list(SCHEMAS)]).fetchall()]

    def digest(self) -> str:
        """SHA-256 over all rows, leaving out latency, cost, time, paths and run ids."""
        total = hashlib.sha256()
        for table in self.tables():
            if table not in _VOLATILE_TABLES:
                total.update(f"{table}={self._table_digest(table)};".encode())
        return total.hexdigest()

    def snapshot(self) -> Path:
        """The verified snapshot beside the store: every row copied, read back, compared by digest and number, then put in place.

        Raises UnderstudyError where it cannot be written or differs; the snapshot before it is then left as it is.
        """
        kept = snapshot_of(self.path)
        part = kept.with_name(f".{kept.name}.part")
        folders.removed(part)
        self.copy_to(part)
        with Store(connected(part, read_only=True), part) as copy:
            if (copy.counts(), copy.digest()) != (self.counts(), self.digest()):
                raise UnderstudyError(f"the snapshot {part} does not hold the rows of the store {self.path}", hint="look at the disk")
        folders.put(part, kept)
        return kept

    def copy_to(self, path: Path) -> None:
        """Writes the store as it is at this moment into a new file, while others go on writing. Raises as reading and writing do."""
        with self._file_errors():
            connection = self._connection
            own = self._value("select current_database()").replace('"', '""')
            # names of databases are shared by the connections of a process
            copied = f"copied_{get_ident()}"
            connection.execute("attach '{}' as {}".format(str(path).replace("'", "''"), copied))
            try:
                connection.execute(f'copy from database "{own}" to {copied}')
            finally:
                connection.execute(f"detach {copied}")

    def export(self, path: Path, tables: Mapping[str, pl.DataFrame]) -> None:
        """Writes `tables` (name → rows) into a new DuckDB file at `path`, for consumers who open it read-only."""
        with self._file_errors(path):
            write_tables(path, tables)

    def _table_digest(self, table: str) -> str:
        columns = self._connection.execute(f"describe {table}").fetchall()
        kept = ", ".join(name for name, *_ in columns if name not in _VOLATILE_COLUMNS)
        lines = f"select sha256(to_json(row({kept}))::text) as line from {table}"
        return str(self._value(f"select coalesce(sha256(string_agg(line, '' order by line)), '') from ({lines})"))

    def _value(self, sql: str) -> Any:
        with self._file_errors():
            row = self._connection.execute(sql).fetchone()
        return row[0] if row else None

    @contextmanager
    def _file_errors(self, path: Path | None = None) -> Iterator[None]:
        """What goes wrong with the file in the block, as an error that says what to do."""
        try:
            yield
        except (*OF_THE_FILE, duckdb.TransactionException) as error:
            # a transaction also fails where two of them change the same row
            if isinstance(error, duckdb.TransactionException) and store_faults.system_reason(path or self.path, str(error)) is None:
                raise
            raise store_faults.why_not_used(path or self.path, str(error), way_back=lambda: way_back(self.path)) from error


def write_tables(path: Path, tables: Mapping[str, pl.DataFrame]) -> None:
    """Writes `tables` (name → rows) into a new DuckDB file. Raises what DuckDB raises."""
    with duckdb.connect(str(path)) as connection:
        for name, frame in tables.items():
            connection.register("incoming", frame.to_arrow())
            connection.execute(f"create table {name} as select * from incoming")
            connection.unregister("incoming")


def exported(path: Path) -> dict[str, pl.DataFrame]:
    """Name → rows of every table of a file that `Store.export` wrote. Raises UnderstudyError where it cannot be read, or holds more.

    It is opened read-only and nothing of it is run: a view in it could read other files.
    """
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            kinds = connection.execute("select table_schema, table_name, table_type from information_schema.tables").fetchall()
            foreign = sorted(f"{schema}.{name}" for schema, name, kind in kinds if (schema, kind) != ("main", "BASE TABLE"))
            if foreign:
                raise UnderstudyError(f"{path} also holds {', '.join(foreign)}, which no release has")
            return {name: connection.table(name).pl() for _, name, _ in kinds}
    except duckdb.Error as error:
        raise UnderstudyError(f"cannot read {path}: {error}") from error


def migrate(store: Store) -> None:
    """Applies the numbered migrations that are missing. Raises BadInput for a store that is foreign, newer or edited."""
    pending = migrations.pending(store.path, _recorded(store))
    with store.transaction():
        store._connection.execute("create table if not exists main.migrations (name text primary key, digest text not null)")
    for name, text in pending.items():
        with store.transaction(), store._file_errors():
            store._connection.execute(text)
            store._connection.execute("insert into main.migrations values (?, ?)", [name, migrations.digest(text)])


def _recorded(store: Store) -> dict[str, str]:
    """The migrations (name → digest) that the file says it has; none where it holds no table. Raises BadInput where it is foreign."""
    # not by duckdb_columns(): for the columns of views DuckDB binds every view, which takes as long as opening the file
    named = "select schema_name, table_name from duckdb_tables() where not internal union all "
    named += "select schema_name, view_name from duckdb_views() where not internal"
    with store._file_errors():
        there = set(store._connection.execute(named).fetchall())
        if not there:
            return {}
        # looked for by name first: what DuckDB does not find it takes for an object of Python
        if ("main", "migrations") not in there:
            raise store_faults.foreign(store.path)
        try:
            return dict(store._connection.execute("select name, digest from main.migrations").fetchall())
        except duckdb.BinderException as error:
            raise store_faults.foreign(store.path) from error


@cache
def _query(name: str) -> str:
    path = QUERIES / f"{name}.sql"
    if not path.is_file():
        raise UnderstudyError(f"there is no query {name}", hint=f"the file {path} is expected")
    return path.read_text(encoding="utf-8")


def _known(table: str) -> str:
    schema, _, name = table.partition(".")
    if schema not in SCHEMAS or not name.isidentifier():
        raise UnderstudyError(f"{table} is not a table of the store")
    return table
