"""The door to the library `datasets`, for those who have it (extra `datasets`)."""

from __future__ import annotations

from typing import Any

import polars as pl

from understudy.errors import BadInput


def as_dataset(frame: pl.DataFrame) -> Any:
    """The rows as a `datasets.Dataset`. Raises BadInput where the library is not installed."""
    try:
        from datasets import Dataset
    except ImportError:
        raise BadInput("the library datasets is not installed", hint="pip install 'understudy[datasets]'") from None
    return Dataset(frame.to_arrow(compat_level=pl.CompatLevel.oldest()))
