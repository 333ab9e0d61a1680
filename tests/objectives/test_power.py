"""A figure on fewer units than a choice needs says so wherever it is shown, and no comparison is drawn from it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from understudy import objectives
from understudy.measure.comparison import compare_values
from understudy.measure.values import ObjectiveValue
from understudy.parameters import SEARCH_PANEL
from understudy.records import Measured
from understudy.report.figures import figure

ROOT = Path(__file__).resolve().parents[2]


def test_an_underpowered_figure_is_shown_with_its_n_and_what_it_needs() -> None:
    few = Measured(24.0, 4.2, 43.8, 4, min_n=10)
    assert few.is_underpowered
    assert figure(few) == "24.000 [4.200, 43.800], underpowered, n = 4 of 10"
    assert few.as_json() == {"value": 24.0, "ci": [4.2, 43.8], "n": 4, "min_n": 10, "underpowered": True}
    assert figure(few.as_json()) == figure(few)
    assert Measured.from_json(few.as_json()) == few


def test_a_figure_on_enough_units_and_one_that_nothing_is_chosen_by_are_shown_as_ever() -> None:
    assert figure(Measured(0.2, 0.1, 0.3, 10, min_n=10)) == "0.200 [0.100, 0.300]"
    assert Measured(0.2, 0.1, 0.3, 4).as_json() == {"value": 0.2, "ci": [0.1, 0.3], "n": 4}
    # what was stored before had no such number
    assert not Measured.from_json({"value": 0.2, "ci": [0.1, 0.3], "n": 1}).is_underpowered


def test_nothing_is_compared_by_a_figure_on_few_units() -> None:
    def value(n: int) -> dict[str, ObjectiveValue]:
        return {"x": ObjectiveValue("x", Measured(0.5, 0.4, 0.6, n, min_n=40), {}, {}, replicates=(0.4, 0.6))}

    assert compare_values(value(40), value(40), floors={})["x"].outcome == "inconclusive"
    found = compare_values(value(40), value(39), floors={})["x"]
    assert found.outcome == "not_measured"
    assert found.reason == "after: underpowered, at least 40 units are needed; there are 39"


def test_the_default_panel_of_a_search_is_enough_for_every_objective() -> None:
    counts = {"reactions": 4 * SEARCH_PANEL.per_stratum, "dialogues": SEARCH_PANEL.behaviour, "free_runs": SEARCH_PANEL.free}
    assert objectives.too_few(counts) == {}
    assert objectives.too_few({**counts, "free_runs": 4}) == {"data_leakage": 4}
    # without targets nothing can be given away, and free runs are not what is counted
    assert objectives.too_few({"reactions": 8, "dialogues": 40}) == {"positive_bias": 8}


@pytest.mark.parametrize("name", objectives.NAMES)
def test_the_guide_says_how_many_units_an_objective_needs_and_why(name: str) -> None:
    guide = (ROOT / "docs" / "objectives.md").read_text(encoding="utf-8")
    module = objectives.MODULES[name]
    row = re.search(rf"^\| {name} \| (\d+) (\w+) \| (.+) \|$", guide, re.MULTILINE)
    assert row is not None
    assert (int(row[1]), row[2], row[3]) == (module.MIN_N, module.COUNTED.replace("free_runs", "runs"), module.MIN_N_WHY)
