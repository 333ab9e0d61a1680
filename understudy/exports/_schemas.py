"""The types of what forms of text hold, for those who read them as tables."""

from __future__ import annotations

import polars as pl

TEXT = pl.String()
METADATA = pl.Struct({
    "scenario": pl.String, "source_dialogue_id": pl.String, "target": pl.String, "replicate": pl.Int32, "engine": pl.String,
    "split": pl.String, "seeker": pl.Int32,
})  # fmt: skip
MESSAGES = pl.List(pl.Struct({"role": pl.String, "content": pl.String}))
SHAREGPT = pl.List(pl.Struct({"from": pl.String, "value": pl.String}))
