"""The figure of a comparison: a side or a floor that was not measured is written and never drawn at zero."""

from __future__ import annotations

from typing import Any

import pytest

from understudy.report.arrows import arrows_svg

pytestmark = pytest.mark.usefixtures("valid_drawings")
MISSING = {"value": None, "ci": None}


def row(setting: str, before: float | None, after: float | None, *, human: float | None = 0.05) -> dict[str, Any]:
    def side(value: float | None) -> dict[str, Any]:
        return MISSING if value is None else {"value": value, "ci": [max(0.0, value - 0.1), value + 0.1]}

    return {
        "objective": "positive_bias", "setting": setting, "unit": "share", "before": side(before), "after": side(after),
        "human": side(human), "floor": MISSING if human is None else side(human),
    }  # fmt: skip


def test_a_side_that_was_not_measured_is_written() -> None:
    svg = arrows_svg([row("persona", 0.6, 0.1), row("staged", 0.4, None)], title="Before and after")
    assert "after: not measured" in svg
    assert "before: not measured" not in svg
    assert "human floor 0.050, up to 0.150" in svg


def test_without_a_floor_it_says_so() -> None:
    assert "no floor measured" in arrows_svg([row("persona", 0.6, 7.0, human=None)], title="Before and after")


def test_a_side_without_an_interval_is_drawn_without_one() -> None:
    one = row("persona", 0.6, 0.1)
    one["after"]["ci"] = [None, None]
    assert arrows_svg([one], title="t").count("<svg") == 1


def test_nothing_to_draw_is_an_error() -> None:
    with pytest.raises(ValueError, match="no row"):
        arrows_svg([], title="t")
