"""What is concluded from halves: pure functions over figures, without a store or a clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise, product
from typing import Any

import numpy as np
from scipy.stats import binom, kendalltau, rankdata

from understudy.records import Measured
from understudy.statistics.rates import wilson

Ends = Sequence[float]


def share(hits: int, n: int) -> dict[str, Any]:
    """A rate in the contract's form."""
    return wilson(hits, n).as_json()


def points(values: Sequence[float]) -> dict[str, Any]:
    """Mean, sd and the 2.5 and 97.5 percent points."""
    low, high = np.quantile(values, [0.025, 0.975]).tolist()
    return {"mean": float(np.mean(values)), "sd": float(np.std(values, ddof=1)), "points": [low, high], "n": len(values)}


def is_within(value: float, ends: Ends) -> bool:
    """Whether a value lies in [lo, hi] of (value, lo, hi)."""
    return ends[1] <= value <= ends[2]


def fails(rate: float, n: int, *, bound: float, upper: bool) -> float:
    """P(a bound on a rate refuses n units with this true rate), exact; `upper`: the end of Wilson's interval is held against it."""
    counts = np.arange(n + 1)
    seen = [wilson(int(k), n) for k in counts]
    limited = np.array([one.hi if upper else one.value for one in seen], dtype=float)
    return float(binom.pmf(counts, n, rate)[limited > bound].sum())


def differ(rate: float, clean: float, n: int, *, slack: float) -> float:
    """P(rate of n units with `rate` is more than that of n units with `clean`, plus slack), exact."""
    counts = np.arange(n + 1)
    one, other = binom.pmf(counts, n, rate), binom.pmf(counts, n, clean)
    above = counts[:, None] / n > counts[None, :] / n + slack + 1e-12
    return float((one[:, None] * other[None, :])[above].sum())


def raised(seen: Measured, human: Measured) -> list[float]:
    """(S - H) / (1 - H) with its interval: the dose behind a rate that was raised for a share of those that had it not."""
    if seen.value is None or human.value is None:
        raise ValueError(seen.reason or human.reason)
    assert seen.lo is not None
    assert seen.hi is not None
    assert human.lo is not None
    assert human.hi is not None
    delta, left = seen.value - human.value, 1 - human.value
    down = float(np.hypot(seen.value - seen.lo, (human.hi - human.value) * (1 - seen.value) / left))
    up = float(np.hypot(seen.hi - seen.value, (human.value - human.lo) * (1 - seen.value) / left))
    return [delta / left, (delta - down) / left, (delta + up) / left]


def copied_dose(rate: Ends, *, human: float, long: float) -> list[float]:
    """The share of turns replaced by copies from the copying rate of long turns, every copy being a long turn.

    With `long` the humans' share of long turns and `human` their copying rate, a dose x makes
    rate = ((1 - x) long human + x) / ((1 - x) long + x), which is solved for x.
    """
    return [long * (r - human) / ((1 - long * human) - r * (1 - long)) for r in rate]


def inverted(ends: Ends, curve: Sequence[tuple[float, float]]) -> list[float]:
    """The doses at which a curve of (dose, mean) has these values, linear in between and beyond; the curve must rise."""
    doses, means = (np.array(side) for side in zip(*curve, strict=True))
    if not (np.diff(means) > 0).all():
        raise ValueError("a curve that does not rise cannot be read backwards")
    found = np.interp(ends, means, doses)
    for at, value in enumerate(ends):
        first, last = (0, 1), (-2, -1)
        for (i, j), beyond in ((first, value < means[0]), (last, value > means[-1])):
            if beyond:
                found[at] = doses[i] + (value - means[i]) * (doses[j] - doses[i]) / (means[j] - means[i])
    return [float(one) for one in found]


def rises(values: Sequence[float]) -> bool:
    """Whether every value is above the one before."""
    return all(later > earlier for earlier, later in pairwise(values))


def response_failures(
    fault: str, roles: Mapping[str, str], shifts: Mapping[str, Sequence[float]], *, moves: float, most_from: int
) -> list[str]:
    """What of a fault's response was not declared. `shifts`: objective → mean paired difference in floor sds, by dose from 0 on."""
    own = str(roles["own"])
    found = [] if rises(shifts[own]) else [f"{fault}: {own} does not rise with every dose"]
    for name, moved in shifts.items():
        if roles[name] == "none" and max(abs(one) for one in moved) > moves:
            found.append(f"{fault}: {name} moves by {max(moved, key=abs):+.1f} floor sd and is declared not to")
        beaten = [at for at in range(most_from, len(moved)) if name != own and moved[at] >= shifts[own][at]]
        if beaten:
            far, own_far = moved[beaten[-1]], shifts[own][beaten[-1]]
            found.append(f"{fault}: {name} moves as far as {own} or further ({far:.1f} and {own_far:.1f} floor sd)")
    return found


def tau(one: Sequence[float], other: Sequence[float]) -> float:
    """Kendall's tau-b of two rankings."""
    return float(kendalltau(one, other).statistic)


def disagreements(names: Sequence[str], one: Sequence[float], other: Sequence[float]) -> list[tuple[str, str]]:
    """Pairs (lower by `one`, higher by `one`) that `other` orders the other way round."""
    pairs = product(enumerate(names), repeat=2)
    return [(first, second) for (i, first), (j, second) in pairs if one[i] < one[j] and other[i] > other[j]]


def mean_ranks(columns: Sequence[Sequence[float]]) -> list[float]:
    """The mean over columns of each row's rank in it, ties sharing theirs."""
    return [float(one) for one in np.mean([rankdata(column) for column in columns], axis=0)]
