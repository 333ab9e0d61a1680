"""Figures are SVG text with their labels in it, the same for the same numbers, and honest about what was not measured."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from understudy.records import Measured
from understudy.report.drawing import Bar, FrontPoint, bars_svg, distribution_svg, front_svg

pytestmark = pytest.mark.usefixtures("valid_drawings")
POINTS = [
    FrontPoint("one", "seed", {"positive_bias": 0.4, "diversity_gap": 1.2, "data_leakage": 0.0}),
    FrontPoint("two", "pick", {"positive_bias": 0.1, "diversity_gap": 0.6, "data_leakage": 0.2}),
]


def words(svg: str) -> str:
    """All text of a drawing; parsing fails on what is not well-formed."""
    return " | ".join("".join(node.itertext()) for node in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text"))


def test_a_front_shows_every_pair_of_objectives_and_what_its_marks_mean() -> None:
    svg = front_svg(POINTS, title="Generation 2")
    text = words(svg)
    assert svg == front_svg(POINTS, title="Generation 2")
    assert text.count("positive bias") == 2
    assert text.count("data leakage") == 2
    assert "Generation 2 (lower left is better)" in text
    assert "seed" in text
    assert "pick" in text
    assert "candidate" not in text


def test_one_objective_is_no_front() -> None:
    with pytest.raises(ValueError, match="two objectives"):
        front_svg([FrontPoint("one", "seed", {"positive_bias": 0.4})], title="")


def test_bars_name_unit_floor_and_what_was_not_measured() -> None:
    measured, blank = Measured(0.42, 0.36, 0.47, 600), Measured(None, reason="too few")
    text = words(bars_svg([Bar("positive_bias", "rate", measured, blank, Measured(0.02, 0.01, 0.03, 40))], title="Before and after"))
    assert "not measured" in text
    assert "0.420" in text
    assert "floor 0.020, up to 0.030" in text
    assert "rate" in text
    assert "not measured" not in words(bars_svg([Bar("positive_bias", "rate", measured, measured)], title=""))
    assert "no floor measured" in words(bars_svg([Bar("positive_bias", "rate", measured, Measured(0.1))], title=""))


def test_a_distribution_says_how_many_values_each_side_has() -> None:
    text = words(distribution_svg([1, 2, 2, 3], list(np.linspace(0, 5, 7)), title="Length", axis="words a turn"))
    assert "human (n = 4)" in text
    assert "synthetic (n = 7)" in text
    assert "words a turn" in text


def test_a_distribution_of_nothing_is_not_drawn() -> None:
    with pytest.raises(ValueError, match="at least one value"):
        distribution_svg([], [1.0], title="", axis="")
