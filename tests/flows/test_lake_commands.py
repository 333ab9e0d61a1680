"""Commands on a store that is a lake: ingest, status, a move into a file and back, and a password that is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
UNDERSTUDY = Path(sys.executable).with_name("understudy")
SECRET = "hunter2"


def told(*words: str, code: int = 0) -> dict[str, Any]:
    done = subprocess.run([UNDERSTUDY, *words, "--json"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert SECRET not in done.stdout + done.stderr
    return dict(json.loads(done.stdout))


def test_commands_answer_of_a_lake_what_they_answer_of_a_file(tmp_path: Path) -> None:
    file, lake, back = str(tmp_path / "a.duckdb"), f"ducklake:{tmp_path / 'lake'}", str(tmp_path / "b.duckdb")
    answers = [told("ingest", "redial", "examples/sample", "--dataset", "sample", "--store", store) for store in (file, lake)]
    assert answers[0] == answers[1]
    states = [told("status", "--store", store) for store in (file, lake)]
    assert states[0] == states[1]
    moved = told("store", "move", lake, back)
    assert moved["store_digest"] == states[0]["store_digest"]
    assert moved["n_rows"] == sum(states[0]["tables"].values()) > 0
    assert told("store", "move", back, lake)["n_rows"] == 0
    assert told("status", "--store", back) == states[0]
    # nothing is published yet: the releases are looked for in the lake's folder
    assert told("releases", "--store", lake)["releases"] == []
    assert told("pull", "--store", lake, code=2)["error"]["message"].count(str(tmp_path / "lake" / "releases")) == 1


@pytest.mark.parametrize("words", [("status",), ("ingest", "redial", "examples/sample"), ("profile", "--dataset", "d"), ("releases",)])
def test_a_password_in_an_address_is_refused_and_not_repeated(words: tuple[str, ...], tmp_path: Path) -> None:
    address = f"ducklake:postgres://ada:{SECRET}@127.0.0.1:1/stores?folder={tmp_path / 'lake'}"
    error = told(*words, "--store", address, code=2)["error"]
    assert "holds a password" in error["message"]
    assert list(tmp_path.iterdir()) == []
