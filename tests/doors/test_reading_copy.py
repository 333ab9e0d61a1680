"""A store that another process writes to is read from a copy beside it, whose age is told."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer

import pytest

from understudy.doors import reading_copy
from understudy.doors.copies import snapshot
from understudy.doors.events import EventLog, recording
from understudy.doors.reading_copy import copy_of, readable, renew, renewing, writable
from understudy.doors.store import Store
from understudy.errors import NoSnapshot, StoreBusy, UnderstudyError

PATIENCE_S = 60
MARK = {"run_id": "r", "owner": "", "work": "w", "made_at": None}
HOLDER = """
import sys
from understudy.doors.store import Store
with Store.open(sys.argv[1]):
    print("open", flush=True)
    sys.stdin.read()
"""


def write(store: Store, position: int) -> None:
    store.insert("play.marks", ["run_id", "position", "owner", "work", "made_at"], [("r", position, "", "w", "2026-01-01")])


def n_marks(store: Store) -> int:
    return store.counts()["play.marks"]


def wait_until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not done():
        assert time.monotonic() < end
        time.sleep(0.1)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Another process has the store open for writing."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    try:
        yield
    finally:
        process.communicate()


def test_tables_of_a_copy_that_is_being_written_are_not_those_of_the_store(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.duckdb") as store:
        tables, digest = store.tables(), store.digest()
        # as the thread does that renews the copy for readers, in the middle of its work
        store._connection.execute(f"attach '{tmp_path / 'part.duckdb'}' as copied_1")
        store._connection.execute('copy from database "s" to copied_1')
        assert (store.tables(), store.digest()) == (tables, digest)
        assert snapshot(store).exists()


def test_a_copy_is_renewed_while_the_store_changes_and_removed_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_copy, "REST", 0.0)
    path = tmp_path / "it's a store.duckdb"
    with Store.open(path) as store, renewing(store, first_after_s=0.0, every_s=0.0):
        for n in (1, 2):
            write(store, n)
            wait_until(lambda n=n: copy_of(path).exists() and n_marks_of(copy_of(path)) == n)
    assert not copy_of(path).exists()
    assert [one.name for one in tmp_path.iterdir() if "reading" in one.name] == []


def n_marks_of(path: Path) -> int:
    with Store.open(path, read_only=True) as store:
        return n_marks(store)


def test_the_store_itself_is_read_where_nobody_writes(tmp_path: Path) -> None:
    path = tmp_path / "s.duckdb"
    with Store.open(path) as store:
        renew(store)
        write(store, 1)
    with readable(path) as reading:
        assert reading.snapshot is None
        assert n_marks(reading.store) == 1


def test_a_busy_store_is_read_from_its_copy_with_its_age_and_else_from_the_snapshot_of_a_night(tmp_path: Path) -> None:
    path = tmp_path / "s.duckdb"
    with Store.open(path) as store:
        write(store, 1)
        snapshot(store)
        write(store, 2)
        renew(store)
    with held(path):
        with readable(path) as reading:
            assert reading.snapshot is not None
            assert reading.snapshot["path"] == str(copy_of(path))
            assert reading.snapshot["age_s"] >= 0
            assert n_marks(reading.store) == 2
        copy_of(path).unlink()
        with readable(path) as reading:
            assert reading.snapshot is not None
            assert n_marks(reading.store) == 1


def test_a_busy_store_without_any_copy_is_not_called_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_copy, "PATIENCE_S", 0.1)
    with held(tmp_path / "s.duckdb"), pytest.raises(NoSnapshot) as missing, readable(tmp_path / "s.duckdb"):
        pass
    assert missing.value.exit_code not in (0, 6)


def test_a_writer_waits_for_readers_and_not_for_a_writer(tmp_path: Path) -> None:
    path = tmp_path / "s.duckdb"
    with Store.open(path):
        pass
    with held(path), pytest.raises(StoreBusy):
        writable(path)
    command = [sys.executable, "-c", HOLDER.replace("Store.open(sys.argv[1])", "Store.open(sys.argv[1], read_only=True)"), str(path)]
    reader = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert reader.stdout is not None
    assert reader.stdout.readline() == "open\n"
    with pytest.raises(StoreBusy):
        Store.open(path)
    Timer(0.2, reader.communicate).start()
    with writable(path) as store:
        write(store, 1)
    reader.wait()


def test_a_copy_that_fails_is_an_event_and_the_work_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    def full(store: Store, path: Path) -> None:  # noqa: ARG001
        raise UnderstudyError("no space left on device")

    monkeypatch.setattr(reading_copy, "copied", full)
    recorder: EventLog
    with (
        recording(None, listener=lambda _, event, key: told.append(f"{event}: {key}")) as recorder,
        Store.open(tmp_path / "s.duckdb") as store,
        renewing(store, first_after_s=0.0, every_s=0.01),
    ):
        wait_until(lambda: len(told) > 1)
        write(store, 1)
        assert n_marks(store) == 1
    assert recorder is not None
    assert told[0] == "copy_failed: no space left on device"
