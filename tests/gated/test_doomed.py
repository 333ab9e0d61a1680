"""A batch whose size fails a gate whatever is played is named before anything is paid."""

from __future__ import annotations

from typing import Any

import pytest
from rich.console import Console

from understudy.doors import checks
from understudy.errors import BadInput, GateFailed
from understudy.flows.cli.optimize import critic_and_pick
from understudy.parameters import REPORT_PANEL, PanelSize
from understudy.records import STRATA, Measured
from understudy.release.doomed import Most, impossible, most_units, refused
from understudy.release.gates import bounds
from understudy.tasks.simulate.doomed import require_enough
from understudy.tasks.studies.night import require_feasible


def needed(figure: str) -> int:
    return max(int(one.meta["min_n"]) for suite in checks.suites().values() for one in bounds(suite) if one.meta["figure"] == figure)


def test_fewer_dialogues_than_a_gate_needs_are_refused_and_as_many_are_not() -> None:
    least = max(needed(figure) for figure in ("leakage.title", "leakage.attributes", "diagnostics.dcr", "diagnostics.nndr_5"))
    assert least == 190
    require_enough(least, REPORT_PANEL, anyway=False)
    with pytest.raises(BadInput, match=rf"leakage/title needs {least}, and there are at most {least - 1}") as refused:
        require_enough(least - 1, REPORT_PANEL, anyway=False)
    assert "--anyway" in refused.value.hint
    require_enough(least - 1, REPORT_PANEL, anyway=True)


def test_a_report_with_too_few_contexts_or_dialogues_is_refused() -> None:
    small = PanelSize(per_stratum=1, behaviour=4, free=0)
    told = impossible(checks.suites(), 800, small)
    assert {one.split(" ")[0] for one in told} == {
        "bias/positive_bias", "bias/over_acceptance", "bias/decoy_acceptance", "diversity/diversity_gap"
    }  # fmt: skip
    assert not impossible(checks.suites(), 800, REPORT_PANEL)


def test_humans_too_few_for_a_bound_that_applies_are_named_and_a_bound_that_does_not_apply_is_not() -> None:
    data = {f"data.{name}": Measured(0.0) for name in ("reactions", "targets", "described_targets", *STRATA)}
    most = {"objectives.behavioural_distance": Most(33, "33 dialogues are there"), "objectives.positive_bias": Most(0, "none")}
    told = refused(checks.suites(), data, most=most, unknown_licences=())
    assert [(one.suite, one.expectation, one.outcome) for one in told] == [("alignment", "behavioural_distance", "failed")]
    assert told[0].detail == "not measured: n can be 33 at most, since 33 dialogues are there; at least 60 are needed"
    data["data.reactions"] = Measured(12.0)
    both = refused(checks.suites(), data, most=most, unknown_licences=("unknown",))
    assert [one.expectation for one in both] == ["behavioural_distance", "positive_bias", "unlicensed_sources"]


def test_every_figure_whose_units_follow_from_the_size_is_one_of_a_gate() -> None:
    known = {one.meta["figure"] for suite in checks.suites().values() for one in bounds(suite)}
    assert set(most_units(1, REPORT_PANEL)) <= known


def test_a_pick_that_breaks_the_bounds_stops_the_night_and_says_by_how_much() -> None:
    pick: Any = {"feasibility": "infeasible", "violations": {"title": 0.31}, "proven_violations": {"title": 0.12, "positive_bias": 0.02}}
    with pytest.raises(GateFailed, match=r"positive_bias by 0\.020"):
        require_feasible(pick, anyway=False)
    require_feasible(pick, anyway=True)
    require_feasible({**pick, "feasibility": "feasible"}, anyway=False)


def test_a_pick_beyond_a_bound_on_a_few_contexts_is_not_decided_and_the_night_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    pick: Any = {"feasibility": "not_decided", "violations": {"title": 0.075}, "proven_violations": {}}
    require_feasible(pick, anyway=False)
    told: Any = {"dominates_seed": True, "p_dominates_seed": None}
    critic_and_pick(Console(width=200), {**pick, **told}, critic=None, n_critic_tokens=0)
    assert "not decided: its values exceed title by 0.075" in capsys.readouterr().out
