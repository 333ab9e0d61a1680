"""PostgreSQL carries the catalogue of the store and the database of the Prefect server; a command needs no other place."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import postgres, prefect_server

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
UNDERSTUDY = Path(sys.executable).with_name("understudy")


def test_a_command_runs_with_the_store_and_the_prefect_server_in_postgres(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with postgres.cluster() as cluster:
        runs, catalogue = cluster.database(), cluster.database()
        place = f"{postgres.USER}:{postgres.PASSWORD}@127.0.0.1:{cluster.port}"
        monkeypatch.setenv("PREFECT_API_DATABASE_CONNECTION_URL", f"postgresql+asyncpg://{place}/{runs}")
        address, server = prefect_server.started(tmp_path)
        monkeypatch.delenv("PREFECT_API_DATABASE_CONNECTION_URL")
        try:
            monkeypatch.setenv("PREFECT_API_URL", address)
            monkeypatch.setenv("PGPASSWORD", postgres.PASSWORD)
            store = f"ducklake:postgres://{postgres.USER}@127.0.0.1:{cluster.port}/{catalogue}?folder={tmp_path / 'lake'}"
            command = [UNDERSTUDY, "ingest", "redial", "examples/sample", "--dataset", "sample", "--store", store, "--json"]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        finally:
            os.kill(int(server), signal.SIGTERM)
        assert done.returncode == 0, done.stderr
        n_dialogues = json.loads(done.stdout)["n_dialogues"]
        assert cluster.asked(runs, "select count(*) from flow_run where name = 'ingest sample' and state_type = 'COMPLETED'") == "1"
        told = cluster.asked(runs, "select parameters from flow_run where name = 'ingest sample'")
        assert catalogue in told
        assert postgres.PASSWORD not in told + done.stdout + done.stderr
        assert cluster.asked(catalogue, "select count(*) from ducklake_table where table_name = 'turns'") == "3"
        own = subprocess.run([UNDERSTUDY, "status", "--store", store, "--json"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(own.stdout)["tables"]["ingest.dialogues"] == n_dialogues > 0
