"""New stores as copies of one that was migrated once in a run: three dozen migrations take longer than most tests on a store.

What a migration does to a store of before is held by tests/recorded; a store with other migrations is made by these.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from shutil import copyfile

import duckdb

from understudy.doors import connection, migrations, write_ahead
from understudy.doors.store import Store

Connect = Callable[..., duckdb.DuckDBPyConnection]
SHIPPED = migrations.MIGRATIONS


def made(template: Path) -> Path:
    """The template, written by the code under test where it is not there yet."""
    if not template.exists():
        unfinished = template.with_suffix(".unfinished")
        with Store.open(unfinished):
            pass
        unfinished.rename(template)
    return template


def copying(template: Path) -> Connect:
    """`connection.connected`, which finds a migrated store without a row where there was no file."""

    def connected(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        is_new = not read_only and not path.exists() and not write_ahead.log_of(path).exists()
        if is_new and migrations.MIGRATIONS == SHIPPED:
            # where a file cannot be written, the code under test is to find that out
            with suppress(OSError):
                copyfile(template, path)
        return connection.connected(path, read_only=read_only)

    return connected
