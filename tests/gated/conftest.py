"""A store with one batch that passes every gate: 150 free runs, their lineage, and an evaluation with known figures."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

from tests import suites
from tests.stored import on
from understudy.doors import checks
from understudy.doors.store import Store
from understudy.records import STRATA
from understudy.tasks.publish import batch as publishing
from understudy.tasks.validate.batch import validate_batch

N = 150
N_REPORT = 1000
NEED = ("liked", "disliked", "seen", "genres", "disliked_genres", "people", "targets")
MakeStore = Callable[..., str]


def measured(value: float, *, hi: float | None = None, n: int = N_REPORT) -> dict[str, Any]:
    """A figure in the contract's form."""
    return {"value": value, "ci": [0.0, value if hi is None else hi], "n": n}


def evaluation() -> dict[str, dict[str, Any]]:
    """Figures that pass: leakage without an event in 1,000, distances at their floors."""
    return {
        "objectives": {
            "positive_bias": measured(0.10),
            "diversity_gap": measured(0.30),
            "behavioural_distance": measured(0.17),
            "data_leakage": measured(0.0),
        },
        "leakage": {
            **{kind: measured(0.0, hi=0.0188) for kind in ("title", "attributes", "copying", "short_turns")},
            **{kind: measured(0.0, hi=0.0188) for kind in ("prompt", "history", "split")},
        },
        "diagnostics": {
            "over_acceptance": measured(0.05),
            "decoy_acceptance": measured(0.06),
            "disliked_acceptance": measured(0.05),
            "accept_disliked": measured(0.05),
            "invalid": measured(0.0),
            "role_flips": measured(0.0),
            **{f"{name}{side}": measured(value) for name, value in {"dcr": 0.6, "nndr_5": 0.9}.items() for side in ("", "_human")},
        },
    }


def rows(licence: str = "CC0-1.0") -> dict[str, list[dict[str, Any]]]:
    """table → rows of a store in which batch `b1` stands."""
    human = [(f"h{i}", f"s{i}", ("exemplar" if i < 2 else "search" if i < 50 else "select")) for i in range(60)]
    nothing = dict.fromkeys(("lo", "hi", "floor_lo"), 0.0)
    floors = {"positive_bias": 0.05, "diversity_gap": 0.2, "behavioural_distance": 0.15}
    human_values = {"human_copying": 0.01, "human_short_turns": 0.02}
    return {
        "ingest.sources": [
            {
                "source_sha256": "f" * 64, "dataset": "small", "reader": "redial", "reader_version": 1, "licence": licence,
                **dict.fromkeys(("n_records", "n_dialogues", "n_items", "n_messages", "n_duplicates", "n_rejects", "n_attached"), 0),
            }
        ],
        "ingest.dialogues": [
            {
                "dataset": "small", "dialogue_id": d, "content_sha256": d, "source_sha256": "f" * 64, "licence": licence,
                "seeker_id": s, "recommender_id": "r", "official_split": None, "n_messages": 4, "n_turns": 3,
            }
            for d, s, _ in human
        ],
        "ingest.items": [
            {
                "dataset": "small", "item_id": f"i{k}", "title": title, "year": 1999,
                "genres": ["drama"], "people": [], "plot": "", "aliases": [],
            }
            for k, title in enumerate(("The Amber Lantern", "Harbour of Glass"))
        ],
        "profile.profiles": [
            {
                "profile_key": "p", "dataset": "small", "dataset_digest": "d", "version": 1, "licence": licence,
                "has_official_split": False, "n_dialogues": 60,
            }
        ],
        "profile.splits": [{"profile_key": "p", "dialogue_id": d, "seeker_id": s, "split": split} for d, s, split in human],
        "profile.seekers": [
            {
                "profile_key": "p", "dialogue_id": d, "seeker_id": s, "split": split,
                "need": json.dumps({name: [] for name in NEED}), "target": "i0",
            }
            for d, s, split in human
        ],
        "profile.contexts": [
            {
                "profile_key": "p", "context_id": f"{d}-{stratum}-{k}", "dialogue_id": d, "turn_index": k, "seeker_id": s,
                "recommender_id": "r", "split": split, "kind": "reaction", "stratum": stratum, "item_id": "i0", "need": "{}",
            }
            for d, s, split in human
            for stratum in STRATA
            for k in range(15)
        ],
        "profile.sized_anchors": [
            {
                "per_stratum": N_REPORT, "behaviour": N_REPORT, "free": N_REPORT,
                "profile_key": "p", "split": "select", "name": name, "value": human_values.get(name), **nothing,
                "n": 100, "floor": floor, "floor_hi": floor, "n_floor": 40, "reason": "",
            }
            for name, floor in {**floors, **dict.fromkeys(human_values)}.items()
        ],
        "play.genomes": [{"genome_digest": "g", "setting": "few_shot", "genome": json.dumps({"sections": {}, "exemplars": ["h0", "h1"]})}],
        "play.dialogues": [dialogue(i) for i in range(N)],
        "play.turns": [turn for i in range(N) for turn in turns(i)],
        "optimize.evaluations": [
            {
                "evaluation_key": "e", "genome_digest": "g", "profile_key": "p", "split": "select", "panel_key": "k", "model": "m",
                **{part: json.dumps(value) for part, value in evaluation().items()},
                "n_dialogues": N, "n_missing": 0, "n_tokens": 0,
            }
        ],
        "simulate.batches": [
            {
                "batch_key": "b1", "batch": "one", "dataset": "small", "profile_key": "p", "genome_digest": "g", "recommender": "retrieval",
                "model": "m", "engine": "some-model", "seed": 0, "evaluation_key": "e", "n_dialogues": N, "n_missing": 0, "n_tokens": 0,
            }
        ],
        "simulate.members": [{"batch_key": "b1", "play_key": f"d{i:02}"} for i in range(N)],
    }  # fmt: skip


def dialogue(i: int) -> dict[str, Any]:
    """A free run of a search seeker."""
    return {
        "play_key": f"d{i:02}", "profile_key": "p", "mode": "free", "scenario_id": f"sc{i}", "dialogue_id": f"h{2 + i % 48}",
        "genome_digest": "g", "replicate": 0, "recommender": "retrieval", "model": "m", "engine": "some-model", "status": "complete",
        "reason": "", "stratum": None, "item_id": None, "target": "i0", "title_in_prompt": False, "n_turns": 3, "n_tokens": 30,
        "n_cut": 0,
    }  # fmt: skip


def turns(i: int) -> list[dict[str, Any]]:
    """Three turns: a wish, a recommendation, an answer."""
    texts = (f"something slow and sad, number {i}", "You could try Harbour of Glass (1999).", "maybe, i will look for it")
    roles = ("seeker", "recommender", "seeker")
    named: tuple[list[str], ...] = ([], ["i1"], [])
    return [
        {"play_key": f"d{i:02}", "turn_index": k, "role": roles[k], "text": texts[k], "item_ids": named[k], "ranked_ids": named[k]}
        for k in range(3)
    ]


def write(path: Path, change: Callable[[dict[str, list[dict[str, Any]]]], None] | None = None, *, leaking: tuple[str, ...] = ()) -> str:
    """Writes the store; `change` edits the rows first, in dialogues `leaking` the seeker opens with the target's title."""
    tables = rows()
    for turn in tables["play.turns"]:
        if turn["play_key"] in leaking and turn["turn_index"] == 0:
            turn["text"] = "hello, i want to see The Amber Lantern (1999)"
    if change is not None:
        change(tables)
    with Store.open(path) as store, store.transaction():
        for table, values in tables.items():
            store.add(table, values)
    return str(path)


@pytest.fixture(scope="session", autouse=True)
def _one_bill() -> Iterator[None]:
    """The packages that are installed are looked up once in a test process (tests/publish/test_bill_of_materials.py has their bill)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publishing, "bill_of_materials", cache(publishing.bill_of_materials))
        yield


@pytest.fixture
def make_store(tmp_path: Path) -> MakeStore:
    """A function that writes the store of this test."""
    return partial(write, tmp_path / "store.duckdb")


@pytest.fixture(scope="session")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store whose batch was validated, with d07 in quarantine."""
    path = tmp_path_factory.mktemp("judged") / "store.duckdb"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checks, "run_suite", suites.run_suite)
        on(write(path, leaking=("d07",)), validate_batch, "b1")
    return path


@pytest.fixture
def judged_store(judged: Path, tmp_path: Path) -> str:
    """A copy of the validated store for one test."""
    return str(shutil.copy(judged, tmp_path / "store.duckdb"))


@pytest.fixture
def figure() -> Callable[[dict[str, list[dict[str, Any]]], str, dict[str, Any]], None]:
    """Sets one figure of the evaluation: `part.name`."""

    def change(tables: dict[str, list[dict[str, Any]]], name: str, value: dict[str, Any]) -> None:
        part, _, key = name.partition(".")
        row = tables["optimize.evaluations"][0]
        row[part] = json.dumps({**json.loads(row[part]), key: value})

    return change
