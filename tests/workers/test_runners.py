"""The same search on threads, on Dask and on Ray, against a model server whose log says what it was asked; workers are killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest

from tests.workers.searching import CONCURRENCY
from understudy.doors.store import Store

ROOT = Path(__file__).resolve().parents[2]
UNDERSTUDY = str(Path(sys.executable).with_name("understudy"))
PATIENCE_S = 1800.0
# what the command line of a worker's process holds
WORKERS = {"dask": "spawn_main", "ray": "ray::"}
pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a model server, and its log."""
    log = tmp_path_factory.mktemp("server") / "served.jsonl"
    command = [UNDERSTUDY, "devserver", "--port", "0", "--latency-ms", "100", "--log", str(log)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield json.loads(process.stdout.readline())["api_base"], log
    process.terminate()
    process.communicate()


class Searches:
    """Searches in processes of their own, each over a copy of the profiled sample."""

    def __init__(self, folder: Path, profiled: Path, served: tuple[str, Path]) -> None:
        self.folder, self._profiled, (self._api_base, self.log) = folder, profiled, served
        self._environment = {
            **os.environ, "PREFECT_HOME": str(folder / "prefect"), "OPENAI_API_KEY": "none", "PYTHONPATH": str(ROOT),
            "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "600", "RAY_worker_niceness": "0",
        }  # fmt: skip
        self._environment.pop("PREFECT_API_URL", None)

    def begun(self, runner: str, *caps: str, name: str = "") -> subprocess.Popen[str]:
        """A search that was started."""
        store = self.store(name or runner)
        if not store.exists():
            copyfile(self._profiled, store)
        return self.begun_on(str(store), runner, *caps)

    def begun_on(self, store: str, runner: str, *caps: str, **environment: str) -> subprocess.Popen[str]:
        """A search that was started on a store that is there."""
        words = [sys.executable, str(ROOT / "tests" / "workers" / "searching.py"), store, runner, self._api_base, *caps]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        there = self._environment | environment
        return subprocess.Popen(words, cwd=self.folder, env=there, text=True, **pipes)  # type: ignore[call-overload]

    def ended(self, process: subprocess.Popen[str], *, error: str = "") -> dict[str, Any]:
        """What a search printed at its end, which is no error, or the one with this code."""
        out, errors = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, errors[-4000:]
        told: dict[str, Any] = json.loads(out.strip().splitlines()[-1])
        assert told.get("error", "") in ("", error), told
        return told

    def store(self, name: str) -> Path:
        """Where the rows of a search are."""
        return self.folder / f"{name}.duckdb"

    def digest(self, name: str) -> tuple[str, dict[str, Any]]:
        """The digest of a search's store, and the totals of its ledger."""
        with Store.open(self.store(name), read_only=True) as store:
            return store.digest(), store.rows("play/ledger_totals")[0]

    def asked(self, since: int = 0) -> Counter[str]:
        """How often the server was asked for what, after the first `since` requests."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return Counter(json.loads(line)["key"] for line in lines[since:])


@pytest.fixture(scope="module")
def searches(tmp_path_factory: pytest.TempPathFactory, profiled_sample: Path, served: tuple[str, Path]) -> Searches:
    """Searches over the profiled sample, that on threads among them."""
    found = Searches(tmp_path_factory.mktemp("searches"), profiled_sample, served)
    found.ended(found.begun("threads"))
    return found


def workers_of(process: subprocess.Popen[str], runner: str) -> list[Any]:
    """The processes of a search that play."""
    # it comes with the runners: the base lock has none
    import psutil

    children = psutil.Process(process.pid).children(recursive=True)
    return [one for one in children if WORKERS[runner] in " ".join(one.cmdline())]


def killed_once(process: subprocess.Popen[str], searches: Searches, runner: str, *, n_before: int, n: int) -> None:
    """Kills a worker of a search once the server was asked `n` times for it."""
    end = time.monotonic() + PATIENCE_S
    while searches.asked(n_before).total() < n:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)
    workers_of(process, runner)[-1].send_signal(signal.SIGKILL)


@pytest.mark.parametrize("runner", ["dask", "ray"])
def test_a_search_on_workers_leaves_the_store_of_one_on_threads(searches: Searches, runner: str) -> None:
    n_before = searches.asked().total()
    searches.ended(searches.begun(runner))
    (digest, totals), asked = searches.digest(runner), searches.asked(n_before)
    assert digest == searches.digest("threads")[0]
    assert (totals["n_duplicate_keys"], totals["n_unknown"]) == (0, 0)
    assert max(asked.values()) == 1
    # finished work makes no call
    searches.ended(searches.begun(runner))
    assert searches.asked(n_before) == asked


def test_a_killed_worker_loses_its_calls_in_flight_and_nothing_is_paid_twice(searches: Searches) -> None:
    n_before = searches.asked().total()
    process = searches.begun("dask", name="killed")
    killed_once(process, searches, "dask", n_before=n_before, n=100)
    searches.ended(process)
    (digest, totals), asked = searches.digest("killed"), searches.asked(n_before)
    assert digest == searches.digest("threads")[0]
    assert totals["n_duplicate_keys"] == 0
    again = [key for key, n in asked.items() if n > 1]
    assert len(again) <= CONCURRENCY
    assert asked.total() - len(asked) == len(again)


def test_caps_are_not_passed_by_the_servers_log_when_a_worker_is_killed(searches: Searches) -> None:
    n_before = searches.asked().total()
    process = searches.begun("dask", "calls=150", name="capped")
    killed_once(process, searches, "dask", n_before=n_before, n=60)
    told = searches.ended(process, error="budget_exhausted")
    assert told.get("stopped") == "budget" or told.get("error") == "budget_exhausted"
    assert searches.asked(n_before).total() <= 150


def test_a_killed_command_is_finished_on_workers_and_pays_for_calls_in_flight_only(searches: Searches) -> None:
    n_before = searches.asked().total()
    process = searches.begun("dask", name="resumed")
    end = time.monotonic() + PATIENCE_S
    while searches.asked(n_before).total() < 100:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)
    workers = workers_of(process, "dask")
    process.kill()
    process.communicate()
    # Dask's workers end with the process that started them
    for one in workers:
        one.wait(timeout=60)
    searches.ended(searches.begun("dask", name="resumed"))
    asked = searches.asked(n_before)
    assert searches.digest("resumed")[0] == searches.digest("threads")[0]
    assert asked.total() - len(asked) <= CONCURRENCY
