"""The shape of what an objective answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from understudy.records import Measured
from understudy.statistics.halves import Floats, interval

NO_FLOOR = "no split-half baseline of the humans was measured"
NO_HUMAN = "this is a distance from humans, so the humans have no value of their own but a split-half baseline (floor)"


@dataclass(frozen=True, slots=True)
class Term:
    """What one part puts into its objective: the value as it enters the mean or sum, the same over the half-samples, and its units."""

    value: float
    replicates: tuple[float, ...]
    n: int


@dataclass(frozen=True, slots=True)
class ObjectiveValue:
    """One objective of one simulator. Lower is better.

    `parts`: the figures it is made of; `signed`: the same as signed differences to the human figure, which are what is
    estimated and tested; `left_out`: parts that do not apply here, each with its reason in `parts`. `replicates` are the
    objective over shared half-samples, for paired differences; they are not stored. `human`: the humans' own figure beside
    each part that has one; `own`: the simulator's, from the computation behind `signed`. `floors`: how far humans are from humans,
    by part and under the objective's own name. `unit_counts`: what is drawn for the intervals on either side, `simulated` and
    `human`: how many speakers or dialogues. `terms`: each measured part as it enters the objective; they are not stored either.
    `pooled`: whether the objective is their mean or sum; `adds_units`: whether its n is the sum of theirs and not the smallest.
    """

    name: str
    measured: Measured
    parts: Mapping[str, Measured]
    signed: Mapping[str, Measured]
    left_out: tuple[str, ...] = ()
    replicates: tuple[float, ...] = field(default=(), repr=False, compare=False)
    human: Mapping[str, Measured] = field(default_factory=dict)
    floors: Mapping[str, Measured] = field(default_factory=dict)
    unit_counts: Mapping[str, str] = field(default_factory=dict)
    own: Mapping[str, Measured] = field(default_factory=dict, repr=False, compare=False)
    terms: Mapping[str, Term] = field(default_factory=dict, repr=False, compare=False)
    pooled: Literal["mean", "sum"] = "mean"
    adds_units: bool = False

    def over(self, names: Sequence[str]) -> ObjectiveValue:
        """The objective over some of its measured parts alone, with interval and replicates. Raises KeyError for one without a term."""
        kept = [self.terms[name] for name in names]
        values, drawn = np.array([one.value for one in kept]), np.array([one.replicates for one in kept])
        pool = np.mean if self.pooled == "mean" else np.sum
        value, replicates = float(pool(values)), np.asarray(pool(drawn, axis=0))
        n = (sum if self.adds_units else min)(one.n for one in kept)
        measured = replace(interval(value, replicates - value, n=n, low=0.0), min_n=self.measured.min_n)
        left_out = tuple(name for name in self.parts if name not in names)
        terms = {name: self.terms[name] for name in names}
        return replace(self, measured=measured, left_out=left_out, replicates=tuple(replicates.tolist()), terms=terms)

    @property
    def floor(self) -> Measured:
        """The floor of the objective itself: mean and 2.5 to 97.5 percent points over halves of humans."""
        return self.floors.get(self.name, Measured(None, reason=NO_FLOOR))

    def as_json(self) -> dict[str, Any]:
        """The contract's form."""
        return {
            **self.measured.as_json(),
            "parts": {name: part.as_json() for name, part in self.parts.items()},
            "signed": {name: part.as_json() for name, part in self.signed.items()},
            "left_out": list(self.left_out),
            "units": dict(self.unit_counts),
            "human": {name: part.as_json() for name, part in self.human.items()},
            "floor": self.floor.as_json(),
            "floors": {name: part.as_json() for name, part in self.floors.items() if name != self.name},
        }

    @classmethod
    def from_json(cls, name: str, value: Mapping[str, Any]) -> ObjectiveValue:
        """The value that `as_json` described, without replicates."""
        # rows written by earlier versions have neither human figures nor floors nor units
        kinds = ("parts", "signed", "human", "floors")
        parts, signed, human, floors = (
            {part: Measured.from_json(figure) for part, figure in value.get(kind, {}).items()} for kind in kinds
        )
        floor = Measured.from_json(value.get("floor", {"value": None, "reason": NO_FLOOR}))
        own = {} if floor == Measured(None, reason=NO_FLOOR) else {name: floor}
        units = dict(value.get("units", {}))
        return cls(
            name, Measured.from_json(value), parts, signed, tuple(value["left_out"]), human=human, floors=own | floors, unit_counts=units
        )


def terms_of(names: Sequence[str], values: Floats, folded: Floats, n: Mapping[str, int]) -> dict[str, Term]:
    """Part → its term. `values`: (n_parts,); `folded`: (n_replicates, n_parts), none without intervals; `n`: the units of each part."""
    if not len(folded):
        return {}
    return {name: Term(float(values[i]), tuple(folded[:, i].tolist()), n[name]) for i, name in enumerate(names)}


def required(parts: Mapping[str, Measured], names: Iterable[str]) -> str:
    """Why an objective is not measured: its required parts without a value, each with its reason; empty where all are there."""
    return "; ".join(f"{name}: {parts[name].reason}" for name in names if parts[name].value is None)


def absolute(signed: Measured) -> Measured:
    """|signed|, its interval folded at 0."""
    if signed.value is None or signed.lo is None or signed.hi is None:
        return signed
    ends = (abs(signed.lo), abs(signed.hi))
    return Measured(abs(signed.value), 0.0 if signed.lo <= 0 <= signed.hi else min(ends), max(ends), signed.n)
