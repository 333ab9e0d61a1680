"""Stores that cannot be used: each kind is told apart from the others, ends with its exit code, and says what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import copyfile

import duckdb
import polars as pl
import pytest

from understudy.doors import connection
from understudy.doors.connection import snapshot_of
from understudy.doors.copies import snapshot
from understudy.doors.store import Store
from understudy.errors import BadInput, StoreBusy, UnderstudyError

N_ROWS = 20_000
HOLD = "import sys; from understudy.doors.store import Store; s = Store.open(sys.argv[1]); print('open', flush=True); sys.stdin.read()"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with rows in one table; whoever damages it takes a copy."""
    path = tmp_path_factory.mktemp("whole") / "whole.duckdb"
    with Store.open(path) as store:
        numbers = pl.DataFrame({"position": range(N_ROWS)})
        store.append("play.marks", numbers.with_columns(
            run_id=pl.col("position").hash().cast(pl.String), owner=pl.lit(""), work=pl.lit("w"), made_at=pl.datetime(2026, 1, 1)
        ))  # fmt: skip
    return path


@pytest.fixture
def store(whole: Path, tmp_path: Path) -> Path:
    """A copy that may be damaged."""
    return Path(copyfile(whole, tmp_path / "store.duckdb"))


@pytest.fixture
def held(store: Path) -> Iterator[Path]:
    """The same while another process has it open for writing."""
    with subprocess.Popen([sys.executable, "-c", HOLD, str(store)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield store
        process.communicate()


def refused(path: Path, *, read_only: bool = False) -> UnderstudyError:
    """The error of opening a store and reading all of it."""
    with pytest.raises(UnderstudyError) as seen, Store.open(path, read_only=read_only) as opened:
        opened.digest()
    return seen.value


def flipped(path: Path, at: int) -> Path:
    """The file with 16 bytes changed, as a failing disk leaves it."""
    raw = bytearray(path.read_bytes())
    raw[at : at + 16] = bytes(byte ^ 0xFF for byte in raw[at : at + 16])
    path.write_bytes(raw)
    return path


def test_a_store_that_another_process_has_open_is_busy(held: Path) -> None:
    for read_only in (False, True):
        error = refused(held, read_only=read_only)
        assert isinstance(error, StoreBusy)
        assert error.exit_code == 6


def data_of(path: Path) -> int:
    """Where in the file the first block with rows of `play.marks` begins."""
    with duckdb.connect(str(path), read_only=True) as reading:
        blocks = reading.execute("select block_id from pragma_storage_info('play.marks') where block_id >= 0 and persistent").fetchall()
    return int(3 * 4096 + blocks[0][0] * 262_144)


@pytest.mark.parametrize("at", [100, 4096, 8202, 12308])
def test_flipped_bytes_are_corruption_and_never_busy(store: Path, at: int) -> None:
    flipped(store, at)
    error = refused(store, read_only=at == 4096)
    assert isinstance(error, BadInput), error
    assert error.exit_code == 2
    assert "corrupt" in error.message


@pytest.mark.parametrize("size", [4096, 12288, 100_000, -10])
def test_a_truncated_store_is_corrupt(store: Path, size: int) -> None:
    os.truncate(store, size if size > 0 else store.stat().st_size + size)
    error = refused(store)
    assert (error.exit_code, "corrupt" in error.message) == (2, True)


def test_a_corrupt_log_of_changes_is_corruption(store: Path) -> None:
    lines = "import os, sys; from understudy.doors.store import Store; s = Store.open(sys.argv[1]); s.apply('play/nothing')"
    leave = lines.replace(
        "s.apply('play/nothing')", "s._connection.execute('create table play.x as select range i from range(3000)'); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", leave, str(store)], check=False)
    log = store.with_name(f"{store.name}.wal")
    assert log.stat().st_size > 1000
    flipped(log, log.stat().st_size // 2)
    error = refused(store)
    assert (error.exit_code, "corrupt" in error.message) == (2, True)


FOREIGN = {b"hello\n" * 999: "not a DuckDB file", b"": "an empty file", b"DUCK": "not a DuckDB file",
    b"SQLite format 3\0" + b"\0" * 4096: "not a DuckDB file"}  # fmt: skip


@pytest.mark.parametrize(("content", "seen"), FOREIGN.items())
def test_a_file_of_something_else_is_foreign_and_left_as_it_is(tmp_path: Path, content: bytes, seen: str) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    error = refused(path)
    assert error.exit_code == 2
    assert seen in error.message
    assert "--store" in error.hint
    assert path.read_bytes() == content


@pytest.mark.parametrize("table", ["sales (i int)", "migrations (id int)", "migrations (name text, digest text)"])
def test_a_database_of_something_else_is_foreign_and_nothing_is_written_to_it(tmp_path: Path, table: str) -> None:
    path = tmp_path / "sales.duckdb"
    with duckdb.connect(str(path)) as other:
        other.execute(f"create table {table}")
        if "digest" in table:
            other.execute("insert into migrations values ('V1__init.sql', 'x')")
    before = path.read_bytes()
    for read_only in (False, True):
        error = refused(path, read_only=read_only)
        assert error.exit_code == 2
        assert "no store of understudy" in error.message
    assert path.read_bytes() == before


@pytest.mark.parametrize("read_only", [False, True])
def test_a_store_of_a_newer_version_is_refused(store: Path, read_only: bool) -> None:
    with duckdb.connect(str(store)) as newer:
        newer.execute("insert into main.migrations values ('9999_later.sql', 'x')")
    error = refused(store, read_only=read_only)
    assert error.exit_code == 2
    assert "newer version" in error.message
    assert "9999_later.sql" in error.message
    assert "update understudy" in error.hint


@pytest.mark.parametrize("read_only", [False, True])
def test_an_edited_migration_is_refused(store: Path, read_only: bool) -> None:
    with duckdb.connect(str(store)) as edited:
        edited.execute("update main.migrations set digest = 'other' where name like '0003%'")
    error = refused(store, read_only=read_only)
    assert error.exit_code == 2
    assert "0003_play.sql was edited" in error.message


def test_a_file_of_a_newer_duckdb_is_newer_and_not_corrupt(store: Path) -> None:
    raw = bytearray(store.read_bytes())
    raw[12:20] = (99).to_bytes(8, "little")
    raw[:8] = header_checksum(raw[8:4096]).to_bytes(8, "little")
    store.write_bytes(raw)
    error = refused(store)
    assert error.exit_code == 2
    assert "newer DuckDB" in error.message


def header_checksum(data: bytes) -> int:
    """The checksum of a block as DuckDB 1.5 computes it."""
    total = 5381
    for at in range(0, len(data) // 8 * 8, 8):
        total ^= int.from_bytes(data[at : at + 8], "little") * 0xBF58476D1CE4E5B9 % 2**64
    return total


def test_a_read_only_command_migrates_a_store_of_an_earlier_version(store: Path) -> None:
    with duckdb.connect(str(store)) as older:
        older.execute("delete from main.migrations where name = '0071_optimize_studies.sql'")
        older.execute("drop table optimize.studies; drop table optimize.study_stages")
    with Store.open(store, read_only=True) as opened:
        assert "optimize.studies" in opened.tables()


def test_folders_pipes_and_devices_are_no_stores(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", Path("/dev/null")):
        error = refused(path)
        assert error.exit_code == 2
        assert "DuckDB file is expected" in error.message


def test_a_corrupt_store_names_the_snapshot_and_going_back_works(store: Path) -> None:
    with Store.open(store) as opened:
        digest = opened.digest()
        assert snapshot(opened) == snapshot_of(store)
    flipped(store, 4096)
    error = refused(store)
    assert str(snapshot_of(store)) in error.hint
    assert "rows were read just now" in error.hint
    copyfile(snapshot_of(store), store)
    with Store.open(store) as back:
        assert back.digest() == digest


def test_a_snapshot_that_is_damaged_too_is_not_recommended(store: Path) -> None:
    with Store.open(store) as opened:
        flipped(snapshot(opened), 12308)
    flipped(store, 4096)
    assert "cannot be used either" in refused(store).hint


def test_a_corrupt_store_makes_no_snapshot_and_the_one_before_it_stays(store: Path) -> None:
    with Store.open(store) as opened:
        kept = snapshot(opened).read_bytes()
    flipped(store, data_of(store) + 999)
    with Store.open(store) as opened, pytest.raises(BadInput):
        snapshot(opened)
    assert snapshot_of(store).read_bytes() == kept


FULL = 'Could not write file "s.duckdb.wal": No space left on device'


@pytest.mark.parametrize("raised", [duckdb.IOException(f"IO Error: {FULL}"), duckdb.TransactionException(f"Failed to commit: {FULL}")])
def test_a_full_disk_is_no_corruption(store: Path, monkeypatch: pytest.MonkeyPatch, raised: duckdb.Error) -> None:
    monkeypatch.setattr(connection, "way_back", lambda _: pytest.fail("nothing is damaged"))
    with Store.open(store) as opened, pytest.raises(UnderstudyError) as seen, opened._store_errors():
        raise raised
    assert (seen.value.exit_code, seen.value.code) == (1, "error")
    assert "No space left on device" in seen.value.message


def test_two_transactions_that_change_the_same_row_are_no_fault_of_the_file(store: Path) -> None:
    with Store.open(store) as opened, pytest.raises(duckdb.TransactionException), opened._store_errors():
        raise duckdb.TransactionException("Transaction conflict: cannot update a table that has been altered!")
