"""What an audit says of acceptance once the errors of the reaction instrument are taken out, where labels of the same author allow it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

import polars as pl

from understudy.doors.store import Store
from understudy.instruments.shipped import figures
from understudy.measure.corrected import HUMAN, Register, corrected_bias
from understudy.measure.reference import Reference
from understudy.records import FigureFields
from understudy.rows.handle import Humans
from understudy.statistics.confusion import Confusion
from understudy.tasks.profile.instruments import labelled_registers


class CorrectedFields(TypedDict):
    """Corrected acceptance by stratum of both sides, their difference, and its mean over strata; `registers`: what corrected each side."""

    positive_bias: FigureFields
    strata: dict[str, dict[str, FigureFields]]
    registers: dict[str, dict[str, Any]]


def known_confusions(store: Store, humans: Humans) -> dict[str, Confusion]:
    """Author or `human` → how the instrument reads that text: from the shipped labelled set, and from labels in the store.

    Empty where the profile is read by another instrument than the shipped one, whose errors these are.
    """
    if humans.instruments.kinds["reaction"] != "shipped":
        return {}
    of_store = {
        engine: Confusion.from_json(found["reaction"])
        for engine, found in labelled_registers(store, humans).items()
        if found["reaction"]["status"] == "measured"
    }
    return {**figures.confusions(), **of_store}


def corrected_fields(reactions: pl.DataFrame, reference: Reference, known: Mapping[str, Confusion], *, engine: str) -> CorrectedFields:
    """The fields `corrected` of an audit. `engine`: who wrote the simulated turns, "" where the file does not say."""
    ours, people = Register.of(engine, known), Register.of(HUMAN, known)
    found = corrected_bias(reactions, reference, simulated=ours, human=people, min_contexts=reference.min_contexts)
    sides = {"simulated": found.simulated, "human": found.human, "difference": found.differences}
    return {
        "positive_bias": found.positive_bias.as_json(),
        "strata": {
            stratum: {side: values[stratum].as_json() for side, values in sides.items()} for stratum in found.simulated
        },
        "registers": {
            side: {"name": one.name, "n": one.table.n if one.table else 0, "reason": one.reason}
            for side, one in (("simulated", ours), ("human", people))
        },
    }  # fmt: skip
