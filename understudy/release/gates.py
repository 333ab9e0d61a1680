"""Gates: the figure that each bound of a suite refers to, and the verdict on it.

A suite in expectations/ declares for each bound, under `meta`, its `figure`, whether the point or the `upper` end of the
interval is held against it (`limit`), how many units it needs (`min_n`), in which `range` the figure lies and where the `bound`
comes from. Here these become rows of evidence and values of parameters; the comparing is left to the expectations. What was not
measured fails, as do a figure that is not a finite number and a bound that no figure could break.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal, Protocol, TypedDict

import polars as pl

from understudy.errors import UnderstudyError
from understudy.records import Measured

VERSION = 3
# every batch is held against these, in this order; other suites with bounds follow
BATCH_GATES = ("leakage", "bias", "diversity", "alignment", "privacy", "release")
# how an objective marks a stratum with fewer contexts than a report needs: shown, and gating nothing (design, section 3)
UNDERPOWERED = "underpowered"

State = Literal["measured", "left_out", "not_measured"]
Figures = Mapping[str, Measured]


class Declared(Protocol):
    """An expectation as a suite declares it."""

    @property
    def name(self) -> str: ...
    @property
    def kwargs(self) -> Mapping[str, Any]: ...
    @property
    def meta(self) -> Mapping[str, Any]: ...


class Checked(Protocol):
    """What came out of one expectation."""

    @property
    def expectation(self) -> Declared: ...
    @property
    def passed(self) -> bool: ...
    @property
    def n(self) -> int: ...
    @property
    def n_unexpected(self) -> int: ...
    @property
    def observed(self) -> float | None: ...
    @property
    def unexpected(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class BoundEvidence:
    """The evidence for one bound. `limited` is the number that is compared with `bound`; None if there is none."""

    subject: str
    state: State
    measured: Measured
    min_n: int
    limited: float | None
    bound: float | None
    at_least: bool
    reason: str


class VerdictFields(TypedDict):
    """One line of the outcome as the command line answers it."""

    suite: str
    expectation: str
    subject: str
    observed: float | None
    ci: list[float] | None
    n: int
    bound: float | None
    at_least: bool | None
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on one expectation: what was observed, what was allowed, and in words by how much it was missed.

    `at_least`: whether the bound is a least value; None where there is no bound, and where the side was not recorded.
    """

    suite: str
    expectation: str
    subject: str
    observed: float | None
    lo: float | None
    hi: float | None
    n: int
    bound: float | None
    passed: bool
    detail: str
    at_least: bool | None = None

    def as_json(self) -> VerdictFields:
        """The contract's form, with `subject`, `n` and `detail` added."""
        return {
            "suite": self.suite,
            "expectation": self.expectation,
            "subject": self.subject,
            "observed": self.observed,
            "ci": None if self.lo is None or self.hi is None else [self.lo, self.hi],
            "n": self.n,
            "bound": self.bound,
            "at_least": self.at_least,
            "passed": self.passed,
            "detail": self.detail,
        }


def figures(evaluation: Mapping[str, Any], anchors: Iterable[Mapping[str, Any]], facts: Figures) -> dict[str, Measured]:
    """Every figure that a bound may name: `objectives.X`, `leakage.X`, `diagnostics.X`, `anchors.X.value|floor_hi`, `facts.X`.

    `evaluation` holds objectives, leakage and diagnostics in the contract's forms; `anchors` are rows of profile.anchors.
    """
    found = {f"facts.{name}": value for name, value in facts.items()}
    for part in ("objectives", "leakage", "diagnostics"):
        for name, value in evaluation[part].items():
            found[f"{part}.{name}"] = Measured.from_json(value, no_reason="no reason was given")
    found |= _underpowered(evaluation["objectives"])
    for row in anchors:
        why = row["reason"] or "the profile does not hold it"
        found[f"anchors.{row['name']}.value"] = Measured(row["value"], n=row["n"], reason=why)
        found[f"anchors.{row['name']}.floor_hi"] = Measured(row["floor_hi"], n=row["n_floor"], reason=why)
    return found


def underpowered_strata(objectives: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """Stratum → its human contexts, of those that positive_bias left out for want of contexts: they are shown and gate nothing."""
    parts = objectives.get("positive_bias", {}).get("parts", {})
    return {name: int(one["n"]) for name, one in parts.items() if str(one.get("reason", "")).startswith(UNDERPOWERED)}


def _underpowered(objectives: Mapping[str, Mapping[str, Any]]) -> dict[str, Measured]:
    """The acceptance of strata that positive_bias left out for want of human contexts: a bound on it gates nothing."""
    parts = objectives.get("positive_bias", {}).get("parts", {})
    named = {f"diagnostics.{name}_acceptance": Measured.from_json(value) for name, value in parts.items()}
    return {name: one for name, one in named.items() if one.reason.startswith(UNDERPOWERED)}


def bounds(suite: Sequence[Declared]) -> list[Declared]:
    """The expectations of a suite that compare a figure with a bound; the others check the evidence itself."""
    return [one for one in suite if "figure" in one.meta]


def batch_gates(suites: Mapping[str, Sequence[Declared]]) -> tuple[str, ...]:
    """The suites whose bounds a batch is compared with, in the order of their verdicts: BATCH_GATES, then others by name."""
    return (*BATCH_GATES, *(name for name in sorted(suites) if name not in BATCH_GATES and bounds(suites[name])))


def evidence(suite: Sequence[Declared], known: Figures) -> list[BoundEvidence]:
    """One row per bound of the suite, in its order."""
    return [_evidence(one, known) for one in bounds(suite)]


def frame(rows: Sequence[BoundEvidence]) -> pl.DataFrame:
    """The rows as the suites read them: subject, state, observed, lo, hi, n, min_n, limited."""
    schema = {
        "subject": pl.String, "state": pl.String, "observed": pl.Float64, "lo": pl.Float64, "hi": pl.Float64,
        "n": pl.Int64, "min_n": pl.Int64, "limited": pl.Float64,
    }  # fmt: skip
    values = [(r.subject, r.state, r.measured.value, r.measured.lo, r.measured.hi, r.measured.n, r.min_n, r.limited) for r in rows]
    return pl.DataFrame(values, schema=schema, orient="row")


def parameters(rows: Sequence[BoundEvidence]) -> dict[str, float]:
    """The value of each bound's parameter. A bound without a value fails every batch."""
    nothing = {True: float("inf"), False: float("-inf")}
    return {row.subject: nothing[row.at_least] if row.bound is None else row.bound for row in rows}


def verdicts(name: str, checks: Sequence[Checked], rows: Sequence[BoundEvidence]) -> list[Verdict]:
    """One verdict per expectation. A bound fails as well if the suite's own checks reject its evidence."""
    by_subject = {row.subject: row for row in rows}
    turned_away = {key for check in checks if "figure" not in check.expectation.meta and not check.passed for key in check.unexpected}
    told = []
    for check in checks:
        row = by_subject.get(check.expectation.name) if "figure" in check.expectation.meta else None
        told.append(table_verdict(name, check) if row is None else _bound_verdict(name, check, row, row.subject in turned_away))
    return told


def table_verdict(name: str, check: Checked) -> Verdict:
    """The verdict on an expectation over rows: `observed` is the share of rows that break it, or the count it bounds."""
    share = check.n_unexpected / check.n if check.n else None
    observed = check.observed if check.observed is not None else share
    if check.passed:
        detail = ""
    elif check.unexpected:
        shown = ", ".join(check.unexpected[:5]) + (", …" if len(check.unexpected) > 5 else "")
        detail = f"{check.n_unexpected} of {check.n} rows break the expectation: {shown}; {check.expectation.meta['why']}"
    else:
        detail = f"the value is {observed}; {check.expectation.meta['why']}"
    return Verdict(name, check.expectation.name, "", observed, None, None, check.n, None, check.passed, detail)


def _evidence(one: Declared, known: Figures) -> BoundEvidence:
    meta, at_least = one.meta, "min_value" in one.kwargs
    measured = _known_figure(known, meta["figure"])
    bound, missing = _bound(meta["bound"], known)
    missing = missing or _unbreakable(bound, meta["range"], at_least=at_least)
    limited = measured.hi if meta["limit"] == "upper" else measured.value
    reason = measured.reason if measured.value is None else missing
    if not reason and limited is None:
        reason = "the figure has no interval"
    if not reason and measured.n < meta["min_n"]:
        reason = f"n is {measured.n}; at least {meta['min_n']} are needed"
    state: State = "measured" if not reason else "left_out" if reason.startswith(UNDERPOWERED) else "not_measured"
    usable = limited if state == "measured" else None
    return BoundEvidence(one.name, state, measured, 0 if state == "left_out" else meta["min_n"], usable, bound, at_least, reason)


def _known_figure(known: Figures, name: str) -> Measured:
    """The figure of that name; not measured where there is none, or where its value or an end of its interval is no finite number."""
    found = known.get(name) or Measured(None, reason=f"there is no figure {name}")
    ends = {"value": found.value, "lower end": found.lo, "upper end": found.hi}
    broken = [f"the {what} is {number}" for what, number in ends.items() if number is not None and not isfinite(number)]
    return Measured(None, n=found.n, reason=f"{' and '.join(broken)}, not a finite number") if broken else found


def _unbreakable(bound: float | None, figure_range: Sequence[float | None], *, at_least: bool) -> str:
    """Why no figure of that range could break the bound; empty where one could."""
    low, high = figure_range
    if bound is None:
        return ""
    if at_least and low is not None and bound <= low:
        return f"the bound {bound:.3f} is not above {low:g}, the least value that the figure can have, so no batch could fail it"
    if not at_least and high is not None and bound >= high:
        return f"the bound {bound:.3f} is not below {high:g}, the greatest value that the figure can have, so no batch could fail it"
    return ""


def _bound(source: Mapping[str, Any], known: Figures) -> tuple[float | None, str]:
    """The bound and '', or None and why there is none. Underpowered stays recognizable as the reason."""
    if "fixed" in source:
        return float(source["fixed"]), ""
    if "figure" not in source:
        raise UnderstudyError(f"the source of a bound is {dict(source)}; it must be fixed or be taken from a figure")
    base = _known_figure(known, source["figure"])
    if base.value is not None:
        return base.value + source["plus"], ""
    reason = base.reason if base.reason.startswith(UNDERPOWERED) else f"its bound {source['figure']} was not measured: {base.reason}"
    return None, reason


def _bound_verdict(name: str, check: Checked, row: BoundEvidence, turned_away: bool) -> Verdict:
    passed = check.passed and not turned_away
    seen = row.measured
    return Verdict(
        name, check.expectation.name, row.subject, seen.value, seen.lo, seen.hi, seen.n, row.bound, passed, _detail(check, row, passed),
        row.at_least,
    )  # fmt: skip


def _detail(check: Checked, row: BoundEvidence, passed: bool) -> str:
    if row.state == "left_out":
        return f"left out: {row.reason}"
    if row.state == "not_measured":
        return f"not measured: {row.reason}"
    if passed or row.limited is None or row.bound is None:
        return ""
    what = "upper end of the interval" if check.expectation.meta["limit"] == "upper" else "value"
    side = "below the minimum" if row.at_least else "above the maximum"
    return f"the {what} {row.limited:.3f} is {abs(row.limited - row.bound):.3f} {side} of {row.bound:.3f} (n = {row.measured.n})"
