"""Multi-objective selection; the only module that imports pymoo.

Every objective comes in natural units with lower better, which is pymoo's own sign, so nothing is negated here; an
objective that is better when higher would be negated in this module and nowhere else. NaN never gets here: callers set
aside what was not measured, and `_checked` refuses what slipped through (NSGA-II would keep it as optimal, and the
hypervolume would never return).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray

from understudy.errors import BadInput

Algorithm = Literal["unsga3", "nsga2", "smsemoa", "ctaea"]
ALGORITHMS: tuple[Algorithm, ...] = get_args(Algorithm)
Matrix = NDArray[np.float64]
MARGIN = 1.1
"""A reference point lies a tenth beyond the worst value that is to count, so that the worst itself adds something."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How one survivor stands: its row in F, total constraint violation (0 is feasible), rank from 0, and its place in its rank.

    `niche` is the reference direction it belongs to (None outside U-NSGA-III); of two in the same rank the one with the
    smaller `crowd` is preferred (distance to the direction for U-NSGA-III, minus the crowding distance for NSGA-II).
    """

    index: int
    violation: float
    rank: int
    niche: int | None
    crowd: float


class Survival:
    """The survival of one search. U-NSGA-III's normalisation carries over, so all generations are told in order."""

    def __init__(self, algorithm: str, *, n_objectives: int, population: int) -> None:
        if algorithm not in ALGORITHMS:
            raise BadInput(f"there is no algorithm called {algorithm!r}", hint=f"name one of {', '.join(ALGORITHMS)}")
        self._algorithm = algorithm
        self._survival = _survival(algorithm, n_objectives, population)

    def select(self, F: Matrix, G: Matrix, *, n_survive: int, seed: int) -> list[Standing]:
        """The survivors, best first. F: (n, n_objectives), lower better; G: (n, n_constraints), at most 0 is feasible."""
        from pymoo.core.population import Population
        from pymoo.core.problem import Problem

        _checked(F, G)
        if not len(F):
            return []
        population = Population.new("F", F, "G", G)
        if self._algorithm == "ctaea":
            return self._two_archives(population, G, n_survive, seed)
        problem = Problem(n_var=1, n_obj=F.shape[1], n_ieq_constr=G.shape[1])
        kept = self._survival.do(
            problem, population, n_survive=n_survive, return_indices=True, random_state=np.random.default_rng(seed)
        )
        violations = violation(G)
        standings = [self._standing(population[i], int(i), float(violations[i])) for i in kept]
        return sorted(standings, key=lambda one: (one.violation, one.rank, one.crowd, one.index))

    def _two_archives(self, population: Any, G: Matrix, n_survive: int, seed: int) -> list[Standing]:
        """Survivors by C-TAEA (Li et al. 2019): two thirds from its convergence archive, the rest from its diversity archive.

        The whole generation was measured anew, so the diversity archive is drawn from it alone and not from older measurements.
        """
        violations = violation(G)
        population.set("place", np.arange(len(population)), "CV", violations[:, None])
        n = n_survive - n_survive // 3
        if len(population) <= n:
            everybody = (Standing(at, float(violated), 0, None, 0.0) for at, violated in enumerate(violations))
            return sorted(everybody, key=lambda one: (one.violation, one.index))
        # pymoo looks for the ideal among the children alone, since elsewhere survivors keep the values that it has seen
        self._survival.ideal_point = np.minimum(self._survival.ideal_point, population.get("F").min(axis=0))
        both = self._survival.do(None, population, population[:-n], n_survive=n, random_state=np.random.default_rng(seed))
        closing, spread = ([int(one.get("place")) for one in archive] for archive in both)
        ranks = {int(one.get("place")): int(one.get("rank")) for one in both[0]}
        rest = sorted(range(len(population)), key=lambda at: (violations[at], at))
        added = [at for at in dict.fromkeys([*spread, *rest]) if at not in closing][: n_survive - len(closing)]
        standings = [Standing(at, float(violations[at]), ranks[at], None, 0.0) for at in closing]
        standings += [Standing(at, float(violations[at]), max(ranks.values(), default=0) + 1, None, 0.0) for at in added]
        return sorted(standings, key=lambda one: (one.violation, one.rank, one.crowd, one.index))

    def _standing(self, individual: Any, index: int, violated: float) -> Standing:
        if violated > 0:
            return Standing(index, violated, 0, None, 0.0)
        rank = int(individual.get("rank"))
        if self._algorithm == "unsga3":
            return Standing(index, 0.0, rank, int(individual.get("niche")), float(individual.get("dist_to_niche")))
        crowd = -float(individual.get("crowding")) if self._algorithm == "nsga2" else 0.0
        return Standing(index, 0.0, rank, None, crowd)


def prefer(one: Standing, other: Standing, *, rng: np.random.Generator) -> Standing:
    """The winner of a tournament: less violation, then lower rank, then less crowded; a draw is by lot.

    Feasible members of different niches are not compared (U-NSGA-III, Seada and Deb 2016). pymoo's own tournament draws its
    lots from an unseeded generator, so it is not used.
    """
    same_niche = one.niche == other.niche
    keys = [(each.violation, each.rank, each.crowd) if same_niche else (each.violation,) for each in (one, other)]
    if keys[0] == keys[1]:
        return one if rng.random() < 0.5 else other
    return one if keys[0] < keys[1] else other


def constraint_matrix(constraints: Sequence[Mapping[str, float | None]], *, without: Collection[str] = ()) -> Matrix:
    """(n, n_constraints), names in order: G of mappings from name to value. What one of them lacks is no constraint for it."""
    names = sorted({name for each in constraints for name in each} - set(without))
    rows = [[each.get(name, 0.0) for name in names] for each in constraints]
    return np.array(rows, dtype=float).reshape(len(constraints), len(names))


def violation(G: Matrix) -> NDArray[np.float64]:
    """The summed violation of every row, 0 where it is feasible. G: (n, n_constraints)."""
    return cast(Matrix, np.maximum(G, 0.0).sum(axis=1))


def non_dominated(F: Matrix, G: Matrix | None = None) -> list[int]:
    """The rows that no other row dominates, in order; of the feasible ones where there are any, else of the least violation.

    Without G every row is feasible.
    """
    from pymoo.util.nds.non_dominated_sorting import NonDominatedSorting

    G = np.zeros((len(F), 0)) if G is None else G
    _checked(F, G)
    if not len(F):
        return []
    violations = violation(G)
    rows = np.flatnonzero(violations <= violations.min())
    front = NonDominatedSorting().do(F[rows], only_non_dominated_front=True)
    return sorted(int(rows[i]) for i in front)


def hypervolume(F: Matrix, reference: Matrix) -> float:
    """The share in [0, 1] of the box between 0 and `reference` that F dominates; 0 without points. F: (n, n_objectives), ≥ 0.

    Taking shares makes the objectives' units irrelevant; points beyond the reference in any objective add nothing.
    """
    from pymoo.indicators.hv import Hypervolume

    _checked(F, np.zeros((len(F), 0)))
    if not np.all(reference > 0):
        raise BadInput(f"the reference point is {reference.tolist()}; it must be above 0 in every objective")
    inside = F[np.all(reference > F, axis=1)]
    if not len(inside):
        return 0.0
    return float(Hypervolume(ref_point=np.ones(F.shape[1]), norm_ref_point=False).do(inside / reference))


def achievement(F: Matrix, weights: Matrix) -> NDArray[np.float64]:
    """How far each row is from the ideal 0 in its worst weighted objective, lower better (ASF, Wierzbicki 1980).

    F: (n, n_objectives) as shares of the reference point; a larger weight makes an objective matter more. A twentieth of the
    weighted sum is added, so that of two rows with the same worst objective the better one wins.
    """
    _checked(F, np.zeros((len(F), 0)))
    weighted = F * weights / weights.sum()
    return cast(Matrix, weighted.max(axis=1) + 0.05 * weighted.sum(axis=1))


def trade_off(F: Matrix) -> NDArray[np.float64]:
    """The knee measure of each row, higher better: gain over loss in the least favourable exchange (Rachmawati, Srinivasan 2009).

    F: (n, n_objectives) as shares of the reference point. A row that no other is better in anywhere has an infinite measure.
    """
    _checked(F, np.zeros((len(F), 0)))
    difference = F[None, :, :] - F[:, None, :]
    lost, won = np.maximum(difference, 0.0).sum(axis=2), np.maximum(-difference, 0.0).sum(axis=2)
    ratio = np.where(won > 0, lost / np.where(won > 0, won, 1.0), np.inf)
    return cast(Matrix, ratio.min(axis=1))


def directions(n_objectives: int, population: int) -> Matrix:
    """Reference directions, at most `population` of them where that is possible: Das and Dennis's grid and its centre.

    The grid of a small population has points on the rim alone; the centre stands for a balanced compromise. A single objective has one
    direction, however many partitions it is given.
    """
    from pymoo.util.ref_dirs import get_reference_directions

    partitions = 1
    grid = get_reference_directions("das-dennis", n_objectives, n_partitions=1)
    while n_objectives > 1 and len(grid) < population:
        partitions += 1
        finer = get_reference_directions("das-dennis", n_objectives, n_partitions=partitions)
        if len(finer) > population:
            break
        grid = finer
    centre = np.full((1, n_objectives), 1.0 / n_objectives)
    has_centre = bool(np.any(np.all(np.isclose(grid, centre), axis=1)))
    return cast(Matrix, grid if has_centre or len(grid) >= population else np.vstack([grid, centre]))


def _survival(algorithm: str, n_objectives: int, population: int) -> Any:
    if algorithm == "nsga2":
        from pymoo.operators.survival.rank_and_crowding import RankAndCrowding

        return RankAndCrowding()
    if algorithm == "smsemoa":
        from pymoo.algorithms.moo.sms import LeastHypervolumeContributionSurvival

        return LeastHypervolumeContributionSurvival()
    if algorithm == "ctaea":
        from pymoo.algorithms.moo.ctaea import CADASurvival

        return CADASurvival(directions(n_objectives, population - population // 3))
    from pymoo.algorithms.moo.nsga3 import ReferenceDirectionSurvival

    return ReferenceDirectionSurvival(directions(n_objectives, population))


def _checked(F: Matrix, G: Matrix) -> None:
    if not (np.isfinite(F).all() and np.isfinite(G).all()):
        raise ValueError("an objective or constraint is not finite; leave out individuals that were not measured")
