"""Choosing one member of the front by what was measured on the split that chooses, and saying plainly how it stands to the seed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from understudy.errors import BadInput, NotMeasured
from understudy.keys import digest
from understudy.records import Measured
from understudy.search.moo import Matrix, achievement, hypervolume, non_dominated, trade_off, violation


@dataclass(frozen=True, slots=True)
class Finalist:
    """A genome as measured on the split that chooses; constraints at most 0 where feasible, None where not measured."""

    genome_digest: str
    objectives: Mapping[str, Measured]
    constraints: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Pick:
    """The choice. `dominates_seed`: feasible where the seed is, no objective's value worse than the seed's and one better.

    `front` are the finalists that no other one dominates by value; `set_aside` says why a finalist could not be compared.
    `hypervolume` is the share in [0, 1] of the box up to the reference point that the feasible finalists dominate.
    """

    genome_digest: str
    dominates_seed: bool
    feasible: bool
    front: tuple[str, ...]
    front_digest: str
    hypervolume: float
    set_aside: Mapping[str, str]


def pick(
    finalists: Sequence[Finalist],
    *,
    objectives: Sequence[str],
    seed_digest: str,
    reference: Sequence[float],
    weights: Mapping[str, float] | None = None,
) -> Pick:
    """The member of the front that is best in the worst case: by `weights`, or at the knee where none are given.

    The worst case of an objective is the upper bound of its interval, the value itself where it has none. Feasible finalists
    go first; with none feasible, those of least violation. Raises NotMeasured when no finalist can be compared.
    """
    aside = {each.genome_digest: why for each in finalists if (why := _not_measured(each, objectives))}
    compared = sorted((each for each in finalists if each.genome_digest not in aside), key=lambda each: each.genome_digest)
    if not compared:
        raise NotMeasured("no finalist could be measured: " + "; ".join(sorted(set(aside.values()))))
    F, worst, G = _values(compared, objectives), _worst_cases(compared, objectives), _constraints(compared)
    front = non_dominated(F, G)
    chosen = front[_best(worst[front] / np.array(reference), objectives, weights)]
    seed = next((i for i, each in enumerate(compared) if each.genome_digest == seed_digest), None)
    violations = violation(G)
    return Pick(
        genome_digest=compared[chosen].genome_digest,
        dominates_seed=seed is not None and _dominates(F, violations, chosen, seed),
        feasible=bool(violations[chosen] == 0),
        front=tuple(compared[i].genome_digest for i in front),
        front_digest=digest([[compared[i].genome_digest, *(float(value) for value in F[i])] for i in front]),
        hypervolume=hypervolume(F[violations == 0], np.array(reference)),
        set_aside=aside,
    )


def _best(shares: Matrix, objectives: Sequence[str], weights: Mapping[str, float] | None) -> int:
    if weights is None:
        knee, equal = trade_off(shares), achievement(shares, np.ones(len(objectives)))
        # two points that beat each other nowhere tie at an infinite measure: the more balanced one is taken
        return min(range(len(shares)), key=lambda i: (-knee[i], equal[i], i))
    unknown = sorted(set(weights) - set(objectives))
    if unknown:
        raise BadInput(f"weights name {', '.join(unknown)}", hint=f"the objectives are {', '.join(objectives)}")
    values = np.array([weights.get(name, 0.0) for name in objectives])
    if not np.isfinite(values).all() or (values < 0).any() or values.sum() <= 0:
        raise BadInput(f"weights must be 0 or more and not all 0, seen {dict(weights)}")
    return int(np.argmin(achievement(shares, values)))


def _dominates(F: Matrix, violations: Matrix, one: int, other: int) -> bool:
    if violations[one] > violations[other]:
        return False
    return bool(np.all(F[one] <= F[other]) and np.any(F[one] < F[other]))


def _not_measured(finalist: Finalist, objectives: Sequence[str]) -> str:
    reasons = []
    for name in objectives:
        measured = finalist.objectives.get(name, Measured(None, reason="not measured"))
        if measured.value is None or not math.isfinite(measured.value):
            reasons.append(f"{name}: {measured.reason or 'no finite value'}")
    reasons += [f"{name}: not measured" for name, value in finalist.constraints.items() if value is None or not math.isfinite(value)]
    return "; ".join(reasons)


def _values(finalists: Sequence[Finalist], objectives: Sequence[str]) -> Matrix:
    return np.array([[each.objectives[name].value for name in objectives] for each in finalists], dtype=float)


def _worst_cases(finalists: Sequence[Finalist], objectives: Sequence[str]) -> Matrix:
    return np.array([[_worst(each.objectives[name]) for name in objectives] for each in finalists], dtype=float)


def _worst(measured: Measured) -> float:
    value = float(measured.value if measured.value is not None else math.nan)
    return value if measured.hi is None or not math.isfinite(measured.hi) else max(value, measured.hi)


def _constraints(finalists: Sequence[Finalist]) -> Matrix:
    names = sorted({name for each in finalists for name in each.constraints})
    rows = [[each.constraints[name] for name in names] for each in finalists]
    return np.array(rows, dtype=float).reshape(len(finalists), len(names))
