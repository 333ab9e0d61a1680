"""Half-samples without replacement: the interval for statistics of whole sets.

A half-sample of n units without replacement has the variance of a full sample, and twice its bias of order 1/n. So
`2 * whole - mean(halves)` is debiased and `sd(halves)` is the standard error (Politis, Romano and Wolf 1999, subsampling).
Samples of another share s have s / (1 - s) times less variance (Shao and Wu 1989, the delete-d jackknife): for statistics that are
another thing at half the size.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from understudy.keys import digest
from understudy.records import Measured
from understudy.statistics.rates import Z

Floats = NDArray[np.float64]
N_HALVES = 200
_MIXERS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


def unit_codes(names: Sequence[str]) -> NDArray[np.uint64]:
    """A 64-bit code per unit name that depends on the name alone."""
    return np.array([int(digest(name)[:16], 16) for name in names], dtype=np.uint64)


def halves(codes: NDArray[np.uint64], *, seed: int, n: int = N_HALVES, share: float = 0.5) -> Floats:
    """(n, n_units) zeros and ones: in each row half of the units, or another share (rounded down, at least one), is drawn.

    Membership depends on unit and seed, not on position: two sets that share units draw the same of them, so a difference
    over shared scenarios is a paired one.
    """
    if len(codes) == 0:
        return np.zeros((n, 0))
    rounds = _mixed(np.arange(1, n + 1, dtype=np.uint64) + np.uint64(seed * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF))
    ranks = _mixed(codes[None, :] ^ rounds[:, None]).argsort(axis=1, kind="stable")
    taken = np.zeros((n, len(codes)))
    np.put_along_axis(taken, ranks[:, : max(1, int(len(codes) * share))], 1.0, axis=1)
    return taken


def whole_and_halves(codes: NDArray[np.uint64], *, seed: int) -> Floats:
    """(1 + n_halves, n_units): a row of ones, then the half-samples."""
    return np.vstack([np.ones((1, len(codes))), halves(codes, seed=seed)])


def debiased(whole: float, replicates: Floats) -> float:
    """The estimate without its bias of order 1/n; without replicates the plug-in value."""
    return 2 * whole - float(np.mean(replicates)) if len(replicates) else whole


def interval(value: float, deviations: Floats, *, n: int, low: float = -np.inf, high: float = np.inf) -> Measured:
    """value ± 1.96 sd(deviations), cut to [low, high]; `n` is the number of units."""
    radius = Z * float(np.std(deviations))
    return Measured(value, max(low, value - radius), min(high, value + radius), n)


def central_95(values: Sequence[float]) -> tuple[float, float]:
    """The 2.5 % and the 97.5 % point of values, by Weibull's plotting positions, cut to the smallest and largest value.

    numpy's default points of 40 values are passed by 4.9 % of the next values at either end, Weibull's by the 2.5 % that they
    state; with fewer than 39 values both ends are the extremes.
    """
    low, high = np.quantile(values, [0.025, 0.975], method="weibull").tolist()
    return low, high


def ball_radius(deviations: Floats) -> float:
    """The radius of the 95 % ball for the mean absolute value of signed parts. `deviations`: (n_replicates, n_parts).

    By the triangle inequality the mean absolute value moves at most by the mean absolute deviation of its parts, so
    the .95 quantile of that covers; it does not fail where a part is near 0, as a symmetric interval of |part| does.
    """
    return float(np.quantile(np.abs(deviations).mean(axis=1), 0.95)) if deviations.size else 0.0


def normal_deviations(spreads: Sequence[float], *, correlations: Floats | None = None, n: int = 4000) -> Floats:
    """(n, n_parts) normal deviations with these spreads: for parts whose intervals are analytic.

    `correlations`: (n_parts, n_parts) of the parts; without them they are independent.
    """
    drawn = np.random.default_rng(20607).standard_normal((n, len(spreads)))
    if correlations is not None:
        # by eigenvectors and not by Cholesky: parts that go together entirely have a singular matrix
        sizes, axes = np.linalg.eigh(correlations)
        drawn = drawn @ (axes * np.sqrt(np.maximum(sizes, 0.0))).T
    return np.asarray(drawn * np.asarray(spreads)[None, :])


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    with np.errstate(over="ignore"):
        values = (values ^ (values >> np.uint64(30))) * _MIXERS[0]
        values = (values ^ (values >> np.uint64(27))) * _MIXERS[1]
        return values ^ (values >> np.uint64(31))
