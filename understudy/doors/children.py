"""Child processes that end with the process that started them, however that one ends.

A child is a Python module, run by this one (`python -m understudy.doors.children MODULE …`). Its standard input is a pipe that
nobody writes to: the system closes the other end when the parent ends, also by `kill -9`, and the child then ends itself. This
needs no polling, and nothing that only one system has. A child is in a session of its own, so Ctrl-C in the terminal of the parent
does not reach it: the parent decides when it ends.
"""

from __future__ import annotations

import os
import runpy
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from threading import Thread
from typing import IO

GRACE_S = 5.0
"""How long a child may take to end in order, in seconds; then it is killed."""

_STDIN = 0

Child = subprocess.Popen[bytes]


def start(
    module: str, arguments: Sequence[str], *, environment: Mapping[str, str], answers: bool = False, errors: IO[bytes] | None = None
) -> Child:
    """The process that runs a Python module with `arguments`; it ends when this process does. `stop` ends it sooner.

    Its standard output is read by this process where it `answers`, and lost otherwise: that of a command holds its JSON. `errors` takes
    its standard error, which without it is this process's.
    """
    # -P: a file of the folder that the user is in must not stand for a module of the library
    command = [sys.executable, "-P", "-m", __name__, module, *arguments]
    out = subprocess.PIPE if answers else subprocess.DEVNULL
    return subprocess.Popen(command, env=dict(environment), stdin=subprocess.PIPE, stdout=out, stderr=errors, start_new_session=True)


def stop(child: Child, *, grace_s: float = GRACE_S) -> None:
    """Ends a child, in order where it does so within `grace_s` seconds; one that has ended stays as it is."""
    child.terminate()
    try:
        child.wait(grace_s)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    finally:
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()


def run() -> None:
    """Runs the module that the command line names, until it ends or the parent does."""
    _, module, *arguments = sys.argv
    Thread(target=_end_with_the_parent, name="parent", daemon=True).start()
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _end_with_the_parent() -> None:
    while os.read(_STDIN, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_S)
    os._exit(1)


if __name__ == "__main__":
    run()
