"""A damaged write-ahead log is told, and never dropped in silence; one that a crash has cut short is no damage."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from understudy.doors.store import Store
from understudy.doors.write_ahead import damage_in, log_of
from understudy.errors import BadInput

N_ROWS = 4
CRASH = """
import os, sys
from understudy.doors.store import Store
with Store.open(sys.argv[1]) as store:
    store._connection.execute("checkpoint")
    for position in range(int(sys.argv[2])):
        store.insert("play.marks", ["run_id", "position", "owner", "work", "made_at"], [("r", position, "", "w", "2026-01-01")])
    os.kill(os.getpid(), 9)
"""


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    """A store and its log, as a process left them that was killed after its commits."""
    path = tmp_path_factory.mktemp("crashed") / "s.duckdb"
    done = subprocess.run([sys.executable, "-c", CRASH, str(path), str(N_ROWS)], check=False)
    assert done.returncode == -signal.SIGKILL
    return path.read_bytes(), log_of(path).read_bytes()


def opened(folder: Path, store: bytes, log: bytes, *, read_only: bool = False) -> int:
    """The rows of a store that is opened with this log beside it. Raises BadInput."""
    path = folder / "s.duckdb"
    path.write_bytes(store)
    log_of(path).write_bytes(log)
    with Store.open(path, read_only=read_only) as one:
        return one.counts()["play.marks"]


def lengths(log: bytes) -> list[int]:
    """The places of the entries' lengths."""
    at, found = 8, []
    while at < len(log):
        found.append(at)
        at += 16 + int.from_bytes(log[at : at + 8], "little")
    assert at == len(log), "the format is that of another DuckDB"
    return found


def test_a_whole_log_is_replayed(crashed: tuple[bytes, bytes], tmp_path: Path) -> None:
    assert opened(tmp_path, *crashed) == N_ROWS


def test_every_damage_to_the_beginning_or_to_a_length_is_told_and_the_log_is_kept(crashed: tuple[bytes, bytes], tmp_path: Path) -> None:
    store, log = crashed
    places = lengths(log)
    assert len(places) == 3 * N_ROWS, "each commit names its table, adds a row and ends"
    for at in [*range(8), *(place + high for place in places for high in (1, 4))]:
        damaged = log[:at] + bytes([log[at] ^ 0xFF]) + log[at + 1 :]
        (tmp_path / "log").write_bytes(damaged)
        assert damage_in(tmp_path / "log"), f"byte {at}"
    for at in (0, 5, places[0] + 1, places[-1] + 1):
        damaged = log[:at] + bytes([log[at] ^ 0xFF]) + log[at + 1 :]
        with pytest.raises(BadInput, match=r"log s\.duckdb\.wal is damaged") as told:
            opened(tmp_path, store, damaged, read_only=at == 5)
        assert "move s.duckdb.wal away" in told.value.hint
        assert log_of(tmp_path / "s.duckdb").read_bytes() == damaged
        assert (tmp_path / "s.duckdb").read_bytes() == store


def test_a_log_that_a_crash_has_cut_short_is_no_damage_and_keeps_what_was_committed(
    crashed: tuple[bytes, bytes], tmp_path: Path
) -> None:
    store, log = crashed
    for n in range(len(log)):
        (tmp_path / "log").write_bytes(log[:n])
        assert not damage_in(tmp_path / "log"), f"{n} bytes"
    n_bytes = len(log) // N_ROWS
    for n, n_rows in ((0, 0), (5, 0), (n_bytes + 20, 1), (len(log) - 1, N_ROWS - 1)):
        assert opened(tmp_path, store, log[:n]) == n_rows


def test_without_a_log_there_is_none_to_be_damaged(tmp_path: Path) -> None:
    assert damage_in(tmp_path / "nothing.wal") == ""
