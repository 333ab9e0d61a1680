"""An objective on too few units steers no search and chooses no pick; what is left when nothing is enough; what is said of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.search.conftest import OBJECTIVES
from tests.search.test_drive import Toy
from understudy.errors import BadInput
from understudy.prompt.genome import Genome
from understudy.prompt.setting import load_setting
from understudy.records import Measured
from understudy.search import loop, power
from understudy.search.drive import Conclusion, Setup, search
from understudy.search.memory import ProcessMemory
from understudy.search.picking import Finalist
from understudy.search.plan import SEED, Individual, Plan, Proposal
from understudy.search.racing import Lap, Resampled

REFERENCE_OF_FEW = 1e9
"""What the objective on few units is made of in this world: nothing that a choice should see."""


class Weak(Toy):
    """The toy world in which an objective is measured on few units: its values reverse those of all others together."""

    def __init__(self, world: Any, weak: frozenset[str], few_finalists: bool = False) -> None:
        super().__init__(world)
        self.weak, self.few_finalists = weak, few_finalists

    def measured(self, proposals: Sequence[Proposal], rotation: int) -> list[Individual]:
        return [self._reversed(one) for one in super().measured(proposals, rotation)]

    def confirmed(self, genomes: Sequence[Genome]) -> list[Finalist]:
        few = {"n": 4, "min_n": 10} if self.few_finalists else {"n": 40, "min_n": 10}
        known = super().confirmed(genomes)
        return [replace(one, objectives={**one.objectives, **self._on(one, few)}) for one in known]

    def _on(self, one: Finalist, few: dict[str, int]) -> dict[str, Measured]:
        return {name: replace(one.objectives[name], **few) for name in self.weak}

    def _reversed(self, one: Individual) -> Individual:
        values = {name: float(one.objectives[name] or 0.0) for name in OBJECTIVES}
        others = sum(values[name] for name in OBJECTIVES if name not in self.weak)
        return replace(one, objectives={**values, **dict.fromkeys(self.weak, REFERENCE_OF_FEW - others)}, underpowered=self.weak)


def ended(world: Any, ground: Toy, *, generations: int = 2) -> Conclusion:
    return search(Setup([world.seed], world.plan, generations), ground, ProcessMemory())


def test_an_objective_on_few_units_does_not_steer_and_one_that_the_finalists_have_enters_the_choice(world: Any) -> None:
    found = ended(world, Weak(world, frozenset({"leaks"})))
    assert found.steered_by == ("bias", "sameness", "distance")
    assert found.chosen_by == OBJECTIVES
    few = ended(world, Weak(world, frozenset({"leaks"}), few_finalists=True))
    assert few.chosen_by == ("bias", "sameness", "distance")
    assert few.history == found.history


def test_what_is_not_steered_by_may_say_anything(world: Any) -> None:
    """The same generations come out, whatever an objective on few units says."""

    class Other(Weak):
        def _reversed(self, one: Individual) -> Individual:
            return replace(super()._reversed(one), objectives={**one.objectives, **dict.fromkeys(self.weak, 0.5)})

    weak = frozenset({"leaks"})
    one, other = ended(world, Weak(world, weak)), ended(world, Other(world, weak))
    assert genomes_of(one) == genomes_of(other)


def genomes_of(found: Conclusion) -> list[list[Genome]]:
    return [[each.genome for each in members] for members in found.history]


def test_with_fewer_than_two_objectives_left_all_of_them_count(world: Any) -> None:
    found = ended(world, Weak(world, frozenset(OBJECTIVES[1:]), few_finalists=True))
    assert found.steered_by == found.chosen_by == OBJECTIVES


def test_a_candidate_with_too_few_units_is_compared_with_nobody() -> None:
    plan = Plan(("a", "b"), population=4, algorithm="unsga3", seed=0)
    genome = load_setting("zero_shot").genome
    seed = Individual(genome, SEED, {"a": 1.0, "b": 1.0}, {})
    missing = replace(seed, operator="controls", objectives={"a": 0.0, "b": 0.0}, underpowered=frozenset({"b"}))
    history, steering = power.steered([[seed, missing]], plan)
    assert steering == plan
    assert history[0][1].not_measured(plan.objectives) == "not measured: b"
    assert history[0][0] == seed
    # the same rule once more changes nothing
    assert power.steered(history, steering) == (history, steering)


def test_an_individual_knows_which_of_its_figures_rest_on_few_units(world: Any) -> None:
    measured = {"a": Measured(0.1, n=9, min_n=10), "b": Measured(0.1, n=10, min_n=10), "c": Measured(None, n=3, min_n=10)}
    one = Individual.played(Proposal(world.seed, SEED, ()), measured, {}, n_tokens=0, n_dialogues=0)
    assert one.underpowered == {"a"}


def test_weights_of_what_is_not_chosen_by_are_left_out_and_refused_where_all_lie_there() -> None:
    names = ("a", "b")
    assert power.weights_on({"a": 1.0, "c": 2.0}, names, ("a", "b", "c")) == {"a": 1.0}
    assert power.weights_on(None, names, ("a", "b", "c")) is None
    # a name that is no objective is left to the choice, which says so
    assert power.weights_on({"typo": 1.0}, names, ("a", "b", "c")) == {"typo": 1.0}
    with pytest.raises(BadInput, match="too few units"):
        power.weights_on({"c": 2.0}, names, ("a", "b", "c"))


def test_a_race_sees_the_steering_objectives_alone() -> None:
    import numpy as np

    lap = Lap("g", Resampled("g", np.array([[1.0, 2.0, 3.0]])), 1, 1)
    (found,) = power.laps_on([lap], ("a", "c"), ("a", "b", "c"))
    assert found.draws is not None
    assert found.draws.draws.tolist() == [[1.0, 3.0]]


def test_the_reference_needs_no_more_than_the_steering_objectives(world: Any) -> None:
    found = ended(world, Weak(world, frozenset({"leaks"})))
    plan = replace(world.plan, objectives=found.steered_by)
    assert len(loop.reference_point(found.history, plan=plan)) == 3
