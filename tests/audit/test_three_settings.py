"""Three prompt settings of this project on one recommender, as three files that one audit ranks by paired differences."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from understudy.doors.store import Store
from understudy.rows import played

pytestmark = pytest.mark.integration
ROOT = Path(__file__).resolve().parents[2]
UNDERSTUDY = str(Path(sys.executable).with_name("understudy"))
SETTINGS = ("zero_shot", "persona", "expert")
N = 60


def run(folder: Path, *words: str) -> dict[str, Any]:
    environment = {**os.environ, "PREFECT_HOME": str(folder / "prefect")}
    done = subprocess.run([UNDERSTUDY, *words, "--json"], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def written(store: Path, key: str, path: Path) -> None:
    """The dialogues of a batch as `messages`, each with its scenario."""
    with Store.open(store, read_only=True) as opened:
        keys = [row["play_key"] for row in opened.rows("simulate/members", batch_key=key)]
        dialogues = played.load_played(opened, keys).values()
    who = {"seeker": "user", "recommender": "assistant"}
    records = [
        {"dialogue_id": one.play_key, "messages": [{"role": who[turn.role], "content": turn.text} for turn in one.turns],
         "metadata": {"scenario": one.scenario_id, "engine": one.engine}}
        for one in dialogues
    ]  # fmt: skip
    path.write_text("".join(json.dumps(one) + "\n" for one in records), "utf-8")


def test_three_settings_on_one_recommender_are_ranked_by_the_paired_test(tmp_path: Path) -> None:
    run(tmp_path, "ingest", "redial", str(ROOT / "examples" / "sample"), "--dataset", "sample")
    run(tmp_path, "profile", "--dataset", "sample")
    for setting in SETTINGS:
        # one batch name draws the same scenarios for every prompt; each setting has a copy of the store for itself
        store = Path(shutil.copy(tmp_path / "understudy.duckdb", tmp_path / f"{setting}.duckdb"))
        run(tmp_path, "simulate", "--dataset", "sample", "--setting", setting, "--recommender", "retrieval", "--n", str(N),
            "--batch", "same", "--surface", "0", "--no-report", "--store", str(store))  # fmt: skip
        with Store.open(store, read_only=True) as opened:
            (batch,) = opened.rows("simulate/named", batch="same", dataset="sample")
        written(store, batch["batch_key"], tmp_path / f"{setting}.jsonl")
    files = [word for setting in SETTINGS for word in ("--simulated", f"{setting}.jsonl")]
    found = run(tmp_path, "audit", "--dataset", "sample", *files, "--reader", "messages", "--html", "audit.html", "--latex", "audit.tex")
    assert {one["by"] for one in found["pairings"]} == {"human"}
    assert all(one["n_shared"] >= 0.9 * N for one in found["pairings"]), found["pairings"]
    assert found["split"] == "search"
    rankings = {one["objective"]: one for one in found["ranking"]}
    for name in ("diversity_gap", "behavioural_distance", "data_leakage"):
        assert sorted(rankings[name]["order"]) == sorted(SETTINGS)
        print(f"{name}: {' < '.join(rankings[name]['order'])}, ties {rankings[name]['ties']}; {rankings[name]['told']}")
    assert set(rankings["positive_bias"]["not_ranked"]) == set(SETTINGS)
    for one in found["pairs"]:
        if one["difference"]["value"] is not None:
            print(one["objective"], one["a"], one["b"], one["difference"]["value"], one["difference"]["ci"], one["p_holm"], one["outcome"])
    assert any(one["outcome"] in ("better", "worse") for one in found["pairs"])
