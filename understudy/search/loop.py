"""The search as pure functions over the rows of its generations: the same rows give the same next generation.

A generation is its survivors, measured again, and their children, all on one panel: only what was measured on the same
scenarios is compared. Nothing is kept between calls, so a killed search goes on from the rows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from understudy.errors import NotMeasured
from understudy.genome import Genome
from understudy.keys import rng_of, seed_of
from understudy.search.genes import Screen
from understudy.search.moo import Matrix, Standing, Survival, hypervolume, non_dominated, prefer
from understudy.search.operators import Parents, Pool, breed

VERSION = 1
SEED, SURVIVOR = "seed", "survivor"
ATTEMPTS = 20
STALL_GAIN, STALL_GENERATIONS = 0.01, 3
REFERENCE_FACTOR, REFERENCE_LEAST = 1.1, 0.1


@dataclass(frozen=True, slots=True)
class Plan:
    """What is fixed for a search: its objectives (all lower better, 0 ideal) in order, its size, algorithm and seed."""

    objectives: tuple[str, ...]
    population: int
    algorithm: str
    seed: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """A candidate for the next generation; one that is not `ok` is kept as a row with its `reason` and never played."""

    genome: Genome
    operator: str
    parents: tuple[str, ...]
    ok: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Individual:
    """A played candidate: objectives in natural units, constraints at most 0 where feasible; None is not measured."""

    genome: Genome
    operator: str
    objectives: Mapping[str, float | None]
    constraints: Mapping[str, float | None]

    def not_measured(self, objectives: Sequence[str]) -> str:
        """Why this individual cannot be compared; empty when it can."""
        values = {name: self.objectives.get(name) for name in objectives} | dict(self.constraints)
        names = [name for name, value in values.items() if value is None or not math.isfinite(value)]
        return f"not measured: {', '.join(names)}" if names else ""


Generation = Sequence[Individual]
History = Sequence[Generation]


@dataclass(frozen=True, slots=True)
class Judged:
    """What selection makes of one generation; genomes by digest.

    `set_aside` says why each of its members could not be compared; they neither survive nor breed.
    """

    survivors: tuple[str, ...]
    front: tuple[str, ...]
    hypervolume: float
    set_aside: Mapping[str, str]


def first_generation(seeds: Sequence[Genome], *, plan: Plan, pool: Pool, screen: Screen) -> list[Proposal]:
    """The seeds and as many of their variants as fill the population, with those that the screen turned away."""
    proposals = [Proposal(seed, SEED, (), *_pair(screen, seed)) for seed in seeds]
    couples = [(seed, other) for seed in seeds for other in seeds]
    return _filled(proposals, couples, plan=plan, pool=pool, screen=screen, known=list(seeds), generation=0, n=plan.population)


def next_generation(history: History, *, plan: Plan, pool: Pool, screen: Screen) -> list[Proposal]:
    """The survivors of the last generation, to be measured again, and a population of their children.

    Raises NotMeasured when nothing of the last generation could be compared.
    """
    standings = _standings(history, plan)
    if not standings:
        raise NotMeasured(f"no candidate of generation {len(history) - 1} could be measured: {_reasons(history[-1], plan)}")
    comparable = _comparable(history[-1], plan)
    survivors = [comparable[one.index].genome for one in standings]
    proposals = [Proposal(genome, SURVIVOR, (genome.digest,)) for genome in survivors]
    known = _unique([each.genome for generation in history for each in generation])
    rng = rng_of("couples", VERSION, plan.seed, len(history))
    couples = [_couple(standings, survivors, rng) for _ in range(2 * plan.population)]
    total = len(survivors) + plan.population
    return _filled(proposals, couples, plan=plan, pool=pool, screen=screen, known=known, generation=len(history), n=total)


def judge(history: History, *, plan: Plan) -> Judged:
    """What selection makes of the last generation, the generations before it told first."""
    last = _comparable(history[-1], plan)
    standings = _standings(history, plan)
    F, G = _matrices(last, plan)
    aside = {each.genome.digest: reason for each in history[-1] if (reason := each.not_measured(plan.objectives))}
    return Judged(
        survivors=tuple(last[one.index].genome.digest for one in standings),
        front=tuple(last[i].genome.digest for i in non_dominated(F, G)),
        hypervolume=_volume(last, plan, reference_point(history, plan=plan)),
        set_aside=aside,
    )


def reference_point(history: History, *, plan: Plan) -> tuple[float, ...]:
    """1.1 times the worst seed in each objective, fixed by the first generation; at least .1, for seeds that are at the ideal.

    Raises NotMeasured when a seed lacks an objective: progress would have no scale.
    """
    seeds = [each for each in history[0] if each.operator == SEED]
    F = _matrices([each for each in seeds if not each.not_measured(plan.objectives)], plan)[0]
    if len(F) < len(seeds) or not seeds:
        raise NotMeasured(f"the seed of the search could not be measured: {_reasons(seeds, plan)}")
    return tuple(float(worst) for worst in np.maximum(REFERENCE_FACTOR * F.max(axis=0), REFERENCE_LEAST))


def archive_hypervolumes(history: History, *, plan: Plan) -> list[float]:
    """The hypervolume of all feasible measurements up to each generation; never falls, and optimistic, as lucky draws stay."""
    reference = reference_point(history, plan=plan)
    seen: list[Individual] = []
    volumes = []
    for generation in history:
        seen += _comparable(generation, plan)
        volumes.append(_volume(seen, plan, reference))
    return volumes


def stop(history: History, *, plan: Plan) -> str:
    """`converged` when the archive's hypervolume rose by less than 1 % in each of three generations, else empty.

    The archive's gain holds lucky draws as well, so it bounds the true gain from above: the search stops late rather than early.
    """
    volumes = archive_hypervolumes(history, plan=plan)
    recent = volumes[-STALL_GENERATIONS - 1 :]
    if len(recent) <= STALL_GENERATIONS or recent[0] <= 0:
        return ""
    stalled = all(after < (1 + STALL_GAIN) * before for before, after in pairwise(recent))
    return "converged" if stalled else ""


def finalists(history: History, *, plan: Plan, n: int) -> tuple[Genome, ...]:
    """The seeds and up to `n` spread members of the last front, to be measured on the split that chooses.

    With a single generation of seeds alone there are only the seeds.
    """
    seeds = [each.genome for each in history[0] if each.operator == SEED]
    last = _comparable(history[-1], plan)
    F, G = _matrices(last, plan)
    front = [last[i] for i in non_dominated(F, G)]
    if front:
        survival = Survival(plan.algorithm, n_objectives=len(plan.objectives), population=max(n, len(plan.objectives)))
        chosen = survival.select(*_matrices(front, plan), n_survive=n, seed=seed_of("finalists", VERSION, plan.seed, len(history)))
        front = [front[one.index] for one in chosen]
    return tuple(_unique([*seeds, *(each.genome for each in front)]))


def _standings(history: History, plan: Plan) -> list[Standing]:
    # the state of U-NSGA-III's normalisation is rebuilt by telling it every generation again; it cannot be pickled
    survival = Survival(plan.algorithm, n_objectives=len(plan.objectives), population=plan.population)
    standings: list[Standing] = []
    for index, generation in enumerate(history):
        F, G = _matrices(_comparable(generation, plan), plan)
        standings = survival.select(F, G, n_survive=plan.population, seed=seed_of("survive", VERSION, plan.seed, index))
    return standings


def _filled(
    proposals: list[Proposal],
    couples: Sequence[Parents],
    *,
    plan: Plan,
    pool: Pool,
    screen: Screen,
    known: list[Genome],
    generation: int,
    n: int,
) -> list[Proposal]:
    """`proposals` with screened children of the couples until `n` are ok, or ATTEMPTS for each missing one are used up."""
    done, known = list(proposals), list(known)
    missing = n - sum(each.ok for each in proposals)
    for attempt in range(ATTEMPTS * max(0, missing)):
        if missing <= 0:
            break
        rng = rng_of("child", VERSION, plan.seed, generation, attempt)
        parents = couples[attempt % len(couples)]
        # the first generation has one text to start from: larger steps spread it
        child = breed(parents, pool=pool, rng=rng, n_steps=int(rng.integers(1, 5 if generation == 0 else 3)))
        if child is None:
            continue
        verdict = screen.check(child.genome, known)
        digests = tuple(dict.fromkeys(parent.digest for parent in parents))
        done.append(Proposal(child.genome, child.operator, digests, verdict.ok, verdict.reason))
        if verdict.ok:
            known.append(child.genome)
            missing -= 1
    return done


def _couple(standings: Sequence[Standing], genomes: Sequence[Genome], rng: np.random.Generator) -> Parents:
    winners = []
    for _ in range(2):
        one, other = (int(i) for i in rng.integers(len(standings), size=2))
        winner = prefer(standings[one], standings[other], rng=rng)
        winners.append(genomes[one] if winner is standings[one] else genomes[other])
    return winners[0], winners[1]


def _comparable(generation: Generation, plan: Plan) -> list[Individual]:
    return [each for each in generation if not each.not_measured(plan.objectives)]


def _matrices(individuals: Sequence[Individual], plan: Plan) -> tuple[Matrix, Matrix]:
    """F: (n, n_objectives) and G: (n, n_constraints) of individuals that are all measured."""
    constraints = sorted({name for each in individuals for name in each.constraints})
    F = [[each.objectives[name] for name in plan.objectives] for each in individuals]
    G = [[each.constraints[name] for name in constraints] for each in individuals]
    shape = len(individuals)
    return np.array(F, dtype=float).reshape(shape, len(plan.objectives)), np.array(G, dtype=float).reshape(shape, len(constraints))


def _volume(individuals: Sequence[Individual], plan: Plan, reference: Sequence[float]) -> float:
    F, G = _matrices(individuals, plan)
    feasible = F[np.all(G <= 0, axis=1)]
    return hypervolume(feasible, np.array(reference))


def _reasons(individuals: Sequence[Individual], plan: Plan) -> str:
    return "; ".join(sorted({each.not_measured(plan.objectives) for each in individuals} - {""})) or "there was none"


def _pair(screen: Screen, genome: Genome) -> tuple[bool, str]:
    verdict = screen.check(genome)
    return verdict.ok, verdict.reason


def _unique(genomes: Sequence[Genome]) -> list[Genome]:
    return list({genome.digest: genome for genome in genomes}.values())
