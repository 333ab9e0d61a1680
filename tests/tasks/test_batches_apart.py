"""Each batch is drawn and played for itself: its gates read no reply of an earlier batch, so a model that drifts is seen."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Iterator
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest

from understudy.completion import Completion, Request
from understudy.doors.store import Store
from understudy.errors import BadInput
from understudy.parameters import PanelSize, RunOptions
from understudy.rows.handle import Humans
from understudy.tasks.play.opened import Cast, OpenRun
from understudy.tasks.simulate.batch import batch_fields, play_batch
from understudy.tasks.simulate.plan import BatchPlan
from understudy.tasks.simulate.report import is_reported, report_batch

SIZE = PanelSize(per_stratum=30, behaviour=8, free=0)
GLAD, SOUR = "sounds great, i will watch it", "no, i do not want to see that"
NOBODY: Any = None


class Drifting:
    """A gateway whose model says what it is told to say, and whose ledger serves what was asked before."""

    def __init__(self) -> None:
        self.says, self.ledger, self.n_calls = GLAD, dict[str, Completion](), 0
        self.tokens, self.usd = 0, 0.0

    async def complete(self, request: Request) -> Completion:
        if request.key not in self.ledger:
            self.n_calls += 1
            self.ledger[request.key] = Completion(self.says, "m", "m", "stop", "", 1, 1)
        return self.ledger[request.key]

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run(work)

    def count_dialogue(self) -> None:
        """There is no cap on dialogues."""

    def n_dialogues_at_once(self, model: str) -> None:
        """There is no server whose cache would gain by an order."""


@pytest.fixture
def opened(tmp_path: Path, profiled_sample: Path) -> Iterator[OpenRun]:
    copyfile(profiled_sample, tmp_path / "s.duckdb")
    with Store.open(tmp_path / "s.duckdb") as store:
        gateway: Any = Drifting()
        yield OpenRun(store, Humans.of(store, "sample"), RunOptions(seed=3), gateway=gateway, http=NOBODY, cast=Cast(*["m"] * 5))


def played(opened: OpenRun, genome: str, name: str, *, with_report: bool = True) -> str:
    key = str(play_batch.fn(opened, genome_digest=genome, plan=BatchPlan(name, 3, SIZE))["batch_key"])
    if with_report:
        report_batch.fn(opened, key)
    return key


def figures(opened: OpenRun, batch_key: str) -> dict[str, Any]:
    row = opened.store.rows("validate/batch", batch_key=batch_key)[0]
    return {part: json.loads(row[part]) for part in ("objectives", "diagnostics")}


def test_the_gates_of_a_second_night_see_a_model_that_has_drifted(opened: OpenRun, genome: str) -> None:
    first = played(opened, genome, "monday")
    opened.gateway.says = SOUR  # type: ignore[attr-defined]
    second = played(opened, genome, "tuesday")
    before, after = (figures(opened, key)["diagnostics"] for key in (first, second))
    assert before["accept_liked_unseen"]["value"] == 1.0
    assert after["accept_liked_unseen"]["value"] == 0.0
    assert before["over_acceptance"]["value"] > 0 > after["over_acceptance"]["value"]
    members = {name: {row["play_key"] for row in opened.store.rows("simulate/members", batch_key=key)} for name, key in
               (("monday", first), ("tuesday", second))}  # fmt: skip
    assert not members["monday"] & members["tuesday"]


def test_contexts_come_again_and_are_counted_and_replies_do_not_come_again(opened: OpenRun, genome: str) -> None:
    first = batch_fields(opened.store, played(opened, genome, "monday"))["overlap"]
    n_calls = opened.gateway.n_calls
    second = batch_fields(opened.store, played(opened, genome, "tuesday"))["overlap"]
    assert (first["value"], first["n_shared"], first["n_batches"]) == (0.0, 0, 0)
    assert second["n_batches"] == 1
    assert 0 < second["n_shared"] < second["n"] == first["n"]
    assert second["value"] == second["n_shared"] / second["n"]
    assert set(second["strata"]) == {"liked_seen", "liked_unseen", "disliked", "unstated", "decoy", "behaviour"}
    # as many replies were asked anew as for the first batch, give or take the lengths of the dialogues
    assert opened.gateway.n_calls - n_calls > 0.7 * n_calls


def test_the_same_batch_again_asks_nothing_and_adds_no_row(opened: OpenRun, genome: str) -> None:
    first = played(opened, genome, "monday")
    n_calls, counts = opened.gateway.n_calls, opened.store.counts()
    opened.gateway.says = SOUR  # type: ignore[attr-defined]
    assert played(opened, genome, "monday") == first
    assert opened.gateway.n_calls == n_calls
    assert opened.store.counts() == counts


def test_a_report_that_was_left_out_is_played_later_as_it_would_have_been(opened: OpenRun, genome: str) -> None:
    key = played(opened, genome, "monday", with_report=False)
    without = opened.gateway.n_calls
    assert not is_reported(opened.store, key)
    assert without < 100, "the calls of three dialogues"
    panel = BatchPlan("monday", 3, SIZE).panel(opened)
    n_calls = report_batch.fn(opened, key)
    assert n_calls == opened.gateway.n_calls - without > len(panel.reactions)
    assert is_reported(opened.store, key)
    assert report_batch.fn(opened, key) == 0
    assert figures(opened, key)["diagnostics"]["accept_disliked"]["n"] == SIZE.per_stratum


def test_a_cap_on_turns_cuts_the_dialogues_of_a_batch_and_the_people_beside_them_alike(opened: OpenRun, genome: str) -> None:
    capped_options = opened.options.model_copy(update={"max_turns": 2})
    capped = OpenRun(opened.store, opened.humans, capped_options, gateway=opened.gateway, http=NOBODY, cast=opened.cast)
    assert (opened.recommender, capped.recommender) == ("retrieval@2", "retrieval@2^2")
    usual, short = (played(each, genome, "monday", with_report=False) for each in (opened, capped))
    assert usual != short
    told = batch_fields(opened.store, short)["endings"]
    assert told["cap"]["simulated"] > 0
    # nobody says goodbye in the first two turns of the dialogues behind these runs
    assert told["cap"]["human"] == sum(one["human"] for one in told.values()) > 0
    assert batch_fields(opened.store, usual)["endings"]["cap"]["human"] < told["cap"]["human"]


def test_a_report_by_another_model_than_that_of_the_dialogues_is_refused(opened: OpenRun, genome: str) -> None:
    key = played(opened, genome, "monday", with_report=False)
    other = OpenRun(
        opened.store, opened.humans, opened.options, gateway=opened.gateway, http=NOBODY, cast=Cast(*["another"] * 5)
    )  # fmt: skip
    with pytest.raises(BadInput, match="was played by m, but the options name another"):
        report_batch.fn(other, key)


def test_an_earlier_batch_of_which_nobody_recorded_what_it_replayed_makes_the_overlap_unknown(opened: OpenRun, genome: str) -> None:
    row = opened.store.rows("simulate/batch", batch_key=played(opened, genome, "monday"))[0]
    old = {name: value for name, value in row.items() if name != "is_reported"} | {"batch_key": "old", "batch": "sunday"}
    with opened.store.transaction():
        opened.store.add("simulate.batches", [old])
    overlap = batch_fields(opened.store, played(opened, genome, "tuesday"))["overlap"]
    assert overlap["value"] is None
    assert "1 of the earlier batches" in overlap["reason"]
    assert "was not recorded" in batch_fields(opened.store, "old")["overlap"]["reason"]
