"""How far variety is from humans': mean |ln(D_S / D_H)| over four measures of the seekers' turns, titles masked. Two-sided.

distinct_2: different bigrams per bigram (Li et al. 2016), at as many dialogues and as many bigrams on both sides (rarefaction,
Hurlbert 1971); self_similarity: mean pairwise TF-IDF cosine between dialogues; act_entropy: H(act | previous act), debiased;
openings: the probability that the first six tokens of two turns of different dialogues are the same.

If a measure can be 0, its smallest observable step is added on both sides before the logarithm (1 / number of pairs; for the
entropy log2(n) / n bits of n turns, the contribution of one different turn among n). So a seeker without any variation has a
large distance from humans, and the measure is defined. All four measures are required.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log, sqrt

import numpy as np

from understudy.instruments.corpus import Corpus
from understudy.keys import rng_of
from understudy.measure.reference import Observed, Reference
from understudy.measure.values import ObjectiveValue, absolute, required, terms_of
from understudy.records import Measured
from understudy.statistics.distances import conditional_entropy, rarefied
from understudy.statistics.halves import N_HALVES, Floats, ball_radius, debiased, interval, whole_and_halves

VERSION = 5
UNIT = "nats"
BETTER = "lower"
RANGE = (0.0, float("inf"))
COUNTED = "dialogues"
MIN_N = 6
MIN_N_WHY = (
    "the smallest of the sizes 4, 6 and 10 at which a dosed half has the higher value in at least 80 % of pairs with a clean "
    "one, by the lower 95 % end"
)
MIN_DIALOGUES = 4
_N_DRAWS = 8  # human draws of as many dialogues as the simulator has
N_RAREFIED = 60  # samples for distinct-2, the costly one
_SHARE = 0.75  # of the units, in each of them
PARTS = ("distinct_2", "self_similarity", "act_entropy", "openings")
READ_BY = {"act_entropy": "act"}
COMPARES = ("distinct_2", "self_similarity", "openings")
_NOTHING = {
    "distinct_2": "the turns hold too few words",
    "self_similarity": "fewer than two dialogues hold words",
    "act_entropy": "no turns",
    "openings": "no two turns of at least six tokens are in different dialogues",
}


@dataclass(frozen=True, slots=True)
class _Part:
    """ln(D_S / D_H), how half-samples deviate from it, and D_H and D_S themselves, each of as much text as the other."""

    value: float
    deviations: Floats
    human: Measured
    own: Measured


def measure(simulated: Observed, reference: Reference, *, seed: int, intervals: bool = True) -> ObjectiveValue:
    """diversity_gap ≥ 0 in nats; not measured with fewer than four dialogues on either side, or where a part cannot be."""
    ours, humans = simulated.corpus, reference.corpus
    if min(ours.n, humans.n) < MIN_DIALOGUES:
        nothing = Measured(
            None, n=ours.n, reason=f"at least {MIN_DIALOGUES} dialogues are needed; there are {ours.n} simulated and {humans.n} human ones"
        )
        parts = dict.fromkeys(PARTS, nothing)
        return ObjectiveValue("diversity_gap", nothing, parts, parts)
    drawn = reference.resampling_units(ours.ids)
    units = {"simulated": drawn.described(), "human": reference.resampling_units(humans.ids).described()}
    found = _parts(simulated, reference, drawn.halves(seed=seed), seed=seed, intervals=intervals)
    kept = {name: part for name, part in found.items() if part is not None}
    signed = {name: Measured(None, n=ours.n, reason=_NOTHING[name]) for name in PARTS}
    signed |= {name: interval(part.value, part.deviations, n=ours.n) for name, part in kept.items()}
    parts, human = {name: absolute(part) for name, part in signed.items()}, {name: part.human for name, part in kept.items()}
    values = np.array([part.value for part in kept.values()])
    deviations = np.column_stack([part.deviations for part in kept.values()]) if kept else np.zeros((N_HALVES, 0))
    folded = np.abs(values[None, :] + deviations)
    told = ObjectiveValue(
        "diversity_gap", Measured(None, n=ours.n), parts, signed, human=human, unit_counts=units,
        own={name: part.own for name, part in kept.items()},
        terms=terms_of(list(kept), np.abs(values), folded, dict.fromkeys(kept, ours.n)) if intervals else {},
    )  # fmt: skip
    missing = required(signed, PARTS)
    if missing:
        return replace(told, measured=Measured(None, n=ours.n, reason=missing))
    value, radius = float(np.abs(values).mean()), ball_radius(deviations)
    measured = Measured(value, max(0.0, value - radius), value + radius, ours.n)
    return replace(told, measured=measured, replicates=tuple(folded.mean(axis=1).tolist()) if intervals else ())


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


def _parts(simulated: Observed, reference: Reference, weights: Floats, *, seed: int, intervals: bool) -> dict[str, _Part | None]:
    """Each part by the half-samples of units, `weights` and `reference.spread`; None where nothing could be seen."""
    ours, humans = simulated.corpus, reference.corpus
    one, other = (corpus.lengths.sum() for corpus in (ours, humans))
    turns, dialogues = min(one, other), min(ours.n, humans.n)
    (same, pairs), (human_same, human_pairs) = (
        collisions(ours, weights), reference.once("collisions", lambda: collisions(humans, reference.spread))
    )  # fmt: skip
    fewest = float(min(pairs[0], human_pairs[0]))
    alike, human_alike = similarity(ours, weights), reference.once("similarity", lambda: similarity(humans, reference.spread))
    return {
        "distinct_2": _distinct(ours, reference, seed=seed, intervals=intervals),
        "self_similarity": _log_ratio(alike, human_alike, 2 / (dialogues * (dialogues - 1)), n=humans.n),
        "act_entropy": _entropy(ours, reference, weights, _least(turns), seed=seed),
        "openings": _log_ratio(same, human_same, 1 / fewest if fewest >= 1 else None, n=humans.n),
    }


def _least(n_turns: float) -> float | None:
    return float(np.log2(n_turns)) / n_turns if n_turns >= 2 else None


def _log_ratio(ours: Floats, humans: Floats, least: float | None, *, n: int) -> _Part | None:
    """ln of the ratio with `least` added on both sides; None where nothing could be seen."""
    if least is None:
        return None
    ratio = np.log((ours + least) / (humans + least))
    sides = (interval(float(side[0]), side[1:], n=n, low=0.0) for side in (humans, ours))
    return _Part(float(ratio[0]), ratio[1:] - ratio[1:].mean(), *sides)


def _entropy(ours: Corpus, reference: Reference, weights: Floats, least: float | None, *, seed: int) -> _Part | None:
    """The same of the entropy, debiased by half-samples of dialogues: its bias is of their number, its spread of the speakers'."""
    humans = reference.corpus
    by_unit, other = reference.once("entropy", lambda: tuple(entropy(humans, drawn) for drawn in (reference.spread, reference.halves)))
    wide = _log_ratio(entropy(ours, weights), by_unit, least, n=humans.n)
    if wide is None or least is None:
        return None
    one = entropy(ours, whole_and_halves(ours.codes, seed=seed))
    ratio = np.log((one + least) / (other + least))
    human = interval(debiased(float(other[0]), other[1:]), by_unit[1:], n=humans.n, low=0.0)
    own = interval(debiased(float(one[0]), one[1:]), entropy(ours, weights)[1:], n=ours.n, low=0.0)
    return _Part(debiased(float(ratio[0]), ratio[1:]), wide.deviations, human, own)


def _distinct(ours: Corpus, reference: Reference, *, seed: int, intervals: bool) -> _Part | None:
    humans = reference.corpus
    n = min(ours.n, humans.n)
    n_draws = _N_DRAWS if humans.n > n else 1
    draws = reference.once(("bigrams", n), lambda: [_drawn(humans, n, reference.seed, draw) for draw in range(n_draws)])
    own = np.asarray(ours.bigrams.sum(axis=0)).ravel()
    size = int(min(own.sum(), *(draw.sum() for draw in draws)))
    if size < 2:
        return None
    shares = [rarefied(draw, size) for draw in draws]
    expected = float(np.mean(shares))
    share = rarefied(own, size)
    value = log(share / expected)
    if not intervals:
        return _Part(value, np.zeros(N_HALVES), *(Measured(one, one, one, n) for one, n in ((expected, humans.n), (share, ours.n))))
    apart = [rarefied_deviations(corpus, reference, size, seed=at) for corpus, at in ((ours, seed), (humans, reference.seed))]
    apart[1] = apart[1] + drawing_noise(shares, seed=reference.seed)
    human = interval(expected, expected * apart[1], n=humans.n, low=0.0, high=1.0)
    return _Part(value, np.resize(apart[0] - apart[1], N_HALVES), human, interval(share, share * apart[0], n=ours.n, low=0.0, high=1.0))


def rarefied_deviations(corpus: Corpus, reference: Reference, size: int, *, seed: int) -> Floats:
    """(N_RAREFIED,): how ln of distinct-2 at `size` bigrams deviates over samples of the units, at the spread of the whole.

    Three quarters of the units and not half of them: at half the size distinct-2 is another figure, which spreads a tenth less.
    """
    taken = reference.resampling_units(corpus.ids).samples(seed=seed, n=N_RAREFIED, share=_SHARE)
    counts = taken @ corpus.bigrams
    fewer = int(min(_SHARE * size, counts.sum(axis=1).min()))
    logs = np.array([log(rarefied(row, fewer)) for row in counts]) if fewer >= 2 else np.zeros(len(counts))
    return np.asarray((logs - logs.mean()) * np.sqrt(_SHARE / (1 - _SHARE)))


def drawing_noise(shares: Sequence[float], *, seed: int) -> Floats:
    """(N_RAREFIED,): what is left of the noise of single draws in their mean, as normal deviations of its logarithm."""
    spread = float(np.std(np.log(shares), ddof=1)) / sqrt(len(shares)) if len(shares) > 1 else 0.0
    noise = rng_of("noise of the draws", seed).standard_normal(N_RAREFIED)
    return np.asarray(spread * (noise - noise.mean()) / noise.std())


def _drawn(humans: Corpus, n: int, seed: int, draw: int) -> Floats:
    """How often each bigram that `n` dialogues have is said in them."""
    rows = np.sort(rng_of("matched dialogues", seed, draw).permutation(humans.n)[:n])
    counts = np.asarray(humans.bigrams[rows].sum(axis=0)).ravel()
    return np.asarray(counts[counts > 0])
