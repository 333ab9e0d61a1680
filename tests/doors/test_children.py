"""A child process ends when its parent does, however that ends, and the terminal's signals do not reach it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from understudy.doors import children

PATIENCE_S = 60
PARENT = """
import os, sys, time
from understudy.doors import children
child = children.start("http.server", ["0", "--bind", "127.0.0.1"], environment=os.environ)
print(child.pid, flush=True)
time.sleep(600)
"""


def is_there(pid: int) -> bool:
    """Whether a process lives; one that has ended and that nobody has asked about does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(pid: int) -> bool:
    """Whether a process ends while it is waited for."""
    end = time.monotonic() + PATIENCE_S
    while is_there(pid) and time.monotonic() < end:
        time.sleep(0.02)
    return not is_there(pid)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")
@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM])
def test_a_child_ends_with_its_parent(by: signal.Signals) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert is_there(child)
    assert os.getsid(child) != os.getsid(parent.pid)
    assert os.getpgid(child) != os.getpgid(parent.pid)
    parent.send_signal(by)
    parent.wait(PATIENCE_S)
    parent.stdout.close()
    assert gone(child)


def test_a_child_that_does_not_end_when_asked_is_killed(tmp_path: Path) -> None:
    (tmp_path / "deaf.py").write_text("import signal, sys, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
                                      "open(sys.argv[1], 'w').close()\ntime.sleep(600)\n")  # fmt: skip
    child = children.start("deaf", [str(tmp_path / "deaf")], environment={**os.environ, "PYTHONPATH": str(tmp_path)})
    end = time.monotonic() + PATIENCE_S
    while not (tmp_path / "deaf").exists() and time.monotonic() < end:
        time.sleep(0.02)
    children.stop(child, grace_s=0.05)
    assert child.returncode == -signal.SIGKILL
