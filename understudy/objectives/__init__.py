"""The objectives: one file each, found by file name. All of them are lower-is-better, in natural units.

Protocol of a module: VERSION, UNIT, BETTER, RANGE, COUNTED (what its n counts: reactions, dialogues or free_runs), MIN_N (how many of
these a choice by it needs), MIN_N_WHY, and
optionally READ_BY (part → the instrument that reads it: reaction, act or disclosure) and COMPARES (parts that compare words), and
`measure(simulated: Observed, reference: Reference, *, seed, intervals=True) -> ObjectiveValue`; its docstring holds the formula with
its source. A part that applies and cannot be measured makes the objective not measured; one that does not apply leaves the mean and
is named under `left_out`, with its reason under `parts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from understudy import plugins
from understudy.measure import privacy
from understudy.measure.comparison import Difference, compare_values
from understudy.measure.languages import figures_read, unread_of, without_unread
from understudy.measure.reference import INSTRUMENTS_DIGEST, Observed, Reference, Simulated, observe
from understudy.measure.values import ObjectiveValue
from understudy.objectives._diagnostics import diagnostics
from understudy.records import Measured

MODULES = {name: plugins.load("objectives", name) for name in plugins.names("objectives")}
NAMES = tuple(MODULES)
MIN_N: Mapping[str, int] = {name: module.MIN_N for name, module in MODULES.items()}
VERSIONS: dict[str, Any] = {
    **{name: module.VERSION for name, module in MODULES.items()}, "instruments": INSTRUMENTS_DIGEST, "privacy": privacy.VERSION,
}  # fmt: skip

MAX_INVALID = 0.02
MAX_ROLE_FLIPS = 0.01
MAX_OVER_ACCEPTANCE = 0.15
DECOY_SLACK = 0.10
# how far above the humans' floor an objective may be (design, section 7); a test holds the gates to the same figures
SLACK = {"positive_bias": 0.10, "diversity_gap": 0.25, "behavioural_distance": 0.03}
TRADED = (*SLACK, "over_acceptance", "decoys")
"""The constraints that are bounds on what an objective measures or is part of; the others are caps on leaks and on broken replies."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All that is measured of one simulator against one split's humans."""

    objectives: Mapping[str, ObjectiveValue]
    leakage: Mapping[str, Measured]
    diagnostics: Mapping[str, Measured]

    def as_json(self) -> dict[str, Any]:
        """`{objectives, leakage, diagnostics}` in the contract's forms."""
        return {
            "objectives": {name: value.as_json() for name, value in self.objectives.items()},
            "leakage": {name: value.as_json() for name, value in self.leakage.items()},
            "diagnostics": {name: value.as_json() for name, value in self.diagnostics.items()},
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Evaluation:
        """The evaluation that `as_json` described, without the replicates."""
        return cls(
            {name: ObjectiveValue.from_json(name, one) for name, one in value["objectives"].items()},
            {name: Measured.from_json(one) for name, one in value["leakage"].items()},
            {name: Measured.from_json(one) for name, one in value["diagnostics"].items()},
        )

    def with_floors(self, floors: Mapping[str, Measured]) -> Evaluation:
        """The same with the floors beside the objectives. `floors`: objective or `objective.part` → its floor (anchors.floors_of)."""
        found = {
            name: replace(one, floors={key.removeprefix(f"{name}."): floor for key, floor in floors.items() if key.split(".")[0] == name})
            for name, one in self.objectives.items()
        }
        return replace(self, objectives=found)


def measure_all(simulated: Simulated, reference: Reference, *, seed: int, intervals: bool = True) -> Evaluation:
    """Every objective, every kind of leakage and the diagnostics of a simulator.

    With `intervals=False` values are the same; the costly intervals (distinct_2, classifier) collapse to their value and
    objectives carry no replicates.
    """
    return measure_observed(observe(simulated, reference), reference, seed=seed, intervals=intervals)


def measure_observed(observed: Observed, reference: Reference, *, seed: int, intervals: bool = True) -> Evaluation:
    """The same for dialogues that the instruments have read already."""
    found = {name: measure_one(name, observed, reference, seed=seed, intervals=intervals) for name in NAMES}
    unread = unread_of(observed, reference)
    told = diagnostics(observed, reference, found, seed=seed)
    ours, humans = ({name: one for name, one in told.items() if name.endswith("_human") is theirs} for theirs in (False, True))
    read = figures_read(ours, unread.either, words=unread.words) | figures_read(humans, unread.humans)
    return Evaluation(found, dict(found["data_leakage"].parts), {name: read[name] for name in told})


def measure_one(name: str, observed: Observed, reference: Reference, *, seed: int, intervals: bool = True) -> ObjectiveValue:
    """One objective, without the parts whose instrument does not read the language of both sides."""
    module = MODULES[name]
    value = module.measure(observed, reference, seed=seed, intervals=intervals)
    read_by, compares = getattr(module, "READ_BY", {}), getattr(module, "COMPARES", ())
    read = without_unread(value, unread_of(observed, reference), read_by=read_by, compares=compares)
    return replace(read, measured=replace(read.measured, min_n=MIN_N[name]))


def constraints(evaluation: Evaluation, floors: Mapping[str, float | None], *, surely: bool = False) -> dict[str, float]:
    """The search's constraints, the gates' own bounds; at most 0 is feasible. On point values, or, of rates, on what is sure.

    `floors`: objective → the upper bound of human against human. `surely`: a rate is held against its bound by the lower end of its
    interval, for small panels, where one unlucky case in three is no evidence. What was not measured makes no constraint.
    """
    over, told = evaluation.objectives["data_leakage"].signed, evaluation.diagnostics
    found = {name: _seen(over[name], surely) for name in ("title", "attributes", "copying")}
    bounds = {"invalid": MAX_INVALID, "role_flips": MAX_ROLE_FLIPS, "over_acceptance": MAX_OVER_ACCEPTANCE}
    found |= {name: _over(_seen(told[name], surely), most) for name, most in bounds.items()}
    disliked = told["disliked_acceptance"].value
    found["decoys"] = None if disliked is None else _over(_seen(told["decoy_acceptance"], surely), disliked + DECOY_SLACK)
    for name, slack in SLACK.items():
        floor = floors.get(name)
        found[name] = None if floor is None else _over(evaluation.objectives[name].measured.value, floor + slack)
    return {name: value for name, value in found.items() if value is not None}


def proven_excess(evaluation: Evaluation, floors: Mapping[str, float | None]) -> dict[str, float]:
    """The same constraints by the ends of the intervals that speak for the prompt; above 0 a bound is broken beyond doubt.

    Other than with `surely` of `constraints`, objectives and the rate that decoys are held against are taken by their ends as well.
    """
    found, told = constraints(evaluation, floors, surely=True), evaluation.diagnostics
    for name in SLACK.keys() & found.keys():
        found[name] -= _below(evaluation.objectives[name].measured)
    if "decoys" in found:
        disliked = told["disliked_acceptance"]
        found["decoys"] -= 0.0 if disliked.hi is None or disliked.value is None else disliked.hi - disliked.value
    return found


def _below(measured: Measured) -> float:
    """How far the lower end of an interval is below the value; 0 without an interval."""
    return 0.0 if measured.lo is None or measured.value is None else measured.value - measured.lo


def _seen(measured: Measured, surely: bool) -> float | None:
    return measured.lo if surely and measured.lo is not None else measured.value


def _over(value: float | None, most: float) -> float | None:
    return None if value is None else value - most


def too_few(counts: Mapping[str, int]) -> dict[str, int]:
    """Objective → how many units it would have, of those that need more. `counts`: reactions, dialogues, free_runs → those played."""
    expected = {name: counts[module.COUNTED] for name, module in MODULES.items() if module.COUNTED in counts}
    return {name: n for name, n in expected.items() if n < MIN_N[name]}


def without_units(too_few_units: Mapping[str, int]) -> frozenset[str]:
    """The objectives of which a panel has no unit at all. `too_few_units`: what `too_few` says of it."""
    return frozenset(name for name, n in too_few_units.items() if not n)


def compare(
    before: Simulated, after: Simulated, reference: Reference, *, seed: int, floors: Mapping[str, float | None]
) -> dict[str, Difference]:
    """Per objective whether `after` is better than `before`; both are measured over the same half-samples."""
    one, other = (measure_all(simulated, reference, seed=seed) for simulated in (before, after))
    return compare_values(one.objectives, other.objectives, floors=floors)
