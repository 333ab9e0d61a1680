"""One turn a line, each with what is known of its dialogue, as JSON lines for data frames.

JSON keeps every text as it is. A CSV file cannot: what keeps a spreadsheet from computing a text that begins like a formula changes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from understudy.exports import PLAIN, ExportOptions, Released, Suffix
from understudy.exports._said import conversations
from understudy.exports._schemas import TEXT

VERSION = 1
SUFFIX: Suffix = "jsonl"
NEEDS = ("reaction",)
VIEWS = False
_OF_TURN = ("turn_index", "role", "text", "item_ids", "ranked_ids", "reaction")
_OF_DIALOGUE = ("dialogue_id", "scenario_id", "source_dialogue_id", "target", "replicate", "engine", "split", "seeker")
_NUMBERS: dict[str, pl.DataType] = dict.fromkeys(("turn_index", "replicate", "seeker"), pl.Int32())
_LISTS: dict[str, pl.DataType] = dict.fromkeys(("item_ids", "ranked_ids"), pl.List(pl.String))
SCHEMA: dict[str, pl.DataType] = {**dict.fromkeys((*_OF_DIALOGUE, *_OF_TURN), TEXT), **_NUMBERS, **_LISTS}


def rows(released: Released, options: ExportOptions = PLAIN) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """One row per turn, in order of dialogue_id and turn."""
    for dialogue, turns in conversations(released):
        known = {name: dialogue[name] for name in _OF_DIALOGUE}
        for turn in turns:
            yield {**known, **{name: turn[name] for name in _OF_TURN}}
