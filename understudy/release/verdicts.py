"""Verdicts: what came out of the expectations of a suite, in words and in the contract's form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypedDict

from understudy.release.gates import BoundEvidence, Declared

Outcome = Literal["passed", "failed", "not_applicable"]


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
    passed: bool | None
    outcome: Outcome
    detail: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on one expectation: what was observed, what was allowed, and in words by how much it was missed.

    `at_least`: whether the bound is a least value; None where there is no bound, and where the side was not recorded. `applies`: whether
    the data set can give the evidence; where it cannot, nothing has passed.
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
    applies: bool = True

    @property
    def outcome(self) -> Outcome:
        """Passed, failed, or not applicable."""
        return "not_applicable" if not self.applies else "passed" if self.passed else "failed"

    def as_json(self) -> VerdictFields:
        """The contract's form, with `subject`, `n`, `outcome` and `detail` added; `passed` is None where the bound does not apply."""
        return {
            "suite": self.suite,
            "expectation": self.expectation,
            "subject": self.subject,
            "observed": self.observed,
            "ci": None if self.lo is None or self.hi is None else [self.lo, self.hi],
            "n": self.n,
            "bound": self.bound,
            "at_least": self.at_least,
            "passed": self.passed if self.applies else None,
            "outcome": self.outcome,
            "detail": self.detail,
        }


def verdicts_on(name: str, checks: Sequence[Checked], rows: Sequence[BoundEvidence]) -> list[Verdict]:
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


def _bound_verdict(name: str, check: Checked, row: BoundEvidence, turned_away: bool) -> Verdict:
    applies = row.state != "not_applicable"
    # the library skips a row without a number, so what does not apply would count as passed
    passed = applies and check.passed and not turned_away
    seen = row.measured
    return Verdict(
        name, check.expectation.name, row.subject, seen.value, seen.lo, seen.hi, seen.n, row.bound, passed, _detail(check, row, passed),
        row.at_least, applies,
    )  # fmt: skip


def _detail(check: Checked, row: BoundEvidence, passed: bool) -> str:
    if row.state == "not_applicable":
        return f"not applicable: {row.reason}"
    if row.state == "not_measured":
        return f"not measured: {row.reason}"
    if passed or row.limited is None or row.bound is None:
        return ""
    what = "upper end of the interval" if check.expectation.meta["limit"] == "upper" else "value"
    side = "below the minimum" if row.at_least else "above the maximum"
    named = f": {row.measured.reason}" if row.measured.reason else ""
    return f"the {what} {row.limited:.3f} is {abs(row.limited - row.bound):.3f} {side} of {row.bound:.3f} (n = {row.measured.n}){named}"
