"""What tests of tasks share: a prompt in the store of a test's own `opened` run, and a few dialogues, profiled."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.stored import on
from understudy.prompt.setting import load_setting, seed_genome
from understudy.rows import played as rows
from understudy.tasks.ingest.logs import ingest_logs
from understudy.tasks.play.opened import OpenRun
from understudy.tasks.profile.dataset import profile_dataset


@pytest.fixture
def genome(opened: OpenRun) -> str:
    prompt = seed_genome(load_setting("zero_shot"), [], seed=0)
    with opened.store.transaction():
        rows.keep_genomes(opened.store, [prompt], setting="zero_shot")
    return prompt.digest


@pytest.fixture(scope="session")
def few_profiled(
    few_dialogues: Path, shared_folder: Path, alone: Callable[[str], AbstractContextManager[None]]
) -> tuple[Path, dict[str, Any]]:
    """A store with the few dialogues as data set `sample`, profiled without anchors, and the fields of the profile.

    All test processes share it; whoever writes takes a copy.
    """
    store, told = shared_folder / "few.duckdb", shared_folder / "few.json"
    with alone("few"):
        if not told.exists():
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("understudy.tasks.profile.dataset.measure_anchors", lambda *_: None)
                on(store, ingest_logs, "redial", [str(few_dialogues)], dataset="sample")
                told.write_text(json.dumps(on(store, profile_dataset, "sample")))
    return store, json.loads(told.read_text())
