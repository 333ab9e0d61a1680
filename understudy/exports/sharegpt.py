"""ShareGPT's form, which many fine-tuning tools read: `conversations` of `{from, value}`; the seeker is `human`, the recommender `gpt`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from understudy.exports import PLAIN, ExportOptions, Released, Suffix
from understudy.exports._said import chat, conversations, metadata
from understudy.exports._schemas import METADATA, SHAREGPT, TEXT

VERSION = 1
SUFFIX: Suffix = "jsonl"
NEEDS: tuple[str, ...] = ()
VIEWS = True
SCHEMA: dict[str, pl.DataType] = {"id": TEXT, "conversations": SHAREGPT, "metadata": METADATA}
_RECOMMENDER: Mapping[str, str] = {"seeker": "human", "recommender": "gpt"}
_SEEKER: Mapping[str, str] = {"seeker": "gpt", "recommender": "human"}


def rows(released: Released, options: ExportOptions = PLAIN) -> Iterator[dict[str, Any]]:
    """One example per dialogue that has turns, in order of dialogue_id: id, conversations, metadata."""
    speakers = _SEEKER if options.seeker_view else _RECOMMENDER
    for dialogue, turns in conversations(released):
        said = chat(turns, speakers, role="from", text="value")
        yield {"id": dialogue["dialogue_id"], "conversations": said, "metadata": metadata(dialogue)}
