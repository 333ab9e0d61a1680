"""What the gates hold a batch against: every bound with its reason, the human figure that it is taken from, and its error rates."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypedDict

from understudy.doors import checks
from understudy.doors.reading_copy import SnapshotFields, readable
from understudy.doors.store import Store
from understudy.records import Measured
from understudy.release.gates import Declared, Figures, Rule, batch_gates, bounds, rule_of
from understudy.release.gates import figures as figures_of
from understudy.rows import humans

SPLIT = "select"
NO_DATASET = "no --dataset is given, and the human figure is that of a data set"
_NOTHING: dict[str, dict[str, Any]] = {"objectives": {}, "leakage": {}, "diagnostics": {}}


class BoundFields(TypedDict):
    """A bound of a gate.

    `bound` is the number that a figure is compared with; None with the reason in `reason` where it follows from a human figure that is
    not known. `anchor`: the human figure that it is taken from, and `margin` what is added to it. `limit`: whether the point or the upper
    end of the interval is compared. `false_alarm` and `power` say how often human halves are refused, and how often a stated fault is.
    """

    suite: str
    expectation: str
    figure: str
    bound: float | None
    at_least: bool
    anchor: str | None
    anchor_value: float | None
    margin: float | None
    limit: str
    min_n: int
    min_n_why: str
    why: str
    source: str
    false_alarm: str
    power: str
    applies: str
    reason: str


class GatesFields(TypedDict):
    """The fields of `understudy gates`. `snapshot` is None where the store itself was read, or none."""

    suites_digest: str
    dataset: str | None
    split: str | None
    bounds: list[BoundFields]
    snapshot: SnapshotFields | None


def gate_bounds(path: Path, dataset: str | None) -> GatesFields:
    """The fields of `understudy gates`; with a data set its human figures of the split `select`, at the size of its profile."""
    if dataset is None:
        return _fields({}, None, None)
    with readable(path) as reading:
        return _fields(_anchors(reading.store, dataset), dataset, reading.snapshot)


def _anchors(store: Store, dataset: str) -> Figures:
    profile_key = humans.current_profile(store, dataset)
    rows = store.rows("profile/anchors", profile_key=profile_key, split=SPLIT)
    return figures_of(_NOTHING, rows, {}, {})


def _fields(known: Figures, dataset: str | None, snapshot: SnapshotFields | None) -> GatesFields:
    suites = checks.suites()
    return {
        "suites_digest": checks.suites_digest(),
        "dataset": dataset,
        "split": None if dataset is None else SPLIT,
        "bounds": [_bound(name, one, known, dataset) for name in batch_gates(suites) for one in bounds(suites[name])],
        "snapshot": snapshot,
    }


def _bound(suite: str, one: Declared, known: Figures, dataset: str | None) -> BoundFields:
    rule: Rule = rule_of(one)
    anchor = None if rule.anchor is None else known.get(rule.anchor, Measured(None, reason=_unknown(rule.anchor, dataset)))
    value = rule.fixed if anchor is None else None if anchor.value is None else anchor.value + rule.margin
    meta = one.meta
    return {
        "suite": suite, "expectation": one.name, "figure": meta["figure"], "bound": value, "at_least": "min_value" in one.kwargs,
        "anchor": rule.anchor, "anchor_value": None if anchor is None else anchor.value,
        "margin": None if anchor is None else rule.margin, "limit": meta["limit"], "min_n": int(meta["min_n"]),
        "min_n_why": meta["min_n_why"], "why": meta["why"], "source": meta["source"], "false_alarm": meta["false_alarm"],
        "power": meta["power"], "applies": _applies(one), "reason": anchor.reason if anchor is not None and value is None else "",
    }  # fmt: skip


def _unknown(anchor: str, dataset: str | None) -> str:
    return NO_DATASET if dataset is None else f"{anchor} is a figure of the batch itself, or the profile does not hold it"


def _applies(one: Declared) -> str:
    """From which fact of the data on the bound applies; empty where it always does."""
    rule = one.meta.get("applies")
    return "" if rule is None else f"{rule['figure']} is at least {rule['at_least']:g}"
