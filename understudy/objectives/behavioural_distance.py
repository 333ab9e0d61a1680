"""How far the ways of talking are apart, in [0, 1]: mean of square roots of distances, each 0 for the same behaviour.

acts: Jensen-Shannon divergence in bits (Lin 1991) of act bigrams (previous seeker act, this act); tokens: energy coefficient
(Székely and Rizzo 2013) of tokens per turn; turns: the same of turns per dialogue, which applies only where the simulator talked
to the humans' own recommender; classifier: max(0, 2 AUC - 1) of a feature classifier, cross-validated by dialogue. Plug-in values
are debiased by half-samples of dialogues and cut at 0 before the root; intervals are as wide as half-samples of units (units.py)
spread. What applies is required.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from understudy.instruments.corpus import Corpus
from understudy.keys import rng_of
from understudy.measure.reference import Observed, Reference
from understudy.measure.values import NO_HUMAN, ObjectiveValue, required, terms_of
from understudy.records import Measured
from understudy.statistics.classifier import N_FOLDS, grouped_auc
from understudy.statistics.distances import energy_coefficient, jensen_shannon
from understudy.statistics.halves import N_HALVES, Floats, debiased, interval, unit_codes, whole_and_halves

VERSION = 5
UNIT = "distance"
BETTER = "lower"
RANGE = (0.0, 1.0)
COUNTED = "dialogues"
MIN_N = 10
MIN_N_WHY = (
    "the smallest of the sizes 4, 6 and 10 at which a dosed half has the higher value in at least 80 % of pairs with a clean "
    "one, by the lower 95 % end"
)
MIN_DIALOGUES = 4
PARTS = ("acts", "tokens", "turns", "classifier")
READ_BY = {"acts": "act"}
COMPARES = ("tokens", "classifier")
DIFFERS = "the experimental setting differs: the humans talked to another recommender"
_MAX_TURNS = 60
_N_CLASSIFIED = 40  # half-samples for the classifier, the costly one
_HUMANS_PER_OURS, _FEWEST_HUMANS = 2, 60


def measure(simulated: Observed, reference: Reference, *, seed: int, intervals: bool = True) -> ObjectiveValue:
    """behavioural_distance in [0, 1]; not measured with fewer than four dialogues on either side, or where a part cannot be."""
    ours, humans = simulated.corpus, reference.corpus
    if min(ours.n, humans.n) < MIN_DIALOGUES:
        nothing = Measured(
            None, n=ours.n, reason=f"at least {MIN_DIALOGUES} dialogues are needed; there are {ours.n} simulated and {humans.n} human ones"
        )
        parts = dict.fromkeys(PARTS, nothing)
        return ObjectiveValue("behavioural_distance", nothing, parts, parts)
    drawn = reference.resampling_units(ours.ids)
    units = {"simulated": drawn.described(), "human": reference.resampling_units(humans.ids).described()}
    weights = drawn.halves(seed=seed)
    counts = reference.once("counts", lambda: _counts(reference))
    sides = tuple(zip((weights, whole_and_halves(ours.codes, seed=seed)), counts, strict=True))
    found = {
        "acts": _debiased(*(jensen_shannon(one @ _flat(ours), human_acts) for one, (human_acts, _) in sides)),
        "tokens": _debiased(*(energy_coefficient(one @ ours.lengths, human_lengths) for one, (_, human_lengths) in sides)),
    }
    turns = _turns(simulated, reference, seed)
    if not isinstance(turns, str):
        found["turns"] = turns
    apart = _classifier(ours, humans, weights, reference, n_halves=_N_CLASSIFIED if intervals else 0)
    if apart is not None:
        found["classifier"] = (float(apart[0]), np.resize(apart[1:] - apart[1:].mean(), N_HALVES) if intervals else np.zeros(N_HALVES))
    human = reference.once("figures", lambda: _human_figures(reference))
    missing = {"turns": turns if isinstance(turns, str) else "", "classifier": "there are too few turns to classify"}
    own = {"tokens": _mean_tokens(ours, weights)}
    return replace(_value(found, missing, n=ours.n, intervals=intervals), human=human, unit_counts=units, own=own)


def auc_of(part: Measured) -> Measured:
    """The classifier's AUC behind the signed part `classifier`."""
    if part.value is None or part.lo is None or part.hi is None:
        return part
    return Measured((part.value + 1) / 2, (part.lo + 1) / 2, (part.hi + 1) / 2, part.n)


def _counts(reference: Reference) -> tuple[tuple[Floats, Floats], ...]:
    """The humans' acts and lengths of turns over half-samples of units, and over those of dialogues."""
    humans = reference.corpus
    return tuple((weights @ _flat(humans), weights @ humans.lengths) for weights in (reference.spread, reference.halves))


def _human_figures(reference: Reference) -> dict[str, Measured]:
    """The humans' mean tokens per turn and turns per dialogue; of distances they have none."""
    lengths, weights = reference.corpus.lengths, reference.spread
    n_turns, n_tokens = lengths.sum(axis=1), lengths @ np.arange(lengths.shape[1])
    pairs = {"tokens": (n_tokens, n_turns), "turns": (n_turns, np.ones(len(n_turns)))}
    ratios = {name: (weights @ over) / np.maximum(weights @ under, 1e-12) for name, (over, under) in pairs.items()}
    nothing = dict.fromkeys(("acts", "classifier"), Measured(None, reason=NO_HUMAN))
    return nothing | {name: interval(float(one[0]), one[1:], n=len(n_turns), low=0.0) for name, one in ratios.items()}


def _mean_tokens(corpus: Corpus, weights: Floats) -> Measured:
    n_turns, n_tokens = (weights @ one for one in (corpus.lengths.sum(axis=1), corpus.lengths @ np.arange(corpus.lengths.shape[1])))
    means = n_tokens / np.maximum(n_turns, 1e-12)
    return interval(float(means[0]), means[1:], n=corpus.n, low=0.0)


def _debiased(by_unit: Floats, by_dialogue: Floats) -> tuple[float, Floats]:
    """The value without its bias, which is of the number of dialogues, and how half-samples of units deviate from it."""
    return debiased(float(by_dialogue[0]), by_dialogue[1:]), by_unit[1:] - by_unit[1:].mean()


def _value(found: dict[str, tuple[float, Floats]], missing: dict[str, str], *, n: int, intervals: bool) -> ObjectiveValue:
    values = np.array([value for value, _ in found.values()])
    deviations = np.column_stack([drawn for _, drawn in found.values()])
    signed = {name: interval(value, drawn, n=n, low=-1.0, high=1.0) for name, (value, drawn) in found.items()}
    parts = {name: _rooted(part, name) for name, part in signed.items()}
    for name in (name for name in PARTS if name not in found):
        parts[name] = signed[name] = Measured(None, reason=missing[name])
    left_out = ("turns",) if missing["turns"] == DIFFERS else ()
    absent = required(signed, (name for name in PARTS if name not in left_out))
    folded, at = (_folded(one, list(found)) for one in (values[None, :] + deviations, values[None, :]))
    terms = terms_of(list(found), at[0], folded, dict.fromkeys(found, n)) if intervals else {}
    told = ObjectiveValue("behavioural_distance", Measured(None, n=n, reason=absent), parts, signed, left_out, terms=terms)
    if absent:
        return told
    low, high = _bounds(values, deviations, list(found))
    value = float(at.mean())
    measured = Measured(value, min(low, value), max(high, value), n)
    return replace(told, measured=measured, replicates=tuple(folded.mean(axis=1).tolist()) if intervals else ())


def _bounds(values: Floats, deviations: Floats, names: list[str]) -> tuple[float, float]:
    # all parts moved together by z spreads, z the .95 quantile of their mean absolute standardised deviation:
    # the root has no bounded slope at 0, so a ball around the folded value would not cover there
    spreads = deviations.std(axis=0)
    z = float(np.quantile(np.abs(deviations / np.where(spreads > 0, spreads, 1.0)).mean(axis=1), 0.95))
    z = max(z, 1.96 / np.sqrt(len(names)))
    low, high = (_folded((values + sign * z * spreads)[None, :], names).mean() for sign in (-1, 1))
    return float(low), float(high)


def _folded(values: Floats, names: list[str]) -> Floats:
    cut = np.clip(values, 0.0, 1.0)
    linear = np.array([name == "classifier" for name in names])
    return np.where(linear[None, :], cut, np.sqrt(cut))


def _rooted(part: Measured, name: str) -> Measured:
    ends = np.array([[part.value, part.lo, part.hi]], dtype=float).T
    value, low, high = _folded(ends, [name])[:, 0].tolist()
    return Measured(value, low, high, part.n)


def _flat(corpus: Corpus) -> Floats:
    return corpus.acts.reshape(corpus.n, -1)


def _turns(simulated: Observed, reference: Reference, seed: int) -> tuple[float, Floats] | str:
    ours, humans = simulated.free_lengths, reference.lengths
    if not simulated.same_setting:
        return DIFFERS
    if min(len(ours), len(humans)) < MIN_DIALOGUES:
        return f"at least {MIN_DIALOGUES} dialogues are needed; there are {len(ours)} simulated and {len(humans)} human ones"
    # a run is its own unit: free_lengths does not say whose dialogue it stands on
    runs = whole_and_halves(unit_codes(ours["play_key"].to_list()), seed=seed) @ _histogram(ours)
    names, seen = humans["play_key"].to_list(), _histogram(humans)
    by_unit, by_dialogue = (
        reference.resampling_units(names).halves(seed=reference.seed),
        whole_and_halves(unit_codes(names), seed=reference.seed),
    )
    return _debiased(energy_coefficient(runs, by_unit @ seen), energy_coefficient(runs, by_dialogue @ seen))


def _histogram(lengths: pl.DataFrame) -> Floats:
    seen = np.zeros((len(lengths), _MAX_TURNS + 1))
    seen[np.arange(len(lengths)), lengths["n_turns"].clip(0, _MAX_TURNS).to_numpy().astype(np.int64)] = 1.0
    return seen


def _classifier(ours: Corpus, humans: Corpus, weights: Floats, reference: Reference, *, n_halves: int) -> Floats | None:
    """2 AUC - 1 of all turns, then of half-samples of units; below 0 where the classifier does worse than chance."""
    n_humans = min(humans.n, max(_HUMANS_PER_OURS * ours.n, _FEWEST_HUMANS))
    theirs = humans.rows(np.sort(rng_of("classified dialogues", reference.seed).permutation(humans.n)[:n_humans]))
    features = np.vstack([ours.features, theirs.features])
    kind = np.concatenate([np.ones(len(ours.features)), np.zeros(len(theirs.features))])
    group = np.concatenate([ours.owner, theirs.owner + ours.n])
    # by the name of the dialogue: a replay and the human dialogue it replays fall into one fold
    folds = (np.concatenate([ours.codes, theirs.codes]) % np.uint64(N_FOLDS)).astype(np.int64)
    taken = np.hstack([weights[: n_halves + 1], reference.resampling_units(theirs.ids).halves(seed=reference.seed)[: n_halves + 1]])
    found = [grouped_auc(features[kept], kind[kept], group[kept], folds=folds) for kept in (taken > 0)[:, group]]
    if found[0] is None:
        return None
    return np.array([2 * (found[0] if one is None else one) - 1 for one in found])
