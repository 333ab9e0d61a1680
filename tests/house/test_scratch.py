"""Tests write in memory only where there is room for it, and where programs can be run from."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests import scratch

GIB = 1 << 30


@pytest.mark.parametrize(
    ("free", "available", "flags", "is_used"),
    [
        (8 * GIB, 8 * GIB, 0, True),
        (64 << 20, 8 * GIB, 0, False),  # what a container gets
        (8 * GIB, GIB, 0, False),
        (8 * GIB, 8 * GIB, os.ST_NOEXEC, False),
    ],
)
def test_memory_is_written_to_where_it_has_room_and_runs_programs(
    free: int, available: int, flags: int, is_used: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "meminfo"
    told.write_text(f"MemTotal:       {free >> 10} kB\nMemAvailable:   {available >> 10} kB\nBuffers:  1 kB\n")
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_bavail=free >> 12, f_frsize=1 << 12, f_flag=flags))
    assert scratch.in_memory(tmp_path, memory=told) == (tmp_path if is_used else None)


def test_a_system_without_such_a_folder_or_that_tells_nothing_writes_to_its_disk(tmp_path: Path) -> None:
    assert scratch.in_memory(tmp_path / "none", needed=0) is None
    assert scratch.in_memory(tmp_path, needed=0, memory=tmp_path / "none") is None
    assert scratch.available_bytes("MemFree: 3 kB\n") == 0


@pytest.mark.parametrize("own", [scratch.TEMPORARY_ROOT, "TMPDIR"])
def test_a_folder_that_the_caller_names_is_taken(own: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(scratch.TEMPORARY_ROOT, raising=False)
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setattr(scratch, "in_memory", lambda: Path("memory"))
    scratch.write_there()
    assert os.environ[scratch.TEMPORARY_ROOT] == "memory"
    monkeypatch.delenv(scratch.TEMPORARY_ROOT)
    monkeypatch.setenv(own, "own")
    scratch.write_there()
    assert os.environ.get(scratch.TEMPORARY_ROOT) == ("own" if own == scratch.TEMPORARY_ROOT else None)
