"""A search whose process is killed between any two writes goes on to the archive and front of one that was left alone."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.search import plain
from tests.search.searched import Searched
from understudy.doors.store import Store

HERE = Path(__file__).parent
LEFT = (
    "optimize.runs", "optimize.candidates", "optimize.evaluations", "optimize.generations", "optimize.yields", "optimize.commissions",
    "optimize.rewritings", "optimize.replicates", "optimize.outcomes", "optimize.fronts", "play.dialogues", "play.turns",
)  # fmt: skip


@pytest.fixture(scope="module")
def whole(
    profiled_sample: Path, undisturbed_search: Searched, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any], Path]:
    """A profiled store, the fields of an undisturbed search in a copy of it, and that copy."""
    done = Path(shutil.copy(undisturbed_search.store, tmp_path_factory.mktemp("search") / "done.duckdb"))
    return profiled_sample, undisturbed_search.fields, done


def test_a_single_prompt_is_picked_on_the_search_s_own_panel_and_no_finalist_is_played(whole: Any, tmp_path: Path) -> None:
    store = Path(shutil.copy(whole[0], tmp_path / "alone.duckdb"))
    fields = plain.searched(store, plain.small(0))
    assert fields["pick"]["genome_digest"] == fields["seed_digest"]
    assert (fields["pick"]["split"], fields["pick"]["part"], fields["stopped"]) == ("search", None, "generations")
    with Store.open(store) as left:
        counts = left.counts()
        assert (counts["optimize.evaluations"], counts["optimize.replicates"]) == (1, 0)
        (outcome,) = left.rows("optimize/outcome", run_key=fields["run"])
        (member,) = left.rows("optimize/outcome_members", outcome_key=outcome["outcome_key"])
        assert (member["genome_digest"], member["split"]) == (fields["seed_digest"], "search")
    # the same command plays nothing more
    assert plain.searched(store, plain.small(0))["n_model_calls"] == 0


def killed(store: Path, at: int) -> None:
    """Runs the search in another process that kills itself before its write number `at`."""
    command = [sys.executable, str(HERE / "plain.py"), str(store), "1", str(at)]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1])}
    found = subprocess.run(command, capture_output=True, cwd=HERE.parents[1], env=environment, check=False)
    assert found.returncode == -signal.SIGKILL, found.stderr.decode()[-2000:]


def compared(prepared: Path, done: Path, fields: dict[str, Any], at: int, folder: Path) -> None:
    store = folder / f"killed{at}.duckdb"
    shutil.copy(prepared, store)
    killed(store, at)
    with Store.open(store) as left:
        assert left.counts()["optimize.outcomes"] == 0
    again = plain.searched(store, plain.small(1))
    assert again["front_digest"] == fields["front_digest"]
    assert plain.digest_of(store, LEFT) == plain.digest_of(done, LEFT)
    # what the critic's calls cost is in these rows, and the next generation draws its operators by it
    assert plain.costs_of(store, plain.small(1)) == plain.costs_of(done, plain.small(1))
    with Store.open(store) as left:
        assert left.counts()["play.completions"] == n_completions(done)


def n_completions(store: Path) -> int:
    with Store.open(store) as opened:
        return opened.counts()["play.completions"]


def test_after_a_kill_between_playing_and_selection_the_result_is_the_same(whole: Any, tmp_path: Path) -> None:
    prepared, fields, done = whole
    compared(prepared, done, fields, 9, tmp_path)


def test_the_same_search_again_makes_no_call_and_adds_no_row(whole: Any) -> None:
    _, fields, done = whole
    before = plain.digest_of(done, LEFT)
    again = plain.searched(done, plain.small(1))
    assert again["n_model_calls"] == 0
    assert of_any_store(again) == of_any_store(fields)
    assert plain.digest_of(done, LEFT) == before


def of_any_store(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of a search without what it cost, and without the folder of its store, beside which the pick is written."""
    told = json.loads(json.dumps(fields))
    return {**told, "n_model_calls": 0, "pick": {**told["pick"], "file": Path(told["pick"]["file"]).name}}


def test_the_critic_was_shown_turns_of_people_and_its_children_are_told_apart(whole: Any) -> None:
    _, fields, done = whole
    with Store.open(done) as store:
        shown = store._connection.execute("select evidence from optimize.rewritings where generation = 1").fetchall()
        made = store._connection.execute("select count(*) from optimize.candidates where place is not null and status = 'ok'").fetchone()
    assert any('"human"' in row[0] and '"failing":[{' in row[0] for row in shown)
    assert made is not None
    assert made[0] > 0
    with Store.open(done) as store:
        costs = store._connection.execute("select critic_work_tokens, n_critic_tokens from optimize.candidates where place is not null")
        assert any(work > written > 0 for work, written in costs.fetchall())
    (_, children), credits = plain.costs_of(done, plain.small(1))
    assert all(work for _, _, work in children)
    assert sum(one.n_tokens for one in credits) > 0
    assert fields["critic"].startswith("rehearsal/")
