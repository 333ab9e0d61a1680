"""The numbered migrations of the store: which of them a store lacks, and which stores are refused."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import duckdb

from understudy.doors import store_faults
from understudy.errors import BadInput

MIGRATIONS = Path(__file__).resolve().parents[1] / "sql" / "migrations"
RECORD = "create table if not exists main.migrations (name text primary key, digest text not null)"
_FIRST = "0001_ingest.sql"


def pending(path: Path, recorded: Mapping[str, str]) -> dict[str, str]:
    """The migrations (name → text) that the store at `path` lacks, in order; `recorded` are those it has (name → digest).

    Raises BadInput where what is recorded is of something else, of a newer version, or was edited.
    """
    shipped = texts()
    _refuse(path, recorded, {name: digest(text) for name, text in shipped.items()})
    return {name: text for name, text in shipped.items() if name not in recorded}


def texts() -> dict[str, str]:
    """Every migration that is shipped (name → text), in order."""
    return {one.name: one.read_text(encoding="utf-8") for one in sorted(MIGRATIONS.glob("*.sql"))}


def recorded(connection: duckdb.DuckDBPyConnection, path: Path) -> dict[str, str]:
    """The migrations (name → digest) that a store says it has; none where it holds no table. Raises BadInput where it is foreign."""
    # not by duckdb_columns(): for the columns of views DuckDB binds every view, which takes as long as opening the file
    own = "not internal and database_name = current_database()"
    named = f"select schema_name, table_name from duckdb_tables() where {own} union all "
    named += f"select schema_name, view_name from duckdb_views() where {own}"
    there = set(connection.execute(named).fetchall())
    if not there:
        return {}
    # looked for by name first: what DuckDB does not find it takes for an object of Python
    if ("main", "migrations") not in there:
        raise store_faults.foreign(path)
    try:
        return dict(connection.execute("select name, digest from main.migrations").fetchall())
    except duckdb.BinderException as error:
        raise store_faults.foreign(path) from error


def digest(text: str) -> str:
    """SHA-256 of a migration's text, 64 hex digits, as it is recorded."""
    return hashlib.sha256(text.encode()).hexdigest()


def _refuse(path: Path, recorded: Mapping[str, str], shipped: Mapping[str, str]) -> None:
    """Raises BadInput where the recorded migrations (name → digest) are those of something else, of a newer version, or edited."""
    unknown = sorted(recorded.keys() - shipped.keys())
    if recorded and _FIRST not in recorded:
        raise store_faults.foreign(path)
    if unknown:
        raise BadInput(
            f"the store {path} was written by a newer version of understudy: it has the migration {unknown[-1]}, which is unknown here",
            hint="update understudy, or name another --store",
        )
    edited = sorted(name for name, digest in recorded.items() if shipped[name] != digest)
    if edited:
        raise BadInput(
            f"the migration {edited[0]} was edited after it was applied to {path}: its digest is not the recorded one",
            hint="restore the file of the installed version, and write the change as a new migration",
        )
