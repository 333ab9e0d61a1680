"""The experiment is recorded over several commands and played again in a new store, without a model: the same tables, byte for byte."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "recordings"))

import record
import replay

from tests.probes import loopback
from tests.probes.replication import made_up
from understudy.flows.cli.app import app

SAMPLE = Path(__file__).resolve().parents[3] / "examples" / "sample"


def says(messages: list[dict[str, str]], seed: int) -> str | None:
    """One call in eleven is refused."""
    if seed % 11 == 0:
        return None
    return "\n".join(made_up.ITEMS[(seed + at) % 60].label for at in range(3)) if "feel like" in messages[-1]["content"] else "yes"


@pytest.mark.integration
def test_two_commands_are_recorded_and_played_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logs, store = tmp_path / "logs", str(tmp_path / "s.duckdb")
    shutil.copytree(SAMPLE, logs / "redial")
    (logs / "movielens").mkdir()
    made_up.write_ratings(logs / "movielens", n_users=50, n_films=60)

    def ran(*words: str) -> None:
        done = CliRunner().invoke(app, [*words, "--store", store, "--json"])
        assert done.exit_code == 0, done.output

    ran("ingest", "redial", str(logs / "redial"), "--dataset", "sample")
    ran("ingest", "movielens", str(logs / "movielens"), "--dataset", "ml")
    ran("profile", "--dataset", "sample", "--out", str(tmp_path / "profile"))
    with loopback.provider(says) as address:
        model = ("--model", "openai/planted", "--api-base", address, "--price", "1,1")
        about = ("replicate", "--dataset", "sample", "--ratings", "ml", *model)
        commands = [
            (*about, "--settings", "plain", "--tasks", "ItemsTalk,BinPref", "--users", "15"),
            (*about, "--settings", "icl", "--tasks", "ItemsTalk", "--users", "12"),
        ]
        for words in commands:
            ran(*words, "--out", str(tmp_path / "out"))
    monkeypatch.setattr(record, "HERE", tmp_path / "recordings")
    parted = [word for words in commands for word in ("--", *words, "--store", store)]
    asked = ["paper", str(logs), "redial=redial", "movielens=movielens:ml", *parted]
    assert record.main(asked) == 0
    folder = tmp_path / "recordings" / "paper"
    told = json.loads((folder / "replicate.json").read_text())
    first = json.loads((tmp_path / "out" / "replicate.json").read_text())
    assert (told["n_model_calls"], told["rows"], told["cells"]) == (0, first["rows"], first["cells"])
    assert any(one["n_missing"] for one in told["cells"])
    assert {(one["setting"], one["task"]) for one in told["cells"]} == {("plain", "ItemsTalk"), ("plain", "BinPref"), ("icl", "ItemsTalk")}
    assert replay.main([str(logs), str(folder)]) == 0
