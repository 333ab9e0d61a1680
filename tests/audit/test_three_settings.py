"""Three prompt settings of this project on one recommender, as three files that one audit ranks by paired differences."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest

from tests.flows.unserved import without_prefect
from understudy.doors.store import Store
from understudy.flows import stages
from understudy.parameters import RunOptions
from understudy.rows import played
from understudy.studies.audit.sources import audited_files
from understudy.studies.audit.tables import objective_rows, pair_rows
from understudy.tasks.studies.audit import AuditOptions, AuditOutputs, audit_files

pytestmark = pytest.mark.integration
SETTINGS = ("zero_shot", "persona", "expert")
N = 60


def played_with(setting: str, profiled: Path, folder: Path) -> Path:
    """The file of a batch that a setting plays, in a store of its own: one batch name draws the same scenarios for every prompt."""
    store = folder / f"{setting}.duckdb"
    copyfile(profiled, store)
    options = RunOptions(store=store, recommender="retrieval", surface="0")
    with without_prefect():
        stages.simulate("sample", setting=setting, n=N, batch="same", with_report=False, options=options)
    with Store.open(store, read_only=True) as opened:
        (batch,) = opened.rows("simulate/named", batch="same", dataset="sample")
        return written(opened, batch["batch_key"], folder / f"{setting}.jsonl")


def written(store: Store, key: str, path: Path) -> Path:
    """The dialogues of a batch as `messages`, each with its scenario."""
    keys = [row["play_key"] for row in store.rows("simulate/members", batch_key=key)]
    who = {"seeker": "user", "recommender": "assistant"}
    records = [
        {"dialogue_id": one.play_key, "messages": [{"role": who[turn.role], "content": turn.text} for turn in one.turns],
         "metadata": {"scenario": one.scenario_id, "engine": one.engine}}
        for one in played.load_played(store, keys).values()
    ]  # fmt: skip
    path.write_text("".join(json.dumps(one) + "\n" for one in records), "utf-8")
    return path


def told(found: dict[str, Any]) -> None:
    """Prints the tables of docs/audit.md."""
    for one in found["ranking"]:
        print(f"\n{one['objective']}: {' < '.join(one['order'])}, ties {one['ties']}; {one['told']}")
        for part, order in one["without"].items():
            print(f"  without {part}: {' < '.join(order['order'])}, ties {order['ties']}")
    for row in (*objective_rows(found["files"]), *pair_rows(found["pairs"])):
        print(" | ".join(row))
    for file in found["files"]:
        print(file["name"], file["n_dialogues"], [f"{one['told']} ({one['severity']})" for one in file["findings"]])


def test_three_settings_on_one_recommender_are_ranked_by_the_paired_test(profiled_sample: Path, tmp_path: Path) -> None:
    files = [str(played_with(setting, profiled_sample, tmp_path)) for setting in SETTINGS]
    outputs = AuditOutputs(html=str(tmp_path / "a.html"), latex=str(tmp_path / "a.tex"), csv=str(tmp_path / "a.csv"))
    found: dict[str, Any] = audit_files(
        str(profiled_sample), "sample", files=audited_files(files, ["messages"]), options=AuditOptions(), outputs=outputs
    )  # type: ignore[assignment]
    told(found)
    assert {one["by"] for one in found["pairings"]} == {"human"}
    assert all(one["n_shared"] >= 0.9 * N for one in found["pairings"]), found["pairings"]
    assert found["split"] == "search"
    rankings = {one["objective"]: one for one in found["ranking"]}
    for name in ("diversity_gap", "behavioural_distance", "data_leakage"):
        assert sorted(rankings[name]["order"]) == sorted(SETTINGS)
    assert set(rankings["positive_bias"]["not_ranked"]) == set(SETTINGS)
    assert any(one["outcome"] in ("better", "worse") for one in found["pairs"])
    assert all((tmp_path / name).stat().st_size > 0 for name in ("a.html", "a.tex", "a.csv"))
