"""The search as pure functions over the rows of its generations: the same rows give the same next generation.

A generation is its survivors, measured again, and their children, all on one panel: only what was measured on the same
scenarios is compared. Nothing is kept between calls, so a killed search goes on from the rows. `commissioned` says what a critic
is to be asked, `first_generation` and `next_generation` make the candidates of it, `judge` selects, `stop` ends.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from understudy.errors import NotMeasured
from understudy.keys import rng_of, seed_of
from understudy.prompt.genome import Genome
from understudy.search import archive, halting, offspring
from understudy.search.critic import Commission, CriticAnswer, Identity
from understudy.search.genes import Screen
from understudy.search.moo import MARGIN, Matrix, Standing, Survival, constraint_matrix, hypervolume, non_dominated, prefer
from understudy.search.operator_credit import OperatorCredit, chances, credits_of
from understudy.search.operators import Parents, Pool, breed
from understudy.search.plan import SEED, SHIPPED, SURVIVOR, Generation, History, Individual, Plan, Proposal, Selection

VERSION = 4
ATTEMPTS = 20
Rewritings = Sequence[tuple[Commission, CriticAnswer]]
REFERENCE_LEAST = 0.1


def commissioned(
    history: History, seeds: Sequence[Genome], *, plan: Plan, asked: Collection[Identity] = (), n_starts: int = 0
) -> list[Commission]:
    """What the critic is to be asked for the generation after `history`; nothing without a critic.

    `asked`: what it was asked before in this search (Commission.identity). Before the first generation it sees the seeds alone, and
    `n_starts` places are taken by prompts that are there (first_generation). Raises NotMeasured where nothing of the last generation can
    be compared.
    """
    if not offspring.has_critic(plan):
        return []
    if not history:
        couples = _seed_couples(seeds)
        n, standing = max(0, plan.population - len(seeds) - n_starts), dict[str, Sequence[float]]()
        return offspring.commissions(couples, standing, plan=plan, chances=_chances((), plan), generation=0, n=n, asked=asked)
    reference = np.array(reference_point(history, plan=plan))
    standing = {
        each.genome.digest: [float(each.objectives[name] or 0.0) / worst for name, worst in zip(plan.objectives, reference, strict=True)]
        for each in _comparable(history[-1], plan)
    }
    couples, drawn = _couples(history, plan), _chances(history, plan)
    return offspring.commissions(
        couples, standing, plan=plan, chances=drawn, generation=len(history), n=plan.population, asked=asked
    )


def first_generation(
    seeds: Sequence[Genome], *, plan: Plan, pool: Pool, screen: Screen, rewritings: Rewritings = (), starts: Sequence[Genome] = ()
) -> list[Proposal]:
    """The seeds, the prompts that are there beside them (`starts`), and as many variants of the seeds as fill the population.

    Those that the screen turned away are among them. `rewritings`: what was commissioned and what the critic answered. The starts all take
    part, also where they are more than the population; they are no seeds, so that the reference point is the seeds' alone.
    """
    proposals = [Proposal(seed, SEED, (), *_pair(screen, seed)) for seed in seeds]
    known = list(seeds)
    proposals += [Proposal(start, SHIPPED, (), *_pair(screen, start)) for start in starts]
    known += starts
    proposals += offspring.answered(rewritings, screen=screen, known=known)
    return _filled(proposals, _seed_couples(seeds), plan=plan, pool=pool, screen=screen, known=known, history=(), n=plan.population)


def next_generation(
    history: History, *, plan: Plan, pool: Pool, screen: Screen, rewritings: Rewritings = ()
) -> list[Proposal]:
    """The survivors of the last generation, to be measured again, and a population of their children.

    `rewritings`: what was commissioned and what the critic answered. Raises NotMeasured when nothing of the last generation could
    be compared.
    """
    survivors = _survivors(history, plan)[1]
    proposals = [Proposal(genome, SURVIVOR, (genome.digest,)) for genome in survivors]
    known = _unique([each.genome for generation in history for each in generation])
    proposals += offspring.answered(rewritings, screen=screen, known=known)
    total = len(survivors) + plan.population
    couples = _couples(history, plan)
    return _filled(proposals, couples, plan=plan, pool=pool, screen=screen, known=known, history=history, n=total)


def judge(history: History, *, plan: Plan) -> Selection:
    """What selection makes of the last generation, the generations before it told first."""
    last = _comparable(history[-1], plan)
    standings = _standings(history, plan)
    F, G = _matrices(last, plan)
    aside = {each.genome.digest: reason for each in history[-1] if (reason := each.not_measured(plan.objectives))}
    return Selection(
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
    return tuple(float(worst) for worst in np.maximum(MARGIN * F.max(axis=0), REFERENCE_LEAST))


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
    """`converged` when the hypervolume's gain is below 1 % with confidence in each of the last three generations, else empty."""
    return halting.stop(history, plan=plan, reference=reference_point(history, plan=plan))


def operator_credits(history: History, *, plan: Plan) -> list[OperatorCredit]:
    """The hypervolume that each operator gained in the last generation, and its probability in the next one."""
    return credits_of(history, plan=plan, prior=offspring.prior(plan), reference=reference_point(history, plan=plan))


def finalists(history: History, *, plan: Plan, n: int) -> tuple[Genome, ...]:
    """The seeds and up to `n` of all that was met, to be measured on the split that chooses (archive.nominated).

    With a single generation of seeds alone there are only the seeds.
    """
    seeds = [each.genome for each in history[0] if each.operator == SEED]
    known = [one for one in archive.met(history, plan=plan) if one.genome.digest not in {seed.digest for seed in seeds}]
    return (*seeds, *archive.nominated(known, reference=reference_point(history, plan=plan), n=n))


def _standings(history: History, plan: Plan) -> list[Standing]:
    # the state of U-NSGA-III's normalisation is rebuilt by telling it every generation again; it cannot be pickled
    survival = Survival(plan.algorithm, n_objectives=len(plan.objectives), population=plan.n_survivors)
    standings: list[Standing] = []
    for index, generation in enumerate(history):
        F, G = _matrices(_comparable(generation, plan), plan)
        standings = survival.select(F, G, n_survive=plan.n_survivors, seed=seed_of("survive", VERSION, plan.seed, index))
    return standings


def _survivors(history: History, plan: Plan) -> tuple[list[Standing], list[Genome]]:
    standings = _standings(history, plan)
    if not standings:
        raise NotMeasured(f"no candidate of generation {len(history) - 1} could be measured: {_reasons(history[-1], plan)}")
    comparable = _comparable(history[-1], plan)
    return standings, [comparable[one.index].genome for one in standings]


def _couples(history: History, plan: Plan) -> list[Parents]:
    standings, genomes = _survivors(history, plan)
    rng = rng_of("couples", VERSION, plan.seed, len(history))
    return [_couple(standings, genomes, rng) for _ in range(2 * plan.population)]


def _seed_couples(seeds: Sequence[Genome]) -> list[Parents]:
    return [(seed, other) for seed in seeds for other in seeds]


def _chances(history: History, plan: Plan) -> dict[str, float]:
    reference = reference_point(history, plan=plan) if history else None
    return chances(history, plan=plan, prior=offspring.prior(plan), reference=reference)


def _filled(
    proposals: list[Proposal],
    couples: Sequence[Parents],
    *,
    plan: Plan,
    pool: Pool,
    screen: Screen,
    known: list[Genome],
    history: History,
    n: int,
) -> list[Proposal]:
    """`proposals` with screened children of the couples until `n` are ok, or ATTEMPTS for each missing one are used up."""
    done, known = list(proposals), [*known, *(each.genome for each in proposals if each.ok)]
    missing, generation = n - sum(each.ok for each in proposals), len(history)
    drawn: Mapping[str, float] = offspring.free_chances(_chances(history, plan))
    for attempt in range(ATTEMPTS * max(0, missing) if drawn else 0):
        if missing <= 0:
            break
        rng = rng_of("child", VERSION, plan.seed, generation, attempt)
        parents = couples[attempt % len(couples)]
        # the first generation has one text to start from: larger steps spread it
        child = breed(parents, pool=pool, rng=rng, n_steps=int(rng.integers(1, 5 if generation == 0 else 3)), chances=drawn)
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
    constraints = [each.constraints if plan.has("constraints") else {} for each in individuals]
    F = [[each.objectives[name] for name in plan.objectives] for each in individuals]
    return np.array(F, dtype=float).reshape(len(individuals), len(plan.objectives)), constraint_matrix(constraints)


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
