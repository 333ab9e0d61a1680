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


def half_samples(statistic: Statistic, n: tuple[int, int], most: int, rng: np.random.Generator) -> dict[str, Ends]:
    """Half-samples without replacement of both sides: the value as it is, and twice the value less their mean, both ± 1.96 sd."""
    value, drawn = _whole(statistic, n), statistic(_halved(n[0], most, rng), _halved(n[1], most, rng))
    spread = float(np.std(drawn))
    return {"half-samples": _around(value, spread), "half-samples, debiased": _around(2 * value - float(drawn.mean()), spread)}


def bootstrap(statistic: Statistic, n: tuple[int, int], most: int, rng: np.random.Generator) -> dict[str, Ends]:
    """The percentile bootstrap of both sides."""
    one, other = (rng.multinomial(size, np.full(size, 1 / size), size=most).astype(float) for size in n)
    low, high = np.quantile(statistic(one, other), [0.025, 0.975]).tolist()
    return {"percentile bootstrap": (_whole(statistic, n), low, high)}


def jackknife(statistic: Statistic, n: tuple[int, int], rng: np.random.Generator) -> dict[str, Ends]:
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
    return {"jackknife": _around(value - bias, float(np.sqrt(variance)))}


METHODS = ("half-samples", "half-samples, debiased", "percentile bootstrap", "jackknife")


def all_of(statistic: Statistic, n: tuple[int, int], most: int, rng: np.random.Generator) -> dict[str, Ends]:
    """Method → value, lo, hi, in the order of METHODS; `most` resamples are made."""
    return half_samples(statistic, n, most, rng) | bootstrap(statistic, n, most, rng) | jackknife(statistic, n, rng)


def _whole(statistic: Statistic, n: tuple[int, int]) -> float:
    return float(statistic(np.ones((1, n[0])), np.ones((1, n[1])))[0])


def _halved(n: int, most: int, rng: np.random.Generator) -> Floats:
    if n < 2:
        return np.ones((most, n))
    return np.asarray(rng.random((most, n)).argsort(axis=1).argsort(axis=1) < n // 2, dtype=float)


def _around(value: float, spread: float) -> Ends:
    return value, value - Z * spread, value + Z * spread
