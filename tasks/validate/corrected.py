"""What acceptance is once the errors of the reaction instrument are taken out, where labels of the same author allow it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

import polars as pl

from understudy.doors.store import Store
from understudy.instruments.shipped import figures
from understudy.measure.corrected import HUMAN, Corrected, Register, corrected_bias, reads_in, reads_of
from understudy.measure.reference import MIN_CONTEXTS, Reference
from understudy.measure.values import absolute
from understudy.records import FigureFields, Measured
from understudy.rows.handle import Humans
from understudy.statistics.confusion import Confusion
from understudy.tasks.profile.instruments import labelled_registers


class RegisterFields(TypedDict):
    """Whose labelled turns corrected a side, and how many; `n_of_a_class`: of the class that has fewest. `reason`: why there are none."""

    name: str
    n: int
    n_of_a_class: int
    reason: str


class CorrectedFields(TypedDict):
    """Corrected acceptance by stratum of both sides and their difference; over strata its mean size and its mean with sign.

    `registers`: simulated and human → what corrected that side.
    """

    positive_bias: FigureFields
    over_acceptance: FigureFields
    strata: dict[str, dict[str, FigureFields]]
    registers: dict[str, RegisterFields]


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
    ours, people = _registers(engine, known)
    read = (reads_of(reactions, reference), reads_of(reference.reactions, reference))
    return _fields(corrected_bias(*read, simulated=ours, human=people, min_contexts=reference.min_contexts), ours, people)


def corrected_batch(store: Store, batch: Mapping[str, Any]) -> CorrectedFields:
    """The same of a batch, from the rates in its evaluation. `batch` has dataset, profile_key, engine and diagnostics."""
    humans = Humans(store, batch["dataset"], batch["profile_key"])
    ours, people = _registers(batch["engine"], known_confusions(store, humans))
    rates = {name: Measured.from_json(one, no_reason="no reason was given") for name, one in batch["diagnostics"].items()}
    read = (reads_in(rates), reads_in(rates, suffix="_human"))
    return _fields(corrected_bias(*read, simulated=ours, human=people, min_contexts=MIN_CONTEXTS), ours, people)


def corrected_size(fields: CorrectedFields) -> Measured:
    """The size of the mean difference over strata, in whichever direction: what the gate bounds."""
    return absolute(Measured.from_json(fields["over_acceptance"]))


def n_labelled_of_a_class(fields: CorrectedFields) -> Measured:
    """How many labelled turns the correction rests on where it has fewest: of either author, of any class."""
    n = min(side["n_of_a_class"] for side in fields["registers"].values())
    return Measured(float(n), n=n)


def _registers(engine: str, known: Mapping[str, Confusion]) -> tuple[Register, Register]:
    return Register.of(engine, known), Register.of(HUMAN, known)


def _fields(found: Corrected, ours: Register, people: Register) -> CorrectedFields:
    sides = {"simulated": found.simulated, "human": found.human, "difference": found.differences}
    return {
        "positive_bias": found.positive_bias.as_json(),
        "over_acceptance": found.over_acceptance.as_json(),
        "strata": {
            stratum: {side: values[stratum].as_json() for side, values in sides.items()} for stratum in found.simulated
        },
        "registers": {
            side: {"name": one.name, "n": one.table.n if one.table else 0, "n_of_a_class": one.n_of_a_class, "reason": one.reason}
            for side, one in (("simulated", ours), ("human", people))
        },
    }  # fmt: skip
