"""Scripts that play over copies of the profiled sample, in processes of their own, against a model server whose log says what was asked."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfile
from typing import Any

from understudy.doors.store import Store

ROOT = Path(__file__).resolve().parents[2]
UNDERSTUDY = str(Path(sys.executable).with_name("understudy"))
PATIENCE_S = 1800.0
# what the command line of a worker's process holds
WORKERS = {"dask": "spawn_main", "ray": "ray::"}


@contextmanager
def model_server(folder: Path) -> Iterator[tuple[str, Path]]:
    """The address of a model server, and its log."""
    log = folder / "served.jsonl"
    command = [UNDERSTUDY, "devserver", "--port", "0", "--latency-ms", "100", "--log", str(log)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield json.loads(process.stdout.readline())["api_base"], log
    process.terminate()
    process.communicate()


class Commands:
    """Runs of a script of this folder, each over a copy of the profiled sample. `prefect`: the server that they tell; their own else."""

    def __init__(self, script: str, folder: Path, profiled: Path, served: tuple[str, Path], *, prefect: str = "") -> None:
        self.folder, self._profiled, (self._api_base, self.log) = folder, profiled, served
        self._script = str(Path(__file__).with_name(script))
        self._environment = {
            **os.environ, "PREFECT_HOME": str(folder / "prefect"), "OPENAI_API_KEY": "none", "PYTHONPATH": str(ROOT),
            "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "600", "RAY_worker_niceness": "0",
        }  # fmt: skip
        self._environment.pop("PREFECT_API_URL", None)
        if prefect:
            self._environment["PREFECT_API_URL"] = prefect

    def begun(self, runner: str, *words: str, name: str = "") -> subprocess.Popen[str]:
        """A run that was started."""
        store = self.store(name or runner)
        if not store.exists():
            copyfile(self._profiled, store)
        return self.begun_on(str(store), runner, *words)

    def begun_on(self, store: str, runner: str, *words: str, **environment: str) -> subprocess.Popen[str]:
        """A run that was started on a store that is there."""
        command = [sys.executable, self._script, store, runner, self._api_base, *words]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        there = self._environment | environment
        return subprocess.Popen(command, cwd=self.folder, env=there, text=True, **pipes)  # type: ignore[call-overload]

    def ended(self, process: subprocess.Popen[str], *, error: str = "") -> dict[str, Any]:
        """What a run printed at its end, which is no error, or the one with this code."""
        out, errors = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, errors[-4000:]
        told: dict[str, Any] = json.loads(out.strip().splitlines()[-1])
        assert told.get("error", "") in ("", error), told
        return told

    def store(self, name: str) -> Path:
        """Where the rows of a run are."""
        return self.folder / f"{name}.duckdb"

    def digest(self, name: str) -> tuple[str, dict[str, Any]]:
        """The digest of a run's store, and the totals of its ledger."""
        with Store.open(self.store(name), read_only=True) as store:
            return store.digest(), store.rows("play/ledger_totals")[0]

    def asked(self, since: int = 0) -> Counter[str]:
        """How often the server was asked for what, after the first `since` requests."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return Counter(json.loads(line)["key"] for line in lines[since:])

    def until_asked(self, process: subprocess.Popen[str], *, since: int, n: int) -> None:
        """Returns once the server was asked `n` times for a run that goes on."""
        end = time.monotonic() + PATIENCE_S
        while self.asked(since).total() < n:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < end
            time.sleep(0.05)


def workers_of(process: subprocess.Popen[str], runner: str) -> list[Any]:
    """The processes of a run that play."""
    # it comes with the runners: the base lock has none
    import psutil

    children = psutil.Process(process.pid).children(recursive=True)
    return [one for one in children if WORKERS[runner] in " ".join(one.cmdline())]


def killed_once(process: subprocess.Popen[str], commands: Commands, runner: str, *, n_before: int, n: int) -> None:
    """Kills a worker of a run once the server was asked `n` times for it."""
    commands.until_asked(process, since=n_before, n=n)
    workers_of(process, runner)[-1].send_signal(signal.SIGKILL)
