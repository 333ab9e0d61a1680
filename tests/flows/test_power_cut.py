"""A night whose server, worker and run are killed together is found by the next one, which runs; a second night at once is Cancelled."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from shutil import copyfile
from typing import Any

import httpx
import pytest

from understudy.tasks.status import store_status

ROOT = Path(__file__).resolve().parents[2]
PREFECT = str(Path(sys.executable).with_name("prefect"))
PATIENCE_S = 900
ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
SMALL = {"per_stratum": 6, "behaviour": 8, "free": 4}


def wait_until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not done():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(1)


class Site:
    """A Prefect server and a worker on one port, in a folder of their own; both can be cut off and started again."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self.folder, self._running = folder, list[subprocess.Popen[bytes]]()
        self._environment = {
            **os.environ,
            "PREFECT_HOME": str(folder / "prefect"),
            "PREFECT_API_URL": f"http://127.0.0.1:{self._port}/api",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_UI_ENABLED": "0",
            "DO_NOT_TRACK": "1",
            "UNDERSTUDY_HOME": str(ROOT),
        }
        self.client = httpx.Client(base_url=self._environment["PREFECT_API_URL"], timeout=60)

    def start(self) -> None:
        """Server, deployment, worker."""
        words = ["-m", "uvicorn", "--factory", "prefect.server.api.server:create_app", "--lifespan", "on", "--log-level", "error"]
        self._begin([sys.executable, *words, "--host", "127.0.0.1", "--port", str(self._port)])
        wait_until(self._answers)
        self.deploy()
        self._begin([PREFECT, "worker", "start", "--pool", "understudy"])

    def deploy(self) -> None:
        """Deploys as an operator does."""
        subprocess.run([str(ROOT / "deployments" / "deploy")], env=self._environment, check=True, capture_output=True)

    def cut(self) -> None:
        """`kill -9` of all of it at once, the runs of the worker among them."""
        everything = [pid for process in self._running for pid in _with_descendants(process.pid)]
        for pid in everything:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for process in self._running:
            process.wait()
        self._running.clear()

    def deployment(self) -> dict[str, Any]:
        """The deployment as the server has it."""
        return dict(self.client.get("/deployments/name/nightly/nightly").json())

    def night(self, parameters: dict[str, Any]) -> str:
        """The id of a run of the deployment that is to begin now."""
        answer = self.client.post(f"/deployments/{self.deployment()['id']}/create_flow_run", json={"parameters": parameters})
        return str(answer.raise_for_status().json()["id"])

    def run(self, run_id: str) -> dict[str, Any]:
        """A flow run as the server has it."""
        return dict(self.client.get(f"/flow_runs/{run_id}").json())

    def under(self, run_id: str) -> list[dict[str, Any]]:
        """The flow runs that are nested in a run, at any depth."""
        asked = {"flow_runs": {"parent_flow_run_id": {"any_": [run_id]}}}
        nested = self.client.post("/flow_runs/filter", json=asked).json()
        return [one for run in nested for one in (run, *self.under(run["id"]))]

    def _begin(self, command: list[str]) -> None:
        log = (self.folder / "site.log").open("ab")
        self._running.append(subprocess.Popen(command, env=self._environment, cwd=ROOT, stdout=log, stderr=log, start_new_session=True))

    def _answers(self) -> bool:
        try:
            return self.client.get("/health").status_code == 200
        except httpx.HTTPError:
            return False


def _with_descendants(pid: int) -> list[int]:
    listed = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout.split()
    return [pid, *(each for child in listed for each in _with_descendants(int(child)))]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A site that has started."""
    started = Site(tmp_path)
    try:
        started.start()
        yield started
    finally:
        started.cut()


@pytest.mark.integration
def test_the_night_after_a_power_cut_runs_and_finds_the_one_that_was_killed(site: Site, profiled_sample: Path, tmp_path: Path) -> None:
    store = tmp_path / "night.duckdb"
    copyfile(profiled_sample, store)
    parameters: dict[str, Any] = {
        "dataset": "sample", "data": "examples/sample", "reader": "redial", "options": {"store": str(store)}, "batch": "cut", "n": 6,
        "anyway": True, "search": {"population": 4, "generations": 1, "n_front": 1, "panel": SMALL, "front_panel": SMALL}, "report": SMALL,
    }  # fmt: skip
    # what an earlier version deployed
    limited = {"concurrency_limit": 1, "concurrency_options": {"collision_strategy": "CANCEL_NEW"}}
    site.client.patch(f"/deployments/{site.deployment()['id']}", json=limited).raise_for_status()
    assert site.deployment()["global_concurrency_limit"]["limit"] == 1
    site.deploy()
    assert site.deployment()["global_concurrency_limit"] is None

    killed = site.night(parameters)
    wait_until(lambda: any(run["name"] == "generation 0" for run in site.under(killed)))
    site.cut()
    site.start()
    assert site.run(killed)["state"]["type"] == "RUNNING"

    next_one = site.night(parameters)
    wait_until(lambda: any(run["state_type"] == "RUNNING" for run in site.under(next_one)))
    too_many = site.night(parameters)
    wait_until(lambda: site.run(too_many)["state"]["type"] in ENDED)
    wait_until(lambda: site.run(next_one)["state"]["type"] in ENDED)

    dead = site.run(killed)
    assert dead["state"]["type"] == "CRASHED"
    assert "ended without a word" in dead["state"]["message"]
    assert {run["state_type"] for run in site.under(killed)} <= {"CRASHED", "COMPLETED"}
    assert site.run(too_many)["state"]["type"] == "CANCELLED"
    assert "another process has opened the store" in site.run(too_many)["state"]["message"]

    ended = site.run(next_one)
    assert ended["name"] == "nightly sample cut"
    assert ended["state"]["type"] == "FAILED"
    assert "release/dialogues: the value 6.000 is 14.000 below the minimum of 20.000 (n = 6)" in ended["state"]["message"]
    asked = {"artifacts": {"flow_run_id": {"any_": [next_one]}}, "limit": 200}
    keys = {artifact["key"] for artifact in site.client.post("/artifacts/filter", json=asked).json()}
    assert {"front", "before-and-after", "verdicts", "broken-bounds"} <= keys
    outcomes = {night["flow_run_id"]: night["outcome"] for night in store_status(store)["nights"]}
    assert outcomes == {killed: "killed", next_one: "gate_failed"}
