"""When a probe says that a model is apart from humans: at .05 after Holm, by figures that have a human counterpart alone."""

from __future__ import annotations

import pytest

from understudy.probes._figures import ProbeFigure, report
from understudy.probes.asking.calls import AnswerCounts
from understudy.records import Measured
from understudy.statistics.rates import Z

COUNTS = AnswerCounts(40, 40, 0, 0, "planted")


def figure(z: float, against: str = "humans") -> ProbeFigure:
    """A figure whose difference lies `z` standard errors from 0."""
    difference = Measured(0.1, 0.1 - Z * 0.1 / z, 0.1 + Z * 0.1 / z, 40)
    return ProbeFigure(Measured(0.6, 0.5, 0.7, 40), Measured(0.5, 0.4, 0.6, 40), difference, against)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("z", "outcome", "of_figure"), [(1.5, "not_apart", "not_apart"), (1.9, "not_apart", "not_apart"), (2.1, "apart", "above")]
)
def test_the_line_is_at_five_in_a_hundred(z: float, outcome: str, of_figure: str) -> None:
    fields = report(COUNTS, "", {"rate": figure(z)})
    assert (fields["outcome"], fields["figures"]["rate"]["outcome"]) == (outcome, of_figure)


def test_two_figures_are_adjusted_together_and_chance_is_no_human() -> None:
    assert report(COUNTS, "", {"one": figure(2.1), "other": figure(0.5)})["outcome"] == "not_apart"
    assert report(COUNTS, "", {"one": figure(0.5), "other": figure(4.0, "chance")})["outcome"] == "not_apart"
