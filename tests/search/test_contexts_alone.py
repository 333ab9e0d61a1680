"""A search on panels without whole dialogues: what they have no units of is neither measured, nor steered nor chosen by."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.search import plain
from understudy import objectives
from understudy.errors import BadInput
from understudy.objectives import NAMES
from understudy.parameters import PanelSize
from understudy.tasks.optimize.generations import Run
from understudy.tasks.optimize.search import underpowered_told

CONTEXTS = PanelSize(per_stratum=4, behaviour=0, free=0)
READ_ON_THEM = ("data_leakage", "positive_bias")


def told_of(counts: dict[str, int]) -> str:
    return underpowered_told(objectives.too_few(counts))


def test_a_panel_has_no_whole_dialogue_or_enough_of_them() -> None:
    assert PanelSize.parsed("4,0,0") == CONTEXTS
    with pytest.raises(BadInput, match=r"3 dialogues are too few .* at least 4, or 0 for none"):
        PanelSize.parsed("4,3,0")


def test_contexts_alone_steer_race_and_choose_by_what_is_read_on_them(profiled_sample: Path, tmp_path: Path) -> None:
    store = Path(shutil.copy(profiled_sample, tmp_path / "s.duckdb"))
    asked: dict[str, Any] = {"population": 2, "n_front": 1, "panel": CONTEXTS, "front_panel": CONTEXTS, "racing": True}
    found = plain.searched(store, plain.small(1, **asked))
    left_out = ["behavioural_distance", "diversity_gap"]
    assert found["objectives_underpowered"] == {"search": left_out, "choice": left_out}
    assert found["front"]


def test_a_seed_alone_is_measured_by_what_is_read_on_contexts(profiled_sample: Path, tmp_path: Path) -> None:
    store = Path(shutil.copy(profiled_sample, tmp_path / "s.duckdb"))
    found = plain.searched(store, plain.small(0, population=2, panel=CONTEXTS))
    assert set(found["objectives_underpowered"]["search"]) == {"behavioural_distance", "diversity_gap"}
    assert found["front"]


def test_what_the_finalists_panel_has_no_units_of_is_not_chosen_by(profiled_sample: Path, tmp_path: Path) -> None:
    store = Path(shutil.copy(profiled_sample, tmp_path / "s.duckdb"))
    asked: dict[str, Any] = {"population": 2, "n_front": 1, "front_panel": CONTEXTS, "without": ("critic",)}
    found = plain.searched(store, plain.small(1, **asked))
    assert {"behavioural_distance", "diversity_gap"} <= set(found["objectives_underpowered"]["choice"])


def test_a_race_is_run_by_the_objectives_of_which_the_panel_has_units() -> None:
    run = Run("k", "sample", "zero_shot", "", 0, plain.small(1), objectives.too_few({"reactions": 16, "dialogues": 0}))
    assert run.played == run.plan.objectives == READ_ON_THEM
    assert Run("k", "sample", "zero_shot", "", 0, plain.small(1)).played == NAMES


def test_what_is_said_of_a_small_panel_tells_what_may_be_noise_from_what_does_not_steer() -> None:
    alone = told_of({"reactions": 8, "dialogues": 0})
    assert "too small to choose by: positive_bias (n = 8 of 16); what the search finds on it may be noise" in alone
    assert "too small for behavioural_distance (n = 0 of 10), diversity_gap (n = 0 of 6); the search is not steered by them" in alone
    enough = told_of({"reactions": 16, "dialogues": 0})
    assert "noise" not in enough
    assert "positive_bias" not in enough
