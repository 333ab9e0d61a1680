"""Selection: fronts, survivors, hypervolume."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from understudy.errors import BadInput
from understudy.keys import rng_of
from understudy.search.moo import (
    ALGORITHMS,
    Matrix,
    Standing,
    Survival,
    achievement,
    directions,
    hypervolume,
    non_dominated,
    prefer,
    trade_off,
)

ROWS = st.integers(1, 14).flatmap(lambda n: arrays(float, (n, 4), elements=st.floats(0, 2, width=16)))


def free(F: Matrix) -> Matrix:
    return np.zeros((len(F), 0))


def dominates(a: Matrix, b: Matrix) -> bool:
    return bool(np.all(a <= b) and np.any(a < b))


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_no_member_of_a_front_dominates_another_and_the_rest_is_dominated(F: Matrix) -> None:
    front = non_dominated(F, free(F))
    assert front
    assert not any(dominates(F[i], F[j]) for i in front for j in front)
    assert all(any(dominates(F[i], F[j]) for i in front) for j in range(len(F)) if j not in front)


def test_an_infeasible_row_is_on_no_front_beside_a_feasible_one() -> None:
    F = np.array([[0.0, 0.0], [1.0, 1.0]])
    assert non_dominated(F, np.array([[0.2], [-0.1]])) == [1]
    assert non_dominated(F, np.array([[0.2], [0.1]])) == [1]
    assert non_dominated(F, np.array([[-0.2], [-0.1]])) == [0]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@settings(max_examples=20, deadline=None)
@given(F=ROWS, violated=st.lists(st.booleans(), min_size=14, max_size=14))
def test_survivors_are_repeatable_and_feasible_ones_go_first(algorithm: str, F: Matrix, violated: list[bool]) -> None:
    G = np.where(np.array(violated[: len(F)]), 0.3, -0.3)[:, None]

    def kept() -> list[Standing]:
        return Survival(algorithm, n_objectives=4, population=6).select(F, G, n_survive=6, seed=9)

    first = kept()
    assert first == kept()
    assert len({one.index for one in first}) == len(first) == min(6, len(F))
    n_feasible = int((G <= 0).sum())
    # C-TAEA keeps a third for variety, feasible or not
    assert sum(one.violation == 0 for one in first) >= min(4 if algorithm == "ctaea" else 6, n_feasible)
    if n_feasible:
        assert first[0].violation == 0


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_dominated_row_does_not_survive_where_the_front_fills_the_places(algorithm: str) -> None:
    steps = np.linspace(0, 1, 6)
    F = np.vstack([np.column_stack([steps, 1 - steps]), np.full((4, 2), 1.5)])
    kept = Survival(algorithm, n_objectives=2, population=6).select(F, free(F), n_survive=6, seed=1)
    if algorithm == "ctaea":
        assert len({one.index for one in kept} & set(range(6))) >= 4
        return
    assert {one.index for one in kept} == set(range(6))
    assert {one.rank for one in kept} == {0}


def test_an_unknown_algorithm_is_refused_with_what_there_is() -> None:
    with pytest.raises(BadInput) as caught:
        Survival("nsga9", n_objectives=4, population=6)
    assert "unsga3" in caught.value.hint


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_was_not_measured_never_reaches_selection(bad: float) -> None:
    F = np.array([[0.1, bad], [0.2, 0.3]])
    with pytest.raises(ValueError, match="finite"):
        non_dominated(F, free(F))
    with pytest.raises(ValueError, match="finite"):
        hypervolume(F, np.ones(2))
    with pytest.raises(ValueError, match="finite"):
        Survival("nsga2", n_objectives=2, population=4).select(F, free(F), n_survive=1, seed=1)


def test_nothing_survives_of_nothing() -> None:
    empty = np.empty((0, 4))
    assert Survival("unsga3", n_objectives=4, population=6).select(empty, free(empty), n_survive=6, seed=1) == []
    assert non_dominated(empty, free(empty)) == []
    assert hypervolume(empty, np.ones(4)) == 0.0


def test_hypervolume_is_a_share_of_the_box() -> None:
    reference = np.array([2.0, 4.0])
    assert hypervolume(np.array([[1.0, 2.0]]), reference) == pytest.approx(0.25)
    assert hypervolume(np.array([[0.0, 0.0]]), reference) == pytest.approx(1.0)
    assert hypervolume(np.array([[1.0, 0.0], [0.0, 2.0]]), reference) == pytest.approx(0.75)
    assert hypervolume(np.array([[0.1, 4.1]]), reference) == 0.0


def test_a_reference_at_the_ideal_is_refused() -> None:
    with pytest.raises(BadInput, match="above 0"):
        hypervolume(np.array([[0.0, 0.0]]), np.array([1.0, 0.0]))


@settings(max_examples=40, deadline=None)
@given(ROWS)
def test_another_row_never_lowers_the_hypervolume(F: Matrix) -> None:
    reference = np.full(4, 1.5)
    assert hypervolume(F, reference) >= hypervolume(F[:-1], reference) - 1e-12


def test_weights_pull_the_choice_to_their_objective() -> None:
    F = np.array([[0.1, 0.9], [0.5, 0.5], [0.9, 0.1]])
    chosen = [int(np.argmin(achievement(F, np.array(weights)))) for weights in ([9.0, 1.0], [1.0, 1.0], [1.0, 9.0])]
    assert chosen == [0, 1, 2]


def test_the_knee_gives_up_little_for_what_it_wins() -> None:
    F = np.array([[0.0, 1.0], [0.2, 0.2], [1.0, 0.0], [0.6, 0.1]])
    assert int(np.argmax(trade_off(F))) == 1


@pytest.mark.parametrize("population", [4, 6, 12, 24, 40])
def test_directions_fit_the_population_and_hold_the_balanced_one(population: int) -> None:
    found = directions(4, population)
    assert 4 <= len(found) <= population
    assert np.allclose(found.sum(axis=1), 1)
    if population > 4:
        assert np.any(np.all(np.isclose(found, 0.25), axis=1))


def test_a_single_objective_has_one_direction() -> None:
    assert directions(1, 6).tolist() == [[1.0]]


def test_a_tournament_prefers_feasible_then_rank_and_leaves_niches_to_lot() -> None:
    best = Standing(0, 0.0, 0, 1, 0.1)
    broken, worse, elsewhere = Standing(1, 0.2, 0, None, 0.0), Standing(2, 0.0, 1, 1, 0.0), Standing(3, 0.0, 1, 2, 0.0)
    winners = {name: {prefer(best, other, rng=rng_of(name, i)).index for i in range(40)} for name, other in
               {"broken": broken, "worse": worse, "elsewhere": elsewhere}.items()}  # fmt: skip
    assert winners == {"broken": {0}, "worse": {0}, "elsewhere": {0, 3}}
