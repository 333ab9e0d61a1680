"""CRSLab's form (Zhou et al., 2021): one JSON list of conversations, each a `dialog` of utterances in words, with the items of each.

CRSLab reads a file for each part of the data: `--split train --out train_data.json` writes the one for training. Items are named by
their titles. CRSLab links entities and words to a knowledge graph; a release has none, so `entity` names the items and `word` nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from understudy.exports import PLAIN, ExportOptions, Released, Suffix
from understudy.exports._said import conversations, labels

VERSION = 1
SUFFIX: Suffix = "json"
NEEDS = ("items",)
VIEWS = False
SCHEMA: dict[str, pl.DataType] | None = None
_ROLES = {"seeker": "Seeker", "recommender": "Recommender"}


def rows(released: Released, options: ExportOptions = PLAIN) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """One conversation after the other, in order of dialogue_id; words are what white space separates."""
    titles = labels(released)
    for dialogue, turns in conversations(released):
        said = []
        for turn in turns:
            named = [titles[one] for one in turn["item_ids"] if one in titles]
            said.append({
                "utt_id": turn["turn_index"], "role": _ROLES[turn["role"]], "text": turn["text"].split(), "movies": named,
                "entity": named, "word": [],
            })  # fmt: skip
        yield {"conv_id": dialogue["dialogue_id"], "dialog": said}
