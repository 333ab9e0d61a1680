"""`--auto`: whatever the budget, the chosen size is estimated within it; more money never buys a smaller search; too little buys none."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.errors import BadInput
from understudy.measure.comparison import MIN_UNITS
from understudy.objectives import MIN_N
from understudy.parameters import Caps, PanelSize, Search
from understudy.studies.sizing import LADDER, MOST_GENERATIONS, Size, SizeCost, sized
from understudy.tasks.studies.sizing import size_from

LATENCIES, PRICES = st.floats(0.001, 60.0), st.floats(0.00001, 0.1)


def calls_of(size: Size) -> float:
    """A model of the estimate: every evaluation plays its panel, a free run has five turns and a dialogue six."""

    def played(panel: PanelSize) -> int:
        return 5 * panel.per_stratum + 6 * panel.behaviour + 5 * panel.free

    searched = size.population * (size.generations + 1) * played(size.panel)
    return searched + (size.n_front + 1) * played(size.finalists) + 2 * played(size.report)



def cost(size: Size, latency_s: float, usd: float | None) -> SizeCost:
    calls = calls_of(size)
    return SizeCost(calls, calls * latency_s / 60, None if usd is None else calls * usd)


def place(size: Size) -> tuple[int, int]:
    rungs = [(one.population, one.panel.per_stratum, one.report.per_stratum) for one in LADDER]
    return rungs.index((size.population, size.panel.per_stratum, size.report.per_stratum)), size.generations


@given(st.floats(1, 1e7), st.floats(0.1, 1e6), st.floats(0.001, 1e5), LATENCIES, PRICES)
def test_for_any_budget_the_choice_is_within_it(calls: float, minutes: float, usd: float, latency_s: float, price: float) -> None:
    caps = Caps(calls=int(calls), minutes=minutes, usd=usd)
    least = cost(LADDER[0], latency_s, price)
    if least.calls > int(calls) or least.minutes > minutes or (least.usd or 0) > usd:
        with pytest.raises(BadInput, match="too small for any search"):
            sized(caps, lambda one: cost(one, latency_s, price))
        return
    size, taken = sized(caps, lambda one: cost(one, latency_s, price))
    assert taken == cost(size, latency_s, price)
    assert taken.calls <= int(calls)
    assert taken.minutes <= minutes
    assert taken.usd is not None
    assert taken.usd <= usd
    assert size.generations <= max(MOST_GENERATIONS, LADDER[-1].generations)


@given(st.integers(1, 10_000_000), st.integers(1, 10_000_000))
def test_more_never_buys_a_smaller_search(one: int, other: int) -> None:
    def bought(calls: int) -> tuple[int, int]:
        try:
            return place(sized(Caps(calls=calls), lambda size: cost(size, 1.0, None))[0])
        except BadInput:
            return (-1, 0)

    assert bought(min(one, other)) <= bought(max(one, other))


def test_one_generation_more_would_not_fit() -> None:
    size, _ = sized(Caps(calls=8000), lambda one: cost(one, 1.0, None))
    more = Size(size.population, size.generations + 1, size.n_front, size.panel, size.finalists, size.report)
    assert calls_of(more) > 8000


def test_too_small_a_budget_is_refused_with_what_the_smallest_search_takes() -> None:
    with pytest.raises(BadInput, match=r"too small for any search.*report on 8 contexts per stratum.*calls \(the cap is 50\)"):
        sized(Caps(calls=50), lambda one: cost(one, 1.0, None))


def test_without_a_cap_or_a_price_there_is_nothing_to_choose_by() -> None:
    with pytest.raises(BadInput, match="no cap to choose"):
        sized(Caps(tokens=5), lambda one: cost(one, 1.0, None))
    with pytest.raises(BadInput, match="the price of a model is not known"):
        sized(Caps(usd=5), lambda one: cost(one, 1.0, None))


def test_each_rung_costs_more_than_the_one_below_and_measures_every_objective() -> None:
    assert all(calls_of(one) < calls_of(other) for one, other in pairwise(LADDER))
    for one in LADDER:
        for panel in (one.panel, one.finalists, one.report):
            units = {"positive_bias": 4 * panel.per_stratum, "behavioural_distance": panel.behaviour, "data_leakage": panel.free}
            assert all(n >= MIN_N[name] for name, n in units.items())
            assert panel.behaviour >= MIN_N["diversity_gap"]
        assert min(4 * one.report.per_stratum, one.report.behaviour, one.report.free) >= MIN_UNITS


def test_a_size_is_read_back_as_it_was_kept_and_asks_for_its_search() -> None:
    assert size_from(LADDER[3].as_json()) == LADDER[3]
    search = LADDER[3].search(Search(algorithm="nsga2"))
    assert (search.algorithm, search.population, search.front_panel) == ("nsga2", 3, LADDER[3].finalists)
