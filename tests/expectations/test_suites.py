"""Every suite of the folder loads, says why each bound is there, and binds a figure that exists."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from scipy.stats import binom

from understudy.doors import checks
from understudy.objectives import MODULES
from understudy.release import gates

ROOT = Path(__file__).resolve().parents[2]

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


@pytest.mark.parametrize("name", GATES)
def test_every_bound_on_an_estimate_says_how_many_units_it_needs_and_why(name: str) -> None:
    for one in gates.bounds(checks.suite(name)):
        assert one.meta["min_n_why"].strip()
        assert one.meta["basis"] == "fact" or one.meta["min_n"] >= 20
        # an error rate that was not measured is no reason for an n
        assert "not measured" not in one.meta["false_alarm"] + one.meta["power"]


@pytest.mark.parametrize("name", GATES)
def test_a_bound_states_the_range_of_the_objective_that_it_looks_at(name: str) -> None:
    for one in gates.bounds(checks.suite(name)):
        part, _, figure = one.meta["figure"].partition(".")
        if part == "objectives":
            low, high = MODULES[figure].RANGE
            assert one.meta["range"] == [low, None if high == float("inf") else high]


MOST_FALSE_ALARMS, LEAST_POWER = 0.05, 0.80  # those of the controls (tests/controls/declared.toml)
# bound, rate of a clean batch, rate at the stated effect: the controls' own, whose test holds them to the declaration
RATES = {
    "quarantined": (0.15, 0.10, 0.20),
    "missing": (0.05, 0.025, 0.08),
    "cut": (0.05, 0.025, 0.08),
    "invalid": (0.02, 0.01, 0.04),
    "role_flips": (0.01, 0.005, 0.03),
}


@pytest.mark.parametrize("name", RATES)
def test_a_bound_on_a_rate_needs_the_smallest_n_from_which_on_it_errs_seldom_on_both_sides(name: str) -> None:
    bound = next(one for one in gates.bounds(checks.suite("release")) if one.name == name)
    declared = tomllib.loads((ROOT / "tests" / "controls" / "declared.toml").read_text(encoding="utf-8"))["bounds"][name]
    most, clean, rate = RATES[name]
    assert (bound.meta["bound"]["fixed"], declared["clean"], declared["rate"]) == (most, clean, rate)
    n = np.arange(1, 3000)
    allowed = np.floor(most * n + 1e-9)
    errs = (binom.sf(allowed, n, clean) > MOST_FALSE_ALARMS) | (binom.sf(allowed, n, rate) < LEAST_POWER)
    assert bound.meta["min_n"] == n[errs].max() + 1


@pytest.mark.parametrize("name", ["synthetic_dialogues", "synthetic_turns"])
def test_an_expectation_on_synthetic_rows_says_the_reason_for_quarantine(name: str) -> None:
    assert all(one.meta.get("reason") for one in checks.suite(name)[1:])


@pytest.mark.parametrize("name", SUITES)
def test_the_guide_names_every_expectation(name: str) -> None:
    guide = (ROOT / "docs" / "gates.md").read_text(encoding="utf-8")
    guards = {"rows", "subjects", "measured", "enough"} if name in GATES else set()
    assert all(f"| {name} | {one.name} |" in guide for one in checks.suite(name) if one.name not in guards)
    rows = {line.split(" | ")[1]: line for line in guide.splitlines() if line.startswith(f"| {name} | ")}
    assert all(rows[one.name].endswith(f" | {one.meta['min_n']} |") for one in gates.bounds(checks.suite(name)))


@pytest.mark.parametrize("name", TABLES)
def test_a_regular_expression_means_the_same_in_every_library(name: str) -> None:
    """Of RE2, which DuckDB and Arrow use, and of Python: a class such as \\s is another set in each, and falls back to slow code."""
    expressions = [one.kwargs["regex"] for one in checks.suite(name) if "regex" in one.kwargs]
    surrogates = range(0xD800, 0xE000)
    texts = [chr(at) for at in range(sys.maxunicode + 1) if at not in surrogates] + ["", "  ", "</need>", "<example>", " a\u00a0"]
    for expression in expressions:
        theirs = pc.match_substring_regex(pa.array(texts), expression).to_pylist()
        ours = [re.search(expression, text) is not None for text in texts]
        assert [texts[at] for at, (one, other) in enumerate(zip(ours, theirs, strict=True)) if one != other] == []
