"""Choosing one member of the front by what was measured on the split that chooses, and saying plainly how it stands to the seed.

Finalists carry their objectives over half-samples that they share. In each of these draws it is seen who dominates whom: the front
is what is dominated in less than half of them, and the pick is what is best in its worst draw.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from understudy.errors import BadInput, NotMeasured
from understudy.keys import digest
from understudy.records import Measured
from understudy.search.moo import Matrix, achievement, constraint_matrix, hypervolume, non_dominated, trade_off, violation
from understudy.search.racing import p_dominated, p_dominates, resampled

ON_FRONT = 0.5
Feasibility = Literal["feasible", "infeasible", "not_decided"]
"""Whether a genome keeps the constraints: by its values, or not even by the ends of its intervals; between these it is not decided."""


@dataclass(frozen=True, slots=True)
class Finalist:
    """A genome as measured on the split that chooses; constraints at most 0 where feasible, None where not measured.

    `replicates`: each objective over the half-samples that all finalists share. `sure`: the constraints by what is sure, rates by
    the lower ends of their intervals; where none are given, `constraints` stand for them. `proven`: all constraints by the ends of
    the intervals that speak for the genome, None without intervals.
    """

    genome_digest: str
    objectives: Mapping[str, Measured]
    constraints: Mapping[str, float | None]
    replicates: Mapping[str, Sequence[float]] = field(default_factory=dict)
    sure: Mapping[str, float | None] = field(default_factory=dict)
    proven: Mapping[str, float] | None = None

    @property
    def violations(self) -> dict[str, float]:
        """Constraint → by how much its value exceeds the bound, of those that it exceeds."""
        return {name: value for name, value in sorted(self.constraints.items()) if value is not None and value > 0}

    @property
    def proven_violations(self) -> dict[str, float]:
        """The same by the ends of the intervals that speak for the genome: the bounds that it breaks beyond doubt."""
        return {name: value for name, value in sorted((self.proven or {}).items()) if value > 0}

    @property
    def feasibility(self) -> Feasibility:
        """`not_decided` where a value exceeds its bound and its interval does not."""
        return "infeasible" if self.proven_violations else "not_decided" if self.violations else "feasible"


@dataclass(frozen=True, slots=True)
class Pick:
    """The choice. `dominates_seed`: feasible where the seed is, no objective's value worse than the seed's and one better.

    `p_dominates_seed`: the share of resamples in which it does, None without resamples. `front`: the finalists that are dominated
    with probability below .5; by value where there are no resamples. `p_dominated`: that probability of each that was compared.
    `hypervolume` is the share in [0, 1] of the box up to the reference point that the feasible finalists dominate; `set_aside`
    says why a finalist could not be compared.
    """

    genome_digest: str
    dominates_seed: bool
    p_dominates_seed: float | None
    feasible: bool
    front: tuple[str, ...]
    p_dominated: Mapping[str, float]
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
    worst_case: bool = True,
    probabilistic: bool = True,
    traded: Collection[str] = (),
) -> Pick:
    """The member of the front that is best in the worst case: by `weights`, or at the knee where none are given.

    The worst case is that over the resamples; without them it is the upper bound of each interval, the value itself where there is
    none. Feasible finalists go first; with none feasible, those that surely violate least of the constraints that are not `traded`:
    names of bounds on what an objective measures, where it is the objectives that say which is better. Raises NotMeasured when no
    finalist can be compared.
    """
    aside = {each.genome_digest: why for each in finalists if (why := _not_measured(each, objectives))}
    compared = sorted((each for each in finalists if each.genome_digest not in aside), key=lambda each: each.genome_digest)
    if not compared:
        raise NotMeasured("no finalist could be measured: " + "; ".join(sorted(set(aside.values()))))
    F, violations = _values(compared, objectives), violation(constraint_matrix([each.constraints for each in compared]))
    draws = _draws(compared, objectives)
    # one leak in a dozen dialogues is no evidence against a prompt, and data_leakage weighs it as it does everything else
    surely = constraint_matrix([each.sure or each.constraints for each in compared], without=traded)
    binding = violation(surely) if violations.min() > 0 else violations
    allowed = [int(i) for i in np.flatnonzero(binding <= binding.min())]
    shares = {i: p_dominated(i, draws, allowed) if draws else 0.0 for i in allowed}
    if draws and probabilistic:
        # where three beat each other in turn, all may be beaten in half of the draws
        front = [i for i in allowed if shares[i] < ON_FRONT] or [min(allowed, key=lambda i: (shares[i], i))]
    else:
        front = [allowed[i] for i in non_dominated(F[allowed])]
    cases = [draw / np.array(reference) for draw in _cases(compared, F, draws, objectives, worst_case=worst_case)]
    chosen = front[_best([case[front] for case in cases], objectives, weights)]
    seed = next((i for i, each in enumerate(compared) if each.genome_digest == seed_digest), None)
    return Pick(
        genome_digest=compared[chosen].genome_digest,
        dominates_seed=seed is not None and _dominates(F, violations, chosen, seed),
        p_dominates_seed=_p_dominates(draws, violations, chosen, seed),
        feasible=bool(violations[chosen] == 0),
        front=tuple(compared[i].genome_digest for i in front),
        p_dominated={compared[i].genome_digest: shares[i] for i in allowed} if draws else {},
        front_digest=digest([[compared[i].genome_digest, *(float(value) for value in F[i])] for i in front]),
        hypervolume=hypervolume(F[violations == 0], np.array(reference)),
        set_aside=aside,
    )


def _draws(finalists: Sequence[Finalist], objectives: Sequence[str]) -> list[Matrix]:
    """Per finalist (n_draws, n_objectives); empty where one of them has no resamples, for then none can be held against another."""
    found = [resampled(each.genome_digest, each.replicates, objectives) for each in finalists]
    known = [each.draws for each in found if each is not None]
    return known if len(known) == len(found) and len({len(draw) for draw in known}) == 1 else []


def _cases(
    finalists: Sequence[Finalist], F: Matrix, draws: Sequence[Matrix], objectives: Sequence[str], *, worst_case: bool
) -> list[Matrix]:
    """What may be the case: F: (n_finalists, n_objectives) of every resample, or of the upper bounds alone, or of the values."""
    if not worst_case:
        return [F]
    if not draws:
        return [np.array([[_worst(each.objectives[name]) for name in objectives] for each in finalists], dtype=float)]
    return list(np.maximum(0.0, np.stack(draws, axis=1)))


def _best(cases: Sequence[Matrix], objectives: Sequence[str], weights: Mapping[str, float] | None) -> int:
    """The row that is best in its worst case. cases: (n_rows, n_objectives) each, as shares of the reference point."""
    if weights is None:
        knee = np.min([trade_off(case) for case in cases], axis=0)
        equal = np.max([achievement(case, np.ones(len(objectives))) for case in cases], axis=0)
        # two points that beat each other nowhere tie at an infinite measure: the more balanced one is taken
        return min(range(len(knee)), key=lambda i: (-knee[i], equal[i], i))
    unknown = sorted(set(weights) - set(objectives))
    if unknown:
        raise BadInput(
            f"the weights name {', '.join(unknown)}, which is no objective of the search",
            hint=f"the objectives are {', '.join(objectives)}",
        )
    values = np.array([weights.get(name, 0.0) for name in objectives])
    if not np.isfinite(values).all() or (values < 0).any() or values.sum() <= 0:
        raise BadInput(f"the weights are {dict(weights)}; each must be 0 or more, and at least one above 0")
    return int(np.argmin(np.max([achievement(case, values) for case in cases], axis=0)))


def _p_dominates(draws: Sequence[Matrix], violations: Matrix, one: int, seed: int | None) -> float | None:
    if seed is None or not draws:
        return None
    return p_dominates(draws[one], draws[seed]) if violations[one] <= violations[seed] else 0.0


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


def _worst(measured: Measured) -> float:
    value = float(measured.value if measured.value is not None else math.nan)
    return value if measured.hi is None or not math.isfinite(measured.hi) else max(value, measured.hi)
