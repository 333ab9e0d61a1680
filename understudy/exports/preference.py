"""Pairs for preference training (`prompt`, `chosen`, `rejected`): a recommendation that was accepted against one that was rejected.

A pair is of one dialogue, so that both recommendations answer the same seeker with the same need. The prompt is what was said before
the rejected one; the chosen one was said later in the dialogue, by the same recommender. Each rejected recommendation is paired with
the next one that was accepted, if it names other items. Reactions are those that the instrument of the release has read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import polars as pl

from understudy.exports import PLAIN, ExportOptions, Released, Suffix
from understudy.exports._said import Row, chat, conversations, metadata
from understudy.exports._schemas import MESSAGES, METADATA, TEXT
from understudy.keys import key

VERSION = 1
SUFFIX: Suffix = "jsonl"
NEEDS = ("reaction",)
VIEWS = False
SCHEMA: dict[str, pl.DataType] = {
    "example_id": TEXT, "dialogue_id": TEXT, "prompt": MESSAGES, "chosen": MESSAGES, "rejected": MESSAGES, "chosen_turn": pl.Int64(),
    "rejected_turn": pl.Int64(), "metadata": METADATA,
}  # fmt: skip
_SPEAKERS: Mapping[str, str] = {"seeker": "user", "recommender": "assistant"}


def rows(released: Released, options: ExportOptions = PLAIN) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """One example per pair, in order of dialogue_id and turn; dialogues without a pair give none."""
    for dialogue, turns in conversations(released):
        for rejected, chosen in _pairs(turns):
            name = dialogue["dialogue_id"]
            yield {
                "example_id": key("example", VERSION, form="preference", dialogue=name, rejected=rejected),
                "dialogue_id": name,
                "prompt": chat(turns[:rejected], _SPEAKERS),
                "chosen": chat(turns[chosen : chosen + 1], _SPEAKERS),
                "rejected": chat(turns[rejected : rejected + 1], _SPEAKERS),
                "chosen_turn": turns[chosen]["turn_index"],
                "rejected_turn": turns[rejected]["turn_index"],
                "metadata": metadata(dialogue),
            }


def _pairs(turns: list[Row]) -> Iterator[tuple[int, int]]:
    """Places of a rejected recommendation, before which something was said, and of the next accepted one of other items."""
    said: Sequence[tuple[int, str]] = [
        (at, after["reaction"])
        for at, (turn, after) in enumerate(pairwise(turns))
        if turn["role"] == "recommender" and turn["item_ids"] and after["role"] == "seeker"
    ]
    for place, (at, reaction) in enumerate(said):
        if reaction != "reject" or at == 0:
            continue
        later = (
            other for other, how in said[place + 1 :] if how == "accept" and not set(turns[other]["item_ids"]) & set(turns[at]["item_ids"])
        )
        if (chosen := next(later, None)) is not None:
            yield at, chosen
