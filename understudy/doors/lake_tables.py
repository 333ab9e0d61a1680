"""The tables of a lake, made from the same migrations as those of a file.

DuckLake knows neither keys nor indices, so no migration runs there as it is. The migrations are applied to a database in memory, and
what it then holds says which tables, columns and views the lake needs. So the migrations stay the only list of columns.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache

import duckdb

from understudy.doors import migrations
from understudy.errors import UnderstudyError

_COLUMNS = """
select schema_name, table_name, column_name, data_type, is_nullable, column_default
from duckdb_columns()
where database_name = current_database() and not internal
    and (schema_name, table_name) in (select (schema_name, table_name) from duckdb_tables())
order by schema_name, table_name, column_index
"""
_KEYS = """
select schema_name || '.' || table_name, constraint_column_names
from duckdb_constraints()
where constraint_type = 'PRIMARY KEY'
"""
_VIEWS = "select schema_name || '.' || view_name, sql from duckdb_views() where not internal order by view_oid"
# a migration of rows, which runs in a lake as it is
_OF_ROWS = (duckdb.StatementType.INSERT, duckdb.StatementType.UPDATE, duckdb.StatementType.DELETE)


@dataclass(frozen=True, slots=True)
class LakeColumn:
    """A column as DuckDB describes it."""

    name: str
    kind: str
    is_nullable: bool
    default: str | None

    @property
    def ddl(self) -> str:
        """The column in a `create table`."""
        default = "" if self.default is None else f" default {_literal(self.default)}"
        return f'"{self.name}" {self.kind}{"" if self.is_nullable else " not null"}{default}'


@dataclass(frozen=True, slots=True)
class Tables:
    """What the migrations make: the columns and keys of each `schema.table`, and the views, each after those that it reads."""

    columns: Mapping[str, tuple[LakeColumn, ...]]
    keys: Mapping[str, tuple[str, ...]]
    views: Mapping[str, str]


def wanted() -> Tables:
    """The tables that all migrations together make."""
    return _made_by(tuple(migrations.texts().values()))


@cache
def _made_by(texts: tuple[str, ...]) -> Tables:
    with duckdb.connect() as connection:
        for text in texts:
            connection.execute(text)
        keys = {table: tuple(names) for table, names in connection.execute(_KEYS).fetchall()}
        return Tables(_columns(connection), keys, dict(connection.execute(_VIEWS).fetchall()))


def key_of(table: str) -> tuple[str, ...]:
    """The columns of a table's key; empty for a table without one."""
    return wanted().keys.get(table, ())


def bring(connection: duckdb.DuckDBPyConnection, pending: Mapping[str, str]) -> None:
    """Brings an attached lake up to the migrations; `pending` are those that it lacks (name → text). Within the caller's transaction.

    Raises UnderstudyError where the migrations drop or change what a lake has: such a change has to be written for lakes as well.
    """
    connection.execute(migrations.RECORD.replace("primary key", "not null"))
    there, needed = _columns(connection), wanted()
    _refuse_changes(there, needed.columns)
    for schema in sorted({table.partition(".")[0] for table in needed.columns} - {table.partition(".")[0] for table in there}):
        connection.execute(f"create schema if not exists {schema}")
    for table, columns in needed.columns.items():
        if table not in there:
            connection.execute(f"create table {table} ({', '.join(one.ddl for one in columns)})")
        for one in columns[len(there.get(table, ())) :] if table in there else ():
            connection.execute(f"alter table {table} add column {one.ddl}")
    for name, text in needed.views.items():
        connection.execute(f"drop view if exists {name}")
        connection.execute(text)
    if there:
        _change_rows(connection, pending)


def _change_rows(connection: duckdb.DuckDBPyConnection, pending: Mapping[str, str]) -> None:
    """Runs what the missing migrations do to rows; a lake that is made now has none."""
    for text in pending.values():
        for statement in connection.extract_statements(text):
            if statement.type in _OF_ROWS:
                connection.execute(statement)


def _literal(default: str) -> str:
    """A default as a text: DuckLake adds no column whose default is an expression, and DuckDB reads `false` as a text that is cast."""
    with duckdb.connect() as connection:
        row = connection.execute(f"select ({default})::text").fetchone()
    return "'" + str(row[0] if row else "").replace("'", "''") + "'"


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[LakeColumn, ...]]:
    found: dict[str, list[LakeColumn]] = {}
    for schema, table, *column in connection.execute(_COLUMNS).fetchall():
        if schema != "main":  # where the migrations are recorded
            found.setdefault(f"{schema}.{table}", []).append(LakeColumn(*column))
    return {table: tuple(columns) for table, columns in found.items()}


def _refuse_changes(there: Mapping[str, Collection[LakeColumn]], needed: Mapping[str, tuple[LakeColumn, ...]]) -> None:
    for table, columns in there.items():
        names = [(one.name, one.kind) for one in columns]
        if names != [(one.name, one.kind) for one in needed.get(table, ())[: len(names)]]:
            raise UnderstudyError(
                f"the table {table} of the lake has the columns {', '.join(name for name, _ in names)}, which no migration only adds to",
                hint="move the store to a DuckDB file with the version of understudy that made it, and then back: `understudy store move`",
            )
