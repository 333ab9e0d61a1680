"""Figures of a probe: the model's, the humans' own, their difference and whether it is more than chance.

Sets are read over half-samples of seekers: what one person said is no independent evidence. Rates of single answers use Wilson.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from scipy.stats import t as student

from understudy.probes.asking.calls import AnswerCounts
from understudy.records import Measured
from understudy.statistics.halves import Floats, halves, interval, unit_codes
from understudy.statistics.rates import Z, holm, spread, two_sided_p, wilson

ALPHA = 0.05
MIN_CLUSTERS = 10
Against = Literal["humans", "chance", "plain", ""]
# a statistic of weighted units; NaN where it is undefined
Statistic = Callable[[Floats], float]


@dataclass(frozen=True, slots=True)
class ProbeFigure:
    """One figure. `difference`: model minus `against`, which is humans, chance (`chance` is its level) or the model asked plainly.

    With an empty `against` the figure only describes and is not tested.
    """

    model: Measured
    human: Measured
    difference: Measured
    against: Against = "humans"
    chance: float | None = None

    def without_model(self, reason: str) -> ProbeFigure:
        """The same with nothing said of the model."""
        unknown = Measured(None, reason=reason)
        return replace(self, model=unknown, difference=unknown)


def report(tally: AnswerCounts, lack: str, figures: Mapping[str, ProbeFigure]) -> dict[str, Any]:
    """The fields of a probe: outcome `apart`, `not_apart` or `not_measured`, counts, and figures with their own outcomes.

    The figures' p-values are adjusted together (Holm 1979). The probe is `apart` when one figure that has a human counterpart
    is, at .05.
    """
    shown = {name: one.without_model(lack) if lack else one for name, one in figures.items()}
    tested = [name for name, one in shown.items() if one.difference.value is not None and one.against]
    raw = [two_sided_p(float(shown[name].difference.value or 0.0), spread(shown[name].difference)) for name in tested]
    adjusted = dict(zip(tested, holm(raw), strict=True))
    told = {name: _figure_fields(one, adjusted.get(name)) for name, one in shown.items()}
    human = [name for name in tested if shown[name].against == "humans"]
    reason = lack or ("" if human else next((one.difference.reason for one in shown.values()), "there are no figures"))
    outcome = "not_measured" if reason else "apart" if any(adjusted[name] < ALPHA for name in human) else "not_apart"
    return {"outcome": outcome, "reason": reason, **tally.as_json(), "figures": told}


def over_sets(
    model: Statistic | None, human: Statistic, clusters: Sequence[str], *, seed: int, low: float = -math.inf, high: float = math.inf
) -> ProbeFigure:
    """A statistic of both sides over the same units, and its paired difference; 95 % intervals by half-samples of `clusters`.

    `clusters`: whose each unit is. Plug-in values at matched n: what bias there is, both sides have alike.
    """
    taken, n = _weights(clusters, seed), len(clusters)
    few = f"at least {MIN_CLUSTERS} seekers are needed; there are {len(set(clusters))}" if len(set(clusters)) < MIN_CLUSTERS else ""
    # a spread that few clusters tell is itself uncertain: Student's quantile in the normal one's place
    taken_as = _Taken(taken, float(student.ppf(0.975, len(set(clusters)) - 1)) / Z if not few else 1.0)
    theirs = _measured(human, taken_as, n, few, low, high)
    if model is None:
        unknown = Measured(None, reason="no question was answered")
        return ProbeFigure(unknown, theirs, unknown)
    known = model

    def apart(weights: Floats) -> float:
        return known(weights) - human(weights)

    return ProbeFigure(_measured(known, taken_as, n, few, low, high), theirs, _measured(apart, taken_as, n, few, low - high, high - low))


def means(
    model: Sequence[float] | None, human: Sequence[float], clusters: Sequence[str], *, seed: int, low: float = 0.0, high: float = math.inf
) -> ProbeFigure:
    """The means of a number that each unit has on both sides."""
    return over_sets(None if model is None else mean_of(model), mean_of(human), clusters, seed=seed, low=low, high=high)


def against_chance(hits: Sequence[bool] | None, *, chance: float, human: str) -> ProbeFigure:
    """A rate with its Wilson interval and how far it is from `chance`; `human` says why there is no human figure."""
    found = wilson(sum(hits or ()), len(hits or ()), nothing="no question was answered")
    if found.value is None or found.lo is None or found.hi is None:
        apart = Measured(None, reason=found.reason)
    else:
        apart = Measured(found.value - chance, found.lo - chance, found.hi - chance, found.n)
    return ProbeFigure(found, Measured(None, reason=human), apart, "chance", chance)


def mean_of(values: Sequence[float]) -> Statistic:
    """The mean of values as a statistic of weights."""
    held = np.asarray(values, dtype=float)

    def mean(weights: Floats) -> float:
        total = float(weights.sum())
        return float(weights @ held) / total if total else math.nan

    return mean


def spread_of(values: Sequence[float]) -> Statistic:
    """The standard deviation of values as a statistic of weights."""
    held = np.asarray(values, dtype=float)

    def deviation(weights: Floats) -> float:
        total = float(weights.sum())
        if total < 2:
            return math.nan
        mean = float(weights @ held) / total
        return math.sqrt(max(0.0, float(weights @ (held - mean) ** 2) / total))

    return deviation


def correlation_of(one: Sequence[float], other: Sequence[float]) -> Statistic:
    """Pearson's correlation as a statistic of weights; NaN where one side is constant."""
    a, b = np.asarray(one, dtype=float), np.asarray(other, dtype=float)

    def correlation(weights: Floats) -> float:
        total = float(weights.sum())
        if total < 3:
            return math.nan
        left, right = a - weights @ a / total, b - weights @ b / total
        scale = math.sqrt(float(weights @ left**2) * float(weights @ right**2))
        return float(weights @ (left * right)) / scale if scale > 1e-12 else math.nan

    return correlation


def counts_of(named: Sequence[Sequence[str]], places: Mapping[str, int]) -> Floats:
    """(n_units, n_names): how often each unit names each of the names that have a place."""
    counts = np.zeros((len(named), len(places)))
    for row, names in enumerate(named):
        for one in names:
            counts[row, places[one]] += 1
    return counts


def entropy_of(counts: Floats) -> Statistic:
    """Shannon's entropy in bits of what the drawn units name, as a statistic of weights; NaN where they name nothing."""

    def entropy(weights: Floats) -> float:
        held = weights @ counts
        shares = held[held > 0] / held.sum() if held.sum() else np.array([])
        # not −0.0 where one name is all there is
        return 0.0 - float((shares * np.log2(shares)).sum()) if len(shares) else math.nan

    return entropy


def _weights(clusters: Sequence[str], seed: int) -> Floats:
    known = sorted(set(clusters))
    places = {name: place for place, name in enumerate(known)}
    return halves(unit_codes(known), seed=seed)[:, [places[name] for name in clusters]]


@dataclass(frozen=True, slots=True)
class _Taken:
    """Weights of half-samples, and by how much their spread is widened."""

    weights: Floats
    widening: float


def _measured(statistic: Statistic, taken: _Taken, n: int, few: str, low: float, high: float) -> Measured:
    if few:
        return Measured(None, n=n, reason=few)
    whole = statistic(np.ones(n))
    if math.isnan(whole):
        return Measured(None, n=n, reason="one side does not vary or holds nothing")
    replicates = np.array([statistic(row) for row in taken.weights])
    kept = replicates[~np.isnan(replicates)]
    if 2 * len(kept) < len(replicates):
        return Measured(None, n=n, reason="most half-samples do not vary")
    return interval(whole, taken.widening * (kept - kept.mean()), n=n, low=low, high=high)


def _figure_fields(one: ProbeFigure, p: float | None) -> dict[str, Any]:
    apart = one.difference.value
    outcome = "not_measured" if p is None or apart is None else "not_apart" if p >= ALPHA else "above" if apart > 0 else "below"
    fields: dict[str, Any] = {"model": one.model.as_json(), "human": one.human.as_json()}
    if one.against:
        fields |= {"against": one.against, "difference": one.difference.as_json(), "p_holm": p, "outcome": outcome}
    if one.chance is not None:
        fields["chance"] = one.chance
    return fields
