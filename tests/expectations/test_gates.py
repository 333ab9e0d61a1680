"""The batch gates: figures in, verdicts out, every bound with a figure on either side of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests import suites
from understudy.doors import checks
from understudy.errors import UnderstudyError
from understudy.records import STRATA, Measured
from understudy.release import gates, verdicts

CLEAN = {"value": 0.0, "ci": [0.0, 0.0188], "n": 1000}
NONE_OF = ("unmeasured", "quarantined", "missing", "cut", "history", "unlicensed_sources", "foreign_scenarios", "foreign_exemplars",
           "canaries")  # fmt: skip
NEAR, NEAR_HUMAN = ("dcr", "nndr_5"), ("dcr_human", "nndr_5_human")
DATA = {name: Measured(900.0, n=900) for name in ("reactions", "targets", "described_targets", "labelled_of_a_class", "canaries", *STRATA)}
FACTS = {
    "dialogues": Measured(200.0, n=200), **{name: Measured(0.0, n=200) for name in NONE_OF},
    "corrected_acceptance": Measured(0.05, 0.0, 0.1, 600),
}  # fmt: skip

BOUNDS = [(suite, bound) for suite in gates.batch_gates(checks.suites()) for bound in gates.bounds(checks.suite(suite))]


def evaluation(**changed: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Figures that pass, some of them changed: `part__name={...}`."""
    names = {
        "objectives": ("positive_bias", "diversity_gap", "behavioural_distance", "data_leakage"),
        "leakage": ("title", "attributes", "copying", "short_turns", "prompt", "split"),
        "diagnostics": ("over_acceptance", "decoy_acceptance", "disliked_acceptance", "invalid", "role_flips", *NEAR, *NEAR_HUMAN),
    }
    clean = {part: dict.fromkeys(kinds, CLEAN) for part, kinds in names.items()}
    clean["diagnostics"] |= dict.fromkeys((*NEAR, *NEAR_HUMAN), rate(0.6))
    for name, value in changed.items():
        part, _, kind = name.partition("__")
        clean[part] = {**clean[part], kind: value}
    return clean


def anchors(without: str = "") -> list[dict[str, Any]]:
    """Human floors of .05 and human copying of .01."""
    floors = [{"name": n, "value": None, "n": 0, "floor_hi": 0.05, "n_floor": 40, "reason": ""} for n in evaluation()["objectives"]]
    copied = ("human_copying", "human_short_turns")
    human = [{"name": n, "value": 0.01, "n": 900, "floor_hi": None, "n_floor": 0, "reason": ""} for n in copied]
    return [row for row in (*floors, *human) if row["name"] != without]


def judge(suite: str, figures: gates.Figures) -> dict[str, verdicts.Verdict]:
    """The verdicts of one gate by expectation."""
    rows = gates.evidence(checks.suite(suite), figures)
    found = suites.run_suite(suite, gates.frame(rows), gates.parameters(rows), key="subject")
    return {verdict.expectation: verdict for verdict in verdicts.verdicts_on(suite, found, rows)}


def rate(value: float, upper: float | None = None, n: int = 1000) -> dict[str, Any]:
    return {"value": value, "ci": [0.0, value if upper is None else upper], "n": n}


CASES = [
    ("leakage", "title", "leakage__title", rate(0.02, 0.05), rate(0.02, 0.0501)),
    ("leakage", "attributes", "leakage__attributes", rate(0.0, 0.02), rate(0.0, 0.0201)),
    ("leakage", "copying", "leakage__copying", rate(0.0299), rate(0.0301)),
    ("leakage", "short_turns", "leakage__short_turns", rate(0.0299), rate(0.0301)),
    ("leakage", "split", "leakage__split", rate(0.0), rate(0.001)),
    ("bias", "positive_bias", "objectives__positive_bias", rate(0.149), rate(0.151)),
    ("bias", "over_acceptance", "diagnostics__over_acceptance", rate(0.15), rate(0.151)),
    ("bias", "decoy_acceptance", "diagnostics__decoy_acceptance", rate(0.1), rate(0.101)),
    ("diversity", "diversity_gap", "objectives__diversity_gap", rate(0.299), rate(0.301)),
    ("alignment", "behavioural_distance", "objectives__behavioural_distance", rate(0.079), rate(0.081)),
    ("release", "invalid", "diagnostics__invalid", rate(0.02), rate(0.021)),
    ("release", "role_flips", "diagnostics__role_flips", rate(0.01), rate(0.011)),
]


@pytest.mark.parametrize(("suite", "name", "figure", "within", "beyond"), CASES, ids=[f"{case[0]}-{case[1]}" for case in CASES])
def test_a_bound_lets_pass_what_is_within_and_stops_alone_what_is_beyond(
    suite: str, name: str, figure: str, within: dict[str, Any], beyond: dict[str, Any]
) -> None:
    inside = judge(suite, gates.figures(evaluation(**{figure: within}), anchors(), FACTS, DATA))
    outside = judge(suite, gates.figures(evaluation(**{figure: beyond}), anchors(), FACTS, DATA))
    assert all(verdict.passed for verdict in inside.values())
    assert [verdict.expectation for verdict in outside.values() if not verdict.passed] == [name]
    assert "above the maximum of" in outside[name].detail
    assert outside[name].subject == name


@pytest.mark.parametrize(("name", "least"), [("dcr", 0.57), ("nndr_5", 0.5)])
def test_a_batch_may_lie_as_far_from_its_sources_as_people_do_less_a_margin(name: str, least: float) -> None:
    inside, outside = (
        judge("privacy", gates.figures(evaluation(**{f"diagnostics__{name}": rate(value)}), anchors(), FACTS, DATA))
        for value in (least + 0.001, least - 0.001)
    )
    assert all(verdict.passed for verdict in inside.values())
    assert [verdict.expectation for verdict in outside.values() if not verdict.passed] == [name]
    assert f"0.001 below the minimum of {least:.3f}" in outside[name].detail


def test_a_batch_whose_nearness_was_not_measured_is_refused() -> None:
    unknown = {
        f"diagnostics__{name}": {"value": None, "reason": "at least 20 free runs are needed; there are 19"} for name in (*NEAR, *NEAR_HUMAN)
    }
    found = judge("privacy", gates.figures(evaluation(**unknown), anchors(), FACTS, DATA))
    assert [verdict.expectation for verdict in found.values() if not verdict.passed] == ["measured", "enough", *NEAR]
    assert {found[name].detail for name in NEAR} == {"not measured: at least 20 free runs are needed; there are 19"}
    few = judge("privacy", gates.figures(evaluation(diagnostics__dcr=rate(0.6, n=189)), anchors(), FACTS, DATA))
    assert few["dcr"].detail == "not measured: n is 189; at least 190 are needed"
    assert not few["dcr"].passed


@pytest.mark.parametrize("name", sorted(FACTS))
def test_every_fact_of_the_batch_is_held_against_a_bound(name: str) -> None:
    facts = {**FACTS, name: Measured(19.0 if name == "dialogues" else 1.0, n=1000)}
    suite = {"history": "leakage", "corrected_acceptance": "bias", "canaries": "privacy"}.get(name, "release")
    found = judge(suite, gates.figures(evaluation(), anchors(), facts, DATA))
    failed = [verdict.expectation for verdict in found.values() if not verdict.passed]
    assert failed == [name]


def test_what_was_not_measured_fails_with_its_reason() -> None:
    changed = evaluation(objectives__diversity_gap={"value": None, "reason": "no replay"})
    found = judge("diversity", gates.figures(changed, anchors(), FACTS, DATA))
    assert not found["diversity_gap"].passed
    assert found["diversity_gap"].detail == "not measured: no replay"
    assert found["diversity_gap"].observed is None
    assert not found["measured"].passed


def test_a_figure_that_is_absent_altogether_fails() -> None:
    without = evaluation()
    del without["leakage"]["title"]
    found = judge("leakage", gates.figures(without, anchors(), FACTS, DATA))
    assert found["title"].detail == "not measured: there is no figure leakage.title"
    assert not found["title"].passed


def test_a_clean_rate_on_189_dialogues_is_not_measured_and_fails() -> None:
    found = judge("leakage", gates.figures(evaluation(leakage__title=rate(0.0, 0.0199, n=189)), anchors(), FACTS, DATA))
    assert found["title"].detail == "not measured: n is 189; at least 190 are needed"
    assert [name for name, verdict in found.items() if not verdict.passed] == ["measured", "enough", "title"]


def test_a_rate_without_an_interval_is_not_held_by_its_point() -> None:
    found = judge("leakage", gates.figures(evaluation(leakage__title={"value": 0.0, "ci": [None, None], "n": 200}), anchors(), FACTS, DATA))
    assert found["title"].detail == "not measured: the figure has no interval"


@pytest.mark.parametrize("broken", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize(("suite", "name", "figure"), [(suite, bound.name, bound.meta["figure"]) for suite, bound in BOUNDS])
def test_a_figure_that_is_no_finite_number_is_refused_with_the_reason(suite: str, name: str, figure: str, broken: float) -> None:
    whole = gates.figures(evaluation(), anchors(), FACTS, DATA)
    assert judge(suite, whole)[name].passed
    found = judge(suite, {**whole, figure: replace(whole[figure], value=broken)})
    assert not found[name].passed
    assert found[name].observed is None
    assert found[name].detail == f"not measured: the value is {broken}, not a finite number"


@pytest.mark.parametrize("broken", [float("nan"), float("inf")])
def test_a_bound_or_an_interval_that_is_no_finite_number_is_refused(broken: float) -> None:
    upper = judge("leakage", gates.figures(evaluation(leakage__title=rate(0.0, broken)), anchors(), FACTS, DATA))
    assert upper["title"].detail == f"not measured: the upper end is {broken}, not a finite number"
    whole = gates.figures(evaluation(), anchors(), FACTS, DATA)
    floor = "anchors.positive_bias.floor_hi"
    found = judge("bias", {**whole, floor: replace(whole[floor], value=broken)})
    assert not found["positive_bias"].passed
    assert found["positive_bias"].detail == f"not measured: its bound {floor} was not measured: the value is {broken}, not a finite number"


@pytest.mark.parametrize(("suite", "name"), [(suite, bound.name) for suite, bound in BOUNDS if bound.meta["min_n"]])
def test_a_figure_of_one_unit_fewer_than_its_bound_needs_is_not_measured(suite: str, name: str) -> None:
    bound = next(one for of, one in BOUNDS if (of, one.name) == (suite, name))
    figure, needed = bound.meta["figure"], bound.meta["min_n"]
    whole = gates.figures(evaluation(), anchors(), FACTS, DATA)
    enough, few = (judge(suite, {**whole, figure: replace(whole[figure], n=n)})[name] for n in (needed, needed - 1))
    assert enough.passed
    assert (few.passed, few.detail) == (False, f"not measured: n is {needed - 1}; at least {needed} are needed")


def test_decoys_cannot_pass_by_a_bound_that_no_rate_can_exceed() -> None:
    everything = evaluation(diagnostics__decoy_acceptance=rate(1.0), diagnostics__disliked_acceptance=rate(1.0))
    found = judge("bias", gates.figures(everything, anchors(), FACTS, DATA))["decoy_acceptance"]
    assert not found.passed
    assert "the bound 1.100 is not below 1, the greatest value that the figure can have, so no batch could fail it" in found.detail


def test_a_bound_without_its_human_floor_fails() -> None:
    found = judge("bias", gates.figures(evaluation(), anchors(without="positive_bias"), FACTS, DATA))
    assert not found["positive_bias"].passed
    assert found["positive_bias"].bound is None
    assert "its bound anchors.positive_bias.floor_hi was not measured" in found["positive_bias"].detail


def without(**data: float) -> dict[str, Measured]:
    """The facts of the data, some of them changed."""
    return {**DATA, **{name: Measured(value, n=int(value)) for name, value in data.items()}}


RULES = [("leakage", "title", "targets"), ("leakage", "attributes", "described_targets"), ("bias", "positive_bias", "reactions"),
         ("bias", "over_acceptance", "reactions"), ("bias", "decoy_acceptance", "disliked")]  # fmt: skip


@pytest.mark.parametrize(("suite", "name", "fact"), RULES)
def test_a_bound_whose_evidence_the_data_cannot_give_has_neither_passed_nor_failed(suite: str, name: str, fact: str) -> None:
    seen = {"leakage": f"leakage__{name}", "bias": f"diagnostics__{name}"}[suite]
    worst = evaluation(**{seen: rate(0.9)}, objectives__positive_bias=rate(0.9))
    found = judge(suite, gates.figures(worst, anchors(), FACTS, without(**{fact: 0.0})))[name]
    assert (found.outcome, found.passed, found.as_json()["passed"]) == ("not_applicable", False, None)
    assert found.detail.startswith("not applicable: ")
    assert f"data.{fact} is 0" in found.detail
    assert judge(suite, gates.figures(worst, anchors(), FACTS, DATA))[name].outcome == "failed"


def test_where_no_canary_was_planted_nothing_is_said_of_canaries() -> None:
    facts = {**FACTS, "canaries": Measured(0.5, 0.1, 0.9, 2)}
    assert judge("privacy", gates.figures(evaluation(), anchors(), facts, DATA))["canaries"].outcome == "failed"
    facts["canaries"] = Measured(None, reason="no canary was planted")
    found = judge("privacy", gates.figures(evaluation(), anchors(), facts, without(canaries=0)))
    assert {name for name, verdict in found.items() if verdict.outcome != "passed"} == {"canaries"}
    assert found["canaries"].outcome == "not_applicable"
    assert "no canary was planted in the logs" in found["canaries"].detail


def test_a_rule_without_its_fact_is_an_error() -> None:
    with pytest.raises(UnderstudyError, match=r"data\.disliked, which nobody knows"):
        judge("bias", gates.figures(evaluation(), anchors(), FACTS, {name: one for name, one in DATA.items() if name != "disliked"}))


def test_too_few_disliked_items_bound_no_decoys() -> None:
    changed = evaluation(diagnostics__decoy_acceptance=rate(0.9))
    found = judge("bias", gates.figures(changed, anchors(), FACTS, without(disliked=149)))
    assert {name for name, verdict in found.items() if verdict.outcome != "passed"} == {"decoy_acceptance"}
    assert found["decoy_acceptance"].outcome == "not_applicable"


def corrected(value: float | None, *, n: int = 600, labelled: int = 80) -> verdicts.Verdict:
    """The verdict on corrected acceptance."""
    figure = Measured(value, 0.0, 1.0, n) if value is not None else Measured(None, reason="the confusion matrix is nearly singular")
    facts = {**FACTS, "corrected_acceptance": figure}
    return judge("bias", gates.figures(evaluation(), anchors(), facts, without(labelled_of_a_class=labelled)))["corrected_acceptance"]


def test_corrected_acceptance_is_bounded_where_turns_of_both_authors_are_labelled() -> None:
    assert corrected(0.15).outcome == "passed"
    assert corrected(0.151).outcome == "failed"
    # labels are there, and the instrument cannot tell the classes of this engine apart
    assert corrected(None).outcome == "failed"
    needed = next(one for _, one in BOUNDS if one.name == "corrected_acceptance").meta["min_n"]
    assert (corrected(0.0, n=needed).outcome, corrected(0.0, n=needed - 1).outcome) == ("passed", "failed")


def test_without_enough_labels_corrected_acceptance_has_neither_passed_nor_failed() -> None:
    assert corrected(0.5, labelled=50).outcome == "failed"
    found = corrected(0.5, labelled=49)
    assert found.outcome == "not_applicable"
    assert "nobody knows whether the instrument misreads them alike" in found.detail


REQUIRED = [
    ({"leakage__copying": {"value": None, "reason": "none", "n": 0}}, "leakage/copying"),
    ({"objectives__diversity_gap": {"value": None, "reason": "none", "n": 0}}, "diversity/diversity_gap"),
    ({"objectives__behavioural_distance": rate(0.0, n=59)}, "alignment/behavioural_distance"),
]


@pytest.mark.parametrize(("changed", "named"), REQUIRED)
def test_a_release_needs_copying_diversity_and_behaviour_measured(changed: dict[str, Any], named: str) -> None:
    known = gates.figures(evaluation(**changed), anchors(), FACTS, DATA)
    missing = gates.unmeasured(checks.suites(), known)
    assert (missing.value, missing.n, missing.reason) == (1.0, 4, named)
    verdict = judge("release", {**known, "facts.unmeasured": missing})["unmeasured"]
    assert verdict.outcome == "failed"
    assert named in verdict.detail


def test_a_release_needs_titles_or_reactions() -> None:
    def missing(**data: float) -> str:
        return gates.unmeasured(checks.suites(), gates.figures(evaluation(), anchors(), FACTS, without(**data))).reason

    assert missing() == ""
    assert missing(reactions=0) == ""
    assert missing(targets=0) == ""
    assert missing(reactions=0, targets=0) == "leakage/title or bias/positive_bias"


def test_the_search_is_steered_by_the_gates_own_bounds() -> None:
    from understudy import objectives

    pluses = {
        bound.meta["name"]: bound.meta["bound"]["plus"]
        for suite in ("bias", "diversity", "alignment")
        for bound in gates.bounds(checks.suite(suite))
        if "plus" in bound.meta["bound"]
    }
    assert pluses == {**objectives.SLACK, "decoy_acceptance": objectives.DECOY_SLACK}
