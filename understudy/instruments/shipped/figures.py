"""How well the shipped reaction instrument reads turns that it was not trained on, by register: measured once, kept beside its head.

`figures.json` is written by `tests/reactions/figures.py` from the labelled set; docs/instruments.md tells how to read it.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from understudy.statistics.confusion import Confusion

FITTED_ON = ("reactions train",)
GOLD_DIFFERS = (
    "The gold acts follow another definition: a turn that says it has seen and liked the item, or that states a wish against it, is no "
    "ACC and no REJ of theirs (docs/instruments.md)."
)
_FOLDER, _FILE = "understudy.instruments.shipped", "figures.json"
Fields = dict[str, Any]


@cache
def kept_figures(name: str) -> Fields:
    """The figures that lie beside an instrument in the file `name`."""
    found: Fields = json.loads((resources.files(_FOLDER) / name).read_text(encoding="utf-8"))
    return found


def measured() -> Fields:
    """The file: `labels`, `overall` and `registers`."""
    return kept_figures(_FILE)


def quality() -> Fields:
    """macro_f1, per_class, labels and confusion_by_register, as a profile keeps the quality of an instrument."""
    found = measured()
    by_register = {
        name: {
            "status": "measured", "source": found["labels"]["source"], **one["confusion"],
            **{field: one[field] for field in ("macro_f1", "per_class", "kinds")},
        }
        for name, one in found["registers"].items()
    }  # fmt: skip
    return {
        "macro_f1": found["overall"]["macro_f1"], "per_class": found["overall"]["per_class"], "basis": "held_out",
        "labels": found["labels"], "confusion_by_register": by_register,
    }  # fmt: skip


def macro_f1() -> Fields:
    """Register → macro-F1 on turns that the head was not trained on."""
    return {name: one["macro_f1"] for name, one in measured()["registers"].items()}


def confusions() -> dict[str, Confusion]:
    """Register → its confusion on the test side of the labelled set."""
    return {name: Confusion.from_json(one["confusion"]) for name, one in measured()["registers"].items()}
