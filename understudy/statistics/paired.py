"""Differences of two rates that are counted on the same units."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from understudy.records import Measured
from understudy.statistics.rates import Z


def paired_difference(one: Sequence[bool], other: Sequence[bool], *, nothing: str = "no units") -> Measured:
    """Rate of `one` minus rate of `other` over the same units, with the adjusted Wald interval of Agresti and Min (2005).

    Half a unit is added to each cell of the two-by-two table: without that the interval is empty where no unit differs.
    """
    if len(one) != len(other):
        raise ValueError(f"{len(one)} and {len(other)} are not the same units")
    n = len(one)
    if n == 0:
        return Measured(None, reason=nothing)
    only_one = sum(a and not b for a, b in zip(one, other, strict=True))
    only_other = sum(b and not a for a, b in zip(one, other, strict=True))
    centre = (only_one - only_other) / (n + 2)
    radius = Z * sqrt(only_one + only_other + 1 - (only_one - only_other) ** 2 / (n + 2)) / (n + 2)
    value = (only_one - only_other) / n
    return Measured(value, max(-1.0, min(value, centre - radius)), min(1.0, max(value, centre + radius)), n)
