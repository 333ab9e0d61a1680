"""A whole search in one call, without Prefect and without a store: ask, criticise, evaluate, tell, until it stops; then choose.

Where the candidates are played is the caller's, as a `Ground`. The flow `optimize` takes the same steps with a row for each.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from understudy.errors import BudgetExhausted
from understudy.prompt.genome import Genome
from understudy.search import loop
from understudy.search.critic import Answer, Commission
from understudy.search.genes import Screen
from understudy.search.operators import Pool
from understudy.search.picking import Finalist, Pick, pick
from understudy.search.plan import Individual, Judged, Plan, Proposal


class Ground(Protocol):
    """Where a search is played. All three may raise BudgetExhausted, which ends the search with what was measured before."""

    def criticised(self, commissions: Sequence[Commission]) -> Sequence[Answer]:
        """What the critic answers, one for each commission; never asked where the plan has no critic."""

    def measured(self, proposals: Sequence[Proposal], rotation: int) -> Sequence[Individual]:
        """Every proposal as it was played on the panel of one rotation, in their order."""

    def confirmed(self, genomes: Sequence[Genome]) -> Sequence[Finalist]:
        """The genomes as measured on the split that chooses, with resamples that they share."""


@dataclass(frozen=True, slots=True)
class Step:
    """One finished generation: what the critic was asked, what was proposed, how it was measured, what selection made of it."""

    commissions: tuple[Commission, ...]
    proposals: tuple[Proposal, ...]
    members: tuple[Individual, ...]
    judged: Judged


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished search. `stopped`: budget, converged or generations; `pick` is None where a budget ended it before a choice."""

    steps: tuple[Step, ...]
    finalists: tuple[Finalist, ...]
    genomes: Mapping[str, Genome]
    pick: Pick | None
    stopped: str


def search(
    ground: Ground,
    seeds: Sequence[Genome],
    *,
    plan: Plan,
    pool: Pool,
    screen: Screen,
    generations: int,
    n_front: int = 3,
    weights: Mapping[str, float] | None = None,
    traded: Collection[str] = (),
    on_step: Callable[[Step], None] = lambda _step: None,
) -> Outcome:
    """A search of a first generation and `generations` more, at most; the first seed is what the pick is held against.

    `weights`, `traded`: as `picking.pick` takes them. Raises NotMeasured where a seed, or a whole generation, could not be measured.
    """
    steps: list[Step] = []
    stopped = ""
    try:
        while len(steps) <= generations and not stopped:
            step = _step(ground, steps, seeds, plan=plan, pool=pool, screen=screen)
            steps.append(step)
            on_step(step)
            stopped = loop.stop([one.members for one in steps], plan=plan)
    except BudgetExhausted:
        stopped = "budget"
    history = [one.members for one in steps]
    genomes = {each.genome.digest: each.genome for members in history for each in members}
    if not history:
        return Outcome((), (), genomes, None, stopped)
    try:
        compared = tuple(ground.confirmed(loop.finalists(history, plan=plan, n=n_front)))
    except BudgetExhausted:
        return Outcome(tuple(steps), (), genomes, None, "budget")
    chosen = pick(
        compared,
        objectives=plan.objectives,
        seed_digest=seeds[0].digest,
        reference=loop.reference_point(history, plan=plan),
        weights=weights,
        worst_case=plan.has("worst_case"),
        probabilistic=plan.has("probabilistic_front"),
        traded=traded,
    )
    return Outcome(tuple(steps), compared, genomes, chosen, stopped or "generations")


def _step(ground: Ground, steps: Sequence[Step], seeds: Sequence[Genome], *, plan: Plan, pool: Pool, screen: Screen) -> Step:
    history = [list(one.members) for one in steps]
    asked = {one.asked for step in steps for one in step.commissions}
    wanted = loop.commissioned(history, seeds, plan=plan, asked=asked)
    rewritings = list(zip(wanted, ground.criticised(wanted), strict=True)) if wanted else []
    if history:
        proposals = loop.next_generation(history, plan=plan, pool=pool, screen=screen, rewritings=rewritings)
    else:
        proposals = loop.first_generation(seeds, plan=plan, pool=pool, screen=screen, rewritings=rewritings)
    played = ground.measured(loop.to_play(proposals, plan=plan), plan.rotation(len(history)))
    members = [*loop.carried(history, proposals, plan=plan), *played]
    return Step(tuple(wanted), tuple(proposals), tuple(members), loop.judge([*history, members], plan=plan))
