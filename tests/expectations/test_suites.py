"""Every suite of the folder loads, says why each bound is there, and binds a figure that exists."""

from __future__ import annotations

from pathlib import Path

import pytest

from understudy.doors import checks
from understudy.release import gates

SUITES = sorted(checks.suites())
GATES = gates.batch_gates(checks.suites())
TABLES = ("human_dialogues", "synthetic_dialogues", "synthetic_turns")


def test_every_suite_of_the_folder_is_a_gate_or_a_table() -> None:
    assert set(SUITES) == {*GATES, *TABLES}
    assert GATES[: len(gates.BATCH_GATES)] == gates.BATCH_GATES


def test_a_suite_with_bounds_becomes_a_gate_by_being_there() -> None:
    known = {name: checks.suite(name) for name in (*gates.BATCH_GATES, *TABLES)}
    added = {**known, "another_gate": checks.suite("diversity"), "another_table": checks.suite("human_dialogues")}
    assert gates.batch_gates(added) == (*gates.BATCH_GATES, "another_gate")


@pytest.mark.parametrize("name", SUITES)
def test_a_suite_loads_and_every_expectation_is_accounted_for(name: str) -> None:
    suite = checks.suite(name)
    assert suite[0].type == checks.ROW_COUNT
    for expectation in suite:
        assert all(str(expectation.meta[field]).strip() for field in checks.META)


@pytest.mark.parametrize("name", GATES)
def test_a_gate_names_a_subject_for_each_bound_and_bounds_each_subject(name: str) -> None:
    suite = checks.suite(name)
    bounds = gates.bounds(suite)
    subjects = next(one for one in suite if one.name == "subjects")
    assert [one.name for one in bounds] == subjects.kwargs["value_set"]
    for one in bounds:
        assert one.kwargs["row_condition"] == f"subject == '{one.name}'"
        assert {"$PARAMETER": one.name} in one.kwargs.values()
        assert one.meta["limit"] in ("point", "upper")


@pytest.mark.parametrize("name", ["synthetic_dialogues", "synthetic_turns"])
def test_an_expectation_on_synthetic_rows_says_the_reason_for_quarantine(name: str) -> None:
    assert all(one.meta.get("reason") for one in checks.suite(name)[1:])


@pytest.mark.parametrize("name", SUITES)
def test_the_guide_names_every_expectation(name: str) -> None:
    guide = (Path(__file__).resolve().parents[2] / "docs" / "gates.md").read_text(encoding="utf-8")
    guards = {"rows", "subjects", "measured", "enough"} if name in GATES else set()
    assert all(f"| {name} | {one.name} |" in guide for one in checks.suite(name) if one.name not in guards)
