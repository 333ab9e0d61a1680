"""How far acceptance is from humans': mean over strata of |P_S(accept | b) - P_H(accept | b)|.

Strata b: what the seeker's form says of the item that was recommended (liked_seen, liked_unseen, disliked, unstated). One
instrument labels both sides. Human rates use every human context of the split; strata weigh alike, since panels allocate
contexts equally. A stratum in which the split has too few human contexts does not apply and leaves the mean; one in which only
the simulator has none is required, and without it the objective is not measured. Source of the formula: ours (docs/objectives.md);
rates and their differences: Wilson and Newcombe, clustered by speaker (statistics/clustered.py); their mean: an L1 ball over the
signed parts (statistics/halves.py), which go together as the same people's do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.instruments.reaction import CLASSES
from understudy.measure.reference import Observed, Reference
from understudy.measure.resampling import Units
from understudy.measure.values import ObjectiveValue, Term, absolute, required, terms_of
from understudy.records import DECOY, STRATA, Measured
from understudy.statistics.clustered import Clustered, correlations, joined, rates_apart
from understudy.statistics.halves import Floats, ball_radius, normal_deviations
from understudy.statistics.rates import Z, spread

VERSION = 5
UNIT = "share"
BETTER = "lower"
RANGE = (0.0, 1.0)
COUNTED = "reactions"
MIN_N = 16
MIN_N_WHY = (
    "the smallest of the sizes 4, 6 and 10 at which a dosed half has the higher value in at least 80 % of pairs with a clean "
    "one, by the lower 95 % end: 4 contexts in each of four strata"
)
READ_BY = dict.fromkeys(STRATA, "reaction")
_PLACES = (*STRATA, DECOY)


@dataclass(frozen=True, slots=True)
class _Acceptances:
    """Acceptances `k` among `n` reactions, (n_dialogues, n_strata), and the unit of each dialogue."""

    resampling: Units
    k: Floats
    n: Floats

    def stratum(self, name: str) -> Clustered:
        column = STRATA.index(name)
        return self.resampling.clustered(self.k[:, column], self.n[:, column])

    def deviations(self, kept: tuple[str, ...], seed: int) -> Floats:
        """(n_halves, n_strata): how far each half-sample of units has its acceptance from the whole's."""
        columns = [STRATA.index(name) for name in kept]
        weights = self.resampling.halves(seed=seed)
        k, n = weights @ self.k[:, columns], weights @ self.n[:, columns]
        rates = np.divide(k, n, out=np.repeat(k[:1] / np.maximum(n[:1], 1), len(k), axis=0), where=n > 0)
        return np.asarray(rates[1:] - rates[:1])


def measure(simulated: Observed, reference: Reference, *, seed: int, intervals: bool = True) -> ObjectiveValue:
    """positive_bias in [0, 1]; not measured where no stratum has enough human contexts, or one that has lacks a simulated one."""
    ours, humans = _both_acceptances(simulated, reference)
    units = {"simulated": ours.resampling.described(), "human": humans.resampling.described()}
    human: dict[str, Measured] = {name: humans.stratum(name).rate(_nothing(name)) for name in STRATA}
    signed: dict[str, Measured] = {name: _signed(ours, humans, name, reference.min_contexts) for name in STRATA}
    kept: tuple[str, ...] = tuple(name for name in STRATA if human[name].n >= reference.min_contexts)
    left_out: tuple[str, ...] = tuple(name for name in STRATA if name not in kept)
    own: dict[str, Measured] = {name: ours.stratum(name).rate(_nothing(name)) for name in STRATA}
    there: tuple[str, ...] = tuple(name for name in kept if signed[name].value is not None)
    told = ObjectiveValue(
        "positive_bias", Measured(None), signed, signed, left_out, human=human, unit_counts=units, own=own, adds_units=True,
        terms=_terms(ours, humans, there, signed, (seed, reference.seed)) if intervals and there else {},
    )  # fmt: skip
    if not kept:
        nothing = Measured(None, reason="no stratum has enough contexts: " + "; ".join(signed[name].reason for name in left_out))
        return replace(told, measured=nothing)
    missing = required(signed, kept)
    if missing:
        return replace(told, measured=Measured(None, reason=missing))
    values = np.array([signed[name].value for name in kept], dtype=float)
    radius = ball_radius(normal_deviations([spread(signed[name]) for name in kept], correlations=_together(ours, humans, kept)))
    value = float(np.abs(values).mean())
    measured = Measured(value, max(0.0, value - radius), min(1.0, value + radius), sum(signed[name].n for name in kept))
    replicates = tuple(np.mean([told.terms[name].replicates for name in kept], axis=0).tolist()) if intervals else ()
    parts: dict[str, Measured] = {name: absolute(signed[name]) for name in STRATA}
    return replace(told, measured=measured, parts=parts, replicates=replicates)


def rates(reactions: pl.DataFrame, *, reference: Reference) -> dict[tuple[str, str], Measured]:
    """(label, stratum) → the share of the stratum's reactions with the label; decoys are a stratum of their own here.

    With Wilson's interval, clustered by the speakers of `reference`.
    """
    names, hits, n = _counted(reactions)
    found: dict[tuple[str, str], Measured] = {}
    for row, stratum in enumerate(_PLACES):
        there = n[:, row] > 0
        units = reference.resampling_units(names[there])
        for column, label in enumerate(CLASSES):
            found[label, stratum] = units.clustered(hits[there, row, column], n[there, row]).rate(_nothing(stratum))
    return found


def human_rates(reference: Reference) -> dict[tuple[str, str], Measured]:
    """The same of the humans themselves."""
    return reference.once("reactions", lambda: rates(reference.reactions, reference=reference))


def over_acceptance(simulated: Observed, reference: Reference, bias: ObjectiveValue) -> Measured:
    """The mean of the signed parts of `bias`, ± 1.96 spreads of it; parts go together as the same people's do."""
    signed = bias.signed
    kept = tuple(name for name in STRATA if signed[name].value is not None)
    if not kept:
        return Measured(None, reason=bias.measured.reason)
    spreads = np.array([spread(signed[name]) for name in kept])
    value = float(np.mean([signed[name].value for name in kept]))
    radius = Z * float(np.sqrt(spreads @ going_together(simulated, reference, kept) @ spreads)) / len(kept)
    return Measured(value, max(-1.0, value - radius), min(1.0, value + radius), sum(signed[name].n for name in kept))


def going_together(simulated: Observed, reference: Reference, kept: tuple[str, ...]) -> Floats:
    """(n_kept, n_kept) correlations over people of the signed parts of these strata."""
    return _together(*_both_acceptances(simulated, reference), kept)


def _nothing(stratum: str) -> str:
    return f"there are no reactions in {stratum}"


def _both_acceptances(simulated: Observed, reference: Reference) -> tuple[_Acceptances, _Acceptances]:
    humans = reference.once("reactions by dialogue", lambda: _acceptances(reference.reactions, reference))
    return _acceptances(simulated.reactions, reference), humans


def _acceptances(reactions: pl.DataFrame, reference: Reference) -> _Acceptances:
    names, hits, n = _counted(reactions)
    return _Acceptances(reference.resampling_units(names), hits[:, : len(STRATA), CLASSES.index("accept")], n[:, : len(STRATA)])


def _counted(reactions: pl.DataFrame) -> tuple[NDArray[np.str_], Floats, Floats]:
    """Dialogues in order; hits (n_dialogues, n_places, n_labels) and reactions (n_dialogues, n_places), where places are _PLACES."""
    names, row = np.unique(reactions["dialogue_id"].to_numpy().astype(str), return_inverse=True)
    place, label = (_codes(reactions[column], known) for column, known in (("stratum", _PLACES), ("label", CLASSES)))
    # what is in no place, or has no label, is counted beside the others and left out
    shape = (len(names), len(_PLACES) + 1, len(CLASSES) + 1)
    hits = np.bincount(np.ravel_multi_index((row, place, label), shape), minlength=int(np.prod(shape))).reshape(shape).astype(float)
    return names, hits[:, :-1, :-1], hits[:, :-1].sum(axis=2)


def _codes(values: pl.Series, known: tuple[str, ...]) -> NDArray[np.int64]:
    code = {name: at for at, name in enumerate(known)}
    return np.array([code.get(value, len(known)) for value in values.to_list()], dtype=np.int64)


def _signed(ours: _Acceptances, humans: _Acceptances, stratum: str, min_contexts: int) -> Measured:
    one, other = ours.stratum(stratum), humans.stratum(stratum)
    n = int(other.n.sum())
    if not n:
        return Measured(None, reason=f"no human reaction is known to be in {stratum}; without seeker forms all are unstated")
    if n < min_contexts:
        return Measured(None, n=n, reason=f"underpowered: at least {min_contexts} human contexts are needed in {stratum}; there are {n}")
    return rates_apart(one, other, nothing=_nothing(stratum))


def _together(ours: _Acceptances, humans: _Acceptances, kept: tuple[str, ...]) -> Floats:
    """(n_kept, n_kept): how the signed parts go together over people."""
    sides = joined([side.stratum(name) for side in (ours, humans) for name in kept])
    return correlations(sides[:, : len(kept)] - sides[:, len(kept) :])


def _terms(
    ours: _Acceptances, humans: _Acceptances, kept: tuple[str, ...], signed: Mapping[str, Measured], seeds: tuple[int, int]
) -> dict[str, Term]:
    """The distance of every stratum that was measured, with half-samples."""
    values = np.array([signed[name].value for name in kept], dtype=float)
    deviations = ours.deviations(kept, seeds[0]) - humans.deviations(kept, seeds[1])
    folded = np.abs(values[None, :] + deviations)
    return terms_of(kept, np.abs(values), folded, {name: signed[name].n for name in kept})
