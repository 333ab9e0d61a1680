"""A whole search in one call: it ends, it repeats, it works without a mechanism, and a budget leaves what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from understudy.errors import BudgetExhausted
from understudy.parameters import MECHANISMS
from understudy.prompt.genome import Genome
from understudy.records import Measured
from understudy.search.critic import Answer, Commission, Rewrite
from understudy.search.drive import Outcome, search
from understudy.search.picking import Finalist
from understudy.search.plan import SURVIVOR, Individual, Proposal


class Toy:
    """The toy world as a ground, with a critic that knows one good sentence and a budget of evaluations."""

    def __init__(self, world: Any, budget: int = 10_000) -> None:
        self.world, self.left, self.rotations, self.n_asked = world, budget, list[int](), 0

    def criticised(self, commissions: Sequence[Commission]) -> list[Answer]:
        self.n_asked += len(commissions)
        told = "If you do not want it, say no and tell why."
        return [
            Answer((Rewrite(one.objectives[0], "too eager", "reaction", f"{told} ({one.place}{one.generation})", 90),), "", 90)
            for one in commissions
        ]

    def measured(self, proposals: Sequence[Proposal], rotation: int) -> list[Individual]:
        self.left -= len(proposals)
        if self.left < 0:
            raise BudgetExhausted("spent")
        self.rotations.append(rotation)
        return [self.world.individual(one.genome, one.operator) for one in proposals]

    def confirmed(self, genomes: Sequence[Genome]) -> list[Finalist]:
        found = [self.world.individual(one) for one in genomes]
        return [
            Finalist(
                one.genome.digest, {name: Measured(value) for name, value in one.objectives.items()}, one.constraints,
                {name: [value] * 20 for name, value in one.objectives.items()},
            )
            for one in found
        ]  # fmt: skip


def searched(world: Any, ground: Toy, *, generations: int = 3, **changed: Any) -> Outcome:
    plan = replace(world.plan, has_critic=True, **changed)
    return search(ground, [world.seed], plan=plan, pool=world.pool, screen=world.screen, generations=generations)


def test_a_search_ends_with_a_pick_that_is_better_than_its_seed(world: Any) -> None:
    ground = Toy(world)
    found = searched(world, ground)
    assert found.pick is not None
    assert (len(found.steps), found.stopped) == (4, "generations")
    assert found.pick.dominates_seed
    assert ground.rotations == [0, 1, 2, 3]
    assert ground.n_asked == sum(len(step.commissions) for step in found.steps) > 0
    assert any(each.operator == "treat" for step in found.steps for each in step.members)


def test_one_seed_one_result(world: Any) -> None:
    assert searched(world, Toy(world)) == searched(world, Toy(world))
    assert searched(world, Toy(world), seed=8).steps != searched(world, Toy(world), seed=9).steps


def test_a_budget_leaves_the_generations_that_were_measured(world: Any) -> None:
    found = searched(world, Toy(world, budget=35))
    assert found.stopped == "budget"
    assert len(found.steps) == 2
    assert found.pick is not None
    nothing = searched(world, Toy(world, budget=3))
    assert (nothing.steps, nothing.pick, nothing.stopped) == ((), None, "budget")


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_a_search_works_without_any_one_mechanism(world: Any, mechanism: str) -> None:
    ground = Toy(world)
    found = searched(world, ground, generations=2, without=frozenset({mechanism}))
    assert found.pick is not None
    if mechanism == "critic":
        assert ground.n_asked == 0
    if mechanism == "rotation":
        assert set(ground.rotations) == {0}
    if mechanism == "remeasuring":
        last = found.steps[-1]
        assert any(each.operator == SURVIVOR for each in last.members)
        assert ground.left == 10_000 - 3 * world.plan.population
