"""Gates: the figure that each bound of a suite refers to, and the evidence for it.

A suite in expectations/ declares for each bound, under `meta`, its `figure`, whether the point or the `upper` end of the
interval is held against it (`limit`), how many units it needs (`min_n`), in which `range` the figure lies and where the `bound`
comes from. Here these become rows of evidence and values of parameters; the comparing is left to the expectations. What was not
measured fails, as do a figure that is not a finite number and a bound that no figure could break.

A bound whose evidence the data set itself cannot give is not applicable, by the rule `applies` in its meta: a fact of the data
(`data.…`) and the least value from which the bound applies. It has neither passed nor failed. What a release needs all the same stands in
the suite `release`, under `requires`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal, Protocol

import polars as pl

from understudy.errors import UnderstudyError
from understudy.records import Measured

VERSION = 4
# every batch is held against these, in this order; other suites with bounds follow
BATCH_GATES = ("leakage", "bias", "diversity", "alignment", "privacy", "release")
# how an objective marks a stratum with fewer contexts than a report needs: shown, and gating nothing (design, section 3)
UNDERPOWERED = "underpowered"

State = Literal["measured", "not_applicable", "not_measured"]
Figures = Mapping[str, Measured]


class Declared(Protocol):
    """An expectation as a suite declares it."""

    @property
    def name(self) -> str: ...
    @property
    def kwargs(self) -> Mapping[str, Any]: ...
    @property
    def meta(self) -> Mapping[str, Any]: ...


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


def figures(
    evaluation: Mapping[str, Any], anchors: Iterable[Mapping[str, Any]], facts: Figures, data: Figures
) -> dict[str, Measured]:
    """Every figure that a bound may name: `objectives.X`, `leakage.X`, `diagnostics.X`, `anchors.X.value|floor_hi`, `facts.X`, `data.X`.

    `evaluation` holds objectives, leakage and diagnostics in the contract's forms; `anchors` are rows of profile.anchors. `facts` are of
    the batch, `data` of the humans that it is measured against.
    """
    found = {f"facts.{name}": value for name, value in facts.items()}
    found |= {f"data.{name}": value for name, value in data.items()}
    for part in ("objectives", "leakage", "diagnostics"):
        for name, value in evaluation[part].items():
            found[f"{part}.{name}"] = Measured.from_json(value, no_reason="no reason was given")
    for row in anchors:
        why = row["reason"] or "the profile does not hold it"
        found[f"anchors.{row['name']}.value"] = Measured(row["value"], n=row["n"], reason=why)
        found[f"anchors.{row['name']}.floor_hi"] = Measured(row["floor_hi"], n=row["n_floor"], reason=why)
    return found


def underpowered_strata(objectives: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """Stratum → its human contexts, of those that positive_bias left out for want of contexts: they are shown and gate nothing."""
    parts = objectives.get("positive_bias", {}).get("parts", {})
    return {name: int(one["n"]) for name, one in parts.items() if str(one.get("reason", "")).startswith(UNDERPOWERED)}


def unmeasured(suites: Mapping[str, Sequence[Declared]], known: Figures) -> Measured:
    """How many of the lists under `requires` in the suites have no bound that was measured, with their names as the reason.

    A list names bounds as `suite/bound`, one of which has to be measured. Raises UnderstudyError where there is no such bound.
    """
    required = [tuple(names) for suite in suites.values() for one in bounds(suite) for names in one.meta.get("requires", ())]
    states = {f"{name}/{row.subject}": row.state for name, suite in suites.items() for row in evidence(suite, known)}
    if unknown := sorted({name for names in required for name in names if name not in states}):
        raise UnderstudyError(f"a suite requires bounds that no suite has: {', '.join(unknown)}", hint="write them as suite/bound")
    missing = [" or ".join(names) for names in required if not any(states[name] == "measured" for name in names)]
    return Measured(float(len(missing)), n=len(required), reason="; ".join(missing))


def not_applicable(bound: Declared, known: Figures) -> str:
    """Why a bound does not apply to a data set, by the rule in its meta; empty where it applies."""
    rule = bound.meta.get("applies")
    if rule is None:
        return ""
    fact = known.get(rule["figure"])
    if fact is None or fact.value is None:
        told = f"the rule of the bound {bound.name} asks for {rule['figure']}, which nobody knows"
        raise UnderstudyError(told, hint="docs/gates.md lists the facts of the data")
    if fact.value >= rule["at_least"]:
        return ""
    return f"{rule['why']} ({rule['figure']} is {fact.value:g}; the bound applies from {rule['at_least']:g} on)"


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


@dataclass(frozen=True, slots=True)
class Rule:
    """Where a bound comes from: it is `fixed`, or it lies a `margin` above the figure `anchor`."""

    fixed: float | None
    anchor: str | None
    margin: float


def rule_of(one: Declared) -> Rule:
    """Where the bound of an expectation comes from. Raises UnderstudyError where the suite does not say."""
    source = one.meta["bound"]
    if "fixed" in source:
        return Rule(float(source["fixed"]), None, 0.0)
    if "figure" not in source:
        raise UnderstudyError(f"the source of a bound is {dict(source)}; it must be fixed or be taken from a figure")
    return Rule(None, str(source["figure"]), float(source["plus"]))


def _evidence(one: Declared, known: Figures) -> BoundEvidence:
    meta, at_least = one.meta, "min_value" in one.kwargs
    beside = not_applicable(one, known)
    measured = _known_figure(known, meta["figure"])
    bound, missing = _bound(rule_of(one), known)
    missing = missing or _unbreakable(bound, meta["range"], at_least=at_least)
    limited = measured.hi if meta["limit"] == "upper" else measured.value
    reason = measured.reason if measured.value is None else missing
    if not reason and limited is None:
        reason = "the figure has no interval"
    if not reason and measured.n < meta["min_n"]:
        reason = f"n is {measured.n}; at least {meta['min_n']} are needed"
    state: State = "not_applicable" if beside else "not_measured" if reason else "measured"
    usable = limited if state == "measured" else None
    least = 0 if state == "not_applicable" else meta["min_n"]
    return BoundEvidence(one.name, state, measured, least, usable, bound, at_least, beside or reason)


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


def _bound(rule: Rule, known: Figures) -> tuple[float | None, str]:
    """The bound and '', or None and why there is none."""
    if rule.anchor is None:
        return rule.fixed, ""
    base = _known_figure(known, rule.anchor)
    if base.value is not None:
        return base.value + rule.margin, ""
    return None, f"its bound {rule.anchor} was not measured: {base.reason}"
