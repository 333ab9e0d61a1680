"""Commands that only read answer while another process writes to the store: from the copy beside it, and they say how old it is."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import copyfile

import pytest

from tests.commands import run
from tests.doors.test_reading_copy import held
from understudy.doors.reading_copy import renew
from understudy.doors.store import Store
from understudy.prompt.setting import load_setting
from understudy.rows import played

GENOME = load_setting("zero_shot").genome


@pytest.fixture
def busy(profiled_sample: Path, tmp_path: Path) -> Path:
    """A store with a copy beside it."""
    store = tmp_path / "s.duckdb"
    copyfile(profiled_sample, store)
    with Store.open(store) as opened:
        played.keep_genomes(opened, [GENOME], setting="zero_shot")
        renew(opened)
    return store


def test_estimate_export_and_show_read_a_busy_store_from_its_copy(busy: Path, tmp_path: Path) -> None:
    asked = [
        ["estimate", "--dataset", "sample", "--of", "simulate", "--n", "4", "--to-dataset", "sample"],
        ["estimate", "--dataset", "sample", "--of", "simulate", "--n", "4"],
        ["export", GENOME.digest],
    ]
    with held(busy):
        elsewhere, *answers = [run(*words, "--store", str(busy), "--json", cwd=tmp_path) for words in asked]
        shown = run("show", "none", "--store", str(busy), "--json", cwd=tmp_path)
        page = run("export", GENOME.digest, "--store", str(busy), cwd=tmp_path)
    assert [one.returncode for one in answers] == [0, 0], [one.stderr for one in answers]
    for one in answers:
        assert json.loads(one.stdout)["snapshot"]["path"] == f"{busy}.reading"
    assert (elsewhere.returncode, shown.returncode) == (2, 2)
    assert "does not measure prompts on another data set" in elsewhere.stdout
    assert "holds no search" in shown.stdout, "which the copy says"
    assert "a copy of it from" in page.stderr
    assert page.stdout.startswith(json.loads(answers[1].stdout)["content"]), "the prompt alone"
    free = run(*asked[1], "--store", str(busy), "--json", cwd=tmp_path)
    assert json.loads(free.stdout)["snapshot"] is None
