"""Shares of acceptance corrected for what the reaction instrument misreads, by the confusion of the register that they come from.

Rogan and Gladen 1978 by `statistics.rogan_gladen`: a confusion P(read | true) carries over to a stratum in which people accept more or
less often, and a mean error (prediction-powered inference, Angelopoulos et al. 2023) does not; docs/benchmarks.md has the coverage of
both. Without labels of a register its side stays uncorrected, with the reason: human confusion never corrects a model's text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from understudy.errors import NotMeasured
from understudy.instruments.reaction import CLASSES
from understudy.measure.reference import Reference
from understudy.records import STRATA, Measured
from understudy.statistics.confusion import Confusion
from understudy.statistics.rates import Z, difference, effect_behind, spread
from understudy.statistics.rogan_gladen import corrected

VERSION = 2
HUMAN = "human"


@dataclass(frozen=True, slots=True)
class Register:
    """Whose text it is, and how the instrument reads such text; without labels `table` is None and `reason` says why."""

    name: str
    table: Confusion | None
    reason: str = ""

    @classmethod
    def of(cls, engine: str, known: Mapping[str, Confusion]) -> Register:
        """The register of an engine, or of humans; only labels of the very same author correct its text."""
        table = known.get(engine)
        return cls(engine, table, "" if table else f"uncorrected: no labelled turns of {engine or 'an engine that the file does not name'}")

    @property
    def n_of_a_class(self) -> int:
        """The labelled turns of the class that has fewest: a correction is as sure as its rarest class."""
        return int(self.table.table.sum(axis=1).min()) if self.table else 0


@dataclass(frozen=True, slots=True)
class StratumRead:
    """How many turns of a stratum were read as each class. `effect`: how many of them are worth one, since they come in clusters."""

    counts: Mapping[str, int]
    effect: float = 1.0

    @property
    def n(self) -> int:
        """All turns of the stratum."""
        return sum(self.counts.values())


Reads = Mapping[str, StratumRead]


@dataclass(frozen=True, slots=True)
class Corrected:
    """Corrected acceptance by stratum; over strata the mean absolute difference and, as `over_acceptance`, the mean signed one."""

    simulated: Mapping[str, Measured]
    human: Mapping[str, Measured]
    differences: Mapping[str, Measured]
    positive_bias: Measured
    over_acceptance: Measured


def reads_of(reactions: pl.DataFrame, reference: Reference) -> dict[str, StratumRead]:
    """Stratum → what was read, clustered by the speakers of `reference`. `reactions`: dialogue_id, stratum, label."""
    return {name: _read(reactions.filter(pl.col("stratum") == name), reference) for name in STRATA}


def reads_in(rates: Mapping[str, Measured], *, suffix: str = "") -> dict[str, StratumRead]:
    """The same from the rates of an evaluation, clustered as their intervals are. `suffix`: what names of rates of humans end with."""
    found: dict[str, StratumRead] = {}
    for stratum in STRATA:
        by_class = {name: rates.get(f"{name}_{stratum}{suffix}", Measured(None)) for name in CLASSES}
        counts = {name: round((one.value or 0.0) * one.n) for name, one in by_class.items()}
        found[stratum] = StratumRead(counts, effect_behind(by_class["accept"]))
    return found


def corrected_bias(ours: Reads, theirs: Reads, *, simulated: Register, human: Register, min_contexts: int) -> Corrected:
    """Acceptance of both sides by stratum as it would be read without error.

    A stratum with fewer than `min_contexts` human contexts leaves the means, as it leaves positive_bias.
    """
    own, people = _shares(ours, simulated), _shares(theirs, human)
    apart: dict[str, Measured] = {name: difference(own[name], people[name]) for name in STRATA}
    kept = [apart[name] for name in STRATA if theirs[name].n >= min_contexts]
    return Corrected(own, people, apart, _mean([_folded(one) for one in kept], low=0.0), _mean(kept, low=-1.0))


def _read(rows: pl.DataFrame, reference: Reference) -> StratumRead:
    counts = {name: int((rows["label"] == name).sum()) for name in CLASSES}
    by_dialogue = rows.group_by("dialogue_id").agg(n=pl.len(), k=(pl.col("label") == "accept").sum()).sort("dialogue_id")
    hits = (by_dialogue[name].to_numpy().astype(float) for name in ("k", "n"))
    return StratumRead(counts, reference.resampling_units(by_dialogue["dialogue_id"]).clustered(*hits).effect)


def _shares(reads: Reads, register: Register) -> dict[str, Measured]:
    return {name: _share(reads[name], register) for name in STRATA}


def _share(read: StratumRead, register: Register) -> Measured:
    if register.table is None:
        return Measured(None, reason=register.reason, n=read.n)
    try:
        return corrected(read.counts, register.table, effect=read.effect)["accept"]
    except NotMeasured as error:
        return Measured(None, reason=f"uncorrected: {error.message}", n=read.n)


def _folded(one: Measured) -> Measured:
    """|one| with an interval of the same width."""
    return one if one.value is None else replace(one, value=abs(one.value))


def _mean(parts: Sequence[Measured], *, low: float) -> Measured:
    """The mean of the parts; its interval is as wide as theirs on average, since one confusion moves them together."""
    missing = next((one.reason for one in parts if one.value is None), None)
    if missing is not None or not parts:
        return Measured(None, reason=missing or "no stratum has enough contexts")
    value = float(np.mean([one.value for one in parts]))
    radius = float(np.mean([Z * spread(one) for one in parts]))
    return Measured(value, max(low, value - radius), min(1.0, value + radius), sum(one.n for one in parts))
