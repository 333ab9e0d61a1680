"""Whole stores that are copied: into a file beside, which is read or gone back to, and from one engine to the other."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from threading import get_ident
from typing import TypedDict

import duckdb

from understudy.doors import folders
from understudy.doors.connection import snapshot_of
from understudy.doors.store import Store
from understudy.errors import BadInput, UnderstudyError

# rows that are held in memory at once
_AT_ONCE = 10_000


class MovedFields(TypedDict):
    """What was copied: rows per `schema.table`, and the digest that both stores have. `n_rows` is 0 where it was all there before."""

    source: str
    target: str
    n_rows: int
    tables: dict[str, int]
    store_digest: str


def snapshot(store: Store) -> Path:
    """The verified snapshot beside the store: every row copied, read back, compared by digest and number, then put in place.

    Raises UnderstudyError where it cannot be written or differs; the snapshot before it is then left as it is. The small commits of
    a shared store are then written together.
    """
    kept = snapshot_of(store.path)
    part = kept.with_name(f".{kept.name}.part")
    folders.removed(part)
    copied(store, part)
    with Store.open(part, read_only=True) as copy:
        _require_equal(store, copy)
    folders.put(part, kept)
    # only now, since there is a snapshot to go back to
    store.tidy()
    return kept


def copied(store: Store, path: Path) -> None:
    """Writes the store as it is at this moment into a new file, while others go on writing. Raises as reading and writing do."""
    if store.is_shared:
        with Store.open(path) as copy:
            _take_over(copy, store)
        return
    with store.at_one_moment() as connection:
        own = connection.execute("select current_database()").fetchall()[0][0].replace('"', '""')
        # names of databases are shared by the connections of a process
        name = f"copied_{get_ident()}"
        connection.execute("attach '{}' as {}".format(str(path).replace("'", "''"), name))
        try:
            connection.execute(f'copy from database "{own}" to {name}')
        except duckdb.Error:
            # DuckDB 1.5.5 leaves the copy that failed in a transaction, in which nothing can be detached
            with suppress(duckdb.Error):
                connection.execute("rollback")
            raise
        finally:
            connection.execute(f"detach {name}")


def moved(source: Path | str, target: Path | str) -> MovedFields:
    """Copies every row of one store into another, which is created or has none, and compares the two. The source stays as it is.

    Where the other has the same rows already, nothing is written. Raises BadInput where it has others, StoreBusy, UnderstudyError.
    """
    with Store.open(source, read_only=True) as one, Store.open(target) as other:
        if one.address.resolve() == other.address.resolve():
            raise BadInput(f"{one.address} and {other.address} are the same store", hint="name two stores")
        there = sum(other.counts().values())
        if there and other.digest() != one.digest():
            raise BadInput(
                f"the store {other.address} has {there} rows, and not those of {one.address}",
                hint="name a new store, or remove this one where it is not needed",
            )
        n_rows = 0 if there else _take_over(other, one)
        _require_equal(one, other)
        return {
            "source": str(one.address), "target": str(other.address), "n_rows": n_rows, "tables": other.counts(),
            "store_digest": other.digest(),
        }  # fmt: skip


def _take_over(store: Store, other: Store) -> int:
    """How many rows were copied: all those of `other`, in their order, into a store that has none. All or nothing."""
    n_rows = 0
    with store.transaction(), other.at_one_moment() as there:
        for table in other.tables():
            columns = ", ".join(f'"{name}"' for name, *_ in there.execute(f"describe {table}").fetchall())
            rows = there.execute(f"select {columns} from {table} order by rowid").to_arrow_reader(_AT_ONCE)
            n_rows += store.take(table, rows)
    return n_rows


def _require_equal(store: Store, copy: Store) -> None:
    if (copy.counts(), copy.digest()) != (store.counts(), store.digest()):
        raise UnderstudyError(f"the copy {copy.address} does not hold the rows of the store {store.address}", hint="look at the disk")
