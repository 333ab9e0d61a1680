from __future__ import annotations

import numpy as np
import pytest

from understudy.statistics.classifier import N_FOLDS, grouped_auc
from understudy.statistics.distances import auc, conditional_entropy, energy_coefficient, jensen_shannon, rarefied
from understudy.statistics.halves import ball_radius, debiased, halves, interval, unit_codes


def test_every_half_sample_takes_half_of_the_units() -> None:
    drawn = halves(unit_codes([f"d{i}" for i in range(41)]), seed=3, n=50)
    assert drawn.shape == (50, 41)
    assert set(drawn.sum(axis=1)) == {20.0}
    assert len({tuple(row) for row in drawn}) > 45


def test_shared_units_are_drawn_alike_whatever_stands_beside_them() -> None:
    names = [f"d{i}" for i in range(40)]
    one = halves(unit_codes(names), seed=3)
    other = halves(unit_codes(names[::-1]), seed=3)
    assert np.array_equal(one, other[:, ::-1])
    grown = halves(unit_codes([*names, "late", "later"]), seed=3)[:, :40]
    assert (one == grown).mean() > 0.95
    assert (one == halves(unit_codes(names), seed=4)).mean() < 0.6


def test_the_spread_of_half_samples_is_the_standard_error() -> None:
    values = np.random.default_rng(1).normal(size=400)
    means = halves(unit_codes([str(i) for i in range(400)]), seed=1) @ values / 200
    assert means.std() == pytest.approx(values.std() / 20, rel=0.2)


def test_debiased_jensen_shannon_is_nought_at_the_null_where_plug_in_is_not() -> None:
    plain, corrected = [], []
    for trial in range(30):
        rng = np.random.default_rng(trial)
        one, other = (rng.multinomial(6, np.full(40, 1 / 40), size=30).astype(float) for _ in range(2))
        codes = unit_codes([str(i) for i in range(30)])
        drawn = halves(codes, seed=trial)
        whole = float(jensen_shannon(one.sum(axis=0)[None], other.sum(axis=0)[None])[0])
        plain.append(whole)
        corrected.append(debiased(whole, jensen_shannon(drawn @ one, drawn @ other)))
    assert np.mean(plain) > 0.05
    assert abs(np.mean(corrected)) < 0.25 * np.mean(plain)


def test_the_interval_of_a_set_level_statistic_covers_at_the_null() -> None:
    covered = 0
    for trial in range(60):
        counts = np.random.default_rng(trial).multinomial(6, np.full(20, 1 / 20), size=80).astype(float)
        table = counts.reshape(80, 4, 5)
        drawn = np.vstack([np.ones((1, 80)), halves(unit_codes([str(i) for i in range(80)]), seed=trial)])
        found = conditional_entropy(np.tensordot(drawn, table, axes=(1, 0)))
        measured = interval(debiased(float(found[0]), found[1:]), found[1:] - found[1:].mean(), n=80)
        assert measured.lo is not None
        assert measured.hi is not None
        covered += measured.lo <= np.log2(5) <= measured.hi
    assert covered >= 50


def test_the_ball_covers_the_mean_absolute_difference_when_nothing_differs() -> None:
    rng = np.random.default_rng(2)
    radius = ball_radius(rng.normal(size=(4000, 4)))
    estimates = np.abs(rng.normal(size=(1000, 4))).mean(axis=1)
    assert (estimates <= radius).mean() >= 0.93


def test_distances_are_nought_for_the_same_and_one_for_disjoint() -> None:
    left, right = np.array([[3.0, 5.0, 0.0, 0.0]]), np.array([[0.0, 0.0, 2.0, 9.0]])
    assert jensen_shannon(left, left * 2)[0] == pytest.approx(0)
    assert jensen_shannon(left, right)[0] == pytest.approx(1)
    assert energy_coefficient(left, left * 2)[0] == pytest.approx(0)
    assert 0.7 < energy_coefficient(left, right)[0] <= 1
    constant = np.array([[0.0, 7.0]])
    assert energy_coefficient(constant, constant)[0] == 0


def test_rarefaction_is_what_draws_give() -> None:
    counts = np.array([5.0, 3.0, 1.0, 1.0, 0.0])
    pool = np.repeat(np.arange(5), counts.astype(int))
    rng = np.random.default_rng(5)
    drawn = np.mean([len(set(rng.permutation(pool)[:4])) / 4 for _ in range(4000)])
    assert rarefied(counts, 4) == pytest.approx(drawn, abs=0.01)
    assert rarefied(counts, 10) == pytest.approx(4 / 10)
    with pytest.raises(ValueError, match="cannot draw 11 of 10"):
        rarefied(counts, 11)


def test_auc_counts_ties_half_and_needs_both_kinds() -> None:
    assert auc(np.array([1.0, 1.0, 1.0]), np.array([1.0, 0.0, 0.0])) == 0.5
    assert auc(np.array([3.0, 1.0, 2.0]), np.array([1.0, 0.0, 0.0])) == 1.0
    assert auc(np.array([3.0, 1.0]), np.array([1.0, 1.0])) is None


def test_the_classifier_finds_a_difference_and_no_more() -> None:
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(60), 8)
    kind = (group < 30).astype(float)
    folds = np.arange(60) % N_FOLDS
    noise = rng.normal(size=(480, 5))
    apart = noise + kind[:, None] * np.array([1.5, 0, 0, 0, 0])
    found = [grouped_auc(features, kind, group, folds=folds) for features in (noise, apart)]
    assert found[0] is not None
    assert found[1] is not None
    assert abs(found[0] - 0.5) < 0.1
    assert found[1] > 0.8
    assert grouped_auc(noise, np.ones(480), group, folds=folds) is None
