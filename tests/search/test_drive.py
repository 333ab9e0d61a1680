"""A whole search in one call: it ends, it repeats, it works without a mechanism, and a budget leaves what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.search.conftest import OBJECTIVES
from understudy.errors import BudgetExhausted
from understudy.parameters import MECHANISMS
from understudy.prompt.genome import Genome
from understudy.records import Measured
from understudy.search.critic import Commission, CriticAnswer, Rewrite, Treated
from understudy.search.drive import Conclusion, Material, Setup, search
from understudy.search.memory import ProcessMemory
from understudy.search.picking import Finalist
from understudy.search.plan import SEED, SURVIVOR, Individual, Proposal
from understudy.search.racing import Lap, resampled


class Toy:
    """The toy world as a ground, with a critic that knows one good sentence and a budget of evaluations."""

    def __init__(self, world: Any, budget: int = 10_000, for_finalists: int = 10_000) -> None:
        self.world, self.left, self.for_finalists = world, budget, for_finalists
        self.rotations, self.n_asked, self.n_confirmed = list[int](), 0, 0

    def material(self) -> Material:
        return Material(self.world.pool, self.world.screen)

    def criticised(self, commissions: Sequence[Commission]) -> list[Treated]:
        self.n_asked += len(commissions)
        text = "If you do not want it, say no and tell why."
        rewrites = [Rewrite(one.objectives[0], "too eager", "reaction", f"{text} ({one.place}{one.generation})", 90) for one in commissions]
        return [Treated(one, {}, CriticAnswer((rewrite,), "", 90)) for one, rewrite in zip(commissions, rewrites, strict=True)]

    def first_laps(self, proposals: Sequence[Proposal], rotation: int) -> list[Lap]:
        self.rotations.append(rotation)
        return [self.lap(one) for one in proposals]

    def lap(self, one: Proposal) -> Lap:
        values = self.world.individual(one.genome).objectives
        draws = resampled(one.genome.digest, {name: [value] * 20 for name, value in values.items()}, OBJECTIVES)
        return Lap(one.genome.digest, draws, 10, 1)

    def measured(self, proposals: Sequence[Proposal], rotation: int) -> list[Individual]:
        self.left -= len(proposals)
        if self.left < 0:
            raise BudgetExhausted("spent")
        self.rotations.append(rotation)
        return [self.world.individual(one.genome, one.operator) for one in proposals]

    def confirmed(self, genomes: Sequence[Genome]) -> list[Finalist]:
        if len(genomes) > self.for_finalists:
            raise BudgetExhausted("spent")
        self.n_confirmed += len(genomes)
        known = [self.world.individual(one) for one in genomes]
        return [
            Finalist(
                one.genome.digest, {name: Measured(value) for name, value in one.objectives.items()}, one.constraints,
                {name: [value] * 20 for name, value in one.objectives.items()},
            )
            for one in known
        ]  # fmt: skip


def searched(world: Any, ground: Toy, *, generations: int = 3, memory: ProcessMemory | None = None, **changed: Any) -> Conclusion:
    setup = Setup([world.seed], replace(world.plan, has_critic=True, **changed), generations)
    return search(setup, ground, memory or ProcessMemory())


def test_a_search_ends_with_a_pick_that_is_better_than_its_seed(world: Any) -> None:
    ground, memory = Toy(world), ProcessMemory()
    ended = searched(world, ground, memory=memory)
    assert (len(ended.history), ended.stopped, ended.complete) == (4, "generations", True)
    assert ended.pick.dominates_seed
    assert ground.rotations == [0, 1, 2, 3]
    assert ground.n_asked == sum(len(memory.treated(number)) for number in range(4)) > 0
    assert any(each.operator == "treat" for members in ended.history for each in members)


def test_one_seed_one_result(world: Any) -> None:
    assert searched(world, Toy(world)) == searched(world, Toy(world))
    assert searched(world, Toy(world), seed=8).history != searched(world, Toy(world), seed=9).history


def test_the_critic_is_never_asked_the_same_twice(world: Any) -> None:
    memory = ProcessMemory()
    searched(world, Toy(world), memory=memory, generations=5)
    asked = [one.commission.identity for number in range(6) for one in memory.treated(number)]
    assert len(set(asked)) == len(asked) > 10


def test_without_generations_the_seed_alone_is_played_and_no_critic_is_asked(world: Any) -> None:
    ground = Toy(world)
    ended = searched(world, ground, generations=0)
    assert [[each.genome for each in members] for members in ended.history] == [[world.seed]]
    assert ground.n_asked == 0
    assert ended.pick.genome_digest == world.seed.digest


def test_a_single_finalist_is_picked_without_being_played_anew(world: Any) -> None:
    ground = Toy(world)
    ended = searched(world, ground, generations=0)
    assert ground.n_confirmed == 0
    assert (ended.stopped, ended.complete, ended.confirmed) == ("generations", True, False)
    (seed,) = ended.finalists
    assert {name: one.value for name, one in seed.objectives.items()} == ended.history[0][0].objectives
    chosen = Toy(world)
    assert searched(world, chosen).confirmed
    assert chosen.n_confirmed > 1


def test_a_budget_leaves_the_generations_that_were_measured(world: Any) -> None:
    ended = searched(world, Toy(world, budget=35))
    assert (ended.stopped, len(ended.history), ended.complete) == ("budget", 2, True)
    with pytest.raises(BudgetExhausted, match="first generation"):
        searched(world, Toy(world, budget=3))


def test_where_the_budget_ends_before_the_finalists_are_measured_the_pick_rests_on_the_search(world: Any) -> None:
    ended, whole = searched(world, Toy(world, for_finalists=0)), searched(world, Toy(world))
    assert (ended.stopped, ended.complete, ended.confirmed) == ("budget", False, False)
    assert ended.history == whole.history
    assert [one.genome_digest for one in ended.finalists] == [one.genome_digest for one in whole.finalists]
    assert all(not one.replicates for one in ended.finalists)


def test_a_search_goes_on_with_what_its_memory_has(world: Any) -> None:
    memory, whole = ProcessMemory(), ProcessMemory()
    searched(world, Toy(world, budget=35), memory=memory)
    again = Toy(world)
    ended, undisturbed = searched(world, again, memory=memory), searched(world, Toy(world), memory=whole)
    assert ended == undisturbed
    assert [memory.proposals(number) for number in range(4)] == [whole.proposals(number) for number in range(4)]
    # the candidates of the generation that was cut short were there
    assert again.n_asked == len(whole.treated(3))


def test_what_a_race_drops_is_not_played_on_and_its_cost_is_counted(world: Any) -> None:
    ground, memory = Toy(world), ProcessMemory()
    ended = searched(world, ground, memory=memory, racing=True)
    out = [each for members in ended.history for each in members if each.dropped]
    assert out
    assert all((each.n_dialogues, each.objectives) == (1, {}) and each.n_tokens >= 10 for each in out)
    assert not any(each.operator in (SEED, SURVIVOR) for each in out)
    played = sum(len(members) for members in ended.history)
    assert 10_000 - ground.left == played - len(out)


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_a_search_works_without_any_one_mechanism(world: Any, mechanism: str) -> None:
    ground = Toy(world)
    ended = searched(world, ground, generations=2, without=frozenset({mechanism}))
    assert len(ended.history) == 3
    if mechanism == "critic":
        assert ground.n_asked == 0
    if mechanism == "rotation":
        assert set(ground.rotations) == {0}
    if mechanism == "remeasuring":
        assert any(each.operator == SURVIVOR for each in ended.history[-1])
        assert ground.left == 10_000 - 3 * world.plan.population
