"""How many threads compute at their best: one for each physical core that this process may use."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

_CPUINFO, _QUOTA = Path("/proc/cpuinfo"), Path("/sys/fs/cgroup/cpu.max")


def n_cores(cpuinfo: Path = _CPUINFO, quota: Path = _QUOTA) -> int:
    """At least 1. Cores that share a physical one count once: two threads in it compute no faster than one."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(usable, _physical(cpuinfo) or usable, _of_group(quota) or usable))


def _physical(cpuinfo: Path) -> int | None:
    with suppress(OSError):
        text = cpuinfo.read_text()
        chips, cores = (re.findall(rf"^{name}\s*: (\d+)", text, re.MULTILINE) for name in ("physical id", "core id"))
        return len(set(zip(chips, cores, strict=False))) or None
    return None


def _of_group(quota: Path) -> int | None:
    """The processor time that the container is given, in whole cores."""
    with suppress(OSError, ValueError):
        most, period = quota.read_text().split()
        return None if most == "max" else max(1, int(most) // int(period))
    return None
