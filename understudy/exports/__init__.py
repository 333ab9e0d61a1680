"""Exports: forms of training examples, one file each. `messages` is `understudy/exports/messages.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import polars as pl


class Export(Protocol):
    """What a module of this folder offers. Raise `VERSION` when the same dialogues give other examples."""

    VERSION: int
    FORM: str

    def rows(self, dialogues: pl.DataFrame, turns: pl.DataFrame) -> Iterator[dict[str, Any]]:
        """One example after the other, in order: `example_id, dialogue_id, messages` and what the form adds.

        `dialogues`: dialogue_id, scenario_id, source_dialogue_id, target, replicate, engine, n_turns.
        `turns`: dialogue_id, turn_index, role, text, item_ids, ranked_ids.
        """
        ...
