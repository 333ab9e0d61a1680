"""How far acceptance is from humans': mean over strata of |P_S(accept | b) - P_H(accept | b)|.

Strata b: what the seeker's form says of the item that was recommended (liked_seen, liked_unseen, disliked, unstated). One
instrument labels both sides. Human rates use every human context of the split; strata weigh alike, since panels allocate
contexts equally. A stratum in which the split has too few human contexts does not apply and leaves the mean; one in which only
the simulator has none is required, and without it the objective is not measured. Source of the formula: ours (docs/objectives.md);
rates and their differences: Wilson and Newcombe, clustered by speaker (statistics/clustered.py); their mean: an L1 ball over the
signed parts (statistics/halves.py), which go together as the same people's do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from understudy.evidence import Observed, Reference
from understudy.objectives._value import ObjectiveValue, absolute, required
from understudy.records import STRATA, Measured
from understudy.statistics.clustered import Clustered, correlations, joined, rates_apart
from understudy.statistics.halves import Floats, ball_radius, normal_deviations
from understudy.statistics.rates import Z, spread
from understudy.units import Units, counted

VERSION = 4
UNIT = "share"
BETTER = "lower"
RANGE = (0.0, 1.0)


@dataclass(frozen=True, slots=True)
class _Side:
    """Acceptances `k` among `n` reactions, (n_dialogues, n_strata), and the unit of each dialogue."""

    units: Units
    k: Floats
    n: Floats

    def stratum(self, name: str) -> Clustered:
        column = STRATA.index(name)
        return self.units.clustered(self.k[:, column], self.n[:, column])

    def deviations(self, kept: tuple[str, ...], seed: int) -> Floats:
        """(n_halves, n_strata): how far each half-sample of units has its acceptance from the whole's."""
        columns = [STRATA.index(name) for name in kept]
        weights = self.units.halves(seed=seed)
        k, n = weights @ self.k[:, columns], weights @ self.n[:, columns]
        rates = np.divide(k, n, out=np.repeat(k[:1] / np.maximum(n[:1], 1), len(k), axis=0), where=n > 0)
        return np.asarray(rates[1:] - rates[:1])


def measure(simulated: Observed, reference: Reference, *, seed: int, intervals: bool = True) -> ObjectiveValue:
    """positive_bias in [0, 1]; not measured where no stratum has enough human contexts, or one that has lacks a simulated one."""
    ours, humans = (_side(reactions, reference) for reactions in (simulated.reactions, reference.reactions))
    units = {"simulated": ours.units.told(), "human": humans.units.told()}
    human: dict[str, Measured] = {name: humans.stratum(name).rate(_nothing(name)) for name in STRATA}
    signed: dict[str, Measured] = {name: _signed(ours, humans, name, reference.min_contexts) for name in STRATA}
    kept: tuple[str, ...] = tuple(name for name in STRATA if human[name].n >= reference.min_contexts)
    left_out: tuple[str, ...] = tuple(name for name in STRATA if name not in kept)
    if not kept:
        nothing = Measured(None, reason="no stratum has enough contexts: " + "; ".join(signed[name].reason for name in left_out))
        return ObjectiveValue("positive_bias", nothing, signed, signed, left_out, human=human, units=units)
    missing = required(signed, kept)
    if missing:
        return ObjectiveValue("positive_bias", Measured(None, reason=missing), signed, signed, left_out, human=human, units=units)
    values = np.array([signed[name].value for name in kept], dtype=float)
    radius = ball_radius(normal_deviations([spread(signed[name]) for name in kept], correlations=_together(ours, humans, kept)))
    value = float(np.abs(values).mean())
    measured = Measured(value, max(0.0, value - radius), min(1.0, value + radius), sum(signed[name].n for name in kept))
    replicates = _replicates(ours, humans, kept, values, (seed, reference.seed)) if intervals else ()
    parts: dict[str, Measured] = {name: absolute(signed[name]) for name in STRATA}
    return ObjectiveValue("positive_bias", measured, parts, signed, left_out, replicates, human, units=units)


def rate(reactions: pl.DataFrame, stratum: str, label: str = "accept", *, reference: Reference) -> Measured:
    """The share of a stratum's reactions with this label, with Wilson's interval, clustered by the speakers of `reference`."""
    kept = reactions.filter(pl.col("stratum") == stratum)
    return counted(kept, pl.col("label") == label, reference.speaker).rate(_nothing(stratum))


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
    ours, humans = (_side(reactions, reference) for reactions in (simulated.reactions, reference.reactions))
    return _together(ours, humans, kept)


def _nothing(stratum: str) -> str:
    return f"no reactions in {stratum}"


def _side(reactions: pl.DataFrame, reference: Reference) -> _Side:
    counts = reactions.with_columns(accepted=(pl.col("label") == "accept").cast(pl.Float64)).group_by("dialogue_id")
    table = counts.agg(
        *(pl.col("accepted").filter(pl.col("stratum") == name).sum().alias(f"k_{name}") for name in STRATA),
        *((pl.col("stratum") == name).sum().cast(pl.Float64).alias(f"n_{name}") for name in STRATA),
    ).sort("dialogue_id")
    k, n = (table.select([f"{kind}_{name}" for name in STRATA]).to_numpy().astype(float) for kind in ("k", "n"))
    return _Side(reference.units(table["dialogue_id"].to_list()), k, n)


def _signed(ours: _Side, humans: _Side, stratum: str, min_contexts: int) -> Measured:
    one, other = ours.stratum(stratum), humans.stratum(stratum)
    n = int(other.n.sum())
    if n < min_contexts:
        return Measured(None, n=n, reason=f"underpowered: {n} human contexts in {stratum}, {min_contexts} needed")
    return rates_apart(one, other, nothing=_nothing(stratum))


def _together(ours: _Side, humans: _Side, kept: tuple[str, ...]) -> Floats:
    """(n_kept, n_kept): how the signed parts go together over people."""
    sides = joined([side.stratum(name) for side in (ours, humans) for name in kept])
    return correlations(sides[:, : len(kept)] - sides[:, len(kept) :])


def _replicates(ours: _Side, humans: _Side, kept: tuple[str, ...], values: Floats, seeds: tuple[int, int]) -> tuple[float, ...]:
    deviations = ours.deviations(kept, seeds[0]) - humans.deviations(kept, seeds[1])
    return tuple(np.abs(values[None, :] + deviations).mean(axis=1).tolist())
