"""The tables of docs/paper.md are read from what was measured: no file is missing in them, and nothing is said that no file says."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "docs" / "site"))

import paper

from understudy.errors import BadInput

HUMAN = {"value": 0.57, "ci": [0.41, 0.73], "n": 40}


def row(task: str, figure: str, optimizer: str, value: float | None, *, n: int = 20) -> dict[str, Any]:
    told = {"reason": "it does not vary"} if value is None else {"ci": [value - 0.1, value + 0.1]}
    about = {"task": task, "setting": "summary+persona", "optimizer": optimizer, "figure": figure, "unit": "share"}
    return {**about, "value": value, "n": n, "human": {**HUMAN, "n": n}, "difference": HUMAN, **told}


def cell(optimizer: str, n_calls: int, *, tuning: int = 0) -> dict[str, Any]:
    counts = {"n_users": 20, "n_calls": n_calls, "tokens": 100 * n_calls, "tuning_calls": tuning, "tuning_tokens": 100 * tuning}
    return {"task": "BinPref", "setting": "summary+persona", "optimizer": optimizer, **counts}


def run(model: str = "local/a.gguf@0123") -> dict[str, Any]:
    """A run of which two prompts were measured and one was not."""
    pair = {"task": "BinPref-leaky", "setting": "summary+persona", "optimizer": "none", "figure": "pearson_r", "unit": "r", "users": 20}
    other = {"value": 0.2, "ci": [0.0, 0.4], "n": 10}
    return {
        "ok": True, "model": model, "files": {"json": "/somewhere/replicate.json"},
        "rows": [
            row("BinPref", "pearson_r", "none", 0.2), row("BinPref", "pearson_r", "ours", 0.4, n=30),
            row("ItemsTalk", "item_entropy", "none", None),
        ],
        "cells": [cell("none", 20), cell("textgrad_instance", 320), cell("ours", 20, tuning=300)],
        "pairs": [
            {**pair, "kind": "label", "value": HUMAN, "other": other, "difference": {"value": 0.37, "ci": [0.1, 0.6], "n": 10}},
            {**pair, "kind": "tuning", "task": "BinPref", "optimizer": "ours", "value": HUMAN, "other": other,
             "difference": {"value": -0.123, "ci": [-0.3, 0.1], "n": 17}},
        ],
    }  # fmt: skip


def test_a_run_stands_in_every_table() -> None:
    told = {name: section([run()]) for name, section in paper.SECTIONS.items()}
    assert "none 0.200 [0.100, 0.300], n = 20; ours 0.400 [0.300, 0.500], n = 30" in told["compared"]
    assert "none not measured" in told["compared"]
    assert "0.570 [0.410, 0.730] | share | 30" in told["humans"]
    assert "| summary+persona | none | 0.200 [0.000, 0.400] | 0.570 [0.410, 0.730] | +0.370 [+0.100, +0.600] |" in told["labels"]
    assert "-0.123 [-0.300, +0.100] | 17 |" in told["tuning"]
    # 300 calls once are fewer than 15 more for each user from the 21st on
    assert "| 21 users |" in told["prices"]
    assert "16.0" in told["prices"]


def test_what_no_model_has_played_is_said_to_be_so() -> None:
    silent = run()
    for one in silent["rows"]:
        one["value"] = None
    assert "No language model has played this experiment yet." in paper.compared([silent])
    assert paper.labels([silent]) == paper.tuning([]) == "No language model has played this yet."
    assert "0.570" in paper.humans([silent])


def test_a_folder_is_taken_with_its_estimate_and_without_its_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paper, "MEASURED", tmp_path / "kept")
    monkeypatch.setattr(paper, "RECORDINGS", tmp_path / "recordings")
    (tmp_path / "replicate.json").write_text(json.dumps(run()))
    count = {"value": 120, "range": [60, 240]}
    expected = {"n_calls": count, "tokens": count, "minutes": count, "usd": {"value": None, "reason": "no price"}, "stages": []}
    (tmp_path / "estimate.json").write_text(json.dumps({"model": "local/a.gguf", "estimate": expected}))
    assert paper.taken(tmp_path) == "a.gguf"
    runs, replies = paper.measured()
    assert replies == {}
    assert not {"files", "ok"} & runs[0].keys()
    assert "| local/a.gguf | 120 (60 to 240) | 120 (60 to 240) | 2 (1 to 4) | unknown: no price |" in paper.full_grid(runs)
    # of a run that was recorded the recording counts
    (folder := tmp_path / "recordings" / "paper").mkdir(parents=True)
    (folder / "replicate.json").write_text(json.dumps({**run(), "seed": 7}))
    ((again,), _) = paper.measured()
    assert again["seed"] == 7
    with pytest.raises(BadInput, match="holds no replicate"):
        paper.taken(tmp_path / "kept")


def test_a_page_without_its_marks_is_refused() -> None:
    assert paper.filled("a <!-- x -->old<!-- /x --> b", "x", "new") == "a <!-- x -->\n\nnew\n\n<!-- /x --> b"
    with pytest.raises(ValueError, match="no marks"):
        paper.filled("a", "x", "new")
