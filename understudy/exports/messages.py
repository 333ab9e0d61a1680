"""Chat examples for training a recommender: the seeker is the `user`, the recommender is the `assistant`.

One example a dialogue, whole, as it was said. Where the seeker has the last word, that turn stays: chat trainers take their
loss on assistant turns and pass over it, and whoever measures the seekers needs it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from understudy.keys import key

VERSION = 1
FORM = "messages"
_SPEAKER = {"seeker": "user", "recommender": "assistant"}


def rows(dialogues: pl.DataFrame, turns: pl.DataFrame) -> Iterator[dict[str, Any]]:
    """One example per dialogue that has turns, in order of dialogue_id: example_id, dialogue_id, messages, metadata."""
    message = pl.struct(pl.col("role").replace_strict(_SPEAKER).alias("role"), pl.col("text").alias("content"))
    spoken = (
        turns.sort("dialogue_id", "turn_index").group_by("dialogue_id", maintain_order=True).agg(message.alias("messages"))
    )  # fmt: skip
    for row in dialogues.join(spoken, on="dialogue_id", how="inner").sort("dialogue_id").iter_rows(named=True):
        yield {
            "example_id": key("example", VERSION, form=FORM, dialogue=row["dialogue_id"]),
            "dialogue_id": row["dialogue_id"],
            "messages": row["messages"],
            "metadata": {
                "scenario": row["scenario_id"],
                "source_dialogue_id": row["source_dialogue_id"],
                "target": row["target"],
                "replicate": row["replicate"],
                "engine": row["engine"],
            },
        }
