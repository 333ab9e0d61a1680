"""Connections to the store's file: its settings, what can go wrong with the file, and the snapshot to go back to."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb

from understudy.doors import store_faults, write_ahead
from understudy.errors import BadInput

OF_THE_FILE = (duckdb.IOException, duckdb.FatalException, duckdb.InternalException, duckdb.SerializationException)
"""What DuckDB raises where a file cannot be read or written."""

# DuckDB downloads an extension for a file of another database; a store needs none
_CONFIG: dict[str, str | bool | int | float | list[str]] = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
# one thread: the ledger's many small commits pay for waking others, and no query here is large
OF_STORE: dict[str, str | bool | int | float | list[str]] = {**_CONFIG, "threads": 1}
_ANEW = "restore the file from a backup, or move it away and run the same command again: everything is made anew"


def connected(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    """A connection to the file at `path`. Raises StoreBusy, BadInput, UnderstudyError."""
    # looked at before DuckDB replays it; what another process writes meanwhile is whole or cut short, and so no damage
    damage = write_ahead.damage_in(write_ahead.log_of(path))
    try:
        connection = _opened(path, read_only=read_only)
        if damage:
            raise _left_as_it_is(path, connection, damage)
        return configured(connection)
    except duckdb.Error as error:
        raise store_faults.why_not_opened(path, str(error), read_only=read_only, way_back=lambda: way_back(path)) from error


def configured(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """The connection with its own settings; those that hold for the whole database are set when it is opened."""
    connection.execute("set timezone = 'UTC'")
    # it is drawn on stdout when a query takes long, where a command's JSON stands
    connection.execute("set enable_progress_bar = false")
    return connection


def snapshot_of(path: Path) -> Path:
    """Where the verified snapshot of the store at `path` lies, whether there is one or not."""
    return path.with_name(f"{path.name}.snapshot")


def way_back(path: Path) -> str:
    """What can be done about a corrupt store; a snapshot is named only where all of it can be read now."""
    kept = snapshot_of(path)
    if not kept.is_file():
        return f"{_ANEW}; there is no snapshot {kept.name} beside it, which every night leaves at its end"
    try:
        n_rows = _read_whole(kept)
    except duckdb.Error as error:
        return f"{_ANEW}; the snapshot {kept} cannot be used either: {str(error).splitlines()[0]}"
    made = datetime.fromtimestamp(kept.stat().st_mtime, tz=UTC)
    return (
        f"go back to the snapshot of {made:%Y-%m-%d %H:%M} UTC, whose {n_rows} rows were read just now: "
        f"remove {path} and {path}.wal, copy {kept} to {path}, and run the same command again"
    )


def _opened(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(str(path), read_only=read_only, config=OF_STORE)
    except duckdb.IOException:
        # another process may have let the file go since, and then nothing shows why it could not be opened
        return duckdb.connect(str(path), read_only=read_only, config=OF_STORE)


def _left_as_it_is(path: Path, connection: duckdb.DuckDBPyConnection, damage: str) -> BadInput:
    """The error for a store of whose log DuckDB has passed over committed rows. Its connection is closed, and nothing was written."""
    # closing would write what was replayed into the store and remove the log
    connection.execute("pragma disable_checkpoint_on_shutdown")
    connection.close()
    log = write_ahead.log_of(path).name
    aside = f"or move {log} away to go on from the last checkpoint: what was committed after it is then lost"
    return store_faults.corrupt(path, f"its log {log} is damaged: {damage}", way_back=lambda: f"{way_back(path)}; {aside}")


def _read_whole(path: Path) -> int:
    """How many rows the file has, every value of them read, so that every block's checksum was compared. Raises duckdb.Error."""
    with duckdb.connect(str(path), read_only=True, config=_CONFIG) as connection:
        listed = 'select format(\'"{}"."{}"\', schema_name, table_name) from duckdb_tables() where not internal'
        tables = [row[0] for row in connection.execute(listed).fetchall()]
        counted = [connection.execute(f"select count(*), bit_xor(hash(t)) from {table} t").fetchone() for table in tables]
    return sum(row[0] for row in counted if row)
