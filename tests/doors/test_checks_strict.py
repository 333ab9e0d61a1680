"""The strict loader: what the library would let pass in silence is refused or raised."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from understudy.doors import checks
from understudy.errors import UnderstudyError

ROWS = pl.DataFrame({"id": ["a", "b", "c"], "value": [0.1, 0.2, 0.9]})
COUNT = {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1}}
AT_MOST = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "value", "max_value": {"$PARAMETER": "most"}}}


def write(folder: Path, *entries: dict[str, Any]) -> Path:
    named = [
        {**entry, "meta": {**dict.fromkeys(checks.META, "because"), "name": f"e{i}", **entry.get("meta", {})}}
        for i, entry in enumerate(entries)
    ]
    (folder / "s.json").write_text(json.dumps({"name": "s", "expectations": named}))
    return folder


def test_unexpected_rows_are_named_by_their_key(tmp_path: Path) -> None:
    count, most = checks.run_suite("s", ROWS, {"most": 0.5}, key="id", folder=write(tmp_path, COUNT, AT_MOST))
    assert count.passed
    assert count.observed == 3
    assert (most.passed, most.n, most.n_unexpected, most.unexpected) == (False, 3, 1, ("c",))


def test_the_parameter_given_at_run_time_decides(tmp_path: Path) -> None:
    folder = write(tmp_path, COUNT, AT_MOST)
    assert all(check.passed for check in checks.run_suite("s", ROWS, {"most": 0.95}, key="id", folder=folder))


def test_a_parameter_without_a_value_raises(tmp_path: Path) -> None:
    with pytest.raises(UnderstudyError, match="most"):
        checks.run_suite("s", ROWS, {}, key="id", folder=write(tmp_path, COUNT, AT_MOST))


def test_a_misspelled_expectation_is_refused(tmp_path: Path) -> None:
    wrong = {"type": "expect_column_values_to_be_betwen", "kwargs": {"column": "value"}}
    with pytest.raises(UnderstudyError, match="e1"):
        checks.run_suite("s", ROWS, key="id", folder=write(tmp_path, COUNT, wrong))


def test_a_misspelled_argument_is_refused(tmp_path: Path) -> None:
    wrong = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "value", "max_valeu": 0.5}}
    with pytest.raises(UnderstudyError):
        checks.run_suite("s", ROWS, key="id", folder=write(tmp_path, COUNT, wrong))


def test_an_exception_inside_an_expectation_raises(tmp_path: Path) -> None:
    wrong = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "no_such_column"}}
    with pytest.raises(UnderstudyError, match="e1 could not be run"):
        checks.run_suite("s", ROWS, key="id", folder=write(tmp_path, COUNT, wrong))


def test_an_empty_table_fails_its_row_count(tmp_path: Path) -> None:
    found = checks.run_suite("s", ROWS.clear(), {"most": 0.5}, key="id", folder=write(tmp_path, COUNT, AT_MOST))
    assert not found[0].passed


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ((), "no expectations"),
        ((AT_MOST,), "row count"),
        (({**COUNT, "kwargs": {"min_value": 0}},), "row count"),
        ((COUNT, {**AT_MOST, "meta": {"why": ""}}), "the meta of e1 lacks why"),
        ((COUNT, {**AT_MOST, "meta": {"name": "e0"}}), "uses a name more than once"),
    ],
)
def test_a_suite_that_could_pass_by_accident_is_refused(tmp_path: Path, entries: tuple[dict[str, Any], ...], told: str) -> None:
    with pytest.raises(UnderstudyError, match=told):
        checks.suite("s", folder=write(tmp_path, *entries))


BOUND = {
    "figure": "leakage.title", "bound": {"fixed": 0.05}, "limit": "upper", "basis": "estimate", "min_n": 190, "min_n_why": "because",
    "range": [0, 1],
}  # fmt: skip
AT_LEAST = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "value", "min_value": {"$PARAMETER": "least"}}}


def test_a_bound_with_all_that_it_needs_loads(tmp_path: Path) -> None:
    assert checks.suite("s", folder=write(tmp_path, COUNT, {**AT_MOST, "meta": BOUND}))[1].meta["min_n"] == 190


@pytest.mark.parametrize(
    ("entry", "changed", "told"),
    [
        *((AT_MOST, {field: None}, f"the bound e1 lacks {field}") for field in checks.BOUND_META),
        (AT_MOST, {"min_n": 1}, "min_n is 1; a bound on an estimate needs at least 2"),
        (AT_MOST, {"min_n": 0}, "min_n is 0; a bound on an estimate needs at least 2"),
        (AT_MOST, {"min_n": "many"}, "min_n is many"),
        (AT_MOST, {"limit": "lower"}, "limit must be one of point, upper"),
        (AT_MOST, {"basis": "hunch"}, "basis one of estimate, fact"),
        (AT_MOST, {"bound": {"fixed": 1.1}}, "no batch could fail it"),
        (AT_MOST, {"bound": {"fixed": 1}}, "no batch could fail it"),
        (AT_MOST, {"bound": {"figure": "leakage.copying", "plus": 1}}, "no batch could fail it"),
        (AT_LEAST, {"bound": {"fixed": 0}}, "no batch could fail it"),
        (AT_LEAST, {"bound": {"figure": "leakage.copying", "plus": -1}}, "no batch could fail it"),
    ],
)
def test_a_bound_that_could_pass_without_evidence_is_refused(
    tmp_path: Path, entry: dict[str, Any], changed: dict[str, Any], told: str
) -> None:
    with pytest.raises(UnderstudyError, match=told):
        checks.suite("s", folder=write(tmp_path, COUNT, {**entry, "meta": {**BOUND, **changed}}))


def test_a_suite_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnderstudyError, match="cannot be read"):
        checks.suite("s", folder=tmp_path)
