"""What tests of tasks share: a prompt that is in the store of the test's own `opened` run."""

from __future__ import annotations

import pytest

from understudy.prompt.setting import load_setting, seed_genome
from understudy.rows import played as rows
from understudy.tasks.play.opened import OpenRun


@pytest.fixture
def genome(opened: OpenRun) -> str:
    prompt = seed_genome(load_setting("zero_shot"), [], seed=0)
    with opened.store.transaction():
        rows.keep_genomes(opened.store, [prompt], setting="zero_shot")
    return prompt.digest
