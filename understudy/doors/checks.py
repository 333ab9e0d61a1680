"""Great Expectations behind a strict loader: what a suite declares is what runs. The only module that imports it.

Left alone, the library drops an expectation whose type it does not know, passes an empty suite and an empty table, and
shows an exception inside an expectation as a plain failure. None of these may decide about a release.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from understudy.doors.data_docs import page_of
from understudy.errors import UnderstudyError
from understudy.keys import digest

SUITES = Path(__file__).resolve().parents[1] / "expectations"
ROW_COUNT = "expect_table_row_count_to_be_between"
META = ("name", "why", "source", "false_alarm", "power")
# what a bound on a figure states besides: an estimate rests on a sample and needs more than one unit, a fact is counted
BOUND_META = ("bound", "limit", "basis", "min_n", "min_n_why", "range")
LIMITS = ("point", "upper")
BASES = ("estimate", "fact")


@dataclass(frozen=True, slots=True)
class Expectation:
    """One expectation as a suite declares it. `meta` states its purpose and its known error rates."""

    name: str
    type: str
    kwargs: Mapping[str, Any]
    meta: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ExpectationResult:
    """The result of one expectation. `unexpected` holds the keys of the rows that break it, in order, each once."""

    expectation: Expectation
    passed: bool
    n: int
    n_unexpected: int
    observed: float | None
    unexpected: tuple[str, ...]


@cache
def suite(name: str, *, folder: Path = SUITES) -> tuple[Expectation, ...]:
    """The expectations of `<folder>/<name>.json` in their order. Raises UnderstudyError for a suite that could pass by accident."""
    path = folder / f"{name}.json"
    try:
        declared = json.loads(path.read_text(encoding="utf-8"))
        entries = [Expectation(entry["meta"]["name"], entry["type"], entry["kwargs"], entry["meta"]) for entry in declared["expectations"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnderstudyError(f"suite {name} cannot be read from {path}: {type(error).__name__} {error}") from error
    _refuse_weak(name, entries)
    return tuple(entries)


def suites(*, folder: Path = SUITES) -> dict[str, tuple[Expectation, ...]]:
    """Every suite of the folder, in order of name. Raises UnderstudyError as `suite` does."""
    return {path.stem: suite(path.stem, folder=folder) for path in sorted(folder.glob("*.json"))}


def suites_digest(*, folder: Path = SUITES) -> str:
    """SHA-256 over what all suites of the folder declare, whatever their files look like."""
    return digest({path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))})


def run_suite(
    name: str,
    frame: pl.DataFrame,
    parameters: Mapping[str, float] | None = None,
    *,
    key: str,
    folder: Path = SUITES,
    pages: dict[str, str] | None = None,
) -> list[ExpectationResult]:
    """One result per declared expectation, in the suite's order. `key` is the column that names a row.

    `pages` is given the library's own page of the result under the name of the suite.

    Raises UnderstudyError when an expectation could not be run, a parameter has no value, or the library kept fewer
    expectations than are declared.
    """
    declared = suite(name, folder=folder)
    require_numbers(name, frame, parameters or {})
    outcome = _validated(name, declared, frame, dict(parameters or {}), key=key)
    if pages is not None:
        pages[name] = page_of(outcome)
    results = {result.expectation_config.meta["name"]: result for result in outcome.results}
    missing = [expectation.name for expectation in declared if expectation.name not in results]
    if missing:
        raise UnderstudyError(f"suite {name}: Great Expectations returned no result for {', '.join(missing)}")
    return [_check(name, expectation, results[expectation.name], key=key) for expectation in declared]


def require_numbers(name: str, frame: pl.DataFrame, parameters: Mapping[str, float]) -> None:
    """Raises UnderstudyError where a table or a bound holds NaN: the library skips it as a missing value, so it would pass."""
    broken = [column for column in frame.select(pl.selectors.float()).columns if frame[column].is_nan().any()]
    broken += [parameter for parameter, value in parameters.items() if math.isnan(value)]
    if broken:
        raise UnderstudyError(
            f"suite {name}: {', '.join(broken)} holds NaN, which every expectation would pass",
            hint="give a row without a number as one that was not measured, with its reason",
        )


def _refuse_weak(name: str, entries: list[Expectation]) -> None:
    if not entries:
        raise UnderstudyError(f"suite {name} has no expectations, so every table would pass it; declare at least one")
    bounded = entries[0].type == ROW_COUNT and (entries[0].kwargs.get("min_value") or 0) > 0
    if not bounded:
        raise UnderstudyError(
            f"the first expectation of suite {name} does not bound the row count above 0, and an empty table passes every other one",
            hint=f"begin the suite with {ROW_COUNT} and a min_value of at least 1",
        )
    names = [entry.name for entry in entries]
    if len(set(names)) != len(names):
        raise UnderstudyError(f"suite {name} uses a name more than once: {sorted({one for one in names if names.count(one) > 1})}")
    for entry in entries:
        absent = [field for field in META if not entry.meta.get(field)]
        if absent:
            raise UnderstudyError(f"suite {name}: the meta of {entry.name} lacks {', '.join(absent)}")
        if "figure" in entry.meta:
            _refuse_weak_bound(f"suite {name}: the bound {entry.name}", entry)


def _refuse_weak_bound(told: str, entry: Expectation) -> None:
    """Raises UnderstudyError for a bound on a figure that could pass without evidence, or that no figure could break."""
    meta = entry.meta
    absent = [field for field in BOUND_META if meta.get(field) in (None, "")]
    if absent:
        raise UnderstudyError(f"{told} lacks {', '.join(absent)} in its meta", hint="docs/gates.md explains the fields of a bound")
    if meta["limit"] not in LIMITS or meta["basis"] not in BASES:
        raise UnderstudyError(f"{told}: limit must be one of {', '.join(LIMITS)}, and basis one of {', '.join(BASES)}")
    rule = meta.get("applies")
    if rule is not None and not (
        set(rule) == {"figure", "at_least", "why"} and str(rule["figure"]).startswith("data.") and rule["at_least"] > 0 and rule["why"]
    ):
        raise UnderstudyError(
            f"{told}: applies is {rule}; it must hold a figure of the data (data.…), at_least above 0, and why",
            hint="docs/gates.md explains where a bound applies",
        )
    least = 2 if meta["basis"] == "estimate" else 0
    if not isinstance(meta["min_n"], int) or meta["min_n"] < least:
        raise UnderstudyError(f"{told}: min_n is {meta['min_n']}; a bound on an {meta['basis']} needs at least {least}")
    low, high = meta["range"]
    fixed, plus = meta["bound"].get("fixed"), meta["bound"].get("plus", 0)
    if "min_value" in entry.kwargs:
        loose = low is not None and (fixed <= low if fixed is not None else high is not None and -plus >= high - low)
    else:
        loose = high is not None and (fixed >= high if fixed is not None else low is not None and plus >= high - low)
    if loose:
        raise UnderstudyError(
            f"{told} is {dict(meta['bound'])}, and its figure lies in {[low, high]}: no batch could fail it",
            hint="choose a bound inside the range of the figure",
        )


def _validated(
    name: str, declared: tuple[Expectation, ...], frame: pl.DataFrame, parameters: dict[str, float], *, key: str
) -> Any:
    """What the library says of the suite; it returns its results in an order of its own."""
    context = _context()
    from great_expectations.core.expectation_suite import ExpectationSuite

    entries = [{"type": one.type, "kwargs": dict(one.kwargs), "meta": dict(one.meta)} for one in declared]
    try:
        loaded = ExpectationSuite(name=name, expectations=entries)
    except Exception as error:
        raise UnderstudyError(f"Great Expectations refused suite {name}: {error}") from error
    kept = {one.meta["name"] for one in loaded.expectations}
    if len(loaded.expectations) != len(declared):
        raise UnderstudyError(
            f"suite {name}: the type of these expectations is unknown: {', '.join(o.name for o in declared if o.name not in kept)}"
        )
    return _outcome(context, loaded, frame, parameters, key=key)


def _outcome(context: Any, loaded: Any, frame: pl.DataFrame, parameters: dict[str, float], *, key: str) -> Any:
    """The library's result of a suite. Raises UnderstudyError for a parameter without a value.

    The table is given to the library's engine directly: as an asset of a data source its rows would be hashed twice, which takes longer
    than all expectations together, and nothing reads that hash.
    """
    import great_expectations as gx
    from great_expectations.core import ExpectationSuiteValidationResult
    from great_expectations.exceptions import SuiteParameterError
    from great_expectations.execution_engine import PandasExecutionEngine
    from great_expectations.validator.validation_statistics import calc_validation_statistics
    from great_expectations.validator.validator import Validator

    engine = PandasExecutionEngine()
    engine.load_batch_data("rows", frame.to_pandas())
    validator = Validator(execution_engine=engine, data_context=context)
    try:
        entries = validator.process_expectations_for_validation(loaded.expectation_configurations, parameters)
    except SuiteParameterError as error:
        raise UnderstudyError(
            f"suite {loaded.name} could not be validated: {error}", hint="give every $PARAMETER of the suite a value at run time"
        ) from error
    wanted = {"result_format": "COMPLETE", "unexpected_index_column_names": [key]}
    results = validator.graph_validate(entries, runtime_configuration={"result_format": wanted})
    counted = calc_validation_statistics(results)
    statistics = {name: value for name, value in counted._asdict().items() if name != "success"}
    meta = {"great_expectations_version": gx.__version__}
    return ExpectationSuiteValidationResult(
        results=results, success=counted.success, suite_name=loaded.name, statistics=statistics, meta=meta
    )


def _context() -> Any:
    """A context of the library that lives in memory, sends no telemetry, and leaves no folder behind."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx
    from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults

    defaults = InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
    settings = DataContextConfig(store_backend_defaults=defaults, progress_bars={"globally": False}, analytics_enabled=False)
    return gx.get_context(mode="ephemeral", project_config=settings)


def _check(name: str, expectation: Expectation, result: Any, *, key: str) -> ExpectationResult:
    raised = _raised(result.exception_info)
    if raised:
        raise UnderstudyError(f"suite {name}: {expectation.name} could not be run: {raised}")
    found = result.result
    rows = found.get("unexpected_index_list") or []
    observed = found.get("observed_value")
    return ExpectationResult(
        expectation=expectation,
        passed=bool(result.success),
        n=int(found.get("element_count") or 0),
        n_unexpected=int(found.get("unexpected_count") or 0),
        observed=float(observed) if isinstance(observed, (int, float)) else None,
        unexpected=tuple(dict.fromkeys(str(row[key]) for row in rows)),
    )


def _raised(info: Mapping[str, Any]) -> str:
    """The message of an exception inside an expectation, '' for none; the library nests it by metric where there are several."""
    entries = [info] if "raised_exception" in info else list(info.values())
    messages = [str(entry.get("exception_message")) for entry in entries if entry.get("raised_exception")]
    return "; ".join(dict.fromkeys(messages))
