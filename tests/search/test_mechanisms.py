"""Adaptive chances, the stop with confidence, racing, and the front by probability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from understudy.completion import Completion
from understudy.keys import rng_of
from understudy.prompt.genome import Genome
from understudy.records import Measured
from understudy.search import halting, offspring
from understudy.search.operator_credit import FLOOR, chances, credits_of
from understudy.search.picking import Finalist, Pick, pick
from understudy.search.plan import SEED, SURVIVOR, Individual, Plan, Proposal
from understudy.search.racing import Resampled, dropped, resampled

NAMES = ("bias", "sameness")
BOX = (1.0, 1.0)
PLAN = Plan(NAMES, population=4, algorithm="unsga3", seed=3)
PRIOR = offspring.prior(PLAN)


def individual(world: Any, at: int, operator: str, values: Sequence[float], *, spread: float = 0.0, **more: Any) -> Individual:
    base: Genome = world.seed
    genome = replace(base, sections={**base.sections, "role": f"You are person {at}."})
    spreads = dict.fromkeys(NAMES, spread) if spread else {}
    known = {"n_tokens": 100, "n_dialogues": 10, **more}
    return Individual(genome, operator, dict(zip(NAMES, values, strict=True)), {}, spreads, **known)


def generation(world: Any, **children: tuple[float, float]) -> list[Individual]:
    old = individual(world, 0, SURVIVOR, (0.5, 0.5))
    return [old, *(individual(world, 1 + at, name, values) for at, (name, values) in enumerate(children.items()))]


def test_an_operator_that_brings_volume_is_drawn_more_often_and_none_dies_out(world: Any) -> None:
    history = [generation(world, crossover=(0.2, 0.2), prune=(0.9, 0.9))] * 6
    after = chances(history, plan=PLAN, prior=PRIOR, reference=BOX)
    assert sum(after.values()) == pytest.approx(1)
    assert after["crossover"] > PRIOR["crossover"]
    assert after["prune"] < PRIOR["prune"]
    assert all(after[name] >= FLOOR * PRIOR[name] - 1e-12 for name in PRIOR)


def test_what_a_child_costs_counts_against_its_operator(world: Any) -> None:
    dear = individual(world, 1, "crossover", (0.2, 0.2), work=1000)
    cheap = individual(world, 2, "prune", (0.2, 0.2), work=100)
    history = [[individual(world, 0, SURVIVOR, (0.5, 0.5)), dear, cheap]]
    found = {one.operator: one for one in credits_of(history, plan=PLAN, prior=PRIOR, reference=BOX)}
    assert found["crossover"].gain == pytest.approx(found["prune"].gain)
    assert found["crossover"].rate < found["prune"].rate
    assert found["controls"].n_children == 0


def test_a_critic_that_rambles_makes_its_children_dear(world: Any) -> None:
    """What the critic read and wrote counts as playing does: a long reply to a long prompt is as much as many turns."""
    rambled = Proposal(world.seed, "treat", (), work=Completion("", "m", "m", "length", "", 1800, 1200).work)
    told = {"n_tokens": 100, "n_dialogues": 10, "work": 6000}
    both = [Individual.played(one, {}, {}, **told) for one in (rambled, Proposal(world.seed, "crossover", ()))]
    assert [each.work for each in both] == [6000 + 1800 + 5 * 1200, 6000]
    history = [[individual(world, 0, SURVIVOR, (0.5, 0.5)), *(replace(each, objectives=dict.fromkeys(NAMES, 0.2)) for each in both)]]
    found = {one.operator: one for one in credits_of(history, plan=PLAN, prior=PRIOR, reference=BOX)}
    assert found["crossover"].rate == pytest.approx(2.3 * found["treat"].rate)


def test_where_the_work_of_one_is_unknown_nobody_counts_as_dearer(world: Any) -> None:
    children = [individual(world, 1, "crossover", (0.2, 0.2), work=None), individual(world, 2, "prune", (0.2, 0.2), work=100)]
    history = [[individual(world, 0, SURVIVOR, (0.5, 0.5)), *children]]
    found = {one.operator: one for one in credits_of(history, plan=PLAN, prior=PRIOR, reference=BOX)}
    assert found["crossover"].rate == found["prune"].rate > 0
    assert Individual.played(Proposal(world.seed, "treat", (), work=None), {}, {}, n_tokens=1, n_dialogues=1, work=7).work is None


def test_a_token_that_was_in_the_cache_is_no_work() -> None:
    assert Completion("", "m", "m", "stop", "", 100, 10, cached_tokens=80).work == 20 + 5 * 10
    assert Completion("", "m", "m", "stop", "", 100, 10).work == 100 + 5 * 10


def test_a_child_made_in_two_steps_counts_for_both_by_half(world: Any) -> None:
    history = [generation(world, **{"crossover+prune": (0.2, 0.2)})]
    found = {one.operator: one for one in credits_of(history, plan=PLAN, prior=PRIOR, reference=BOX)}
    assert found["crossover"].n_children == found["prune"].n_children == 0.5
    assert found["crossover"].gain == found["prune"].gain > 0


def test_without_adaptation_and_without_gain_chances_stay(world: Any) -> None:
    history = [generation(world, crossover=(0.2, 0.2))]
    still = chances(history, plan=replace(PLAN, without=frozenset({"adaptation"})), prior=PRIOR, reference=BOX)
    assert still == PRIOR
    nothing = chances([generation(world, crossover=(0.9, 0.9))], plan=PLAN, prior=PRIOR, reference=BOX)
    assert max(nothing, key=nothing.__getitem__) == max(PRIOR, key=PRIOR.__getitem__)


def noisy(world: Any, at: int, better_by: float, spread: float) -> list[Individual]:
    rng = rng_of("noise", at)
    olds = [individual(world, i, SURVIVOR, 0.5 + spread * rng.standard_normal(2), spread=spread) for i in range(6)]
    new = [individual(world, 9 + i, "controls", 0.5 - better_by + spread * rng.standard_normal(2), spread=spread) for i in range(6)]
    return [*olds, *new]


def test_children_that_are_better_by_luck_alone_do_not_keep_a_search_going(world: Any) -> None:
    history = [[individual(world, 0, SEED, (0.5, 0.5), spread=0.05)], *(noisy(world, at, 0.0, 0.05) for at in range(3))]
    bounds = [halting.gain_bound(one, plan=PLAN, reference=BOX, at=at) for at, one in enumerate(history[1:], 1)]
    lucky = [max(0.0, 0.5 - min(float(each.objectives["bias"] or 0) for each in one)) for one in history[1:]]
    assert min(lucky) > 0.02
    assert sorted(bound for bound in bounds if bound is not None)[1] < 0.05
    assert halting.stop([history[0], *[noisy(world, 2, 0.2, 0.05)] * 3], plan=PLAN, reference=BOX) == ""


def test_a_search_that_has_reached_its_end_says_so_and_not_before(world: Any) -> None:
    worse = [noisy(world, at, -0.3, 0.02) for at in range(3)]
    start = [individual(world, 0, SEED, (0.5, 0.5))]
    assert halting.stop([start, *worse], plan=PLAN, reference=BOX) == "converged"
    assert halting.stop([start, *worse[:2]], plan=PLAN, reference=BOX) == ""
    assert halting.stop([start, *worse], plan=replace(PLAN, without=frozenset({"stopping"})), reference=BOX) == ""


def test_without_a_survivor_in_the_box_there_is_no_bound(world: Any) -> None:
    outside = [individual(world, 0, SURVIVOR, (2.0, 2.0)), individual(world, 1, "controls", (0.1, 0.1))]
    assert halting.gain_bound(outside, plan=PLAN, reference=BOX, at=1) is None


def runner(name: str, values: Sequence[float], spread: float) -> Resampled:
    draws = np.asarray(values) + spread * rng_of(name).standard_normal((200, 2))
    found = resampled(name, {one: draws[:, at].tolist() for at, one in enumerate(NAMES)}, NAMES)
    assert found is not None
    return found


def test_only_what_is_dominated_with_confidence_drops_out_and_never_a_survivor() -> None:
    clear = [runner("old", (0.3, 0.3), 0.02), runner("bad", (0.6, 0.6), 0.02)]
    field = [*clear, runner("near", (0.32, 0.32), 0.05), runner("trade", (0.1, 0.9), 0.02)]
    assert set(dropped(field, ["old"])) == {"bad"}
    assert dropped(field, ["old", "bad"]) == {}
    assert dropped(field, []) == {}
    assert resampled("x", {"bias": (1.0,), "sameness": ()}, NAMES) is None


def finalist(name: str, values: Sequence[float], spread: float) -> Finalist:
    draws = np.asarray(values) + spread * rng_of(name).standard_normal((200, 2))
    measured = {one: Measured(value, value - 2 * spread, value + 2 * spread, 50) for one, value in zip(NAMES, values, strict=True)}
    return Finalist(name, measured, {}, {one: draws[:, at].tolist() for at, one in enumerate(NAMES)})


def picked(*finalists: Finalist, **more: Any) -> Pick:
    return pick(finalists, objectives=NAMES, seed_digest="seed", reference=BOX, **more)


def test_what_is_beaten_by_a_hair_stays_on_the_front_and_what_is_beaten_clearly_does_not() -> None:
    found = picked(finalist("seed", (0.8, 0.8), 0.01), finalist("a", (0.30, 0.30), 0.05), finalist("b", (0.31, 0.31), 0.05))
    assert set(found.front) == {"a", "b"}
    assert found.p_dominated["seed"] == 1.0
    assert 0 < found.p_dominated["b"] < 0.5
    by_value = picked(finalist("a", (0.30, 0.30), 0.05), finalist("b", (0.31, 0.31), 0.05), probabilistic=False)
    assert by_value.front == ("a",)


def test_how_sure_it_is_that_the_seed_is_dominated_is_told() -> None:
    assert picked(finalist("seed", (0.8, 0.8), 0.01), finalist("a", (0.3, 0.3), 0.01)).p_dominates_seed == 1.0
    doubtful = picked(finalist("seed", (0.31, 0.31), 0.05), finalist("a", (0.3, 0.3), 0.05), weights={"bias": 1.0})
    assert doubtful.p_dominates_seed is not None
    assert doubtful.p_dominates_seed < 0.6


def test_the_worst_draw_decides_and_without_it_the_values_do() -> None:
    field = (finalist("seed", (0.9, 0.9), 0.01), finalist("lucky", (0.30, 0.30), 0.2), finalist("sure", (0.33, 0.33), 0.01))
    assert picked(*field, weights={"bias": 1.0, "sameness": 1.0}).genome_digest == "sure"
    assert picked(*field, weights={"bias": 1.0, "sameness": 1.0}, worst_case=False).genome_digest == "lucky"


def test_finalists_without_resamples_are_compared_by_value_and_say_so() -> None:
    bare = [replace(one, replicates={}) for one in (finalist("seed", (0.8, 0.8), 0.01), finalist("a", (0.3, 0.3), 0.01))]
    found = picked(*bare)
    assert (found.front, found.p_dominates_seed, found.p_dominated) == (("a",), None, {})
