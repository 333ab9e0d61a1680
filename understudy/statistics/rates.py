"""Rates and differences of rates."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np
from scipy.stats import norm

from understudy.records import Measured

Z = 1.959964  # normal quantile of a two-sided 95 % interval


def wilson(k: int, n: int, *, nothing: str = "no units", effect: float = 1.0) -> Measured:
    """k/n with its Wilson score interval (Wilson 1927); without units not measured, because of `nothing`.

    `effect`: how many units are worth one, where they come in clusters; the interval is that of n / effect units.
    """
    if n <= 0:
        return Measured(None, reason=nothing)
    if not 0 <= k <= n:
        raise ValueError(f"{k} of {n} is no rate")
    share, z2, worth = k / n, Z * Z, n / effect
    centre = (share + z2 / (2 * worth)) / (1 + z2 / worth)
    radius = Z * sqrt(share * (1 - share) / worth + z2 / (4 * worth * worth)) / (1 + z2 / worth)
    # at the ends the exact bound is 0 or 1; rounding must not leave the value outside its interval
    return Measured(share, min(share, max(0.0, centre - radius)), max(share, min(1.0, centre + radius)), n)


def effect_behind(rate: Measured) -> float:
    """How many units of a rate are worth one, at least 1: the `effect` of which `wilson` gave its interval."""
    if rate.value is None or rate.lo is None or rate.hi is None:
        return 1.0
    # with k = Z² / worth, radius² (1 + k)² = k p (1 - p) + k² / 4, which has one root above 0
    spread2, square = ((rate.hi - rate.lo) / 2) ** 2, rate.value * (1 - rate.value)
    leading, linear = spread2 - 0.25, 2 * spread2 - square
    root = (linear + sqrt(linear * linear - 4 * leading * spread2)) / (-2 * leading) if leading < 0 else 0.0
    return max(1.0, rate.n * root / (Z * Z))


def difference(one: Measured, other: Measured, *, correlation: float = 0.0) -> Measured:
    """one - other for two rates, with Newcombe's hybrid score interval (Newcombe 1998, method 10); n is the smaller n.

    `correlation` of the two estimates, 0 for independent ones (Zou and Donner 2008).
    """
    if one.value is None or other.value is None:
        return Measured(None, reason=one.reason or other.reason)
    assert one.lo is not None
    assert one.hi is not None
    assert other.lo is not None
    assert other.hi is not None
    delta = one.value - other.value
    down = _hypotenuse(one.value - one.lo, other.hi - other.value, correlation)
    up = _hypotenuse(one.hi - one.value, other.value - other.lo, correlation)
    return Measured(delta, delta - down, delta + up, min(one.n, other.n))


def _hypotenuse(one: float, other: float, correlation: float) -> float:
    return sqrt(max(0.0, one**2 - 2 * correlation * one * other + other**2))


def spread(measured: Measured) -> float:
    """The standard deviation that a 95 % interval amounts to; 0 where there is no interval."""
    if measured.lo is None or measured.hi is None:
        return 0.0
    return (measured.hi - measured.lo) / (2 * Z)


def two_sided_p(difference: float, sd: float) -> float:
    """P of a difference at least as large as this one under a normal null with spread `sd`; no spread and no difference is 1."""
    if sd <= 0:
        return 1.0 if difference == 0 else 0.0
    return float(2 * norm.sf(abs(difference) / sd))


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values in the order given (Holm 1979): never below the raw ones, monotone in them, at most 1."""
    order = np.argsort(p_values, kind="stable")
    adjusted, running = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = running
    return adjusted
