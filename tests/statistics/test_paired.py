"""The paired difference covers what it should, and says when it cannot be told."""

from __future__ import annotations

import numpy as np
import pytest

from understudy.statistics.paired import paired_difference


def test_the_interval_covers_the_true_difference_about_as_often_as_promised() -> None:
    rng = np.random.default_rng(4)
    covered, n_runs = 0, 2000
    for _ in range(n_runs):
        shared = rng.random(80)
        one = (shared < 0.15) | (rng.random(80) < 0.05)
        other = shared < 0.10
        found = paired_difference(one.tolist(), other.tolist())
        assert found.lo is not None
        assert found.hi is not None
        covered += found.lo <= (0.15 + 0.85 * 0.05) - 0.10 <= found.hi
    assert 0.93 <= covered / n_runs <= 0.985


def test_pairing_matters_and_no_difference_is_no_certainty() -> None:
    apart = paired_difference([True] * 30 + [False] * 70, [False] * 30 + [False] * 70)
    assert apart.value == pytest.approx(0.3)
    assert apart.lo is not None
    assert apart.lo > 0.2
    same = paired_difference([True, False] * 20, [True, False] * 20)
    assert same.value == 0
    assert same.lo is not None
    assert same.lo < 0


def test_nothing_and_unequal_units_are_told() -> None:
    assert paired_difference([], [], nothing="none").reason == "none"
    with pytest.raises(ValueError, match="not the same units"):
        paired_difference([True], [])
