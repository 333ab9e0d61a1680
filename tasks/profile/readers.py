"""What reads the reactions of each data set in a store: light, since every `status` asks for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypedDict

from understudy.doors.store import Store
from understudy.records import FigureFields

# gold acts are people's
GOLD_REGISTER = "human"


class ReadByFields(TypedDict):
    """What reads the reactions of a data set, and its macro-F1 by register, {} where none was measured."""

    dataset: str
    kind: str
    digest: str
    macro_f1: dict[str, FigureFields]


def reaction_instruments(store: Store) -> list[ReadByFields]:
    """What reads the reactions of each data set's newest profile, whichever version made it."""
    found: list[ReadByFields] = []
    for row in store.rows("profile/reaction_instruments"):
        quality = json.loads(row["quality"])
        found.append({"dataset": row["dataset"], "kind": quality["kind"], "digest": row["digest"], "macro_f1": _error(quality)})
    return found


def _error(quality: Mapping[str, Any]) -> dict[str, FigureFields]:
    """Register → macro-F1; of an instrument that was measured on gold acts alone it is that of people."""
    registers = {name: one["macro_f1"] for name, one in (quality.get("confusion_by_register") or {}).items() if "macro_f1" in one}
    own = quality.get("macro_f1")
    return registers or ({GOLD_REGISTER: own} if own else {})
