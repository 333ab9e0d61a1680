"""The one formatter of figures: what was measured, what was not, and what nobody knows."""

from __future__ import annotations

import pytest

from understudy.records import Measured
from understudy.report import figures

MEASURED = Measured(0.1234, 0.1, 0.15, 40)


def test_a_figure_is_its_value_with_interval_and_n_or_the_reason() -> None:
    assert figures.figure(MEASURED, n="named") == "0.123 [0.100, 0.150], n = 40"
    assert figures.figure(MEASURED, interval=False, form=".1%") == "12.3%"
    assert figures.figure(None) == ""
    unknown = Measured(None, reason="too few")
    assert figures.figure(unknown) == "not measured"
    assert figures.figure(unknown, reason=True) == "not measured: too few"


@pytest.mark.parametrize(
    ("value", "reason", "told"),
    [
        ({"value": 1234.4, "ci": None, "n": 1}, False, "1,234"),
        ({"value": 0.012345, "ci": None, "n": 1}, False, "0.01235"),
        ({"value": None, "reason": "no price"}, False, "unknown"),
        ({"value": None, "reason": "no price"}, True, "unknown: no price"),
    ],
)
def test_an_amount_has_four_significant_digits_or_is_unknown(value: dict[str, object], reason: bool, told: str) -> None:
    assert figures.amount(value, reason=reason) == told


def test_an_estimate_shows_its_range_where_it_has_one() -> None:
    assert figures.estimated({"value": 1200, "range": [900, 2000]}) == "1,200 (900 to 2,000)"
    assert figures.estimated({"value": 1200, "range": [1200, 1200]}) == "1,200"
    assert figures.estimated({"value": None, "reason": "no run"}, reason=True) == "unknown: no run"


def test_what_nobody_counted_or_tested_is_no_zero() -> None:
    assert (figures.counted(None), figures.counted(0)) == ("not counted", "0")
    assert (figures.money(None), figures.money(0.0)) == ("price unknown", "0.0000 USD")
    assert (figures.p_value(None), figures.p_value(0.00001), figures.p_value(0.25)) == ("", "< .0001", "0.2500")
    assert (figures.number(None), figures.interval_cell(None, 1.0)) == ("not measured", "")
