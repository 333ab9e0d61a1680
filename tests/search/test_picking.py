"""The pick: feasible first, worst case first, and the truth about the seed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from understudy.errors import BadInput, NotMeasured
from understudy.records import Measured
from understudy.search.picking import Finalist, Pick, pick

NAMES = ("bias", "sameness")


def finalist(name: str, *values: float | None, spread: float = 0.0, violated: float | None = -0.1) -> Finalist:
    measured = [
        Measured(None, reason="too few") if value is None else Measured(value, value - spread, value + spread, 9) for value in values
    ]
    return Finalist(name, dict(zip(NAMES, measured, strict=True)), {"titles": violated})


def picked(*finalists: Finalist, weights: dict[str, float] | None = None) -> Pick:
    return pick(finalists, objectives=NAMES, seed_digest="seed", reference=(1.1, 1.1), weights=weights)


def test_a_finalist_better_everywhere_is_picked_and_dominates_the_seed() -> None:
    found = picked(finalist("seed", 0.8, 0.8), finalist("good", 0.2, 0.3))
    assert (found.genome_digest, found.dominates_seed, found.front) == ("good", True, ("good",))


def test_a_trade_is_not_called_a_domination_of_the_seed() -> None:
    found = picked(finalist("seed", 0.5, 0.2), finalist("other", 0.1, 0.21))
    assert (found.genome_digest, found.dominates_seed) == ("other", False)
    assert set(found.front) == {"seed", "other"}


def test_the_seed_itself_is_picked_where_nothing_is_better() -> None:
    found = picked(finalist("seed", 0.2, 0.2), finalist("worse", 0.3, 0.2))
    assert (found.genome_digest, found.dominates_seed, found.front) == ("seed", False, ("seed",))


def test_a_feasible_finalist_goes_before_a_better_one_that_is_not() -> None:
    found = picked(finalist("seed", 0.8, 0.8), finalist("leaky", 0.1, 0.1, violated=0.2))
    assert (found.genome_digest, found.feasible) == ("seed", True)
    none_feasible = picked(finalist("seed", 0.8, 0.8, violated=0.3), finalist("leaky", 0.9, 0.9, violated=0.2))
    assert (none_feasible.genome_digest, none_feasible.feasible, none_feasible.hypervolume) == ("leaky", False, 0.0)
    assert not none_feasible.dominates_seed


def test_a_constraint_that_was_measured_of_one_finalist_binds_that_one_alone() -> None:
    decoys = replace(finalist("seed", 0.1, 0.1), constraints={"titles": -0.1, "decoys": 0.3})
    assert picked(decoys, finalist("other", 0.8, 0.8)).genome_digest == "other"


@pytest.mark.parametrize(
    ("constraints", "proven", "feasibility"),
    [
        ({"titles": -0.01, "copying": 0.0}, {"titles": -0.05, "copying": -0.02}, "feasible"),
        ({"titles": 0.075, "copying": None}, {"titles": -0.03}, "not_decided"),
        ({"titles": 0.95, "copying": 0.01}, {"titles": 0.46, "copying": -0.02}, "infeasible"),
        # a search that a cap ended early has values alone
        ({"titles": 0.95}, None, "not_decided"),
    ],
)
def test_a_value_beyond_a_bound_decides_nothing_where_its_interval_is_not(
    constraints: dict[str, float | None], proven: dict[str, float] | None, feasibility: str
) -> None:
    one = Finalist("g", {}, constraints, proven=proven)
    assert one.feasibility == feasibility
    assert set(one.proven_violations) == ({"titles"} if feasibility == "infeasible" else set())
    assert set(one.violations) == {name for name, value in constraints.items() if value is not None and value > 0}


def test_where_nothing_is_feasible_bounds_on_objectives_are_left_to_the_objectives() -> None:
    def bound(name: str, *values: float, title: float, gap: float) -> Finalist:
        return replace(finalist(name, *values), constraints={"title": title, "sameness": gap})

    seed, near = bound("seed", 0.9, 0.9, title=0.3, gap=0.5), bound("near", 0.7, 0.25, title=-0.1, gap=0.1)
    better, leaky = bound("better", 0.2, 0.3, title=-0.1, gap=0.15), bound("leaky", 0.1, 0.1, title=0.2, gap=-0.1)
    everybody = [seed, near, better, leaky]

    def chosen(traded: tuple[str, ...], finalists: list[Finalist]) -> Pick:
        return pick(finalists, objectives=NAMES, seed_digest="seed", reference=(1.1, 1.1), weights=dict.fromkeys(NAMES, 1), traded=traded)

    assert chosen((), everybody).genome_digest == "near"
    assert (chosen(("sameness",), everybody).genome_digest, chosen(("sameness",), everybody).feasible) == ("better", False)
    unlucky = replace(leaky, sure={"title": -0.01, "sameness": -0.1})
    assert chosen(("sameness",), [seed, near, better, unlucky]).genome_digest == "leaky"
    allowed = replace(near, constraints={"title": -0.1, "sameness": -0.2})
    assert chosen(("sameness",), [seed, allowed, better, leaky]).genome_digest == "near"


def test_a_pick_that_breaks_more_constraints_than_the_seed_does_not_dominate_it() -> None:
    def resampled(name: str, value: float, title: float, gap: float) -> Finalist:
        draws = dict.fromkeys(NAMES, (value - 0.01, value, value + 0.01))
        return replace(finalist(name, value, value), constraints={"title": title, "sameness": gap}, replicates=draws)

    def pick_at(gap: float) -> Pick:
        seed, better = resampled("seed", 0.8, title=0.2, gap=0.1), resampled("better", 0.2, title=0.1, gap=gap)
        return pick([seed, better], objectives=NAMES, seed_digest="seed", reference=(1.1, 1.1), traded=("sameness",))

    more, less = pick_at(0.5), pick_at(0.1)
    assert more.genome_digest == less.genome_digest == "better"
    assert (more.dominates_seed, more.p_dominates_seed) == (False, 0.0)
    assert (less.dominates_seed, less.p_dominates_seed) == (True, 1.0)


def test_the_worst_case_decides_between_near_equals() -> None:
    found = picked(finalist("seed", 0.9, 0.9), finalist("lucky", 0.30, 0.31, spread=0.4), finalist("sure", 0.31, 0.30, spread=0.05))
    assert found.genome_digest == "sure"


def test_weights_move_the_pick_along_the_front() -> None:
    front = [finalist("seed", 0.9, 0.9), finalist("a", 0.1, 0.7), finalist("b", 0.4, 0.4), finalist("c", 0.7, 0.1)]
    chosen = [picked(*front, weights=weights).genome_digest for weights in ({"bias": 9, "sameness": 1}, {"bias": 1, "sameness": 9})]
    assert chosen == ["a", "c"]
    assert picked(*front, weights={"bias": 1}).genome_digest == "a"
    assert picked(*front, weights={"bias": 1, "sameness": 1}).genome_digest == "b"


@pytest.mark.parametrize("weights", [{"charm": 1.0}, {"bias": -1.0}, {"bias": 0.0}, {"bias": float("nan")}])
def test_weights_that_cannot_be_used_are_refused(weights: dict[str, float]) -> None:
    with pytest.raises(BadInput, match="weights"):
        picked(finalist("seed", 0.2, 0.2), weights=weights)


def test_what_was_not_measured_is_set_aside_with_its_reason() -> None:
    found = picked(finalist("seed", 0.8, 0.8), finalist("blank", None, 0.1), finalist("open", 0.1, 0.1, violated=None))
    assert found.genome_digest == "seed"
    assert found.set_aside == {"blank": "bias: too few", "open": "titles: not measured"}


def test_an_unmeasured_seed_is_never_said_to_be_dominated() -> None:
    assert not picked(finalist("seed", None, 0.8), finalist("good", 0.1, 0.1)).dominates_seed


def test_nothing_measured_is_no_pick() -> None:
    with pytest.raises(NotMeasured, match="too few"):
        picked(finalist("seed", None, 0.1))


def test_the_order_of_the_finalists_does_not_matter() -> None:
    front = [finalist("seed", 0.9, 0.9), finalist("a", 0.1, 0.7), finalist("b", 0.7, 0.1)]
    assert picked(*front) == picked(*reversed(front))
