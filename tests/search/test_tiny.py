"""The smallest search there is: two candidates a generation."""

from __future__ import annotations

from pathlib import Path
from shutil import copy
from typing import Any

import pytest

from tests.search import plain


@pytest.mark.parametrize("algorithm", ["unsga3", "nsga2"])
def test_a_population_of_two_is_searched_and_nominates_one(profiled_sample: Path, tmp_path: Path, algorithm: Any) -> None:
    store = Path(copy(profiled_sample, tmp_path / "tiny.duckdb"))
    search = plain.small(1, population=2, n_front=3, without=("critic",), algorithm=algorithm)
    with plain.run_open(store, search) as (run, opened):
        ended = plain.ended(opened, run)
    assert [len(members) for members in ended.history] == [2, 4]
    assert len(ended.finalists) == 2
    assert ended.finalists[0].genome_digest != ended.finalists[1].genome_digest
