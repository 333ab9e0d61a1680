"""A figure that is the same for everybody has an axis that can be read."""

from __future__ import annotations

import re

from understudy.records import Measured
from understudy.report.dots import DotPanel, DotRow, dots_svg


def test_an_axis_does_not_show_rounding() -> None:
    same = Measured(5.666666666666667, 5.666666666666665, 5.666666666666669, 20)
    svg = dots_svg([DotPanel("score", "0 to 10", [DotRow("plain, none", same, same)])], title="t")
    written = re.findall(r">([\d.]+)<", svg)
    assert {"5.2", "6.0"} <= set(written)
    assert not any(text.startswith("5.66") for text in written)
