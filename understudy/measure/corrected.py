"""Shares of acceptance corrected for what the reaction instrument misreads, by the confusion of the register that they come from.

Rogan and Gladen 1978 by `statistics.rogan_gladen`: a confusion P(read | true) carries over to a stratum in which people accept more or
less often, and a mean error (prediction-powered inference, Angelopoulos et al. 2023) does not; docs/benchmarks.md has the coverage of
both. Without labels of a register its side stays uncorrected, with the reason: human confusion never corrects a model's text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from understudy.errors import NotMeasured
from understudy.instruments.reaction import CLASSES
from understudy.measure.reference import Reference
from understudy.records import STRATA, Measured
from understudy.statistics.confusion import Confusion
from understudy.statistics.rates import Z, difference, spread
from understudy.statistics.rogan_gladen import corrected

VERSION = 1
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


@dataclass(frozen=True, slots=True)
class Corrected:
    """Corrected acceptance by stratum, and the mean absolute difference over strata."""

    simulated: Mapping[str, Measured]
    human: Mapping[str, Measured]
    differences: Mapping[str, Measured]
    positive_bias: Measured


def corrected_bias(reactions: pl.DataFrame, reference: Reference, *, simulated: Register, human: Register, min_contexts: int) -> Corrected:
    """Acceptance of both sides by stratum as it would be read without error. `reactions`: dialogue_id, stratum, label.

    A stratum with fewer than `min_contexts` human contexts leaves the mean, as it leaves positive_bias.
    """
    ours = _shares(reactions, simulated, reference)
    theirs = _shares(reference.reactions, human, reference)
    apart: dict[str, Measured] = {name: difference(ours[name], theirs[name]) for name in STRATA}
    kept = [apart[name] for name in STRATA if theirs[name].n >= min_contexts]
    return Corrected(ours, theirs, apart, _folded(kept))


def _shares(frame: pl.DataFrame, register: Register, reference: Reference) -> dict[str, Measured]:
    return {name: _share(frame, name, register, reference) for name in STRATA}


def _share(frame: pl.DataFrame, stratum: str, register: Register, reference: Reference) -> Measured:
    rows = frame.filter(pl.col("stratum") == stratum)
    if register.table is None:
        return Measured(None, reason=register.reason, n=len(rows))
    read = {name: int((rows["label"] == name).sum()) for name in CLASSES}
    by_dialogue = rows.group_by("dialogue_id").agg(n=pl.len(), k=(pl.col("label") == "accept").sum()).sort("dialogue_id")
    counts = (by_dialogue[name].to_numpy().astype(float) for name in ("k", "n"))
    clustered = reference.resampling_units(by_dialogue["dialogue_id"]).clustered(*counts)
    try:
        return corrected(read, register.table, effect=clustered.effect)["accept"]
    except NotMeasured as error:
        return Measured(None, reason=f"uncorrected: {error.message}", n=len(rows))


def _folded(parts: list[Measured]) -> Measured:
    """The mean of |part|; its interval is as wide as the parts' own on average, since one confusion moves them together."""
    missing = next((one.reason for one in parts if one.value is None), None)
    if missing is not None or not parts:
        return Measured(None, reason=missing or "no stratum has enough contexts")
    value = float(np.mean([abs(one.value or 0.0) for one in parts]))
    radius = float(np.mean([Z * spread(one) for one in parts]))
    return Measured(value, max(0.0, value - radius), min(1.0, value + radius), sum(one.n for one in parts))
