"""Deployed from deployments/prefect.yaml to a real server on loopback: its cron has runs scheduled, and a worker plays one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from shutil import copyfile
from typing import Any

import httpx
import pytest
from prefect.exceptions import ParameterTypeError
from prefect.flows import load_flow_from_entrypoint

from tests.search import plain
from tests.search.searched import Searched
from understudy.doors.store import Store
from understudy.parameters import PanelSize
from understudy.records import REPORTING
from understudy.rows.handle import Humans
from understudy.tasks.profile.anchors import ANCHOR_SEED, anchors_of

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
SMALL = {"per_stratum": 3, "behaviour": 5, "free": 2}
SEARCH = plain.small(1).model_dump(mode="json")
SAMPLE = {"dataset": "sample", "data": "examples/sample", "reader": "redial"}
SMALL_NIGHT = {"n": 6, "report": SMALL, "search": SEARCH}
SEED_ALONE = {"population": 4, "generations": 0, "n_front": 1, "panel": SMALL, "front_panel": SMALL}
PATIENCE_S = 600
SCHEDULER_PATIENCE_S = 30
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def environment(prefect_server: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of an operator whose commands talk to the tests' server."""
    return {
        **os.environ,
        "PREFECT_HOME": str(tmp_path_factory.mktemp("operator") / "prefect"),
        "PREFECT_API_URL": prefect_server,
        "DO_NOT_TRACK": "1",
        "UNDERSTUDY_HOME": str(ROOT),
    }


@pytest.fixture(scope="module")
def client(prefect_server: str) -> Iterator[httpx.Client]:
    """A client of the server's own API."""
    with httpx.Client(base_url=prefect_server, timeout=60) as opened:
        yield opened


@pytest.fixture(scope="module")
def deployed(environment: dict[str, str], client: httpx.Client) -> dict[str, Any]:
    """The nightly deployment as the server has it, once `deployments/deploy` has run."""
    subprocess.run([str(ROOT / "deployments" / "deploy")], env=environment, check=True, capture_output=True)
    return dict(client.get("/deployments/name/nightly/nightly").json())


@pytest.fixture(autouse=True)
def only_user(deployed: dict[str, Any], alone: Callable[[str], AbstractContextManager[None]]) -> Iterator[None]:  # noqa: ARG001
    """One test at a time has the deployment, in whatever process: a paused one has nothing scheduled."""
    with alone("deployment"):
        yield


def wait_for(done: Callable[[], bool], patience_s: float, log: Path) -> None:
    """Returns once it is done; when that takes too long, the end of the log says why."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        if done():
            return
        time.sleep(1)
    raise AssertionError(f"waited in vain: {log.read_text()[-3000:]}")


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


def scheduled(deployed: dict[str, Any], client: httpx.Client) -> list[dict[str, Any]]:
    """The runs of a deployment that are in state Scheduled, the next one first."""
    asked = {
        "deployments": {"id": {"any_": [deployed["id"]]}},
        "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}},
        "sort": "EXPECTED_START_TIME_ASC",
    }
    return list(client.post("/flow_runs/filter", json=asked).raise_for_status().json())


def with_floors(store: Path, *, n: int) -> int:
    """How many rows of anchors the store has, once the floors of so small a report and batch are in it, by three halvings."""
    with Store.open(store) as opened:
        humans = Humans.of(opened, "sample")
        for free in (SMALL["free"], n):
            anchors_of(opened, humans, REPORTING, PanelSize(**{**SMALL, "free": free}), seed=ANCHOR_SEED)
        return opened.counts()["profile.sized_anchors"]


@contextmanager
def paused(deployed: dict[str, Any], client: httpx.Client) -> Iterator[None]:
    """A stretch in which the cron schedules nothing: at a quarter past two a worker would start that night as well."""
    client.post(f"/deployments/{deployed['id']}/pause_deployment").raise_for_status()
    try:
        yield
    finally:
        client.post(f"/deployments/{deployed['id']}/resume_deployment").raise_for_status()


def test_the_cron_has_a_run_scheduled_for_every_night(deployed: dict[str, Any], client: httpx.Client, shared_folder: Path) -> None:
    """Nothing but the server's scheduler makes these runs, and where it fails only the server's log says so."""
    assert [one["schedule"]["cron"] for one in deployed["schedules"]] == ["15 2 * * *"]
    asked = datetime.now(UTC)
    wait_for(lambda: bool(scheduled(deployed, client)), SCHEDULER_PATIENCE_S, shared_folder / "prefect.log")
    runs = scheduled(deployed, client)
    assert all(run["auto_scheduled"] and run["state"]["name"] == "Scheduled" for run in runs)
    due = [datetime.fromisoformat(run["expected_start_time"]) for run in runs]
    assert {at.astimezone(UTC).strftime("%H:%M:%S") for at in due} == {"02:15:00"}
    assert due[0] - asked < DAY + timedelta(seconds=SCHEDULER_PATIENCE_S)
    assert [later - earlier for earlier, later in pairwise(due)] == [DAY] * (len(due) - 1)


def test_what_is_deployed_is_a_night_that_a_worker_can_load(deployed: dict[str, Any]) -> None:
    """A worker loads the flow by the entry point that the server has; what the file and the tests ask of it, it accepts."""
    flow = load_flow_from_entrypoint(deployed["entrypoint"])
    assert flow.name == "nightly"
    assert set(deployed["parameter_openapi_schema"]["properties"]) == set(flow.parameters.properties)
    taken = flow.validate_parameters({**deployed["parameters"], **SAMPLE, **SMALL_NIGHT})
    assert (taken["report"], taken["n"]) == (PanelSize(**SMALL), 6)
    with pytest.raises(ParameterTypeError):
        flow.validate_parameters({**deployed["parameters"], "n": "many"})


@pytest.mark.usefixtures("few_halvings")
@pytest.mark.parametrize(
    ("asked", "ends"),
    [
        # its search and its floors are in the store already, so that they are read back; its dialogues and its report are played
        (SMALL_NIGHT, "FAILED"),
        # a tell-tale attribute in one dialogue of a hundred is told from one in fifty by some 900 of them
        pytest.param(
            {"n": 900, "report": {"per_stratum": 115, "behaviour": 60, "free": 4}, "search": SEED_ALONE, "setting": "few_shot"},
            "COMPLETED",
        ),
    ],
)  # fmt: skip
@pytest.mark.integration
def test_a_deployed_night_is_played_to_its_gates_and_leaves_its_artifacts(
    deployed: dict[str, Any], environment: dict[str, str], client: httpx.Client, undisturbed_search: Searched, tmp_path: Path,
    asked: dict[str, Any], ends: str,
) -> None:  # fmt: skip
    """So small a night fails its gates, which is an end as well: what it showed is there, and its state says which gates they are."""
    copyfile(undisturbed_search.store, tmp_path / "night.duckdb")
    n_floors = with_floors(tmp_path / "night.duckdb", n=6)
    parameters = {
        **SAMPLE,
        "options": {"store": str(tmp_path / "night.duckdb")},
        "batch": "deployed",
        # of so few contexts a prompt that keeps the bounds may seem not to
        "anyway": True,
        **asked,
    }
    log = (tmp_path / "worker.log").open("w")
    command = [str(BIN / "prefect"), "worker", "start", "--pool", "understudy"]

    def state(part: str = "type") -> str:
        return str(client.get(f"/flow_runs/{run['id']}").json()["state"][part])

    with paused(deployed, client):
        run = client.post(f"/deployments/{deployed['id']}/create_flow_run", json={"parameters": parameters}).json()
        worker = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
        try:
            wait_for(lambda: state() in ("COMPLETED", "FAILED", "CRASHED"), PATIENCE_S, tmp_path / "worker.log")
        finally:
            stop(worker)
    assert state() == ends, str(state("message")) + (tmp_path / "worker.log").read_text()[-3000:]
    found = left_by(run["id"], client)
    keys = {artifact["key"] for artifact in found}
    released = {"release"} if ends == "COMPLETED" else set()
    assert {"profile", "front", "before-and-after", "verdicts", *released} <= keys, json.dumps(sorted(map(str, keys)))
    assert any(str(key).startswith("front-") for key in keys)
    assert any("data:image/svg+xml;base64," in str(artifact["data"]) for artifact in found)
    if ends == "FAILED":
        assert "release" not in keys
        assert "leakage" in state("message"), "the gates that failed are named"
        with Store.open(tmp_path / "night.duckdb") as store:
            counts = store.counts()
        assert counts["optimize.runs"] == counts["simulate.batches"] == 1, "the search was the one that was there"
        assert counts["profile.sized_anchors"] == n_floors, "and so were the floors"
