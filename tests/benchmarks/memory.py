"""The peak of memory of a program, for benchmarks that measure it in a process of its own."""

from __future__ import annotations

from pathlib import Path


def peak_mib() -> float:
    """The largest resident set of this program so far, in MiB, as Linux counts it.

    `ru_maxrss` is no such figure: a child begins with the largest set of the process that started it.
    """
    told = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line.split()[1] for line in told if line.startswith("VmHWM:"))) / 1024
