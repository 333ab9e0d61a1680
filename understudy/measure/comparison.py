"""Whether one simulator is better than another, objective by objective: paired where they share contexts, dialogues, scenarios."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np

from understudy.measure.values import ObjectiveValue
from understudy.records import Measured
from understudy.statistics.rates import Z, holm, two_sided_p

ALPHA = 0.05
MIN_UNITS = 20
_Key = TypeVar("_Key", bound=Hashable)
Outcome = Literal["better", "worse", "inconclusive", "not_measured"]


@dataclass(frozen=True, slots=True)
class Difference:
    """after - before of one objective; below 0 is better. `n`: the smaller number of units."""

    difference: float | None
    lo: float | None
    hi: float | None
    p: float | None
    p_holm: float | None
    outcome: Outcome
    n: int
    reason: str = ""

    def as_measured(self) -> Measured:
        """The difference in the contract's form."""
        return Measured(self.difference, self.lo, self.hi, self.n, self.reason)


@dataclass(frozen=True, slots=True)
class Sides:
    """One objective of two simulators, with the upper bound of human against human; `names`: how reasons call the two."""

    before: ObjectiveValue
    after: ObjectiveValue
    floor: float | None
    names: tuple[str, str] = ("before", "after")


def compare_values(
    before: Mapping[str, ObjectiveValue], after: Mapping[str, ObjectiveValue], *, floors: Mapping[str, float | None]
) -> dict[str, Difference]:
    """Per objective the difference with interval, p and Holm's p over the objectives that could be compared (`compare_pairs`)."""
    return compare_pairs({name: Sides(before[name], after[name], floors.get(name)) for name in before})


def compare_pairs(pairs: Mapping[_Key, Sides]) -> dict[_Key, Difference]:
    """after - before of each pair with interval, p and Holm's p over all pairs that could be compared.

    An outcome is `better` or `worse` only at Holm's p < .05 and where the worse of the two values stands above its floor: below it
    both are as near to humans as humans are.
    """
    raw = {name: _raw(one) for name, one in pairs.items()}
    tested = [name for name, one in raw.items() if one.p is not None]
    adjusted = dict(zip(tested, holm([raw[name].p or 0.0 for name in tested]), strict=True))
    return {name: _judged(one, adjusted[name], pairs[name]) if name in adjusted else one for name, one in raw.items()}


def not_compared(value: ObjectiveValue) -> str:
    """Why a value cannot be compared with another; empty where it can."""
    one = value.measured
    if one.value is None:
        return one.reason
    if one.is_underpowered:
        return f"underpowered, at least {one.min_n} units are needed; there are {one.n}"
    return f"at least {MIN_UNITS} units are needed; there are {one.n}" if one.n < MIN_UNITS else ""


def _raw(sides: Sides) -> Difference:
    before, after = sides.before, sides.after
    n = min(before.measured.n, after.measured.n)
    for which, value in zip(sides.names, (before, after), strict=True):
        if why := not_compared(value):
            return Difference(None, None, None, None, None, "not_measured", n, f"{which}: {why}")
    if before.left_out != after.left_out:
        parts = ", ".join(sorted(set(before.left_out) ^ set(after.left_out)))
        return Difference(None, None, None, None, None, "not_measured", n, f"these parts were measured on one side only: {parts}")
    if not before.replicates or not after.replicates:
        raise ValueError("a comparison needs values measured with intervals")
    delta = _value(after) - _value(before)
    sd = float(np.std(np.array(after.replicates) - np.array(before.replicates)))
    return Difference(delta, delta - Z * sd, delta + Z * sd, two_sided_p(delta, sd), None, "inconclusive", n)


def _judged(one: Difference, p_holm: float, sides: Sides) -> Difference:
    assert one.difference is not None
    worse_value, floor = max(_value(sides.before), _value(sides.after)), sides.floor
    outcome: Outcome = "inconclusive"
    reason = ""
    if p_holm < ALPHA and one.difference:
        if floor is not None and worse_value <= floor:
            reason = "both values are within the human split-half baseline (floor)"
        else:
            outcome = "better" if one.difference < 0 else "worse"
    return Difference(one.difference, one.lo, one.hi, one.p, p_holm, outcome, one.n, reason)


def _value(objective: ObjectiveValue) -> float:
    assert objective.measured.value is not None
    return objective.measured.value
