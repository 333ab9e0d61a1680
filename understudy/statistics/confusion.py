"""What an instrument makes of turns whose truth is known: a table of counts, and scores with intervals by half-samples of dialogues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from understudy.errors import BadInput
from understudy.records import Measured
from understudy.statistics.halves import Floats, halves, interval, unit_codes


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often turns of a true class (row) were read as a class (column); `classes` names both, in order."""

    classes: tuple[str, ...]
    counts: tuple[tuple[float, ...], ...]

    @property
    def table(self) -> Floats:
        """(n_classes, n_classes) counts, truth by reading."""
        return np.asarray(self.counts, dtype=np.float64).reshape(len(self.classes), len(self.classes))

    @property
    def n(self) -> int:
        """Turns."""
        return round(float(self.table.sum()))

    def as_json(self) -> dict[str, Any]:
        """`{classes, matrix, n}`; rows of the matrix are the truth."""
        return {"classes": list(self.classes), "matrix": [list(row) for row in self.counts], "n": self.n}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Confusion:
        """What `as_json` described. Raises BadInput for anything else."""
        try:
            found = cls(tuple(value["classes"]), tuple(tuple(float(one) for one in row) for row in value["matrix"]))
        except (KeyError, TypeError, ValueError) as error:
            raise BadInput(f"not a confusion: {error}") from error
        if len(found.counts) != len(found.classes) or any(len(row) != len(found.classes) for row in found.counts):
            raise BadInput("not a confusion: the matrix has not a row and a column per class")
        return found


def confusion(truth: Sequence[str], read: Sequence[str], *, classes: Sequence[str]) -> Confusion:
    """The table of two readings of the same turns. Raises KeyError for a class that is not in `classes`."""
    place = {name: at for at, name in enumerate(classes)}
    table = np.zeros((len(classes), len(classes)))
    np.add.at(table, ([place[one] for one in truth], [place[one] for one in read]), 1.0)
    return Confusion(tuple(classes), tuple(tuple(row) for row in table.tolist()))


def scores(
    truth: Sequence[str], reads: Sequence[Sequence[str]], sampled_units: Sequence[str], *, classes: Sequence[str], seed: int
) -> dict[str, Any]:
    """`{macro_f1, per_class {name: {precision, recall, f1, n}}, n_turns}` of one or several readings of the same turns.

    Several readings are those of repeated cross-validation; their counts are averaged. The interval of macro_f1 is by
    half-samples of `sampled_units` (dialogues), its n is their number. A class without turns does not count in the mean.
    """
    if not len(truth):
        return {"macro_f1": Measured(None, reason="no gold turns").as_json(), "per_class": None, "n_turns": 0}
    names = sorted(set(sampled_units))
    tables = _by_unit(truth, reads, [names.index(one) for one in sampled_units], n_units=len(names), classes=classes)
    whole = tables.sum(axis=0)
    there = whole.sum(axis=1) > 0
    drawn = halves(unit_codes(names), seed=seed) @ tables.reshape(len(names), -1)
    replicates = np.array([_f1(one)[there].mean() for one in drawn.reshape(-1, *whole.shape)])
    value = float(_f1(whole)[there].mean())
    macro = interval(value, replicates - replicates.mean(), n=len(names), low=0.0, high=1.0) if len(names) > 1 else Measured(value, n=1)
    per_class = {name: _class(whole, at) for at, name in enumerate(classes)}
    return {"macro_f1": macro.as_json(), "per_class": per_class, "n_turns": len(truth)}


def _by_unit(
    truth: Sequence[str], reads: Sequence[Sequence[str]], units: Sequence[int], *, n_units: int, classes: Sequence[str]
) -> Floats:
    place = {name: at for at, name in enumerate(classes)}
    tables = np.zeros((n_units, len(classes), len(classes)))
    rows = [place[one] for one in truth]
    for read in reads:
        np.add.at(tables, (units, rows, [place[one] for one in read]), 1.0 / len(reads))
    return tables


def _f1(table: Floats) -> Floats:
    right = np.diagonal(table)
    told = table.sum(axis=0) + table.sum(axis=1)
    return np.asarray(np.divide(2 * right, told, out=np.zeros(len(table)), where=told > 0))


def _class(table: Floats, at: int) -> dict[str, Any]:
    """Precision, recall, F1 and the number of true turns of a class; None where there is nothing to divide by."""
    right, read, true = float(table[at, at]), float(table[:, at].sum()), float(table[at].sum())
    return {
        "precision": right / read if read else None,
        "recall": right / true if true else None,
        "f1": 2 * right / (read + true) if read + true else None,
        "n": round(true),
    }
