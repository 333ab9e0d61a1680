"""Deployed from deployments/prefect.yaml to a real server and worker on loopback: a run goes through and leaves its artifacts."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
SMALL = {"per_stratum": 6, "behaviour": 8, "free": 4}
PATIENCE_S = 300


@pytest.fixture
def server(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment in which a Prefect server of our own answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    api = f"http://127.0.0.1:{port}/api"
    environment = {
        **os.environ,
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PREFECT_API_URL": api,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "UNDERSTUDY_HOME": str(ROOT),
    }
    log = (tmp_path / "server.log").open("w")
    command = [str(BIN / "prefect"), "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        wait_for(lambda: httpx.get(f"{api}/health").status_code == 200)
        yield environment
    finally:
        stop(process)


def wait_for(done, patience_s: float = 120.0) -> None:  # type: ignore[no-untyped-def]
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        try:
            if done():
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.5)
    raise AssertionError("waited in vain")


def stop(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_a_deployed_night_completes_and_leaves_its_artifacts(server: dict[str, str], tmp_path: Path) -> None:
    api = server["PREFECT_API_URL"]
    subprocess.run([str(ROOT / "deployments" / "deploy")], env=server, check=True, capture_output=True)
    deployed = httpx.get(f"{api}/deployments/name/nightly/nightly").json()
    assert [one["schedule"]["cron"] for one in deployed["schedules"]] == ["15 2 * * *"]
    parameters = {
        "dataset": "sample",
        "data": "examples/sample",
        "reader": "redial",
        "store": str(tmp_path / "night.duckdb"),
        "setting": "few_shot",
        "batch": "deployed",
        "n": 800,
        "search": {"population": 4, "generations": 0, "n_front": 1, "panel": SMALL, "front_panel": SMALL},
        "report": {"per_stratum": 150, "behaviour": 60, "free": 4},
    }
    run = httpx.post(f"{api}/deployments/{deployed['id']}/create_flow_run", json={"parameters": parameters}).json()
    log = (tmp_path / "worker.log").open("w")
    command = [str(BIN / "prefect"), "worker", "start", "--pool", "understudy"]
    worker = subprocess.Popen(command, env=server, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)

    def state() -> str:
        return str(httpx.get(f"{api}/flow_runs/{run['id']}").json()["state"]["type"])

    try:
        wait_for(lambda: state() in ("COMPLETED", "FAILED", "CRASHED"), PATIENCE_S)
    finally:
        stop(worker)
    assert state() == "COMPLETED", (tmp_path / "worker.log").read_text()[-3000:]
    found = httpx.post(f"{api}/artifacts/filter", json={"limit": 100}).json()
    keys = {artifact["key"] for artifact in found}
    assert {"profile", "front", "before-and-after", "verdicts", "release"} <= keys, json.dumps(sorted(map(str, keys)))
    assert any(str(key).startswith("front-") for key in keys)
    assert any("data:image/svg+xml;base64," in str(artifact["data"]) for artifact in found)
