"""Where tests write: in memory where the machine has room for it, since a store waits for its disk at each commit.

What a write to a disk survives is not tested here: a killed process loses nothing of either (docs/reliability.md has the rest).
"""

from __future__ import annotations

import os
from pathlib import Path

IN_MEMORY = Path("/dev/shm")
NEEDED_BYTES = 3 << 30
# pytest's own name for the folder that holds those of all runs
TEMPORARY_ROOT = "PYTEST_DEBUG_TEMPROOT"


def in_memory(folder: Path = IN_MEMORY, *, needed: int = NEEDED_BYTES, memory: Path = Path("/proc/meminfo")) -> Path | None:
    """A folder of a file system in memory, with room for all that a run writes; None where there is none to be used."""
    try:
        facts = os.statvfs(folder)
        available = available_bytes(memory.read_text())
    except OSError:
        return None
    has_room = facts.f_bavail * facts.f_frsize >= needed and available >= 2 * needed
    # the tests of the wheel run programs from there
    runs_programs = not facts.f_flag & os.ST_NOEXEC
    return folder if has_room and runs_programs and os.access(folder, os.W_OK) else None


def available_bytes(meminfo: str) -> int:
    """The memory that new processes can have, by the kernel; 0 where it does not say."""
    lines = (line.split() for line in meminfo.splitlines() if line.startswith("MemAvailable:"))
    return next((int(kibibytes) << 10 for _, kibibytes, _ in lines), 0)


def write_there() -> None:
    """Has pytest make its folders there, unless the caller said where."""
    folder = in_memory()
    if folder is not None and TEMPORARY_ROOT not in os.environ and "TMPDIR" not in os.environ:
        os.environ[TEMPORARY_ROOT] = str(folder)
