"""The quick stand-in for playing: the meter counts as in a played run, and what is drawn are recorded measurements of similar prompts."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from understudy import rehearsal
from understudy.objectives import NAMES
from understudy.play.panels import Panel
from understudy.prompt.setting import load_setting
from understudy.rehearsal.truth import true_point

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))
from search.meter import Meter, OutOfDialogues, Provider
from search.quick import LEAST, SIMILAR, QuickStage, recorded

SURFACE = rehearsal.surface("0")
SEED, OTHER = load_setting("zero_shot").genome, load_setting("persona").genome
TRUTH = np.array(true_point(SEED, SURFACE).vector)
PANEL = Panel(reactions=("a", "b"), behaviour=("c",), free=(("d", 0),))


def row(truth: Any, measured: float, n: int, *, block: str = "equal") -> dict[str, Any]:
    return {"block": block, "met": {"p": list(truth)}, "trace": [["p", at, 4, *[measured + at / 1000] * 4, 0.5] for at in range(n)]}


def stage(budget: int = 100, seed: int = 0) -> QuickStage:
    near, far = row(TRUTH, 0.2, LEAST), row(TRUTH + 50, 7.0, LEAST)
    provider = Provider(SURFACE, rehearsal.UNFITTED, 0.6, Meter(budget))
    return QuickStage(None, provider, seed, measurements=recorded([near, far]))  # type: ignore[arg-type]


def test_sizes_that_were_rarely_played_and_rows_of_other_blocks_are_left_out() -> None:
    assert recorded([row(TRUTH, 0.2, LEAST - 1)]) == {}
    assert recorded([row(TRUTH, 0.2, LEAST, block="main")]) == {}
    assert recorded([row(TRUTH, 0.2, LEAST)])[4].shape == (LEAST, 2 * len(NAMES) + 1)


def test_a_prompt_is_measured_as_prompts_of_its_truth_were_and_alike_each_time() -> None:
    first, again = (stage().measure(SEED, PANEL) for _ in range(2))
    assert first.values == again.values
    assert all(0.2 <= value <= 0.2 + LEAST / 1000 for value in first.values)
    assert {stage(seed=seed).measure(SEED, PANEL).values for seed in range(12)} != {first.values}
    assert SIMILAR < LEAST


def test_the_meter_counts_pieces_once_and_ends_the_run() -> None:
    played = stage(budget=6)
    played.measure_all([SEED, SEED], PANEL)
    assert played.meter.n_dialogues == 4
    with pytest.raises(OutOfDialogues):
        played.measure(replace(OTHER), PANEL)
    assert len(played.trace) == 2


def test_with_intervals_the_replicates_lie_around_the_value() -> None:
    found = stage().measure(SEED, PANEL, intervals=True)
    for name, value in zip(NAMES, found.values, strict=True):
        one = found.evaluation.objectives[name]
        assert one.measured.lo is not None
        assert one.measured.lo <= value <= (one.measured.hi or 0.0)
        assert len(one.replicates) > 100
