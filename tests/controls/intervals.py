"""Ways to an interval for a statistic of two sets of dialogues: the candidates of control 4."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from understudy.statistics.rates import Z

Floats = NDArray[np.float64]
Statistic = Callable[[Floats, Floats], Floats]
N_GROUPS = 25
Ends = tuple[float, float, float]


def half_samples(statistic: Statistic, n: tuple[int, int], most: int, rng: np.random.Generator) -> Ends:
    """Half-samples without replacement of both sides; value as it is, ± 1.96 sd."""
    value, drawn = _whole(statistic, n), statistic(_halved(n[0], most, rng), _halved(n[1], most, rng))
    return _around(value, float(np.std(drawn)))


def debiased_half_samples(statistic: Statistic, n: tuple[int, int], most: int, rng: np.random.Generator) -> Ends:
    """The same around twice the value less the half-samples' mean."""
    value, drawn = _whole(statistic, n), statistic(_halved(n[0], most, rng), _halved(n[1], most, rng))
    return _around(2 * value - float(drawn.mean()), float(np.std(drawn)))


def bootstrap(statistic: Statistic, n: tuple[int, int], most: int, rng: np.random.Generator) -> Ends:
    """The percentile bootstrap of both sides."""
    one, other = (rng.multinomial(size, np.full(size, 1 / size), size=most).astype(float) for size in n)
    low, high = np.quantile(statistic(one, other), [0.025, 0.975]).tolist()
    return _whole(statistic, n), low, high


def jackknife(statistic: Statistic, n: tuple[int, int], most: int, rng: np.random.Generator) -> Ends:  # noqa: ARG001
    """Groups of dialogues left out one after the other, side by side; bias taken out, ± 1.96 standard errors."""
    value, bias, variance = _whole(statistic, n), 0.0, 0.0
    for side in (0, 1):
        if n[side] < 2:
            continue
        groups = min(N_GROUPS, n[side])
        left = np.ones((groups, n[side]))
        for group, rows in enumerate(np.array_split(rng.permutation(n[side]), groups)):
            left[group, rows] = 0.0
        whole = np.ones((groups, n[1 - side]))
        drawn = statistic(left, whole) if side == 0 else statistic(whole, left)
        bias += (groups - 1) * float(drawn.mean() - value)
        variance += (groups - 1) * float(np.var(drawn))
    return _around(value - bias, float(np.sqrt(variance)))


METHODS: dict[str, Callable[[Statistic, tuple[int, int], int, np.random.Generator], Ends]] = {
    "half-samples": half_samples, "half-samples, debiased": debiased_half_samples, "percentile bootstrap": bootstrap,
    "jackknife": jackknife,
}  # fmt: skip


def _whole(statistic: Statistic, n: tuple[int, int]) -> float:
    return float(statistic(np.ones((1, n[0])), np.ones((1, n[1])))[0])


def _halved(n: int, most: int, rng: np.random.Generator) -> Floats:
    if n < 2:
        return np.ones((most, n))
    return np.asarray(rng.random((most, n)).argsort(axis=1).argsort(axis=1) < n // 2, dtype=float)


def _around(value: float, spread: float) -> Ends:
    return value, value - Z * spread, value + Z * spread
