"""What one command took: seconds, processor time of its whole tree, memory; each kept as a line, so that a killed benchmark goes on.

Processor time is the kernel's own count of the command and of every child that it has waited for. Memory is looked at ten times a
second, summed over the tree: pages that two processes share are counted twice.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event, Thread

UNDERSTUDY = str(Path(sys.executable).with_name("understudy"))
LOOK_S = 0.1
# what the command line of Prefect's server holds
SERVER = "prefect.server"
_TICKS, _PAGE = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Took:
    """A command that has ended. `server_s` is what of the processor time Prefect's own server took; memory is in MiB."""

    factor: int
    stage: str
    n: int
    seconds: float
    cpu_s: float
    server_s: float
    tree_mib: float
    largest_mib: float
    store_bytes: int
    facts: dict[str, float]


class Kept:
    """The lines of what was measured."""

    def __init__(self, path: Path) -> None:
        self._path = path
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        self.rows = [Took(**json.loads(line)) for line in lines]

    def has(self, factor: int, stage: str) -> bool:
        """Whether a stage was measured at a size."""
        return any((one.factor, one.stage) == (factor, stage) for one in self.rows)

    def add(self, took: Took) -> None:
        """Keeps a line."""
        with self._path.open("a", encoding="utf-8") as out:
            out.write(json.dumps(asdict(took)) + "\n")
        self.rows.append(took)


class Watch:
    """The memory of a tree of processes, and the processor time of the Prefect server in it, while it runs."""

    def __init__(self, pid: int) -> None:
        self.tree_mib, self.server_s = 0.0, 0.0
        self._pid, self._ended = pid, Event()
        self._thread = Thread(target=self._look, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Looks no more."""
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(LOOK_S):
            whole = 0
            for pid in tree(self._pid):
                try:
                    whole += int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * _PAGE
                    if SERVER in words_of(pid):
                        self.server_s = max(self.server_s, busy_s(pid))
                # it ended while it was looked at
                except (OSError, IndexError):
                    continue
            self.tree_mib = max(self.tree_mib, whole / 2**20)


def measured(words: Sequence[str], *, environment: dict[str, str], out: Path) -> tuple[dict[str, float], int]:
    """The figures of a command by their names in `Took`, and its exit code; `out` gets its standard output."""
    began = time.perf_counter()
    with out.open("wb") as taken, out.with_suffix(".log").open("wb") as errors:
        process = subprocess.Popen([UNDERSTUDY, *words], env=environment, stdin=subprocess.DEVNULL, stdout=taken, stderr=errors)
        watch = Watch(process.pid)
        _, status, used = os.wait4(process.pid, 0)
        watch.end()
    figures = {
        "seconds": time.perf_counter() - began, "cpu_s": used.ru_utime + used.ru_stime, "server_s": watch.server_s,
        "tree_mib": watch.tree_mib, "largest_mib": used.ru_maxrss / 1024,
    }  # fmt: skip
    return figures, os.waitstatus_to_exitcode(status)


def tree(pid: int) -> Iterator[int]:
    """A process and all that it has started, as far as they run."""
    yield pid
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(one) for thread in threads for one in (thread / "children").read_text(encoding="ascii").split()]
    except OSError:
        return
    for child in children:
        yield from tree(child)


def words_of(pid: int) -> str:
    """The command line of a process. Raises OSError where it has ended."""
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()


def busy_s(pid: int) -> float:
    """Processor seconds of a process so far. Raises OSError where it has ended."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
