"""Chat examples for training a recommender: the seeker is the `user`, the recommender is the `assistant`.

One example a dialogue, whole, as it was said. Where the seeker has the last word, that turn stays: chat trainers take their
loss on assistant turns and pass over it, and whoever measures the seekers needs it. In the seeker's view the two are exchanged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from understudy.exports import PLAIN, ExportOptions, Released, Suffix
from understudy.exports._said import chat, conversations, metadata
from understudy.exports._schemas import MESSAGES, METADATA, TEXT
from understudy.keys import key

VERSION = 1
FORM = "messages"
SUFFIX: Suffix = "jsonl"
NEEDS: tuple[str, ...] = ()
VIEWS = True
SCHEMA: dict[str, pl.DataType] = {"example_id": TEXT, "dialogue_id": TEXT, "messages": MESSAGES, "metadata": METADATA}
_RECOMMENDER: Mapping[str, str] = {"seeker": "user", "recommender": "assistant"}
_SEEKER: Mapping[str, str] = {"seeker": "assistant", "recommender": "user"}


def rows(released: Released, options: ExportOptions = PLAIN) -> Iterator[dict[str, Any]]:
    """One example per dialogue that has turns, in order of dialogue_id: example_id, dialogue_id, messages, metadata."""
    speakers, form = (_SEEKER, f"{FORM}, seeker's view") if options.seeker_view else (_RECOMMENDER, FORM)
    for dialogue, turns in conversations(released):
        yield {
            "example_id": key("example", VERSION, form=form, dialogue=dialogue["dialogue_id"]),
            "dialogue_id": dialogue["dialogue_id"],
            "messages": chat(turns, speakers),
            "metadata": metadata(dialogue),
        }
