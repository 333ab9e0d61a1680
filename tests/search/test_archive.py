"""Who of all that a search has met is nominated for the choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.prompt.genome import Genome
from understudy.prompt.setting import load_setting
from understudy.search.archive import Met, met, nominated
from understudy.search.moo import hypervolume, non_dominated
from understudy.search.plan import Individual, Plan

NAMES = ("bias", "distance")
PLAN = Plan(NAMES, population=4, algorithm="unsga3", seed=0)
BOX = (1.0, 1.0)


def genome(tag: int) -> Genome:
    base = load_setting("zero_shot").genome
    return replace(base, sections={**base.sections, "style": f"Variant number {tag}."})


def played(tag: int, bias: float, distance: float, **constraints: float) -> Individual:
    return Individual(genome(tag), "crossover", dict(zip(NAMES, (bias, distance), strict=True)), constraints)


def one(tag: int, *panels: tuple[float, float], violation: float = 0.0) -> Met:
    return Met(genome(tag), np.array(panels), violation)


def tags(genomes: list[Genome]) -> list[int]:
    return [int(each.sections["style"].removeprefix("Variant number ").rstrip(".")) for each in genomes]


def test_measurements_of_a_genome_are_taken_together_a_panel_once() -> None:
    plan = replace(PLAN, period=2)
    history = [[played(1, 0.4, 0.4, title=0.2)], [played(1, 0.4, 0.4, title=0.2)], [played(1, 0.8, 0.2, title=-0.4), played(2, 0.1, 0.1)]]
    first, second = met(history, plan=plan)
    assert first.objectives.tolist() == [[0.4, 0.4], [0.8, 0.2]]
    assert first.violation == 0.0
    assert second.objectives.tolist() == [[0.1, 0.1]]
    assert met([[played(1, 0.4, 0.4, title=0.2)]], plan=plan)[0].violation == pytest.approx(0.2)
    assert met([[played(1, 0.4, 0.4, title=0.2)]], plan=replace(plan, without=frozenset({"constraints"})))[0].violation == 0.0


def test_what_could_not_be_measured_is_no_candidate() -> None:
    broken = replace(played(1, 0.4, 0.4), objectives={"bias": None, "distance": 0.1})
    assert met([[broken]], plan=PLAN) == []
    assert nominated([], reference=BOX, n=3) == []


def test_a_point_of_an_early_generation_that_spreads_the_front_is_nominated() -> None:
    found = nominated([one(1, (0.1, 0.8)), one(2, (0.5, 0.5)), one(3, (0.52, 0.5)), one(4, (0.8, 0.1))], reference=BOX, n=3)
    assert sorted(tags(found)) == [1, 2, 4]


def test_half_of_the_places_are_for_what_is_feasible_and_the_rest_for_anything() -> None:
    best, better = one(1, (0.1, 0.1), violation=0.02), one(2, (0.15, 0.2), violation=0.5)
    allowed = [one(3, (0.5, 0.5)), one(4, (0.6, 0.4))]
    assert tags(nominated([best, better, *allowed], reference=BOX, n=3)) == [3, 4, 1]


def test_where_nothing_is_feasible_the_least_violation_comes_first() -> None:
    found = nominated([one(1, (0.1, 0.1), violation=0.9), one(2, (0.7, 0.7), violation=0.1)], reference=BOX, n=2)
    assert tags(found) == [2, 1]


def test_a_trade_that_is_worse_than_the_seed_somewhere_is_nominated() -> None:
    """What lies outside of the box of the seed adds nothing to its hypervolume, and is a part of the front all the same."""
    lobe = [one(at, (0.9 + at / 1000, 0.3), violation=0.1) for at in range(5)]
    found = nominated([*lobe, one(9, (0.1, 1.15), violation=0.4)], reference=BOX, n=3)
    assert 9 in tags(found)


def test_several_good_panels_count_for_more_than_one_lucky_one() -> None:
    steady = one(1, (0.40, 0.4), (0.42, 0.4), (0.38, 0.4), (0.60, 0.4), (0.20, 0.4))
    assert tags(nominated([one(2, (0.39, 0.4)), steady], reference=BOX, n=1)) == [1]


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1.2), st.floats(0, 1.2), st.sampled_from([0.0, 0.1])), min_size=1, max_size=9), st.integers(1, 6))
def test_nominated_are_distinct_and_as_many_as_there_may_be(points: list[tuple[float, float, float]], n: int) -> None:
    candidates = [one(at, (bias, distance), violation=violated) for at, (bias, distance, violated) in enumerate(points)]
    found = tags(nominated(candidates, reference=BOX, n=n))
    assert len(set(found)) == len(found) == min(n, len(candidates))
    free: Mapping[int, tuple[float, float]] = {at: (bias, distance) for at, (bias, distance, violated) in enumerate(points) if not violated}
    if free and n > 0:
        F = np.array([point[:2] for point in points])
        box = np.maximum(BOX, 1.1 * F[non_dominated(F)].max(axis=0))
        alone = max(hypervolume(np.array([point]), box) for point in free.values())
        assert hypervolume(F[found], box) >= alone - 1e-12
