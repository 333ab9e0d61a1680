"""DialogueKit's form (Afzali et al., WSDM 2023), which UserSimCRS reads: one JSON list of dialogues of annotated utterances.

The seeker is the USER and the recommender the AGENT. The reaction to a recommendation, where it was read, is an annotation of the turn.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from understudy.exports import PLAIN, ExportOptions, Released, Suffix
from understudy.exports._said import Row, conversations, metadata

VERSION = 1
SUFFIX: Suffix = "json"
NEEDS = ("reaction", "seeker")
VIEWS = False
SCHEMA: dict[str, pl.DataType] | None = None
_PARTS = {"seeker": "USER", "recommender": "AGENT"}


def rows(released: Released, options: ExportOptions = PLAIN) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """One dialogue after the other, in order of dialogue_id."""
    for dialogue, turns in conversations(released):
        yield {
            "conversation_id": dialogue["dialogue_id"],
            "agent": {"id": "recommender", "type": "AGENT"},
            "user": {"id": f"seeker-{dialogue['seeker']}", "type": "USER"},
            "conversation": [_utterance(dialogue["dialogue_id"], turn) for turn in turns],
            "metadata": {name: value for name, value in metadata(dialogue).items() if value is not None},
        }


def _utterance(dialogue_id: str, turn: Row) -> dict[str, Any]:
    said = {"utterance_id": f"{dialogue_id}-{turn['turn_index']}", "participant": _PARTS[turn["role"]], "utterance": turn["text"]}
    return {**said, "annotations": [["reaction", turn["reaction"]]]} if turn["reaction"] else said
