"""Every genome that a search has played, with its measurements of all panels taken together: who is nominated for the choice.

The last generation holds the few that bred last. What lies elsewhere on the front was met on the way, so finalists are nominated
from all of it. Panels differ, so this is no comparison: that is made on `select`, where finalists play the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from understudy.prompt.genome import Genome
from understudy.search.moo import MARGIN, Matrix, hypervolume, non_dominated
from understudy.search.plan import History, Individual, Plan

CAUTION = 1.0
"""Standard errors that are added to what was measured, so that one lucky panel counts for less than several good ones."""


@dataclass(frozen=True, slots=True)
class Met:
    """A genome as it was measured on its panels: objectives (n_panels, n_objectives), and how far constraints' means are above 0."""

    genome: Genome
    objectives: Matrix
    violation: float


def met(history: History, *, plan: Plan) -> list[Met]:
    """Every genome that could be compared at least once, in the order in which they were met; a panel counts once."""
    found: dict[str, dict[int, Individual]] = {}
    for generation, members in enumerate(history):
        for each in members:
            if not each.not_measured(plan.objectives):
                found.setdefault(each.genome.digest, {})[plan.rotation(generation)] = each
    return [_pooled(list(panels.values()), plan) for panels in found.values()]


def nominated(candidates: Sequence[Met], *, reference: Sequence[float], n: int) -> list[Genome]:
    """At most `n` that between them dominate most of the box: half of the places are for what is feasible, the rest for anything.

    Each next one is that which adds most to the hypervolume of those before, on values made worse by CAUTION. What just misses a bound
    on a small panel may hold it on the next, hence the second half; with nothing feasible, the first place is for the least
    violation. Greedy selection holds at least 63 % of the best subset's hypervolume (Nemhauser, Wolsey and Fisher 1978).
    """
    if not candidates:
        return []
    noise = _noise(candidates)
    F = np.array([one.objectives.mean(axis=0) + CAUTION * noise / np.sqrt(len(one.objectives)) for one in candidates])
    box = _box(F, np.array(reference, dtype=float))
    by_violation = sorted(range(len(candidates)), key=lambda i: (candidates[i].violation, i))
    feasible = [i for i in by_violation if candidates[i].violation <= 0]
    first = _added([], feasible or by_violation[:1], F, box, (n + 1) // 2)
    return [candidates[i].genome for i in _added(first, [i for i in by_violation if i not in first], F, box, n)]


def _box(F: Matrix, reference: Matrix) -> Matrix:
    """The reference point, moved out to where the whole front lies within: what is worse than the seed in one objective may be a trade."""
    front = F[non_dominated(F)]
    return cast(Matrix, np.maximum(reference, MARGIN * front.max(axis=0)))


def _added(chosen: Sequence[int], candidates: Sequence[int], F: Matrix, box: Matrix, n: int) -> list[int]:
    """`chosen` and, up to `n`, each next candidate that adds most hypervolume; of those that add the same, the least in sum."""
    found, left = list(chosen), list(candidates)
    while left and len(found) < n:
        best = max(left, key=lambda i: (hypervolume(F[[*found, i]], box), -float((F[i] / box).sum())))
        left.remove(best)
        found.append(best)
    return found


def _pooled(panels: Sequence[Individual], plan: Plan) -> Met:
    F = np.array([[each.objectives[name] for name in plan.objectives] for each in panels], dtype=float)
    every = [each.constraints if plan.has("constraints") else {} for each in panels]
    return Met(panels[0].genome, F, _violation(every))


def _violation(panels: Sequence[Mapping[str, float | None]]) -> float:
    """How far the means over the panels are above 0, summed; a constraint that a panel did not measure counts on the others."""
    names = sorted({name for one in panels for name in one})
    seen = [[float(value) for one in panels if (value := one.get(name)) is not None] for name in names]
    return float(sum(max(0.0, sum(values) / len(values)) for values in seen if values))


def _noise(candidates: Sequence[Met]) -> Matrix:
    """The standard deviation of one panel's measurement, (n_objectives,): pooled over the genomes that were measured on several.

    It holds what one panel differs from the next by, which no interval of one panel does. 0 where no genome was measured twice: all
    are as uncertain then, and are compared by what was measured.
    """
    repeated = [one.objectives for one in candidates if len(one.objectives) > 1]
    if not repeated:
        return np.zeros(candidates[0].objectives.shape[1])
    squares = np.sum([((F - F.mean(axis=0)) ** 2).sum(axis=0) for F in repeated], axis=0)
    return cast(Matrix, np.sqrt(squares / sum(len(F) - 1 for F in repeated)))
