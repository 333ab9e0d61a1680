"""The signed parts as functions of weights of dialogues, for intervals made in other ways than the shipped one.

A statistic takes how often each dialogue counts on the simulator's side and on the humans', (m, n_simulated) and (m, n_human), and
gives (m,) values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.measure.reference import Observed, Reference
from understudy.objectives.data_leakage import ABOVE_HUMANS, ATTRIBUTES_CAP, TITLE_CAP
from understudy.objectives.diversity_gap import collisions, entropy, similarity
from understudy.records import STRATA
from understudy.statistics.classifier import N_FOLDS, grouped_auc
from understudy.statistics.distances import energy_coefficient, jensen_shannon, rarefied
from understudy.statistics.halves import unit_codes

Floats = NDArray[np.float64]
Statistic = Callable[[Floats, Floats], Floats]
FEWER = {"diversity_gap.distinct_2": 60, "behavioural_distance.classifier": 25}


@dataclass(frozen=True)
class Weighed:
    """A signed part. `n`: units on either side; `most`: resamples that are affordable."""

    statistic: Statistic
    n: tuple[int, int]
    most: int = 200


def weighed(ours: Observed, humans: Reference) -> dict[str, Weighed]:
    """`objective.part` → the part as a function of weights."""
    found = {f"positive_bias.{name}": _accepted(ours.reactions, humans.reactions, name) for name in STRATA}
    flags = (("copying", "copied"), ("short_turns", "shared"))
    found |= {f"data_leakage.{kind}": _above(ours.turns, humans.turns, column) for kind, column in flags}
    caps = (("title", TITLE_CAP), ("attributes", ATTRIBUTES_CAP))
    found |= {f"data_leakage.{kind}": _told(ours.disclosures, kind, cap) for kind, cap in caps}
    return found | _of_corpora(ours.corpus, humans.corpus)


def _of_corpora(ours: Any, humans: Any) -> dict[str, Weighed]:
    n = (ours.n, humans.n)
    flat = [corpus.acts.reshape(corpus.n, -1) for corpus in (ours, humans)]
    statistics: Mapping[str, Statistic] = {
        "behavioural_distance.acts": lambda one, other: jensen_shannon(one @ flat[0], other @ flat[1]),
        "behavioural_distance.tokens": lambda one, other: energy_coefficient(one @ ours.lengths, other @ humans.lengths),
        "behavioural_distance.classifier": lambda one, other: _apart(ours, humans, one, other),
        "diversity_gap.distinct_2": lambda one, other: _distinct(ours, humans, one, other),
        "diversity_gap.self_similarity": lambda one, other: np.log(similarity(ours, one) / similarity(humans, other)),
        "diversity_gap.act_entropy": lambda one, other: np.log(entropy(ours, one) / entropy(humans, other)),
        "diversity_gap.openings": lambda one, other: _openings(ours, humans, one, other),
    }
    return {name: Weighed(statistic, n, FEWER.get(name, 200)) for name, statistic in statistics.items()}


def _accepted(ours: pl.DataFrame, humans: pl.DataFrame, stratum: str) -> Weighed:
    sides = [_counts(frame.filter(pl.col("stratum") == stratum), pl.col("label") == "accept") for frame in (ours, humans)]
    return Weighed(lambda one, other: _rate(one, sides[0]) - _rate(other, sides[1]), (len(sides[0]), len(sides[1])))


def _above(ours: pl.DataFrame, humans: pl.DataFrame, column: str) -> Weighed:
    # a turn too long to be shared counts as not shared, one too short to be copied does not count
    filled = [frame.with_columns(pl.col(column).fill_null(False)) if column == "shared" else frame for frame in (ours, humans)]
    sides = [_counts(frame.drop_nulls(column), pl.col(column)) for frame in filled]
    return Weighed(lambda one, other: _rate(one, sides[0]) - _rate(other, sides[1]) - ABOVE_HUMANS, (len(sides[0]), len(sides[1])))


def _told(told: pl.DataFrame, kind: str, cap: float) -> Weighed:
    flags = np.column_stack([told[kind].to_numpy().astype(float), np.ones(len(told))])
    return Weighed(lambda one, _other: _rate(one, flags) - cap, (len(flags), 1))


def _counts(frame: pl.DataFrame, hit: pl.Expr) -> Floats:
    table = frame.group_by("dialogue_id").agg(k=hit.cast(pl.Float64).sum(), n=pl.len().cast(pl.Float64)).sort("dialogue_id")
    return table.select("k", "n").to_numpy()


def _rate(weights: Floats, counts: Floats) -> Floats:
    return np.asarray((weights @ counts[:, 0]) / np.maximum(weights @ counts[:, 1], 1e-12))


def _openings(ours: Any, humans: Any, one: Floats, other: Floats) -> Floats:
    (same, _), (human, _) = collisions(ours, one), collisions(humans, other)
    fewest = min(float(collisions(corpus, np.ones((1, corpus.n)))[1][0]) for corpus in (ours, humans))
    return np.asarray(np.log((same + 1 / fewest) / (human + 1 / fewest)))


def _distinct(ours: Any, humans: Any, one: Floats, other: Floats) -> Floats:
    """At as many bigrams on both sides; the humans' as many dialogues are the first ones, in the order of a hash."""
    order = np.argsort(unit_codes([str(name) for name in humans.ids]))[: ours.n]
    matched = np.zeros_like(other)
    matched[:, order] = other[:, order]
    counts = [np.asarray(weights @ corpus.bigrams) for weights, corpus in ((one, ours), (matched, humans))]
    size = int(min(count.sum(axis=1).min() for count in counts))
    return np.array([np.log(rarefied(a, size) / rarefied(b, size)) for a, b in zip(*counts, strict=True)])


def _apart(ours: Any, humans: Any, one: Floats, other: Floats) -> Floats:
    """2 AUC - 1; humans in the numbers that the objective takes."""
    order = np.argsort(unit_codes([str(name) for name in humans.ids]))[: max(2 * ours.n, 60)]
    theirs = humans.rows(np.sort(order))
    features, group = np.vstack([ours.features, theirs.features]), np.concatenate([ours.owner, theirs.owner + ours.n])
    kind = np.concatenate([np.ones(len(ours.features)), np.zeros(len(theirs.features))])
    folds = (np.concatenate([ours.codes, theirs.codes]) % np.uint64(N_FOLDS)).astype(np.int64)
    found = []
    for weights in np.hstack([one, other[:, np.sort(order)]]).astype(np.int64):
        times = weights[group]
        value = grouped_auc(np.repeat(features, times, axis=0), np.repeat(kind, times), np.repeat(group, times), folds=folds)
        found.append(2 * (0.5 if value is None else value) - 1)
    return np.array(found)
