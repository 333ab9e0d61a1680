"""The three scripts of docs/api.md do what they say, by the calls that the command line uses."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from shutil import copyfile

import pytest

from tests.flows.unserved import without_prefect
from tests.publish.made import on_shelf
from understudy.flows.cli import running

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "examples" / "sample"
sys.path.insert(0, str(ROOT / "examples"))

import audit_my_dialogues  # noqa: E402
import train_on_a_release  # noqa: E402
import tune_a_seeker  # noqa: E402


@pytest.fixture
def store(profiled_sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store in which the sample is profiled; flows run as the plain functions that they are."""
    monkeypatch.setattr(running, "run", lambda flow, *arguments, **options: flow(*arguments, **options))
    return Path(copyfile(profiled_sample, tmp_path / "s.duckdb"))


@pytest.mark.integration
def test_dialogues_of_ones_own_are_audited(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    talks = [
        {"dialogue_id": f"t{n}", "messages": [
            {"role": "user", "content": f"i want something with a heist, number {n}"},
            {"role": "assistant", "content": "Do you know The Quiet Vault (2003)?"}, {"role": "user", "content": "that sounds great"},
        ]}
        for n in range(12)
    ]  # fmt: skip
    (tmp_path / "talks.jsonl").write_text("".join(json.dumps(one) + "\n" for one in talks), encoding="utf-8")
    with without_prefect():
        audit_my_dialogues.main(str(SAMPLE), str(tmp_path / "talks.jsonl"), str(store), "sample")
    told = capsys.readouterr().out
    assert "positive_bias: " in told
    assert "diversity_gap: " in told
    assert (tmp_path / "s.html").read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.integration
def test_a_seeker_is_tuned(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with without_prefect():
        tune_a_seeker.main(str(SAMPLE), "retrieval", "rehearsal", str(store), "sample")
    told = capsys.readouterr().out
    assert "prompts were played in" in told
    assert "the pick dominates the seed prompt: " in told


def test_a_release_is_trained_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train_on_a_release.main(str(on_shelf(tmp_path / "r")))
    assert "5 turns of the recommender in train, 1 in validation" in capsys.readouterr().out
