"""One table over several seeds: the difference of each row pooled, with what varies between seeds in its interval.

Random-effects pooling after DerSimonian and Laird (1986). Seeds change the panels, the seed prompts' examples and the whole search; the
people are the same, so seeds are less independent than studies of different people would be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.measure.comparison import ALPHA
from understudy.records import Measured
from understudy.statistics.rates import Z, holm, spread, two_sided_p

VERSION = 1
Fields = dict[str, Any]
Floats = NDArray[np.float64]


def pooled_rows(tables: Sequence[Sequence[Mapping[str, Any]]]) -> list[Fields]:
    """A row for each setting and objective of these tables, in the order of the first: the pooled difference, p, Holm's p and outcome.

    `values`: the difference at each seed. A row that one seed could not measure is not measured.
    """
    first, *others = [{(row["setting"], row["objective"]): row for row in table} for table in tables]
    found = {key: [row, *(other[key] for other in others)] for key, row in first.items()}
    pooled = {key: pooled_difference([Measured.from_json(row["difference"]) for row in of]) for key, of in found.items()}
    p = {key: two_sided_p(one.value, spread(one)) for key, one in pooled.items() if one.value is not None and spread(one) > 0}
    adjusted = dict(zip(p, holm(list(p.values())), strict=True)) if p else {}
    return [_row(key, of, pooled[key], p.get(key), adjusted.get(key)) for key, of in found.items()]


def pooled_difference(values: Sequence[Measured]) -> Measured:
    """The mean over seeds, weighted by what is known of each, with its 95 % interval; n is the sum of the seeds' units."""
    missing = next((one.reason or "it was not measured" for one in values if one.value is None), None)
    if missing is not None:
        return Measured(None, n=0, reason=f"one of {len(values)} seeds has no difference: {missing}")
    y = np.array([float(one.value or 0.0) for one in values])
    variances = np.array([spread(one) ** 2 for one in values])
    if not variances.all():
        mean, sd = float(y.mean()), float(y.std(ddof=1) / np.sqrt(len(y))) if len(y) > 1 else 0.0
    else:
        weights = 1 / (variances + _between(y, variances))
        mean, sd = float(weights @ y / weights.sum()), float(np.sqrt(1 / weights.sum()))
    return Measured(mean, mean - Z * sd, mean + Z * sd, sum(one.n for one in values))


def _between(y: Floats, variances: Floats) -> float:
    """The variance between seeds beyond that of the measurements."""
    weights = 1 / variances
    q = float(weights @ (y - weights @ y / weights.sum()) ** 2)
    scale = float(weights.sum() - (weights**2).sum() / weights.sum())
    return max(0.0, (q - (len(y) - 1)) / scale) if scale > 0 else 0.0


def _row(
    key: tuple[str, str], of: Sequence[Mapping[str, Any]], pooled: Measured, p: float | None, p_holm: float | None
) -> Fields:
    setting, objective = key
    return {
        "setting": setting, "objective": objective, "difference": pooled.as_json(), "p": p, "p_holm": p_holm,
        "values": [row["difference"]["value"] for row in of], "outcome": _outcome(of, pooled, p_holm),
    }  # fmt: skip


def _outcome(of: Sequence[Mapping[str, Any]], pooled: Measured, p_holm: float | None) -> str:
    """As in the table of one seed: beyond Holm's .05, and the worse side further from the humans than they are from each other."""
    if pooled.value is None:
        return "not_measured"
    if p_holm is None or p_holm >= ALPHA:
        return "inconclusive"
    worse = "before" if pooled.value < 0 else "after"
    floors = [row["floor"].get("ci", [None, None])[1] for row in of]
    beyond = [row[worse]["value"] > floor for row, floor in zip(of, floors, strict=True) if floor is not None]
    if beyond and not all(beyond):
        return "inconclusive"
    return "better" if pooled.value < 0 else "worse"
