"""The table of a comparison: the effect of the search for each prompt setting and objective, on dialogues that it has not seen.

Signs are the objectives' own (lower is better) and a difference is after - before. One family of tests is the whole table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

from understudy.measure.comparison import Difference, compare_values
from understudy.measure.values import ObjectiveValue
from understudy.objectives import MODULES, NAMES
from understudy.records import Measured
from understudy.statistics.rates import Z, spread

VERSION = 1
Fields = dict[str, Any]
Values = Mapping[str, ObjectiveValue]
_BETWEEN = "\n"


@dataclass(frozen=True, slots=True)
class Pair:
    """One setting, measured on one panel before (its seed) and after (the pick of its search)."""

    setting: str
    before: Values
    after: Values

    @property
    def is_unchanged(self) -> bool:
        """Whether the pick is the seed itself: nothing to be tested."""
        return self.before is self.after


@dataclass(frozen=True, slots=True)
class Floor:
    """The human split-half baseline at the size of the report: humans against humans who share no worker. Outcomes refer to `hi`."""

    value: float | None
    lo: float | None
    hi: float | None
    n: int
    reason: str = ""

    def as_measured(self) -> Measured:
        """In the contract's form."""
        return Measured(self.value, self.lo, self.hi, self.n, self.reason)


def differences(pairs: Sequence[Pair], floors: Mapping[str, Floor]) -> tuple[dict[tuple[str, str], Difference], Fields]:
    """(setting, objective) → its paired difference, Holm's p over all of them that could be tested; and the family in words."""
    before, after, bounds = {}, {}, {}
    for pair in pairs:
        if pair.is_unchanged:
            continue
        for name in NAMES:
            label = pair.setting + _BETWEEN + name
            before[label], after[label] = pair.before[name], pair.after[name]
            bounds[label] = floors[name].hi if name in floors else None
    found = compare_values(before, after, floors=bounds)
    n_tests = sum(one.p_holm is not None for one in found.values())
    family = {"of": "all prompt settings and objectives of this table that could be tested", "correction": "Holm", "n_tests": n_tests}
    tested = {_split(label): one for label, one in found.items()}
    return {(pair.setting, name): tested.get((pair.setting, name)) or _unchanged(pair, name) for pair in pairs for name in NAMES}, family


def rows_of(pairs: Sequence[Pair], floors: Mapping[str, Floor]) -> tuple[list[Fields], Fields]:
    """The rows of the table in order of setting and objective, and the family that Holm's correction is over."""
    found, family = differences(pairs, floors)
    return [_row(pair, name, found[pair.setting, name], floors.get(name)) for pair in pairs for name in NAMES], family


def against(pairs: Sequence[Pair], rival: str, floors: Mapping[str, Floor]) -> tuple[list[Fields], Fields]:
    """Every pick against the seed of the setting `rival` (in `before`), a family of its own; no rows where it is not in the table."""
    known = [pair.before for pair in pairs if pair.setting == rival]
    return against_values(pairs, known[0], floors) if known else ([], {"n_tests": 0})


def against_values(pairs: Sequence[Pair], rival: Values, floors: Mapping[str, Floor]) -> tuple[list[Fields], Fields]:
    """Every pick against one other prompt (in `before`), a family of its own."""
    return rows_of([Pair(pair.setting, rival, pair.after) for pair in pairs], floors)


def with_carried(rows: Sequence[Mapping[str, Any]], home: Sequence[Mapping[str, Any]]) -> list[Fields]:
    """`rows` (measured elsewhere), each with the home row's difference and how much of its gain carries over."""
    own = {(row["setting"], row["objective"]): row for row in home}
    found = []
    for row in rows:
        there = own[row["setting"], row["objective"]]
        share = carried(Measured.from_json(row["difference"]), Measured.from_json(there["difference"]), there["outcome"])
        found.append({**row, "home_difference": there["difference"], "home_outcome": there["outcome"], "carried": share.as_json()})
    return found


def carried(away: Measured, home: Measured, home_outcome: str) -> Measured:
    """The share of the improvement at home that is kept elsewhere: 1 is all of it, 0 none; below 0 the tuned prompt is worse there.

    It is the quotient of two independent differences with Fieller's interval (1954). It is not measured if there is no improvement
    at home, since the quotient is then undefined.
    """
    if away.value is None or home.value is None:
        return Measured(None, reason=away.reason or home.reason)
    if home_outcome != "better":
        return Measured(None, n=home.n, reason=f"there is no improvement at home to keep: {home_outcome.replace('_', ' ')}")
    ratio, sd_away, sd_home = away.value / home.value, spread(away), spread(home)
    g = (Z * sd_home / home.value) ** 2
    if g >= 1:
        return Measured(None, n=home.n, reason="the improvement at home is too close to 0 for a quotient")
    radius = Z * sqrt(max(0.0, sd_away**2 * (1 - g) + (ratio * sd_home) ** 2)) / abs(home.value)
    low, high = (ratio - radius) / (1 - g), (ratio + radius) / (1 - g)
    return Measured(ratio, min(ratio, low), max(ratio, high), min(away.n, home.n))


def counted(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Outcome → rows that have it."""
    names = ("better", "worse", "inconclusive", "not_measured")
    return {name: sum(row["outcome"] == name for row in rows) for name in names}


def _row(pair: Pair, name: str, found: Difference, floor: Floor | None) -> Fields:
    module = MODULES[name]
    human = floor.as_measured() if floor else Measured(None, reason="the profile does not hold it")
    return {
        "setting": pair.setting,
        "objective": name,
        "unit": module.UNIT,
        "better": module.BETTER,
        "before": pair.before[name].measured.as_json(),
        "after": pair.after[name].measured.as_json(),
        "human": human.as_json(),
        "floor": human.as_json(),
        "difference": found.as_measured().as_json(),
        "p": found.p,
        "p_holm": found.p_holm,
        "outcome": found.outcome,
        "reason": found.reason,
        "n": found.n,
    }


def _unchanged(pair: Pair, name: str) -> Difference:
    measured = pair.before[name].measured
    if measured.value is None:
        return Difference(None, None, None, None, None, "not_measured", measured.n, measured.reason)
    return Difference(0.0, 0.0, 0.0, None, None, "inconclusive", measured.n, "both prompts are the same, so nothing is tested")


def _split(label: str) -> tuple[str, str]:
    setting, _, name = label.rpartition(_BETWEEN)
    return setting, name
