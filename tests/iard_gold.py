"""IARD's gold acts as a table, for what is measured on them."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from understudy.instruments import gold
from understudy.instruments.text import Titles
from understudy.readers import Options, iard
from understudy.records import Dialogue, Item


def iard_turns(file: Path) -> tuple[pl.DataFrame, Titles]:
    """IARD's turns (columns GOLD), all in one split, and its titles."""
    rows, items = [], {}
    for one in iard.read([file], Options(None)):
        if isinstance(one, Item):
            items[one.item_id] = one
        elif isinstance(one, Dialogue):
            said: dict[int | None, list[str]] = {}
            for label in one.labels:
                if label.name == "act":
                    said.setdefault(label.turn_index, []).append(label.value)
            for at, turn in enumerate(one.turns):
                answers = at > 0 and turn.role == "seeker"
                before = said.get(at - 1, []) if answers else []
                heard = one.turns[at - 1].text if answers else ""
                rows.append((one.dialogue_id, "search", turn.role, heard, turn.text, at, said.get(at, []), before))
    order = ("dialogue_id", "split", "role", "answered", "text", "turn_index", "acts", "previous_acts")
    turns = pl.DataFrame(rows, schema={name: gold.GOLD[name] for name in order}, orient="row")
    return turns, Titles.of(items)
