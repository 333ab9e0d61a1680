"""A search killed between any two writes, at more places than the suite has time for."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.search import test_resume as resume


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], Path]:
    """A profiled store, the fields of an undisturbed search in a copy of it, and that copy."""
    folder = tmp_path_factory.mktemp("search")
    prepared, done = folder / "prepared.duckdb", folder / "done.duckdb"
    resume.plain.prepared(prepared)
    shutil.copy(prepared, done)
    return prepared, resume.plain.searched(done, resume.plain.small(1)), done


@pytest.mark.prove
@pytest.mark.parametrize("at", [1, 3, 4, 6, 8, 11, 13, 15, 18])
def test_after_a_kill_anywhere_the_result_is_the_same(whole: Any, tmp_path: Path, at: int) -> None:
    prepared, fields, done = whole
    resume.compared(prepared, done, fields, at, tmp_path)
