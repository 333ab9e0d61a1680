from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

_spec = importlib.util.spec_from_file_location("gold_turns", Path(__file__).with_name("gold_turns.py"))
assert _spec is not None
assert _spec.loader is not None
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)


@pytest.fixture(scope="session")
def gold_turns() -> Callable[..., pl.DataFrame]:
    return _module.gold_turns
