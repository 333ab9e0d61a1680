"""How far variety is from humans': mean |ln(D_S / D_H)| over four measures of the seekers' turns, titles masked. Two-sided.

distinct_2: different bigrams per bigram (Li et al. 2016), at as many dialogues and as many bigrams on both sides;
self_similarity: mean pairwise TF-IDF cosine between dialogues; act_entropy: H(act | previous act); openings: the probability
that the first six tokens of two turns of different dialogues are the same (1 / number of pairs is added on both sides).
"""

from __future__ import annotations

from math import log

import numpy as np

from understudy.evidence import Observed, Reference, whole_and_halves
from understudy.instruments.corpus import Corpus
from understudy.keys import rng_of
from understudy.objectives._value import ObjectiveValue, absolute
from understudy.records import Measured
from understudy.statistics.distances import conditional_entropy, rarefied
from understudy.statistics.halves import Floats, ball_radius, debiased, interval

VERSION = 1
UNIT = "nats"
BETTER = "lower"
RANGE = (0.0, float("inf"))
MIN_DIALOGUES = 4
_N_DRAWS = 8  # human draws of as many dialogues as the simulator has
_N_RAREFIED = 60  # half-samples for distinct-2, the costly one
PARTS = ("distinct_2", "self_similarity", "act_entropy", "openings")


def measure(simulated: Observed, reference: Reference, *, seed: int, intervals: bool = True) -> ObjectiveValue:
    """diversity_gap ≥ 0 in nats; not measured with fewer than four dialogues on either side."""
    ours, humans = simulated.corpus, reference.corpus
    if min(ours.n, humans.n) < MIN_DIALOGUES:
        nothing = Measured(None, n=ours.n, reason=f"{ours.n} simulated and {humans.n} human dialogues, {MIN_DIALOGUES} needed")
        return ObjectiveValue("diversity_gap", nothing, {}, {}, PARTS)
    weights, human_weights = whole_and_halves(ours.codes, seed=seed), reference.halves
    found = {
        "distinct_2": _distinct(ours, humans, weights, seed=reference.seed, intervals=intervals),
        "self_similarity": _log_ratio(similarity(ours, weights), similarity(humans, human_weights)),
        "act_entropy": _log_ratio(entropy(ours, weights), entropy(humans, human_weights), biased=True),
        "openings": _openings(ours, humans, weights, human_weights),
    }
    kept = {name: pair for name, pair in found.items() if pair is not None}
    left_out = tuple(name for name in PARTS if name not in kept)
    missing = Measured(None, n=ours.n, reason="too few words in the turns")
    if not kept:
        return ObjectiveValue("diversity_gap", missing, dict.fromkeys(PARTS, missing), dict.fromkeys(PARTS, missing), PARTS)
    values = np.array([value for value, _ in kept.values()])
    deviations = np.column_stack([deviation for _, deviation in kept.values()])
    signed = {name: interval(value, deviation, n=ours.n) for name, (value, deviation) in kept.items()}
    signed |= dict.fromkeys(left_out, missing)
    value, radius = float(np.abs(values).mean()), ball_radius(deviations)
    measured = Measured(value, max(0.0, value - radius), value + radius, ours.n)
    replicates = tuple(np.abs(values[None, :] + deviations).mean(axis=1).tolist()) if intervals else ()
    parts = {name: absolute(part) for name, part in signed.items()}
    return ObjectiveValue("diversity_gap", measured, parts, signed, left_out, replicates)


def similarity(corpus: Corpus, weights: Floats) -> Floats:
    """The mean pairwise cosine of dialogues per weighting (a U-statistic: no bias to remove)."""
    n = weights.sum(axis=1)
    own = weights @ np.asarray(corpus.words.multiply(corpus.words).sum(axis=1)).ravel()
    total = np.asarray((weights @ corpus.words) ** 2).sum(axis=1)
    return np.asarray((total - own) / np.maximum(n * (n - 1), 1))


def entropy(corpus: Corpus, weights: Floats) -> Floats:
    """H(act | previous act) in bits per weighting."""
    return conditional_entropy(np.tensordot(weights, corpus.acts, axes=(1, 0)))


def collisions(corpus: Corpus, weights: Floats) -> tuple[Floats, Floats]:
    """P(same opening) over pairs of turns of different dialogues, and the number of pairs, per weighting."""
    sizes = np.asarray(corpus.openings.sum(axis=1)).ravel()
    same = np.asarray((weights @ corpus.openings) ** 2).sum(axis=1)
    same = same - weights @ np.asarray(corpus.openings.multiply(corpus.openings).sum(axis=1)).ravel()
    pairs = (weights @ sizes) ** 2 - weights @ sizes**2
    return np.divide(same, pairs, out=np.zeros_like(same), where=pairs > 0), pairs / 2


def _log_ratio(ours: Floats, humans: Floats, *, biased: bool = False) -> tuple[float, Floats] | None:
    if min(ours.min(), humans.min()) <= 1e-9:
        return None
    ratio = np.log(ours / humans)
    value = debiased(float(ratio[0]), ratio[1:]) if biased else float(ratio[0])
    return value, ratio[1:] - ratio[1:].mean()


def _openings(ours: Corpus, humans: Corpus, weights: Floats, human_weights: Floats) -> tuple[float, Floats] | None:
    (one, pairs), (other, human_pairs) = collisions(ours, weights), collisions(humans, human_weights)
    fewest = min(float(pairs[0]), float(human_pairs[0]))
    if fewest < 1:
        return None
    ratio = np.log((one + 1 / fewest) / (other + 1 / fewest))
    return float(ratio[0]), ratio[1:] - ratio[1:].mean()


def _distinct(ours: Corpus, humans: Corpus, weights: Floats, *, seed: int, intervals: bool) -> tuple[float, Floats] | None:
    n = min(ours.n, humans.n)
    draws = [_drawn(humans, n, seed, draw) for draw in range(_N_DRAWS if humans.n > n else 1)]
    own = np.asarray(ours.bigrams.sum(axis=0)).ravel()
    size = int(min(own.sum(), *(draw.sum() for draw in draws)))
    if size < 2:
        return None
    expected = float(np.mean([rarefied(draw, size) for draw in draws]))
    value = log(rarefied(own, size) / expected)
    n_halves = len(weights) - 1
    if not intervals:
        return value, np.zeros(n_halves)
    counts = weights[1 : 1 + _N_RAREFIED] @ ours.bigrams
    half = int(min(counts.sum(axis=1).min(), size // 2))
    logs = np.array([log(rarefied(row, half)) for row in counts]) if half >= 2 else np.zeros(len(counts))
    return value, np.resize(logs - logs.mean(), n_halves)


def _drawn(humans: Corpus, n: int, seed: int, draw: int) -> Floats:
    rows = np.sort(rng_of("matched dialogues", seed, draw).permutation(humans.n)[:n])
    return np.asarray(humans.bigrams[rows].sum(axis=0)).ravel()
