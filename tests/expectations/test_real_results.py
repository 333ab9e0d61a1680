"""Great Expectations itself, on a table that passes each suite and on one in which every expectation fails.

All other tests of gates take their results from tests/suites.py, which these hold against the library.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import polars as pl
import pytest

from tests import suites
from understudy.doors import checks
from understudy.errors import UnderstudyError
from understudy.records import Measured
from understudy.release import gates, verdicts

HUMANS = {
    "dialogue_id": ["h0", "h1", "h2"], "licence": ["CC0-1.0", "MIT", "MIT"], "n_messages": [4, 6, 3], "n_turns": [3, 6, 3],
    "split": ["search", "select", "test"], "n_seeker_splits": [1, 1, 1],
}  # fmt: skip
BAD_HUMANS = {
    "dialogue_id": ["h0", "h0", "h2"], "licence": ["CC0-1.0", " ", ""], "n_messages": [4, 6, -1], "n_turns": [5, 6, 0],
    "split": ["search", "train", "test"], "n_seeker_splits": [1, 2, 1],
}  # fmt: skip
DIALOGUES = {
    "play_key": ["d0", "d1", "d2"], "mode": ["free", "free", "free"], "status": ["complete", "capped", "complete"],
    "role_flip": [False, False, False], "holds_both": [True, True, True], "title_given_away": [False, False, False],
    "n_turns_agrees": [True, True, True], "n_cut": [0, 0, None],
}  # fmt: skip
BAD_DIALOGUES = {
    "play_key": ["d0", "d0", None], "mode": ["free", "replay", "free"], "status": ["missing", "invalid", "complete"],
    "role_flip": [True, False, False], "holds_both": [True, False, False], "title_given_away": [False, True, True],
    "n_turns_agrees": [False, True, True], "n_cut": [1, 0, 3],
}  # fmt: skip
TURNS = {
    "play_key": ["d0", "d0", "d1"], "turn_index": [0, 1, 0], "role": ["seeker", "recommender", "seeker"], "text": ["hi", "try it", "ok"],
    "alternates": [True, True, True], "in_order": [True, True, True], "items_known": [True, True, True],
}  # fmt: skip
BAD_TURNS = {
    "play_key": ["d0", "d0", "d1", "d2"], "turn_index": [0, 0, 0, 0], "role": ["seeker", "critic", "seeker", "seeker"],
    "text": ["<need> a film </need>", "  ", None, "ok"], "alternates": [True, False, True, True], "in_order": [True, False, False, True],
    "items_known": [True, True, False, False],
}  # fmt: skip
GATES = gates.batch_gates(checks.suites())
TABLES = {
    "human_dialogues": (HUMANS, BAD_HUMANS, "dialogue_id"),
    "synthetic_dialogues": (DIALOGUES, BAD_DIALOGUES, "play_key"),
    "synthetic_turns": (TURNS, BAD_TURNS, "play_key"),
}


def both(name: str, frame: pl.DataFrame, parameters: dict[str, float], *, key: str) -> list[checks.ExpectationResult]:
    """The library's results, which the quick ones equal."""
    found = checks.run_suite(name, frame, parameters, key=key)
    assert suites.run_suite(name, frame, parameters, key=key) == found
    return found


@pytest.mark.parametrize("name", sorted(TABLES))
def test_a_suite_over_rows_passes_and_each_of_its_expectations_fails(name: str) -> None:
    good, bad, key = TABLES[name]
    assert all(check.passed for check in both(name, pl.DataFrame(good), {}, key=key))
    failed = both(name, pl.DataFrame(bad), {}, key=key)
    assert {check.expectation.name for check in failed if check.passed} == {"rows"}
    assert all(check.unexpected for check in failed[1:])
    assert not both(name, pl.DataFrame(good).clear(), {}, key=key)[0].passed


@pytest.mark.parametrize("name", GATES)
def test_a_gate_passes_and_each_of_its_bounds_fails(name: str) -> None:
    good, parameters = rows_of(name, 0.0), dict.fromkeys((one.name for one in gates.bounds(checks.suite(name))), 0.5)
    assert [check.expectation.name for check in both(name, gates.frame(good), parameters, key="subject") if not check.passed] == []
    failed = both(name, gates.frame(rows_of(name, 1.0)), parameters, key="subject")
    assert [check.expectation.name for check in failed if check.passed] == ["rows", "subjects", "measured", "enough"]


@pytest.mark.parametrize("name", GATES)
def test_the_guards_of_a_gate_turn_away_evidence_that_is_not_there(name: str) -> None:
    rows, parameters = rows_of(name, None), dict.fromkeys((one.name for one in gates.bounds(checks.suite(name))), 0.5)
    found = both(name, gates.frame(rows), parameters, key="subject")
    assert [check.expectation.name for check in found if not check.passed] == ["measured", "enough"]
    fewer = both(name, gates.frame(rows[1:]), parameters, key="subject")
    assert {"rows", "subjects"} <= {check.expectation.name for check in fewer if not check.passed}


def test_the_rows_of_a_table_are_not_hashed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library's data sources hash every row twice, which takes longer than a suite and is read by nobody."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the rows are hashed")

    monkeypatch.setattr(pd.util, "hash_pandas_object", refuse)
    assert all(one.passed for one in checks.run_suite("synthetic_turns", pl.DataFrame(TURNS), key="play_key"))


@pytest.mark.parametrize(("value", "passed"), [(0.1, True), (float("nan"), False), (float("inf"), False), (float("-inf"), False)])
def test_the_library_itself_turns_away_a_figure_that_is_no_finite_number(value: float, passed: bool) -> None:
    known = {"objectives.diversity_gap": Measured(value, 0.0, 0.2, 1000), "anchors.diversity_gap.floor_hi": Measured(0.2, n=40)}
    rows = gates.evidence(checks.suite("diversity"), known)
    found = verdicts.verdicts_on("diversity", checks.run_suite("diversity", gates.frame(rows), gates.parameters(rows), key="subject"), rows)
    assert next(one for one in found if one.subject == "diversity_gap").passed is passed
    assert all(one.passed for one in found) is passed


def test_a_table_that_holds_nan_never_reaches_the_library() -> None:
    rows = gates.frame(rows_of("diversity", 0.0)).with_columns(limited=pl.lit(float("nan")))
    with pytest.raises(UnderstudyError, match="limited holds NaN"):
        checks.run_suite("diversity", rows, {"diversity_gap": 0.5}, key="subject")
    with pytest.raises(UnderstudyError, match="diversity_gap holds NaN"):
        checks.run_suite("diversity", gates.frame(rows_of("diversity", 0.0)), {"diversity_gap": float("nan")}, key="subject")


def rows_of(name: str, off: float | None) -> list[gates.BoundEvidence]:
    """Evidence for each bound of a gate: within .5 where `off` is 0, beyond it where it is 1, none where it is None."""
    return [_row(one, off) for one in gates.bounds(checks.suite(name))]


def _row(one: Any, off: float | None) -> gates.BoundEvidence:
    at_least = "min_value" in one.kwargs
    if off is None:
        return gates.BoundEvidence(one.name, "not_measured", Measured(None, reason="none"), 1, None, None, at_least, "none")
    value = 1.0 - off if at_least else off
    return gates.BoundEvidence(one.name, "measured", Measured(value, value, value, 200), 190, value, 0.5, at_least, "")
