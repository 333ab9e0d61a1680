"""Judging a recommender by the dialogues that simulated seekers held with it. What each figure means stands in docs/recommenders.md.

A dialogue counts up to the turn in which the seeker takes its target, else up to its end. Missing and invalid dialogues are in no
figure; they are counted apart.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

import numpy as np
from scipy.stats import binomtest, kendalltau

from understudy.play.dialogue import PlayedTurn
from understudy.records import Measured
from understudy.statistics.halves import Floats, halves, interval, unit_codes
from understudy.statistics.paired import paired_difference
from understudy.statistics.rates import Z, holm, two_sided_p, wilson

VERSION = 1
KS = (1, 10, 50)
ALPHA = 0.05
MIN_UNITS = 20
MIN_SYSTEMS = 3
NO_RANKING = "the recommender gives no ranking"
Direction = Literal["higher", "lower", "inconclusive", "not_measured"]
Unit = tuple[str, int]


@dataclass(frozen=True, slots=True)
class DialogueOutcome:
    """What one dialogue came to. `best` and `last` are places of the target, from 1: in any ranking, and in the last one.

    `acceptance`: of the recommendations that the seeker answered, the share that it took; None where there was none.
    """

    unit: Unit
    has_ranking: bool
    best: int | None
    last: int | None
    success: bool
    rounds: int
    satisfaction: int | None = None
    acceptance: float | None = None


def outcome(
    unit: Unit, turns: Sequence[PlayedTurn], *, target: str, accepting: Collection[int], satisfaction: int | None
) -> DialogueOutcome:
    """The outcome of a dialogue. `accepting`: places of the seeker turns that take what was just recommended."""
    answers = [place for place in range(1, len(turns)) if turns[place].role == "seeker" and turns[place - 1].item_ids]
    taken = [place for place in answers if place in accepting and target in turns[place - 1].item_ids]
    counted = turns[: min(taken) + 1] if taken else turns
    rankings = [turn.ranked_ids for turn in counted if turn.ranked_ids]
    places = [ranking.index(target) + 1 for ranking in rankings if target in ranking]
    return DialogueOutcome(
        unit=unit,
        has_ranking=bool(rankings),
        best=min(places, default=None),
        last=rankings[-1].index(target) + 1 if rankings and target in rankings[-1] else None,
        success=bool(taken),
        rounds=sum(turn.role == "seeker" for turn in counted),
        satisfaction=satisfaction,
        acceptance=sum(place in accepting for place in answers) / len(answers) if answers else None,
    )


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure over dialogues: its value for one of them, None where it says nothing."""

    name: str
    of: Callable[[DialogueOutcome], float | None]
    is_rate: bool
    nothing: str


def metrics(outcomes: Sequence[DialogueOutcome]) -> dict[str, Metric]:
    """The figures that outcomes allow, by name; a recommender that never ranks has no recall."""
    ranks = any(one.has_ranking for one in outcomes)
    found = [
        Metric("success", lambda one: float(one.success), True, "no dialogue was played"),
        Metric("rounds", lambda one: float(one.rounds), False, "no dialogue was played"),
        Metric("acceptance", lambda one: one.acceptance, False, "no recommendation was answered"),
        Metric("satisfaction", lambda one: None if one.satisfaction is None else float(one.satisfaction), False, "no dialogue has a score"),
    ]
    for kind, place in (("recall", _best), ("recall_last", _last)):
        found += [Metric(f"{kind}_{k}", _within(place, k) if ranks else _nothing, True, NO_RANKING) for k in KS]
    return {metric.name: metric for metric in found}


def figures(outcomes: Sequence[DialogueOutcome], *, seed: int) -> dict[str, Measured]:
    """Metric → its mean: Wilson's interval for rates where every scenario was played once, half-samples of scenarios otherwise."""
    return {name: _mean(_values(outcomes, metric), metric, seed=seed) for name, metric in metrics(outcomes).items()}


@dataclass(frozen=True, slots=True)
class Contrast:
    """`one` minus `other` in a metric, over the dialogues that both have; `direction` is that of `one` at Holm's p < .05."""

    metric: str
    one: str
    other: str
    difference: Measured
    p: float | None
    p_holm: float | None
    direction: Direction

    def as_json(self) -> dict[str, Any]:
        """The contract's form."""
        told = {"metric": self.metric, "one": self.one, "other": self.other, "difference": self.difference.as_json()}
        return {**told, "p_holm": self.p_holm, "direction": self.direction}


def contrasts(judged: Mapping[str, Sequence[DialogueOutcome]], *, seed: int) -> list[Contrast]:
    """Every pair of recommenders in every metric, paired by scenario and replicate; Holm's p over all that could be tested."""
    raw: list[Contrast] = []
    for one, other in combinations(judged, 2):
        first, second = metrics(judged[one]), metrics(judged[other])
        for name, metric in first.items():
            pairs = _paired(_values(judged[one], metric), _values(judged[other], second[name]))
            measured, p = _difference(pairs, metric, seed=seed)
            raw.append(Contrast(name, one, other, measured, p, None, "not_measured" if p is None else "inconclusive"))
    adjusted = iter(holm([one.p for one in raw if one.p is not None]))
    return [one if one.p is None else _directed(one, next(adjusted)) for one in raw]


def rank_agreement(human: Mapping[str, Mapping[str, float]], machine: Mapping[str, Mapping[Unit, float]], *, seed: int) -> Measured:
    """Kendall's tau-b of systems ordered by their mean scores, by people and by simulated seekers; n is the number of systems.

    `human`: system → dialogue → score; `machine`: system → unit → score. The interval is of these systems: half-samples of the
    dialogues on both sides. It does not tell how other systems would be ordered.
    """
    shared = sorted(name for name in human.keys() & machine.keys() if human[name] and machine[name])
    if len(shared) < MIN_SYSTEMS:
        return Measured(None, n=len(shared), reason=f"at least {MIN_SYSTEMS} systems with both scores are needed; there are {len(shared)}")
    theirs = [_drawn_means(list(human[name]), list(human[name].values()), seed=seed) for name in shared]
    ours = [_drawn_means([str(unit[0]) for unit in machine[name]], list(machine[name].values()), seed=seed) for name in shared]
    whole = _tau(*([float(np.mean(list(side[name].values()))) for name in shared] for side in (human, machine)))
    if whole is None:
        return Measured(None, n=len(shared), reason="one side gives all systems the same score")
    drawn = [_tau([one[i] for one in theirs], [one[i] for one in ours]) for i in range(len(theirs[0]))]
    taus = np.array([tau for tau in drawn if tau is not None])
    return interval(whole, taus - taus.mean(), n=len(shared), low=-1.0, high=1.0)


def _best(one: DialogueOutcome) -> int | None:
    return one.best


def _last(one: DialogueOutcome) -> int | None:
    return one.last


def _within(place: Callable[[DialogueOutcome], int | None], k: int) -> Callable[[DialogueOutcome], float]:
    return lambda one: float((place(one) or k + 1) <= k)


def _nothing(_: DialogueOutcome) -> None:
    return None


def _values(outcomes: Sequence[DialogueOutcome], metric: Metric) -> dict[Unit, float]:
    return {one.unit: value for one in outcomes if (value := metric.of(one)) is not None}


def _by_scenario(values: Mapping[Unit, float]) -> dict[str, float]:
    """Scenario → the mean of its replicates."""
    groups: dict[str, list[float]] = {}
    for (scenario_id, _), value in values.items():
        groups.setdefault(scenario_id, []).append(value)
    return {name: float(np.mean(group)) for name, group in groups.items()}


def _mean(values: Mapping[Unit, float], metric: Metric, *, seed: int) -> Measured:
    if not values:
        return Measured(None, reason=metric.nothing)
    means = _by_scenario(values)
    if metric.is_rate and len(means) == len(values):
        return wilson(round(sum(values.values())), len(values))
    whole = float(np.mean(list(means.values())))
    if len(means) < 2:
        return Measured(whole, n=len(means))
    drawn = _drawn_means(list(means), list(means.values()), seed=seed)
    bounds = (0.0, 1.0) if metric.is_rate or metric.name == "acceptance" else (-np.inf, np.inf)
    return interval(whole, drawn - drawn.mean(), n=len(means), low=bounds[0], high=bounds[1])


def _drawn_means(names: Sequence[str], values: Sequence[float], *, seed: int) -> Floats:
    """The mean of each half-sample."""
    taken = halves(unit_codes(names), seed=seed)
    return np.asarray(taken @ np.asarray(values) / taken.sum(axis=1))


def _paired(one: Mapping[Unit, float], other: Mapping[Unit, float]) -> dict[Unit, tuple[float, float]]:
    return {unit: (one[unit], other[unit]) for unit in sorted(one.keys() & other.keys())}


def _difference(pairs: Mapping[Unit, tuple[float, float]], metric: Metric, *, seed: int) -> tuple[Measured, float | None]:
    """The mean difference and its p: exact McNemar for rates of single dialogues, half-samples of scenarios otherwise."""
    n = len({scenario_id for scenario_id, _ in pairs})
    if not pairs:
        return Measured(None, reason=f"the metric was not measured for both: {metric.nothing}"), None
    if n < MIN_UNITS:
        return Measured(None, n=n, reason=f"at least {MIN_UNITS} scenarios are needed; there are {n}"), None
    if metric.is_rate and n == len(pairs):
        one, other = ([bool(pair[side]) for pair in pairs.values()] for side in (0, 1))
        only_one = sum(a and not b for a, b in zip(one, other, strict=True))
        differing = sum(a != b for a, b in zip(one, other, strict=True))
        return paired_difference(one, other), float(binomtest(only_one, differing).pvalue) if differing else 1.0
    means = _by_scenario({unit: one - other for unit, (one, other) in pairs.items()})
    whole = float(np.mean(list(means.values())))
    sd = float(np.std(_drawn_means(list(means), list(means.values()), seed=seed)))
    return Measured(whole, whole - Z * sd, whole + Z * sd, n), two_sided_p(whole, sd)


def _directed(one: Contrast, p_holm: float) -> Contrast:
    value = one.difference.value or 0.0
    direction: Direction = "inconclusive" if p_holm >= ALPHA or not value else "higher" if value > 0 else "lower"
    return Contrast(one.metric, one.one, one.other, one.difference, one.p, p_holm, direction)


def _tau(one: Sequence[float], other: Sequence[float]) -> float | None:
    tau = float(kendalltau(one, other).statistic)
    return None if np.isnan(tau) else tau
