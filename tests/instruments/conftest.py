from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest

from tests.instruments import gold_turns as turns


@pytest.fixture(scope="session")
def gold_turns() -> Callable[..., pl.DataFrame]:
    return turns.gold_turns
