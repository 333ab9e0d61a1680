"""Deployed from deployments/prefect.yaml to a real server and worker on loopback: a run goes through and leaves its artifacts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from shutil import copyfile
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
SMALL = {"per_stratum": 6, "behaviour": 8, "free": 4}
PATIENCE_S = 600


def wait_for(done: Callable[[], bool], patience_s: float) -> None:
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        if done():
            return
        time.sleep(1)
    raise AssertionError("waited in vain")


def stop(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def left_by(run_id: str, client: httpx.Client) -> list[dict[str, Any]]:
    """The artifacts of a run and of the runs under it; other tests leave theirs with the same server."""
    ids, found = [run_id], list[dict[str, Any]]()
    while ids:
        asked = {"artifacts": {"flow_run_id": {"any_": ids}}, "limit": 200}
        found += client.post("/artifacts/filter", json=asked).json()
        runs = client.post("/flow_runs/filter", json={"flow_runs": {"parent_flow_run_id": {"any_": ids}}}).json()
        ids = [run["id"] for run in runs]
    return found


def test_a_deployed_night_completes_and_leaves_its_artifacts(prefect_server: str, profiled_sample: Path, tmp_path: Path) -> None:
    copyfile(profiled_sample, tmp_path / "night.duckdb")
    environment = {
        **os.environ,
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PREFECT_API_URL": prefect_server,
        "DO_NOT_TRACK": "1",
        "UNDERSTUDY_HOME": str(ROOT),
    }
    client = httpx.Client(base_url=prefect_server, timeout=60)
    subprocess.run([str(ROOT / "deployments" / "deploy")], env=environment, check=True, capture_output=True)
    deployed = client.get("/deployments/name/nightly/nightly").json()
    assert [one["schedule"]["cron"] for one in deployed["schedules"]] == ["15 2 * * *"]
    parameters = {
        "dataset": "sample",
        "data": "examples/sample",
        "reader": "redial",
        "store": str(tmp_path / "night.duckdb"),
        "setting": "few_shot",
        "batch": "deployed",
        # about as few as every gate can be passed with
        "n": 200,
        "search": {"population": 4, "generations": 0, "n_front": 1, "panel": SMALL, "front_panel": SMALL},
        "report": {"per_stratum": 80, "behaviour": 60, "free": 4},
    }
    run = client.post(f"/deployments/{deployed['id']}/create_flow_run", json={"parameters": parameters}).json()
    log = (tmp_path / "worker.log").open("w")
    command = [str(BIN / "prefect"), "worker", "start", "--pool", "understudy"]
    worker = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)

    def state() -> str:
        return str(client.get(f"/flow_runs/{run['id']}").json()["state"]["type"])

    try:
        wait_for(lambda: state() in ("COMPLETED", "FAILED", "CRASHED"), PATIENCE_S)
    finally:
        stop(worker)
    assert state() == "COMPLETED", (tmp_path / "worker.log").read_text()[-3000:]
    found = left_by(run["id"], client)
    keys = {artifact["key"] for artifact in found}
    assert {"profile", "front", "before-and-after", "verdicts", "release"} <= keys, json.dumps(sorted(map(str, keys)))
    assert any(str(key).startswith("front-") for key in keys)
    assert any("data:image/svg+xml;base64," in str(artifact["data"]) for artifact in found)
