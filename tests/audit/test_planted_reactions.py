"""Files in which every reaction is a polite refusal, an acceptance or a question are audited with the right sign."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.instruments.test_shipped_reactions import ACCEPTANCES, QUESTIONS, REFUSALS
from understudy.doors.store import Store
from understudy.instruments import chosen
from understudy.rows.handle import Humans
from understudy.studies.audit.sources import audited_files
from understudy.tasks.studies.audit import AuditOptions, audit_files
from understudy.tasks.studies.dose import of_split, write_dose


@pytest.fixture(scope="module")
def read_by_shipped(world: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of the other tests, its humans read by the shipped instrument."""
    path = Path(shutil.copy(world.store, tmp_path_factory.mktemp("shipped") / "s.duckdb"))
    row = {
        "profile_key": "p", "name": "reaction", "digest": "d", "fitted_on": [], "quality": json.dumps({"confusion_by_register": {}}),
        "parameters": json.dumps(chosen.kept_shipped()["reaction"]),
    }  # fmt: skip
    schema = {name: pl.List(pl.String) if name == "fitted_on" else pl.String for name in row}
    with Store.open(path) as store, store.transaction():
        store.add("profile.instruments", pl.DataFrame([row], schema=schema))
    return path


@pytest.mark.parametrize(
    ("planted", "moves"), [(REFUSALS, ("reject", -1)), (ACCEPTANCES, ("accept", 1)), (QUESTIONS, ("neither", -1))],
    ids=["refusals", "acceptances", "questions"],
)  # fmt: skip
def test_what_is_planted_is_audited_with_its_sign(
    planted: tuple[tuple[str, str], ...], moves: tuple[str, int], read_by_shipped: Path, tmp_path: Path
) -> None:
    human, file = tmp_path / "human.jsonl", tmp_path / "planted.jsonl"
    write_dose(str(read_by_shipped), "sample", kind="titles", share=0, out=str(human), seed=0)
    with Store.open(read_by_shipped) as store:
        _, ground = of_split(Humans.of(store, "sample"), "select")
    records = [json.loads(line) for line in human.read_text("utf-8").splitlines()]
    for record in records:
        name = record["metadata"]["source_dialogue_id"]
        for at, message in enumerate(record["messages"]):
            if (name, at) in ground.points:
                message["content"] = planted[at % len(planted)][1]
    file.write_text("".join(json.dumps(one) + "\n" for one in records), "utf-8")
    found = audit_files(
        str(read_by_shipped), "sample", files=audited_files([str(file)], ["messages"]), options=AuditOptions(n_halvings=0)
    )
    label, sign = moves
    diagnostics = found["diagnostics"]
    assert sign * diagnostics["over_acceptance"]["value"] > 0.1, diagnostics["over_acceptance"]
    assert diagnostics[f"{label}_unstated"]["value"] > 0.7
