"""Suites of expectations/ without Great Expectations: the same results in a hundredth of the time.

Tests of what follows from results (verdicts, quarantine, releases) take these. tests/expectations/test_real_results.py holds
them against the library's own: for every suite a table that passes and one in which every expectation fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from understudy.doors import checks
from understudy.doors.checks import Expectation, ExpectationResult

Arguments = Mapping[str, Any]
_CONDITION = re.compile(r"subject == '(\w+)'")


def run_suite(
    name: str,
    frame: pl.DataFrame,
    parameters: Mapping[str, float] | None = None,
    *,
    key: str,
    folder: Path = checks.SUITES,
    pages: dict[str, str] | None = None,
) -> list[ExpectationResult]:
    """What `checks.run_suite` answers."""
    if pages is not None:
        pages[name] = f"<p>{name}</p>"
    checks.require_numbers(name, frame, parameters or {})
    return [_checked(one, frame, parameters or {}, key) for one in checks.suite(name, folder=folder)]


def _checked(one: Expectation, frame: pl.DataFrame, parameters: Mapping[str, float], key: str) -> ExpectationResult:
    bound = {
        name: parameters[value["$PARAMETER"]] if isinstance(value, dict) and "$PARAMETER" in value else value
        for name, value in one.kwargs.items()
    }
    if "row_condition" in bound:
        condition = _CONDITION.fullmatch(bound["row_condition"])
        assert condition is not None, bound["row_condition"]
        frame = frame.filter(pl.col("subject") == condition[1])
    if one.type in OF_TABLE:
        passed, observed = OF_TABLE[one.type](frame, bound)
        return ExpectationResult(one, passed, 0, 0, observed, ())
    broken = frame.filter(OF_ROWS[one.type](bound))
    # the library reads tables by pandas, which says nan for a key that is not there
    keys = ("nan" if value is None else str(value) for value in broken[key])
    return ExpectationResult(one, broken.is_empty(), frame.height, broken.height, None, tuple(dict.fromkeys(keys)))


def _n_rows(frame: pl.DataFrame, arguments: Arguments) -> tuple[bool, float]:
    least, most = arguments.get("min_value", 0), arguments.get("max_value", frame.height)
    return least <= frame.height <= most, float(frame.height)


def _same_values(frame: pl.DataFrame, arguments: Arguments) -> tuple[bool, None]:
    return set(frame[arguments["column"]].drop_nulls()) == set(arguments["value_set"]), None


def _out_of_bounds(arguments: Arguments) -> pl.Expr:
    """A value that is not there is in bounds."""
    value, never = pl.col(arguments["column"]), pl.lit(False)
    below = value < arguments["min_value"] if "min_value" in arguments else never
    above = value > arguments["max_value"] if "max_value" in arguments else never
    return (below | above).fill_null(False)


def _a_not_above_b(arguments: Arguments) -> pl.Expr:
    assert arguments["or_equal"] is True
    return (pl.col(arguments["column_A"]) < pl.col(arguments["column_B"])).fill_null(True)


OF_TABLE: dict[str, Callable[[pl.DataFrame, Arguments], tuple[bool, float | None]]] = {
    "expect_table_row_count_to_be_between": _n_rows,
    "expect_column_distinct_values_to_equal_set": _same_values,
}
# the rows that break an expectation
OF_ROWS: dict[str, Callable[[Arguments], pl.Expr]] = {
    "expect_column_values_to_be_in_set": lambda has: ~pl.col(has["column"]).is_in(has["value_set"]).fill_null(True),
    "expect_column_values_to_not_be_in_set": lambda has: pl.col(has["column"]).is_in(has["value_set"]).fill_null(False),
    "expect_column_values_to_be_unique": lambda has: pl.col(has["column"]).is_duplicated(),
    "expect_compound_columns_to_be_unique": lambda has: pl.struct(has["column_list"]).is_duplicated(),
    "expect_column_values_to_not_be_null": lambda has: pl.col(has["column"]).is_null(),
    "expect_column_values_to_match_regex": lambda has: ~pl.col(has["column"]).str.contains(has["regex"]).fill_null(True),
    "expect_column_values_to_not_match_regex": lambda has: pl.col(has["column"]).str.contains(has["regex"]).fill_null(False),
    "expect_column_values_to_be_between": _out_of_bounds,
    "expect_column_pair_values_a_to_be_greater_than_b": _a_not_above_b,
}
