"""Distances between distributions and measures of variety, for one weighting or for many at once.

Counts come as (n_replicates, n_categories): a half-sample is a row. Plug-in values: what is biased is debiased by half-samples.
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln, xlogy
from scipy.stats import rankdata

from understudy.statistics.halves import Floats


def jensen_shannon(one: Floats, other: Floats) -> Floats:
    """Jensen-Shannon divergence in bits, in [0, 1], row by row (Lin 1991)."""
    p, q = _shares(one), _shares(other)
    return np.clip(_entropy((p + q) / 2) - (_entropy(p) + _entropy(q)) / 2, 0.0, 1.0)


def energy_coefficient(one: Floats, other: Floats) -> Floats:
    """Energy coefficient of two distributions of integers, in [0, 1], row by row (Székely and Rizzo 2013).

    Column v holds how often the value v was seen. 2 ∫(F - G)² over 2 ∫ F(1 - G) + G(1 - F); 0 where both are the same constant.
    """
    f, g = np.cumsum(_shares(one), axis=1), np.cumsum(_shares(other), axis=1)
    apart = 2 * np.sum((f - g) ** 2, axis=1)
    between = 2 * np.sum(f * (1 - g) + g * (1 - f), axis=1)
    return np.asarray(np.divide(apart, between, out=np.zeros_like(apart), where=between > 1e-12))


def conditional_entropy(table: Floats) -> Floats:
    """H(now | before) in bits of (n_replicates, n_before, n_now) counts."""
    joint = _shares(table.reshape(len(table), -1))
    before = joint.reshape(table.shape).sum(axis=2)
    return _entropy(joint) - _entropy(before)


def rarefied(counts: Floats, size: int) -> float:
    """The expected number of different categories among `size` draws without replacement, as a share of `size` (Hurlbert 1971)."""
    counts = counts[counts > 0]
    total = float(counts.sum())
    if size <= 0 or size > total:
        raise ValueError(f"cannot draw {size} of {total:.0f}")
    values, times = np.unique(counts, return_counts=True)
    rest = total - values
    absent = np.zeros(len(values))
    room = rest >= size
    absent[room] = np.exp(gammaln(rest[room] + 1) - gammaln(rest[room] - size + 1) - gammaln(total + 1) + gammaln(total - size + 1))
    return float(np.sum(times * (1 - absent)) / size)


def auc(scores: Floats, positive: Floats) -> float | None:
    """P(a positive scores above a negative), ties count half (Mann and Whitney 1947); None without both kinds."""
    truth = positive > 0.5
    n_positive, n_negative = int(truth.sum()), int((~truth).sum())
    if not n_positive or not n_negative:
        return None
    ranks = rankdata(scores)
    return float((ranks[truth].sum() - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative))


def _shares(counts: Floats) -> Floats:
    totals = counts.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(counts, totals, out=np.zeros_like(counts, dtype=float), where=totals > 0))


def _entropy(shares: Floats) -> Floats:
    return np.asarray(-xlogy(shares, shares).sum(axis=1) / np.log(2))
