"""A search killed between any two writes, at more places than the suite has time for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.search import test_resume as resume

whole = resume.whole


@pytest.mark.prove
@pytest.mark.parametrize("at", [1, 3, 4, 6, 8, 11, 13, 15, 18])
def test_after_a_kill_anywhere_the_result_is_the_same(whole: Any, tmp_path: Path, at: int) -> None:
    prepared, fields, done = whole
    resume.compared(prepared, done, fields, at, tmp_path)
