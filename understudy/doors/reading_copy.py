"""What other processes read while one has the store open for writing, which keeps all others out: a copy beside it.

The writer makes the copy from time to time, renames it into place, and removes it when it closes the
store. A reader takes the store itself where it can be opened. Where it is busy, it takes the copy, or the verified snapshot of an
earlier night until there is one, and says how old that is. Other than the snapshot a copy is not compared with the store, which
goes on changing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import TypedDict

from understudy.addresses import lake_of
from understudy.doors import folders, store_faults
from understudy.doors.connection import snapshot_of
from understudy.doors.copies import copied
from understudy.doors.events import emit
from understudy.doors.store import Store
from understudy.errors import NoSnapshot, StoreBusy, UnderstudyError

# a command that is done by then needs none
FIRST_AFTER_S = 2.0
EVERY_S = 20.0
# copies are made only so often that copying takes about a twentieth of the time
REST = 20.0
# how long a reader waits for the first copy, which is made soon after the store was opened
PATIENCE_S = 30.0


class SnapshotFields(TypedDict):
    """That a copy of a busy store was read, and how old it is in seconds."""

    age_s: float
    path: str


@dataclass(frozen=True, slots=True)
class Readable:
    """A store that is open for reading; `snapshot` is None where it is the store itself."""

    store: Store
    snapshot: SnapshotFields | None

    @property
    def is_written(self) -> bool:
        """Whether another process has the store open for writing."""
        return self.snapshot is not None or self.store.has_others()


def copy_of(store: Path) -> Path:
    """Where the copy of a store lies while it is written to."""
    return store.with_name(f"{store.name}.reading")


@contextmanager
def readable(path: Path) -> Iterator[Readable]:
    """The store at `path` open for reading, or a copy where another process writes. Raises BadInput, NoSnapshot; never StoreBusy."""
    try:
        store, snapshot = Store.open(path, read_only=True), None
    except StoreBusy:
        store, snapshot = _copied(path)
    with store:
        yield Readable(store, snapshot)


def writable(path: Path) -> Store:
    """The store at `path` open for writing, once those who only read it are done. Raises StoreBusy where somebody writes, or BadInput.

    A `status` at the minute at which a night begins must not keep the night from beginning.
    """
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            return Store.open(path)
        except StoreBusy:
            # of a lake it says that another process was writing all along
            if lake_of(path) or time.monotonic() > end or not store_faults.is_only_read(path):
                raise
        time.sleep(0.1)


def _copied(path: Path) -> tuple[Store, SnapshotFields]:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        for there in (copy_of(path), snapshot_of(path)):
            if there.is_file():
                age_s = max(0.0, time.time() - there.stat().st_mtime)
                return Store.open(there, read_only=True), {"age_s": round(age_s, 1), "path": str(there)}
        time.sleep(0.1)
    raise NoSnapshot(
        f"another process writes to {path}, and there is no copy {copy_of(path).name} beside it to read instead",
        hint="wait a minute; the writer makes one where there is room for it",
    )


def renew(store: Store) -> None:
    """The copy of a store as it is now, put into place as a whole. Raises UnderstudyError where it cannot be written."""
    final = copy_of(store.path)
    part = final.with_name(f".{final.name}.part")
    folders.removed(part)
    began = time.time()
    copied(store, part)
    # its age counts from what it shows
    os.utime(part, (began, began))
    folders.put(part, final)


@contextmanager
def renewing(store: Store, *, first_after_s: float = FIRST_AFTER_S, every_s: float = EVERY_S) -> Iterator[None]:
    """Renews the copy of an open store during the block, from a thread of its own, and removes it at the end.

    A shared store has none: whoever reads it reads the store itself.
    """
    if store.is_shared:
        yield
        return
    closing = Event()
    thread = Thread(target=_renewed, args=(store, closing, first_after_s, every_s), name="reading copy", daemon=True)
    thread.start()
    try:
        yield
    finally:
        closing.set()
        thread.join()
        folders.removed(copy_of(store.path))


def _renewed(store: Store, closing: Event, rest_s: float, every_s: float) -> None:
    seen: list[tuple[int, int]] = []
    while not closing.wait(rest_s):
        now, began = _traces(store.path), time.monotonic()
        try:
            if now != seen or not copy_of(store.path).exists():
                renew(store)
            else:
                os.utime(copy_of(store.path))
            seen = now
        except UnderstudyError as error:
            # the work itself goes on; whoever reads is told the age of the copy before this one
            emit("store", "copy_failed", error.message)
        rest_s = max(every_s, REST * (time.monotonic() - began))


def _traces(path: Path) -> list[tuple[int, int]]:
    """When the store's file and its log of changes were changed last, and their sizes."""
    files = [one for one in (path, path.with_name(f"{path.name}.wal")) if one.exists()]
    return [(one.stat().st_mtime_ns, one.stat().st_size) for one in files]
