"""The steps of a search: the critic is asked, candidates are proposed, raced, played and selected, until it stops; then the pick.

Everything in between is pure. What a step plays is a `Ground`'s, and what a search remembers is a `Memory`'s: rows of a store for
the night, lists for a search in one process. What the memory has is neither asked, proposed nor raced anew, so a search that was
stopped goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple, Protocol

from understudy.errors import BudgetExhausted
from understudy.prompt.genome import Genome
from understudy.records import Measured
from understudy.search import loop, members, power, racing
from understudy.search.critic import Commission, Identity, Treated
from understudy.search.critic_record import AnswerRecord, asked_while_it_answers, is_given_up, n_failed
from understudy.search.genes import Screen
from understudy.search.operators import Pool
from understudy.search.picking import Finalist, Pick, pick
from understudy.search.plan import SEED, SURVIVOR, History, Individual, Plan, Proposal, Selection
from understudy.search.racing import Lap, RaceOutcome

BUDGET, GENERATIONS = "budget", "generations"


class Material(NamedTuple):
    """What new candidates are made from, and what the screen checks them against."""

    pool: Pool
    screen: Screen


@dataclass(frozen=True, slots=True)
class Setup:
    """The fixed parts of a search. The pick is compared with the first of the seeds.

    `generations`: how many follow the first one at most; 0 plays the first seed alone. `n_front`: how many are nominated for the
    pick beside the seeds. `weights`, `traded`: as `picking.pick` takes them. `measured`: the objectives that the ground measures,
    where the plan's panel is too small for some of them; the pick is chosen by those that the finalists have on enough units.
    `on_finals`: those of them that are measured of finalists as well, where their panel has no units of some. `starts`: prompts that take
    part in the first generation beside the seeds.
    """

    seeds: Sequence[Genome]
    plan: Plan
    generations: int
    n_front: int = 3
    weights: Mapping[str, float] | None = None
    traded: Collection[str] = ()
    measured: tuple[str, ...] = ()
    on_finals: tuple[str, ...] = ()
    starts: Sequence[Genome] = ()

    @property
    def objectives(self) -> tuple[str, ...]:
        """Every objective that is measured, in the order of the ground."""
        return self.measured or self.plan.objectives

    @property
    def of_finalists(self) -> tuple[str, ...]:
        """Those of them that are measured of finalists as well."""
        return self.on_finals or self.objectives


class Ground(Protocol):
    """Where a search is played. What plays may raise BudgetExhausted, having kept what was paid for."""

    def material(self) -> Material:
        """What new candidates are made from and checked against."""

    def criticised(self, commissions: Sequence[Commission]) -> Sequence[Treated]:
        """The commissions with what the critic answered, in their order; never asked where the plan has no critic."""

    def first_laps(self, proposals: Sequence[Proposal], rotation: int) -> Sequence[Lap]:
        """The proposals as they were played on a part of the panel of one rotation; only asked where the plan races."""

    def measured(self, proposals: Sequence[Proposal], rotation: int) -> Sequence[Individual]:
        """Every proposal as it was played on the panel of one rotation, in their order."""

    def confirmed(self, genomes: Sequence[Genome]) -> Sequence[Finalist]:
        """The genomes as measured on the split that chooses, in their order, with resamples that they share."""


class Remembered(Protocol):
    """What choosing looks at."""

    def history(self, n: int) -> History:
        """The first `n` generations, as far as they are finished."""


class Memory(Remembered, Protocol):
    """What a search has done so far."""

    def asked(self, number: int) -> Collection[Identity]:
        """What the critic was asked before a generation."""

    def answers(self, number: int) -> AnswerRecord:
        """Which of its answers were usable, in the generations before one."""

    def proposals(self, number: int) -> Sequence[Proposal]:
        """What was proposed for a generation, in its order; empty where nothing was yet."""

    def keep_proposals(self, number: int, proposals: Sequence[Proposal], treated: Sequence[Treated]) -> None:
        """Keeps what was proposed for a generation, and what the critic had to do with it."""

    def race(self, number: int) -> Sequence[RaceOutcome]:
        """How the race of a generation went; empty where there was none yet."""

    def keep_race(self, number: int, race: Sequence[RaceOutcome]) -> None:
        """Keeps a race that was run to its end."""

    def keep_generation(self, history: History, selection: Selection) -> None:
        """Keeps the last generation of `history`, which is finished, with what selection makes of it."""


@dataclass(frozen=True, slots=True)
class Conclusion:
    """A finished search. `stopped`: budget, converged or generations.

    `complete`: whether the search has ended; a budget that ends it before its finalists are measured leaves it unfinished.
    `confirmed`: whether the finalists were measured on the split that chooses. Where a budget ended it before, or where there was
    nothing to choose from, they are as the search's own panels measured them. `steered_by`, `chosen_by`: the objectives that the search
    was steered and the pick was chosen by; the others were measured on too few units.
    """

    history: History
    finalists: tuple[Finalist, ...]
    pick: Pick
    stopped: str
    complete: bool
    confirmed: bool
    steered_by: tuple[str, ...]
    chosen_by: tuple[str, ...]

    @property
    def genomes(self) -> dict[str, Genome]:
        """Every genome of the search by its digest."""
        return {each.genome.digest: each.genome for generation in self.history for each in generation}


def search(setup: Setup, ground: Ground, memory: Memory) -> Conclusion:
    """A whole search.

    Raises NotMeasured where a seed, or a whole generation, could not be measured, and BudgetExhausted where no generation was.
    """
    return conclude(setup, ground, memory, until_stopped(setup, partial(generation, setup, ground, memory)))


def until_stopped(setup: Setup, step: Callable[[int], str]) -> str:
    """Why a search ends: `step` is its generation of a number and says why it ends with that one, or nothing."""
    for number in range(setup.generations + 1):
        if stopped := step(number):
            return stopped
    return GENERATIONS


def generation(setup: Setup, ground: Ground, memory: Memory, number: int) -> str:
    """One generation; why the search ends with it, an empty text where it goes on.

    A generation that the budget cut short keeps what was played and is no generation: the same search goes on with it.
    """
    history, plan = power.steered(memory.history(number), setup.plan)
    now = replace(setup, plan=plan, measured=setup.objectives)
    try:
        proposals = _proposed(now, ground, memory, history)
        played = _played(now, ground, memory, history, proposals)
    except BudgetExhausted:
        return BUDGET
    finished, plan = power.steered([*history, played], plan)
    memory.keep_generation(finished, loop.judge(finished, plan=plan))
    return loop.stop(finished, plan=plan)


def conclude(setup: Setup, ground: Ground, memory: Remembered, stopped: str) -> Conclusion:
    """The finalists as measured on the split that chooses, and the pick. Raises BudgetExhausted where no generation was finished.

    A single finalist is the pick whatever would be measured of it, so nothing is played for it.
    """
    history, plan = power.steered(memory.history(setup.generations + 1), setup.plan)
    if not history:
        raise BudgetExhausted(
            "a cap ended the search before its first generation was measured",
            hint="run the same command with a higher cap; every reply so far is stored",
        )
    genomes, seed_digest = loop.finalists(history, plan=plan, n=setup.n_front), setup.seeds[0].digest
    finalists, complete, confirmed = _on_search_panels(history, genomes, traded=setup.traded), True, len(genomes) > 1
    if confirmed:
        try:
            finalists = tuple(ground.confirmed(genomes))
        except BudgetExhausted:
            stopped, complete, confirmed = BUDGET, False, False
    names = power.chosen_by(finalists, setup.of_finalists, seed_digest=seed_digest) if confirmed else plan.objectives
    chosen = pick(
        finalists,
        objectives=names,
        seed_digest=seed_digest,
        reference=loop.reference_point(history, plan=replace(plan, objectives=names)),
        weights=power.weights_on(setup.weights, names, setup.objectives),
        worst_case=plan.has("worst_case"),
        probabilistic=plan.has("probabilistic_front"),
        traded=setup.traded,
    )
    return Conclusion(history, finalists, chosen, stopped, complete, confirmed, plan.objectives, names)


def plan_after(plan: Plan, record: AnswerRecord) -> Plan:
    """The plan of the next generation: without a critic where it has failed too often to be asked again."""
    return replace(plan, has_critic=plan.has_critic and not is_given_up(record))


def _proposed(setup: Setup, ground: Ground, memory: Memory, history: History) -> Sequence[Proposal]:
    number = len(history)
    if known := memory.proposals(number):
        return known
    record = memory.answers(number)
    plan = plan_after(setup.plan, record)
    starts = setup.starts if setup.generations else ()
    asked = memory.asked(number)
    wanted = loop.commissioned(history, setup.seeds, plan=plan, asked=asked, n_starts=len(starts)) if setup.generations else []
    treated = asked_while_it_answers(wanted, ground.criticised, n_failed_before=n_failed(record))
    pool, screen = ground.material()
    rewritings = [(one.commission, one.answer) for one in treated]
    if history:
        proposals = loop.next_generation(history, plan=plan, pool=pool, screen=screen, rewritings=rewritings)
    else:
        proposals = loop.first_generation(setup.seeds, plan=plan, pool=pool, screen=screen, rewritings=rewritings, starts=starts)
    proposals = proposals if setup.generations else proposals[:1]
    memory.keep_proposals(number, proposals, treated)
    return proposals


def _played(setup: Setup, ground: Ground, memory: Memory, history: History, proposals: Sequence[Proposal]) -> list[Individual]:
    plan = setup.plan
    number, playing = len(history), members.to_play(proposals, plan=plan)
    out = _out_of_race(setup, ground, memory, playing, number) if plan.racing else {}
    measured = ground.measured([each for each in playing if each.genome.digest not in out], plan.rotation(number))
    played = out | {each.genome.digest: each for each in measured}
    return members.generation_of(history, proposals, plan=plan, played=played)


def _out_of_race(setup: Setup, ground: Ground, memory: Memory, playing: Sequence[Proposal], number: int) -> dict[str, Individual]:
    """Genome → its individual, of those that dropped out. A race that the budget cut short drops nobody, and is run another time."""
    race = memory.race(number)
    if not race:
        ahead = {each.genome.digest for each in playing if each.operator in (SEED, SURVIVOR)}
        laps = ground.first_laps(playing, setup.plan.rotation(number))
        race = racing.outcomes(power.laps_on(laps, setup.plan.objectives, setup.objectives), ahead)
        memory.keep_race(number, race)
    return racing.dropped_out(race, playing)


def _on_search_panels(history: History, genomes: Sequence[Genome], *, traded: Collection[str]) -> tuple[Finalist, ...]:
    """The genomes as the search measured them last, without intervals.

    The search holds its constraints by what is sure, so those that are not `traded` are proven; the others need intervals.
    """
    latest = {each.genome.digest: each for members_of in history for each in members_of}
    return tuple(
        Finalist(
            each.genome.digest,
            {name: Measured(value) for name, value in each.objectives.items()},
            each.constraints,
            proven={name: value for name, value in each.constraints.items() if value is not None and name not in traded},
        )
        for each in (latest[genome.digest] for genome in genomes)
    )
