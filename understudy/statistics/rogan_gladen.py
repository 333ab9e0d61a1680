"""Shares of classes corrected for an instrument's confusion (Rogan and Gladen 1978; for several classes the inverse of the matrix).

Only with the confusion of the register that the shares come from: how an instrument errs on humans says nothing of a model's text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from understudy.errors import BadInput, NotMeasured
from understudy.records import Measured
from understudy.statistics.confusion import Confusion
from understudy.statistics.halves import Floats
from understudy.statistics.rates import Z

# above this condition number of P(read | true) an error of one point in the shares read is one of ten or more in those corrected
MAX_CONDITION = 10.0
MIN_TURNS_OF_A_CLASS = 5


def corrected(read: Mapping[str, int], table: Confusion, *, effect: float = 1.0) -> dict[str, Measured]:
    """Class → its true share, clipped to [0, 1] and summing to 1, with a 95 % interval by the delta method.

    `read`: how many turns were read as each class. The interval holds the sampling of these turns and of the confusion's own.
    Its n is the number of turns read; `effect`: how many of them are worth one, where they come in clusters.

    Raises BadInput for other classes than the confusion's, NotMeasured where there is no
    turn, where a class has fewer than MIN_TURNS_OF_A_CLASS validated turns, or where the confusion can hardly be inverted.
    """
    unknown = sorted(set(read) - set(table.classes))
    if unknown or any(count < 0 for count in read.values()):
        raise BadInput(f"the confusion has no class {', '.join(unknown)}" if unknown else "a class was read less often than never")
    counts = np.array([read.get(name, 0) for name in table.classes], dtype=np.float64)
    if not counts.sum():
        raise NotMeasured("no turn was read")
    given = _rates(table)
    shares = counts / counts.sum()
    inverse: Floats = np.asarray(np.linalg.inv(given.T), dtype=np.float64)
    true = inverse @ shares
    of_shares = _covariance(inverse, given, true, shares, counts.sum() / effect, table.table.sum(axis=1))
    spread = np.sqrt(np.maximum(np.diagonal(of_shares), 0.0))
    value, n = clipped(true), int(counts.sum())
    # the interval is that of the estimate before clipping, cut to what a share can be; it holds the clipped value
    low = np.minimum(value, np.clip(true - Z * spread, 0.0, 1.0))
    high = np.maximum(value, np.clip(true + Z * spread, 0.0, 1.0))
    found = zip(table.classes, value.tolist(), low.tolist(), high.tolist(), strict=True)
    return {name: Measured(one, lo, hi, n) for name, one, lo, hi in found}


def by_register(read: Mapping[str, int], confusions: Mapping[str, Confusion], *, register: str) -> dict[str, Measured]:
    """`corrected` with the confusion of `register` and no other; without one every class is not measured, with the reason."""
    table = confusions.get(register)
    if table is None:
        return {name: Measured(None, reason=f"uncorrected: the instrument was not validated on {register}") for name in read}
    try:
        return corrected(read, table)
    except NotMeasured as error:
        return {name: Measured(None, reason=f"uncorrected: {error.message}") for name in read}


def clipped(shares: Sequence[float] | Floats) -> Floats:
    """The nearest shares in [0, 1] that sum to 1 (projection onto the simplex; Duchi et al. 2008)."""
    values = np.asarray(shares, dtype=np.float64)
    ordered = np.sort(values)[::-1]
    excess = (np.cumsum(ordered) - 1) / np.arange(1, len(values) + 1)
    return np.asarray(np.clip(values - excess[np.flatnonzero(ordered > excess)[-1]], 0.0, 1.0), dtype=np.float64)


def _rates(table: Confusion) -> Floats:
    """P(read | true), a row per true class. Raises NotMeasured where it rests on too little or can hardly be inverted."""
    per_class = table.table.sum(axis=1)
    thin = [name for name, n in zip(table.classes, per_class, strict=True) if n < MIN_TURNS_OF_A_CLASS]
    if thin:
        raise NotMeasured(f"there are fewer than {MIN_TURNS_OF_A_CLASS} validated turns of {', '.join(thin)}")
    given = np.asarray(table.table / per_class[:, None])
    if np.linalg.cond(given) > MAX_CONDITION:
        raise NotMeasured("the confusion matrix is nearly singular: the instrument does not separate the classes on this register")
    return given


def _covariance(inverse: Floats, given: Floats, true: Floats, shares: Floats, n: float, validated: Floats) -> Floats:
    """Of the corrected shares: true = inverse @ shares, and d(true) = inverse @ (d(shares) - d(given).T @ true)."""
    total = (np.diag(shares) - np.outer(shares, shares)) / n
    for row, weight, size in zip(given, true, validated, strict=True):
        total = total + weight**2 * (np.diag(row) - np.outer(row, row)) / size
    return np.asarray(inverse @ total @ inverse.T)
