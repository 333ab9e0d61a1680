"""The chat examples as one Parquet table: `messages` is a list of `{role, content}`, as `datasets`, pandas, polars and DuckDB read it."""

from __future__ import annotations

from typing import Literal

import polars as pl

from understudy.exports import Released

VERSION = 1
SUFFIX: Literal["parquet"] = "parquet"
NEEDS = ("examples",)
VIEWS = False


def frame(released: Released) -> pl.LazyFrame:
    """The table of examples as the release has it."""
    return released.examples
