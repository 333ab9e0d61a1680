"""How far the ways of talking are apart, in [0, 1]: mean of square roots of distances, each 0 for the same behaviour.

acts: Jensen-Shannon divergence in bits (Lin 1991) of act bigrams (previous seeker act, this act); tokens: energy coefficient
(Székely and Rizzo 2013) of tokens per turn; turns: the same of turns per dialogue, which applies only where the simulator talked
to the humans' own recommender; classifier: max(0, 2 AUC - 1) of a feature classifier, cross-validated by dialogue. Plug-in values
are debiased by half-samples and cut at 0 before the root. What applies is required.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from understudy.evidence import Observed, Reference, whole_and_halves
from understudy.instruments.corpus import Corpus
from understudy.keys import rng_of
from understudy.objectives._value import NO_HUMAN, ObjectiveValue, required
from understudy.records import Measured
from understudy.statistics.classifier import N_FOLDS, grouped_auc
from understudy.statistics.distances import energy_coefficient, jensen_shannon
from understudy.statistics.halves import Floats, debiased, interval, unit_codes

VERSION = 2
UNIT = "distance"
BETTER = "lower"
RANGE = (0.0, 1.0)
MIN_DIALOGUES = 4
PARTS = ("acts", "tokens", "turns", "classifier")
DIFFERS = "setting differs: the humans talked to another recommender"
_MAX_TURNS = 60
_N_CLASSIFIED = 40  # half-samples for the classifier, the costly one
_HUMANS_PER_OURS, _FEWEST_HUMANS = 2, 60


def measure(simulated: Observed, reference: Reference, *, seed: int, intervals: bool = True) -> ObjectiveValue:
    """behavioural_distance in [0, 1]; not measured with fewer than four dialogues on either side, or where a part cannot be."""
    ours, humans = simulated.corpus, reference.corpus
    if min(ours.n, humans.n) < MIN_DIALOGUES:
        nothing = Measured(None, n=ours.n, reason=f"{ours.n} simulated and {humans.n} human dialogues, {MIN_DIALOGUES} needed")
        parts = dict.fromkeys(PARTS, nothing)
        return ObjectiveValue("behavioural_distance", nothing, parts, parts)
    weights, human_weights = whole_and_halves(ours.codes, seed=seed), reference.halves
    acts = jensen_shannon(weights @ _flat(ours), human_weights @ _flat(humans))
    tokens = energy_coefficient(weights @ ours.lengths, human_weights @ humans.lengths)
    found = {"acts": (acts[0], acts[1:], True), "tokens": (tokens[0], tokens[1:], True)}
    turns = _turns(simulated, reference, seed)
    if isinstance(turns, np.ndarray):
        found["turns"] = (turns[0], turns[1:], True)
    apart = _classifier(ours, humans, weights, seed=reference.seed, n_halves=_N_CLASSIFIED if intervals else 0)
    if apart is not None:
        found["classifier"] = (float(apart[0]), np.resize(apart[1:], len(acts) - 1) if intervals else np.zeros(len(acts) - 1), False)
    human = {"acts": Measured(None, reason=NO_HUMAN), "classifier": Measured(None, reason=NO_HUMAN)} | _figures(reference)
    return _value(found, turns, human, n=ours.n, intervals=intervals)


def auc_of(part: Measured) -> Measured:
    """The classifier's AUC behind the signed part `classifier`."""
    if part.value is None or part.lo is None or part.hi is None:
        return part
    return Measured((part.value + 1) / 2, (part.lo + 1) / 2, (part.hi + 1) / 2, part.n)


def _figures(reference: Reference) -> dict[str, Measured]:
    """The humans' mean tokens per turn and turns per dialogue."""
    lengths, weights = reference.corpus.lengths, reference.halves
    n_turns, n_tokens = lengths.sum(axis=1), lengths @ np.arange(lengths.shape[1])
    pairs = {"tokens": (n_tokens, n_turns), "turns": (n_turns, np.ones(len(n_turns)))}
    ratios = {name: (weights @ over) / np.maximum(weights @ under, 1e-12) for name, (over, under) in pairs.items()}
    return {name: interval(float(one[0]), one[1:], n=len(n_turns), low=0.0) for name, one in ratios.items()}


def _value(
    found: dict[str, tuple[float, Floats, bool]], turns: Floats | str, human: dict[str, Measured], *, n: int, intervals: bool
) -> ObjectiveValue:
    values = np.array([debiased(whole, drawn) if biased else whole for whole, drawn, biased in found.values()])
    deviations = np.column_stack([drawn - drawn.mean() for _, drawn, _ in found.values()])
    pairs = zip(found, values, deviations.T, strict=True)
    signed = {name: interval(value, deviation, n=n, low=-1.0, high=1.0) for name, value, deviation in pairs}
    parts = {name: _rooted(part, name) for name, part in signed.items()}
    missing = {"turns": turns if isinstance(turns, str) else "", "classifier": "too few turns to classify"}
    for name in (name for name in PARTS if name not in found):
        parts[name] = signed[name] = Measured(None, reason=missing[name])
    left_out = ("turns",) if isinstance(turns, str) and turns == DIFFERS else ()
    absent = required(signed, (name for name in PARTS if name not in left_out))
    if absent:
        return ObjectiveValue("behavioural_distance", Measured(None, n=n, reason=absent), parts, signed, left_out, human=human)
    replicates = _folded(values[None, :] + deviations, list(found)).mean(axis=1)
    low, high = _bounds(values, deviations, list(found))
    value = float(_folded(values[None, :], list(found)).mean())
    measured = Measured(value, min(low, value), max(high, value), n)
    kept = tuple(replicates.tolist()) if intervals else ()
    return ObjectiveValue("behavioural_distance", measured, parts, signed, left_out, kept, human)


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


def _turns(simulated: Observed, reference: Reference, seed: int) -> Floats | str:
    if not simulated.same_setting:
        return DIFFERS
    if min(len(simulated.free_lengths), len(reference.lengths)) < MIN_DIALOGUES:
        return f"{len(simulated.free_lengths)} simulated and {len(reference.lengths)} human dialogues, {MIN_DIALOGUES} needed"
    return energy_coefficient(_histogram(simulated.free_lengths, seed), _histogram(reference.lengths, reference.seed))


def _histogram(lengths: pl.DataFrame, seed: int) -> Floats:
    seen = np.zeros((len(lengths), _MAX_TURNS + 1))
    seen[np.arange(len(lengths)), lengths["n_turns"].clip(0, _MAX_TURNS).to_numpy().astype(np.int64)] = 1.0
    return whole_and_halves(unit_codes(lengths["play_key"].to_list()), seed=seed) @ seen


def _classifier(ours: Corpus, humans: Corpus, weights: Floats, *, seed: int, n_halves: int) -> Floats | None:
    """2 AUC - 1 of all turns, then of half-samples; below 0 where the classifier does worse than chance."""
    n_humans = min(humans.n, max(_HUMANS_PER_OURS * ours.n, _FEWEST_HUMANS))
    theirs = humans.rows(np.sort(rng_of("classified dialogues", seed).permutation(humans.n)[:n_humans]))
    features = np.vstack([ours.features, theirs.features])
    kind = np.concatenate([np.ones(len(ours.features)), np.zeros(len(theirs.features))])
    group = np.concatenate([ours.owner, theirs.owner + ours.n])
    # by the name of the dialogue: a replay and the human dialogue it replays fall into one fold
    folds = (np.concatenate([ours.codes, theirs.codes]) % np.uint64(N_FOLDS)).astype(np.int64)
    taken = np.hstack([weights[: n_halves + 1], whole_and_halves(theirs.codes, seed=seed)[: n_halves + 1]])
    found = [grouped_auc(features[kept], kind[kept], group[kept], folds=folds) for kept in (taken > 0)[:, group]]
    if found[0] is None:
        return None
    return np.array([2 * (found[0] if one is None else one) - 1 for one in found])
