"""Rates whose units come in clusters: few people who say much are worth less than many who say little."""

from __future__ import annotations

import numpy as np
import pytest

from understudy.records import Measured
from understudy.statistics.clustered import Clustered, correlations, joined, rates_apart
from understudy.statistics.halves import Floats, ball_radius, halves, normal_deviations, unit_codes
from understudy.statistics.rates import difference, wilson

N_PEOPLE, N_SAID, N_TRIALS = 40, 12, 300


def clustered(k: list[float], n: list[float], first: int = 0) -> Clustered:
    return Clustered.of([f"p{first + at}" for at in range(len(k))], np.array(k), np.array(n))


def people(rng: np.random.Generator, *, alike: bool) -> tuple[Floats, Floats]:
    """How often each of them says yes, .4 on average; `alike`: what one says is alike."""
    own = rng.beta(0.8, 1.2, N_PEOPLE) if alike else np.full(N_PEOPLE, 0.4)
    return rng.binomial(N_SAID, own).astype(float), np.full(N_PEOPLE, float(N_SAID))


def covers(found: Measured, truth: float) -> bool:
    assert found.lo is not None
    assert found.hi is not None
    return found.lo <= truth <= found.hi


def test_units_that_are_clusters_of_their_own_have_wilsons_and_newcombes_intervals() -> None:
    one, other = clustered([1.0] * 7 + [0.0] * 13, [1.0] * 20), clustered([1.0] * 12 + [0.0] * 28, [1.0] * 40, first=20)
    assert one.effect == pytest.approx(20 / 19)
    plain = difference(wilson(7, 20, effect=20 / 19), wilson(12, 40, effect=40 / 39))
    found = rates_apart(one, other, nothing="")
    assert (found.value, found.lo, found.hi, found.n) == pytest.approx((plain.value, plain.lo, plain.hi, 20))


def test_people_who_always_say_the_same_are_worth_one_answer_each() -> None:
    assert clustered([10.0] * 8 + [0.0] * 12, [10.0] * 20).effect == pytest.approx(10 * 20 / 19)
    assert clustered([4.0], [10.0]).effect == 10
    # nothing is seen of how alike people are where all of them say no
    assert clustered([0.0] * 20, [10.0] * 20).rate("") == wilson(0, 200)


def test_rows_of_one_person_are_added_and_who_says_nothing_does_not_count() -> None:
    found = Clustered.of(["b", "a", "b", "c"], np.array([1.0, 0.0, 1.0, 0.0]), np.array([2.0, 1.0, 1.0, 0.0]))
    assert (found.names, found.k.tolist(), found.n.tolist()) == (("a", "b"), [0.0, 2.0], [1.0, 3.0])
    assert Clustered.of([], np.array([]), np.array([])).rate("nobody") == Measured(None, reason="nobody")


@pytest.mark.parametrize(("alike", "by_answers"), [(True, (0.4, 0.75)), (False, (0.9, 1.0))])
def test_intervals_cover_where_answers_as_units_do_not(alike: bool, by_answers: tuple[float, float]) -> None:
    seen = np.zeros(2)
    for trial in range(N_TRIALS):
        rng = np.random.default_rng(trial)
        one, other = (Clustered.of([f"{side}{at}" for at in range(N_PEOPLE)], *people(rng, alike=alike)) for side in "ab")
        plain = difference(*(wilson(int(side.k.sum()), int(side.n.sum())) for side in (one, other)))
        seen += covers(rates_apart(one, other, nothing=""), 0.0), covers(plain, 0.0)
    ours, answers = seen / N_TRIALS
    assert 0.9 <= ours <= 0.99
    assert by_answers[0] <= answers <= by_answers[1]


def test_the_same_people_on_both_sides_are_paired() -> None:
    k, n = people(np.random.default_rng(3), alike=True)
    names = [f"p{at}" for at in range(N_PEOPLE)]
    one = Clustered.of(names, k, n)
    itself = rates_apart(one, one, nothing="")
    assert itself.as_json()["ci"] == pytest.approx([0.0, 0.0], abs=0.01)
    strangers = rates_apart(one, Clustered.of([f"q{at}" for at in range(N_PEOPLE)], k, n), nothing="")
    assert strangers.hi is not None
    assert strangers.hi > 0.1


def test_parts_go_together_as_the_people_behind_them_do() -> None:
    k, n = people(np.random.default_rng(4), alike=True)
    part = Clustered.of([f"p{at}" for at in range(N_PEOPLE)], k, n)
    against = Clustered.of([f"p{at}" for at in range(N_PEOPLE)], n - k, n)
    stranger = Clustered.of([f"q{at}" for at in range(N_PEOPLE)], k, n)
    found = correlations(joined([part, part, against, stranger]))
    assert found == pytest.approx(np.array([[1, 1, -1, 0], [1, 1, -1, 0], [-1, -1, 1, 0], [0, 0, 0, 1]]))


def test_parts_that_go_together_have_a_wider_ball() -> None:
    together = normal_deviations([0.1, 0.2], correlations=np.ones((2, 2)))
    assert together.std(axis=0) == pytest.approx([0.1, 0.2], rel=0.05)
    assert np.corrcoef(together.T)[0, 1] == pytest.approx(1)
    assert ball_radius(together) > 1.1 * ball_radius(normal_deviations([0.1, 0.2]))


def test_samples_of_another_share_spread_as_the_delete_d_jackknife_says() -> None:
    values = np.random.default_rng(1).normal(size=400)
    drawn = halves(unit_codes([str(i) for i in range(400)]), seed=1, share=0.75)
    means = drawn @ values / drawn.sum(axis=1)
    assert means.std() * np.sqrt(3) == pytest.approx(values.std() / 20, rel=0.2)
