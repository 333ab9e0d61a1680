"""How far acceptance is from humans': mean over strata of |P_S(accept | b) - P_H(accept | b)|.

Strata b: what the seeker's form says of the item that was recommended (liked_seen, liked_unseen, disliked, unstated). One
instrument labels both sides. Human rates use every human context of the split; strata weigh alike, since panels allocate
contexts equally. A stratum in which the split has too few human contexts does not apply and leaves the mean; one in which only
the simulator has none is required, and without it the objective is not measured. Source of the formula: ours (docs/objectives.md);
rates: Wilson 1927; differences: Newcombe 1998; their mean: an L1 ball over the signed parts (statistics/halves.py).
"""

from __future__ import annotations

import numpy as np
import polars as pl

from understudy.evidence import Observed, Reference, whole_and_halves
from understudy.objectives._value import ObjectiveValue, absolute, required
from understudy.records import STRATA, Measured
from understudy.statistics.halves import Floats, ball_radius, normal_deviations, unit_codes
from understudy.statistics.rates import difference, spread, wilson

VERSION = 2
UNIT = "share"
BETTER = "lower"
RANGE = (0.0, 1.0)


def measure(simulated: Observed, reference: Reference, *, seed: int, intervals: bool = True) -> ObjectiveValue:
    """positive_bias in [0, 1]; not measured where no stratum has enough human contexts, or one that has lacks a simulated one."""
    human: dict[str, Measured] = {name: rate(reference.reactions, name) for name in STRATA}
    signed: dict[str, Measured] = {name: _signed(simulated.reactions, name, human[name], reference.min_contexts) for name in STRATA}
    kept: tuple[str, ...] = tuple(name for name in STRATA if human[name].n >= reference.min_contexts)
    left_out: tuple[str, ...] = tuple(name for name in STRATA if name not in kept)
    if not kept:
        nothing = Measured(None, reason="no stratum has enough contexts: " + "; ".join(signed[name].reason for name in left_out))
        return ObjectiveValue("positive_bias", nothing, signed, signed, left_out, human=human)
    missing = required(signed, kept)
    if missing:
        return ObjectiveValue("positive_bias", Measured(None, reason=missing), signed, signed, left_out, human=human)
    values = np.array([signed[name].value for name in kept], dtype=float)
    radius = ball_radius(normal_deviations([spread(signed[name]) for name in kept]))
    value = float(np.abs(values).mean())
    measured = Measured(value, max(0.0, value - radius), min(1.0, value + radius), sum(signed[name].n for name in kept))
    replicates = _replicates(simulated.reactions, reference, kept, values, seed) if intervals else ()
    parts: dict[str, Measured] = {name: absolute(signed[name]) for name in STRATA}
    return ObjectiveValue("positive_bias", measured, parts, signed, left_out, replicates, human)


def rate(reactions: pl.DataFrame, stratum: str, label: str = "accept") -> Measured:
    """The share of a stratum's reactions with this label, with Wilson's interval."""
    labels = reactions.filter(pl.col("stratum") == stratum)["label"]
    return wilson(int((labels == label).sum()), len(labels), nothing=f"no reactions in {stratum}")


def _signed(reactions: pl.DataFrame, stratum: str, human: Measured, min_contexts: int) -> Measured:
    if human.n < min_contexts:
        return Measured(None, n=human.n, reason=f"underpowered: {human.n} human contexts in {stratum}, {min_contexts} needed")
    return difference(rate(reactions, stratum), human)


def _replicates(reactions: pl.DataFrame, reference: Reference, kept: tuple[str, ...], values: Floats, seed: int) -> tuple[float, ...]:
    deviations = _deviations(reactions, kept, seed) - _deviations(reference.reactions, kept, reference.seed)
    return tuple(np.abs(values[None, :] + deviations).mean(axis=1).tolist())


def _deviations(reactions: pl.DataFrame, kept: tuple[str, ...], seed: int) -> Floats:
    """(n_halves, n_strata): how far each half-sample of dialogues has its acceptance from the whole's."""
    counted = reactions.with_columns(accepted=(pl.col("label") == "accept").cast(pl.Float64)).group_by("dialogue_id")
    table = counted.agg(
        *(pl.col("accepted").filter(pl.col("stratum") == name).sum().alias(f"k_{name}") for name in kept),
        *((pl.col("stratum") == name).sum().cast(pl.Float64).alias(f"n_{name}") for name in kept),
    ).sort("dialogue_id")
    weights = whole_and_halves(unit_codes(table["dialogue_id"].to_list()), seed=seed)
    k, n = (weights @ table.select([f"{kind}_{name}" for name in kept]).to_numpy().astype(float) for kind in ("k", "n"))
    rates = np.divide(k, n, out=np.repeat(k[:1] / np.maximum(n[:1], 1), len(k), axis=0), where=n > 0)
    return np.asarray(rates[1:] - rates[:1])
