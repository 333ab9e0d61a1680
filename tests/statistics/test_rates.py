from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.records import Measured
from understudy.statistics.rates import difference, holm, two_sided_p, wilson


def test_a_rate_has_the_interval_that_scipy_gives_it() -> None:
    from scipy.stats import binomtest

    expected = binomtest(7, 190).proportion_ci(method="wilson")
    found = wilson(7, 190)
    assert (found.lo, found.hi) == pytest.approx((expected.low, expected.high), abs=1e-6)


def test_a_rate_without_units_is_not_measured() -> None:
    assert wilson(0, 0, nothing="no free runs") == Measured(None, reason="no free runs")


def test_an_impossible_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="5 of 3"):
        wilson(5, 3)


@given(st.integers(0, 500), st.integers(1, 500))
def test_a_rate_lies_in_its_interval(k: int, n: int) -> None:
    found = wilson(min(k, n), n)
    assert found.value is not None
    assert found.lo is not None
    assert found.hi is not None
    assert 0 <= found.lo <= found.value <= found.hi <= 1


def test_a_difference_of_equal_rates_covers_zero() -> None:
    found = difference(wilson(30, 100), wilson(60, 200))
    assert found.value == 0
    assert found.lo is not None
    assert found.hi is not None
    assert found.lo < 0 < found.hi
    assert difference(wilson(3, 10), wilson(0, 0, nothing="none")).value is None


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_never_lowers_a_p_value_and_keeps_their_order(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(new >= old for new, old in zip(adjusted, p_values, strict=True))
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    assert [adjusted[i] for i in order] == sorted(adjusted)


def test_holm_multiplies_the_smallest_by_the_number_of_tests() -> None:
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])


def test_no_difference_without_spread_is_no_evidence() -> None:
    assert two_sided_p(0.0, 0.0) == 1.0
    assert two_sided_p(0.3, 0.0) == 0.0
    assert two_sided_p(1.959964, 1.0) == pytest.approx(0.05, abs=1e-4)
