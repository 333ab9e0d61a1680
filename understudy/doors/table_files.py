"""DuckDB files that consumers read: the tables of a release or of a catalogue, without the rest of a store."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
import polars as pl

from understudy.errors import UnderstudyError


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
