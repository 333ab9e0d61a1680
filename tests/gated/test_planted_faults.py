"""A fault in a batch is stopped by its own gate and by no other.

In short on a batch whose figures are made by hand; with real dialogues (`make prove`) rehearsal plays ReDial by the prompt that the
true front of its surface names, and each fault is planted into what it played and measured by the instruments.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from shutil import copyfile
from typing import Any

import polars as pl
import pytest

from tests.flows.unserved import without_prefect
from tests.gated import planting
from tests.gated.planting import Ground, Texts
from tests.stored import on
from understudy.doors.store import Store
from understudy.measure.privacy import plant
from understudy.tasks.validate.batch import validate_batch

LOGS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "redial"
PARTS = ("objectives", "leakage", "diagnostics")
Tables = dict[str, list[dict[str, Any]]]
# fault → the bounds that stop it
OWN = {
    "leak": {"leakage/title"},
    "bias": {"bias/positive_bias", "bias/over_acceptance"},
    "sameness": {"diversity/diversity_gap"},
    "copied text": {"leakage/copying"},
    "canary": {"privacy/canaries"},
}
FIGURES = {
    "leak": {"leakage.title": {"value": 0.08, "ci": [0.06, 0.1], "n": 1000}},
    "bias": {
        "objectives.positive_bias": {"value": 0.3, "ci": [0.25, 0.35], "n": 1000},
        "diagnostics.over_acceptance": {"value": 0.3, "ci": [0.25, 0.35], "n": 1000},
    },
    "sameness": {"objectives.diversity_gap": {"value": 1.1, "ci": [0.9, 1.3], "n": 1000}},
    "copied text": {"leakage.copying": {"value": 0.06, "ci": [0.05, 0.07], "n": 1000}},
}
_, (CANARY,) = plant(pl.DataFrame({"text": ["i like films"]}), n=1, seed=0)


def failed(fields: Mapping[str, Any]) -> set[str]:
    return {f"{one['suite']}/{one['expectation']}" for one in fields["verdicts"] if one["outcome"] == "failed"}


def sown(make_store: Callable[..., str], *, said: str) -> str:
    """A store with a canary in a human turn, and `said` at the end of a turn of the batch."""

    def say(tables: Tables) -> None:
        tables["play.turns"][2]["text"] += f" {said}"

    path = make_store(say)
    turn = {"dataset": "small", "dialogue_id": "h0", "turn_index": 0, "role": "seeker", "text": f"i like films {CANARY}", "n_messages": 1}
    with Store.open(Path(path)) as store, store.transaction():
        store.append("ingest.turns", pl.DataFrame([{**turn, "item_ids": ["i0"]}]))
    return path


@pytest.mark.usefixtures("quick_suites")
@pytest.mark.parametrize("fault", OWN)
def test_a_fault_is_stopped_by_its_own_bounds_alone(make_store: Callable[..., str], figure: Callable[..., None], fault: str) -> None:
    def spoil(tables: Tables) -> None:
        for name, value in FIGURES.get(fault, {}).items():
            figure(tables, name, value)

    path = sown(make_store, said=f"({CANARY.split()[1].upper()}).") if fault == "canary" else make_store(spoil)
    assert failed(on(path, validate_batch, "b1")) == OWN[fault]


@pytest.mark.usefixtures("quick_suites")
def test_a_canary_that_does_not_come_back_stops_nothing(make_store: Callable[..., str]) -> None:
    found = on(sown(make_store, said="thanks"), validate_batch, "b1")
    outcomes = {one["expectation"]: one for one in found["verdicts"] if one["suite"] == "privacy"}
    assert (outcomes["canaries"]["outcome"], outcomes["canaries"]["observed"], outcomes["canaries"]["n"]) == ("passed", 0.0, 1)


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A store with a batch of rehearsal on ReDial and its report, and the key of the batch."""
    path = tmp_path_factory.mktemp("rehearsed") / "store.duckdb"
    return path, planting.played(path, LOGS, n=800)


PLANTED: dict[str, Callable[[Ground], tuple[Texts, Texts]]] = {
    "nothing": lambda _: ({}, {}),
    "leak": lambda ground: (planting.titles(ground, share=0.08), {}),
    "bias": lambda ground: (planting.acceptance(ground, share=0.5), {}),
    "sameness": lambda ground: (planting.repeated(ground, share=0.2), {}),
    "copied text": lambda ground: (planting.copied(ground, share=0.08), {}),
    "canary": planting.canary,
}


@pytest.mark.prove
@pytest.mark.logs
@pytest.mark.skipif(not LOGS.is_dir(), reason=f"the human logs are not at {LOGS}")
@pytest.mark.parametrize("fault", PLANTED)
def test_a_fault_in_rehearsals_dialogues_is_stopped_by_its_own_gate_alone(rehearsed: tuple[Path, str], tmp_path: Path, fault: str) -> None:
    path, batch_key = Path(copyfile(rehearsed[0], tmp_path / "store.duckdb")), rehearsed[1]
    with Store.open(path) as store:
        batch, ground = store.rows("validate/batch", batch_key=batch_key)[0], Ground.of(store, batch_key, "redial")
        changed, humans = PLANTED[fault](ground)
        evaluation = ground.evaluation(changed)
    if fault == "nothing":
        # what is measured here is what the batch itself was measured as
        assert {part: evaluation.as_json()[part] for part in PARTS} == {part: json.loads(batch[part]) for part in PARTS}
    planting.write(path, changed, evaluation, evaluation_key=batch["evaluation_key"], humans=humans)
    with without_prefect(), Store.open(path) as store:
        fields = validate_batch.fn(store, batch_key)
    for one in fields["verdicts"]:
        if one["subject"] and one["observed"] is not None:
            print(fault, len(changed), one["suite"], one["expectation"], one["observed"], one["bound"], one["n"], one["outcome"])
    assert failed(fields) == OWN.get(fault, set())
