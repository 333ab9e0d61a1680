"""Differences between optimizers, paired by surface."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import wilcoxon

from understudy.statistics.rates import holm

N_RESAMPLES = 4000
TIE = 0.005


@dataclass(frozen=True, slots=True)
class Paired:
    """Mean of one minus other over the `n` surfaces that both have, its 95 % interval, p of a signed rank test (two-sided)."""

    mean: float
    lo: float
    hi: float
    p: float
    n: int


def paired(one: Mapping[str, float], other: Mapping[str, float]) -> Paired:
    """The paired difference; the interval is a percentile bootstrap over surfaces, which are the independent units."""
    shared = sorted(one.keys() & other.keys())
    differences = np.array([one[name] - other[name] for name in shared])
    draws = np.random.default_rng(0).integers(len(shared), size=(N_RESAMPLES, len(shared)))
    lo, hi = np.quantile(differences[draws].mean(axis=1), [0.025, 0.975])
    p = 1.0 if np.allclose(differences, 0) else float(wilcoxon(differences).pvalue)
    return Paired(float(differences.mean()), float(lo), float(hi), p, len(shared))


def interval_of(values: list[float]) -> tuple[float, float, float]:
    """Mean and its 95 % interval over surfaces, by bootstrap."""
    known = np.array(values)
    draws = np.random.default_rng(0).integers(len(known), size=(N_RESAMPLES, len(known)))
    lo, hi = np.quantile(known[draws].mean(axis=1), [0.025, 0.975])
    return float(known.mean()), float(lo), float(hi)


def wins(one: Mapping[str, float], other: Mapping[str, float]) -> tuple[int, int, int]:
    """On how many surfaces one is above, as good (within TIE), and below."""
    differences = [one[name] - other[name] for name in one.keys() & other.keys()]
    won, lost = sum(value > TIE for value in differences), sum(value < -TIE for value in differences)
    return won, len(differences) - won - lost, lost


def holm_over(p: Mapping[str, float]) -> dict[str, float]:
    """Holm's p over a family of comparisons."""
    return dict(zip(p, (float(value) for value in holm(list(p.values()))), strict=True))
