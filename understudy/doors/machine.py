"""The machine that this process runs on, as tables of results name it: its processor, memory and system, and no name of its own."""

from __future__ import annotations

import platform
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from understudy.doors.local.cores import n_cores

_CPUINFO, _MEMINFO = Path("/proc/cpuinfo"), Path("/proc/meminfo")


@dataclass(frozen=True, slots=True)
class Machine:
    """A processor by its maker's name, the cores that may be used, bytes of memory (None where nobody says), and the system."""

    processor: str
    n_cores: int
    memory_bytes: int | None
    system: str


def this_machine(cpuinfo: Path = _CPUINFO, meminfo: Path = _MEMINFO) -> Machine:
    """What is known of the machine without asking anybody."""
    named = _first_group(r"^model name\s*:\s*(.+)$", cpuinfo) or platform.processor() or platform.machine()
    kilobytes = _first_group(r"^MemTotal:\s+(\d+) kB", meminfo)
    return Machine(" ".join(named.split()), n_cores(), int(kilobytes) << 10 if kilobytes else None, platform.system())


def _first_group(pattern: str, path: Path) -> str | None:
    with suppress(OSError):
        found = re.search(pattern, path.read_text("utf-8", "replace"), re.MULTILINE)
        return found[1] if found else None
    return None
