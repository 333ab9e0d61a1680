"""The shape of what an objective answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from understudy.records import Measured


@dataclass(frozen=True, slots=True)
class ObjectiveValue:
    """One objective of one simulator. Lower is better.

    `parts`: the figures it is made of; `signed`: the same as signed differences to the human figure, which are what is
    estimated and tested; `left_out`: parts that do not count here, each with its reason in `parts`. `replicates` are the
    objective over shared half-samples, for paired differences; they are not stored.
    """

    name: str
    measured: Measured
    parts: Mapping[str, Measured]
    signed: Mapping[str, Measured]
    left_out: tuple[str, ...] = ()
    replicates: tuple[float, ...] = field(default=(), repr=False, compare=False)

    def as_json(self) -> dict[str, Any]:
        """The contract's form."""
        return {
            **self.measured.as_json(),
            "parts": {name: part.as_json() for name, part in self.parts.items()},
            "signed": {name: part.as_json() for name, part in self.signed.items()},
            "left_out": list(self.left_out),
        }

    @classmethod
    def from_json(cls, name: str, value: Mapping[str, Any]) -> ObjectiveValue:
        """The value that `as_json` described, without replicates."""
        parts = {part: measured_from_json(figure) for part, figure in value["parts"].items()}
        signed = {part: measured_from_json(figure) for part, figure in value["signed"].items()}
        return cls(name, measured_from_json(value), parts, signed, tuple(value["left_out"]))


def measured_from_json(value: Mapping[str, Any]) -> Measured:
    """The figure that `Measured.as_json` described."""
    if value["value"] is None:
        return Measured(None, n=value.get("n", 0), reason=value["reason"])
    low, high = value["ci"]
    return Measured(value["value"], low, high, value["n"])


def absolute(signed: Measured) -> Measured:
    """|signed|, its interval folded at 0."""
    if signed.value is None or signed.lo is None or signed.hi is None:
        return signed
    ends = (abs(signed.lo), abs(signed.hi))
    return Measured(abs(signed.value), 0.0 if signed.lo <= 0 <= signed.hi else min(ends), max(ends), signed.n)
