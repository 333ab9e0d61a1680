"""The search over rows: it improves, it resumes, it stops, it says what it could not compare."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest

from understudy.errors import NotMeasured
from understudy.prompt.genome import Genome
from understudy.prompt.setting import load_setting
from understudy.search.genes import log_grams, near_duplicate
from understudy.search.loop import (
    archive_hypervolumes,
    finalists,
    first_generation,
    judge,
    next_generation,
    reference_point,
    stop,
)
from understudy.search.operators import Pool
from understudy.search.plan import SEED, SHIPPED, SURVIVOR, Individual, Proposal


def searched(world: Any, n: int, **changed: Any) -> list[list[Individual]]:
    plan = replace(world.plan, **changed)
    material = {"plan": plan, "pool": world.pool, "screen": world.screen}
    history = [world.play(first_generation([world.seed], **material))]
    for _ in range(n):
        history.append(world.play(next_generation(history, **material)))
    return history


def again(history: list[list[Individual]]) -> list[list[Individual]]:
    """The history as it comes back from rows."""
    return [[replace(each, genome=Genome.from_json(each.genome.as_json())) for each in generation] for generation in history]


def test_the_first_generation_is_the_seed_and_its_variants(world: Any) -> None:
    proposals = first_generation([world.seed], plan=world.plan, pool=world.pool, screen=world.screen)
    played = [each for each in proposals if each.ok]
    assert len(played) == world.plan.population
    assert (played[0].operator, played[0].genome, played[0].parents) == (SEED, world.seed, ())
    assert all(each.parents == (world.seed.digest,) for each in played[1:])
    assert len({each.genome.digest for each in played}) == len(played)


def test_prompts_that_are_there_stand_beside_the_seed_and_are_none(world: Any) -> None:
    material = {"plan": world.plan, "pool": world.pool, "screen": world.screen}
    starts = [load_setting(name).genome for name in ("persona", "expert", "verified")]
    proposals = first_generation([world.seed], **material, starts=starts)
    assert [each.operator for each in proposals[:4]] == [SEED, SHIPPED, SHIPPED, SHIPPED]
    assert [each.genome for each in proposals[1:4]] == starts
    assert sum(each.ok for each in proposals) == world.plan.population
    # more than there are places: they all take part, and nothing else does
    few = first_generation([world.seed], **{**material, "plan": replace(world.plan, population=2)}, starts=starts)
    assert [each.operator for each in few] == [SEED, SHIPPED, SHIPPED, SHIPPED]
    history = [world.play(proposals)]
    alone = [world.play(first_generation([world.seed], **material))]
    assert reference_point(history, plan=world.plan) == reference_point(alone, plan=world.plan)


def test_the_next_generation_is_the_survivors_and_as_many_children(world: Any) -> None:
    history = searched(world, 1)
    proposals = next_generation(history, plan=world.plan, pool=world.pool, screen=world.screen)
    played = [each for each in proposals if each.ok]
    assert [each.genome.digest for each in played if each.operator == SURVIVOR] == list(judge(history, plan=world.plan).survivors)
    assert len(played) == world.plan.n_survivors + world.plan.population
    measured = {each.genome.digest for generation in history for each in generation}
    assert not measured & {each.genome.digest for each in played if each.operator != SURVIVOR}


@pytest.mark.parametrize("algorithm", ["unsga3", "nsga2", "smsemoa"])
def test_the_search_finds_better_prompts_and_never_loses_volume_in_its_archive(world: Any, algorithm: str) -> None:
    plan = replace(world.plan, algorithm=algorithm)
    history = searched(world, 5, algorithm=algorithm)
    volumes = archive_hypervolumes(history, plan=plan)
    assert volumes == sorted(volumes)
    seed_alone = archive_hypervolumes([history[0][:1]], plan=plan)[0]
    assert volumes[-1] > 2 * seed_alone
    front = judge(history, plan=plan).front
    assert front


def test_a_search_read_back_from_rows_goes_on_as_if_it_had_not_been_stopped(world: Any) -> None:
    history = searched(world, 3)
    material = {"plan": world.plan, "pool": world.pool, "screen": world.screen}
    assert next_generation(again(history), **material) == next_generation(history, **material)
    assert judge(again(history), plan=world.plan) == judge(history, plan=world.plan)
    assert searched(world, 3) == history


def test_another_seed_of_the_search_takes_another_way(world: Any) -> None:
    ways = [searched(world, 1, seed=seed) for seed in (1, 2)]
    assert ways[0] != ways[1]


def test_rejected_children_are_kept_with_their_reason_and_replaced(world: Any) -> None:
    own = set(world.seed.sections.values())
    logged = [text for prompt in world.pool.prompts for text in prompt.sections.values() if text not in own]
    screen = replace(world.screen, log_grams=log_grams(logged))
    proposals = first_generation([world.seed], plan=world.plan, pool=world.pool, screen=screen)
    rejected = [each for each in proposals if not each.ok]
    assert rejected
    assert all(each.reason for each in rejected)
    assert sum(each.ok for each in proposals) == world.plan.population


def test_a_seed_that_may_not_be_played_is_said_to_be_rejected(world: Any) -> None:
    screen = replace(world.screen, max_length=10)
    proposals = first_generation([world.seed], plan=world.plan, pool=world.pool, screen=screen)
    assert not any(each.ok for each in proposals)
    assert "too long" in proposals[0].reason


def test_what_was_not_measured_is_set_aside_with_a_reason_and_has_no_children(world: Any) -> None:
    history = searched(world, 0)
    lost = history[0][3]
    history[0][3] = replace(lost, objectives={**lost.objectives, "bias": None})
    judged = judge(history, plan=world.plan)
    assert judged.set_aside == {lost.genome.digest: "not measured: bias"}
    assert lost.genome.digest not in judged.survivors + judged.front
    proposals = next_generation(history, plan=world.plan, pool=world.pool, screen=world.screen)
    assert not any(lost.genome.digest in each.parents for each in proposals)


@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_a_constraint_without_a_value_sets_aside_as_well(world: Any, value: float | None) -> None:
    history = searched(world, 0)
    history[0][2] = replace(history[0][2], constraints={"titles": value})
    assert judge(history, plan=world.plan).set_aside == {history[0][2].genome.digest: "not measured: titles"}


def test_a_generation_of_which_nothing_was_measured_ends_the_search_by_name(world: Any) -> None:
    history = searched(world, 0)
    history.append([replace(each, objectives={**each.objectives, "distance": None}) for each in history[0]])
    with pytest.raises(NotMeasured, match="generation 1 could be measured: not measured: distance"):
        next_generation(history, plan=world.plan, pool=world.pool, screen=world.screen)


def test_the_reference_point_is_fixed_by_the_seed_and_never_at_the_ideal(world: Any) -> None:
    history = searched(world, 2)
    seed = history[0][0].objectives
    reference = reference_point(history, plan=world.plan)
    assert reference == reference_point(history[:1], plan=world.plan)
    assert reference[0] == pytest.approx(1.1 * seed["bias"])
    assert (seed["leaks"], reference[3]) == (0.0, 0.1)


def test_a_seed_that_was_not_measured_leaves_progress_without_a_scale(world: Any) -> None:
    history = searched(world, 0)
    history[0][0] = replace(history[0][0], objectives={**history[0][0].objectives, "bias": None})
    with pytest.raises(NotMeasured, match="bias"):
        reference_point(history, plan=world.plan)


def test_an_infeasible_measurement_adds_no_volume(world: Any) -> None:
    history = searched(world, 0)
    broken = [[replace(each, constraints={"titles": 0.1}) for each in history[0]]]
    assert archive_hypervolumes(history, plan=world.plan)[0] > 0
    assert archive_hypervolumes(broken, plan=world.plan) == [0.0]


def test_the_search_stops_after_three_generations_without_gain_and_not_before(world: Any) -> None:
    history = searched(world, 2)
    assert stop(history, plan=world.plan) == ""
    old = [replace(each, operator=SURVIVOR) for each in history[-1]]
    still = [[*old, *(replace(each, objectives=dict.fromkeys(each.objectives, 2.0)) for each in history[-1])]] * 3
    assert stop([*history, *still[:2]], plan=world.plan) == ""
    assert stop([*history, *still], plan=world.plan) == "converged"


def test_finalists_are_the_seed_and_what_was_nominated_of_all_generations(world: Any) -> None:
    history = searched(world, 3)
    chosen = finalists(history, plan=world.plan, n=4)
    assert chosen[0] == world.seed
    assert len(set(chosen)) == len(chosen) == 5
    assert {genome.digest for genome in chosen[1:]} <= {each.genome.digest for generation in history for each in generation}
    assert finalists([history[0][:1]], plan=world.plan, n=4) == (world.seed,)


def test_a_search_with_longer_panels_waits_for_as_many_of_them_before_it_ends(world: Any) -> None:
    history = searched(world, 0)
    old = [replace(each, operator=SURVIVOR) for each in history[-1]]
    still = [[*old, *(replace(each, objectives=dict.fromkeys(each.objectives, 2.0)) for each in history[-1])]]
    plan = replace(world.plan, period=2)
    assert stop([*history, *still * 5], plan=plan) == ""
    assert stop([*history, *still * 6], plan=plan) == "converged"


def test_a_proposal_names_the_operators_that_made_it(world: Any) -> None:
    made: list[Proposal] = next_generation(searched(world, 1), plan=world.plan, pool=world.pool, screen=world.screen)
    assert all(each.operator for each in made)
    assert {len(each.parents) for each in made if each.operator != SURVIVOR} <= {1, 2}


def test_siblings_are_no_near_duplicates_of_each_other_where_there_is_little_to_vary(world: Any) -> None:
    """With three exemplars and no other prompt, the same child is soon drawn twice."""
    scarce = Pool((), ("e1", "e2", "e3"))
    played = first_generation([world.seed], plan=replace(world.plan, population=60), pool=scarce, screen=world.screen)
    kept = [each.genome for each in played if each.ok]
    assert not any(near_duplicate(one, other) for one, other in combinations(kept, 2))
    assert any("near-duplicate" in each.reason for each in played)


def test_the_normalisation_remembers_what_earlier_generations_have_shown(world: Any) -> None:
    """U-NSGA-III's ideal and extreme points carry over, so an earlier extreme moves who stands where."""
    differ = 0
    for seed in range(4):
        plan = replace(world.plan, population=24, seed=seed)
        history = searched(world, 2, population=24, seed=seed)
        extreme = [replace(each, objectives={**each.objectives, "bias": 0.0, "sameness": 9.0 + i}) for i, each in enumerate(history[0])]
        judged, plain = judge([extreme, *history[1:]], plan=plan), judge(history, plan=plan)
        assert judged.front == plain.front
        differ += judged.survivors != plain.survivors
    assert differ
