"""What chooses a pick and what reports on it share nothing: no seeker, no context, no reply and no human."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest

from understudy.doors.store import Store
from understudy.parameters import PanelSize, RunOptions, Search
from understudy.profile.splits import CHOOSING_SHARE, part_of
from understudy.records import CHOOSING, REPORTING
from understudy.rows import played as rows
from understudy.rows.handle import Humans
from understudy.tasks.optimize import generations
from understudy.tasks.play.opened import Cast, OpenRun
from understudy.tasks.play.scenes import scenes_of
from understudy.tasks.play.work import Work
from understudy.tasks.simulate.plan import BatchPlan
from understudy.tasks.studies import evaluate, report
from understudy.tasks.studies.places import Place

# more free runs than the sample has scenarios, so that some are played again as another replicate
SIZE = PanelSize(per_stratum=40, behaviour=12, free=300)
PLAN = BatchPlan("b", 6, SIZE)
NOBODY: Any = None


class Played(Exception):
    """Stops a stage where it would play."""


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, profiled_sample: Path) -> Iterator[OpenRun]:
    def stop(_: OpenRun, work: Work, **__: Any) -> None:
        raise Played(work)

    monkeypatch.setattr(report, "measured", stop)
    monkeypatch.setattr(evaluate, "performed", stop)
    copyfile(profiled_sample, tmp_path / "s.duckdb")
    with Store.open(tmp_path / "s.duckdb") as store:
        yield OpenRun(store, Humans.of(store, "sample"), RunOptions(seed=3), gateway=NOBODY, http=NOBODY, cast=Cast(*["m"] * 5))


def of_night(opened: OpenRun, genome: str) -> Work:
    found = {"dataset": "sample", "seed_digest": genome, "pick": {"genome_digest": genome}}
    return stopped_at(lambda: report.compare.fn(opened, found, plan=PLAN))


def of_batch(opened: OpenRun, genome: str) -> Work:
    return PLAN.work(opened, genome)


def of_comparison(opened: OpenRun, genome: str) -> Work:
    return Place(opened, REPORTING, SIZE).work(genome)


def of_recommenders(opened: OpenRun, genome: str) -> Work:
    return stopped_at(lambda: evaluate.judge.fn(opened, genome_digest=genome, recommenders=["retrieval"], n=300))


def stopped_at(stage: Callable[[], Any]) -> Work:
    with pytest.raises(Played) as stopped:
        stage()
    work: Work = stopped.value.args[0]
    return work


@pytest.mark.parametrize("reported", [of_night, of_batch, of_comparison, of_recommenders])
def test_choosing_and_reporting_share_no_seeker_context_or_reply(
    opened: OpenRun, genome: str, reported: Callable[[OpenRun, str], Work]
) -> None:
    run = generations.Run("k", "sample", "zero_shot", "", 3, Search(front_panel=SIZE))
    (choosing,), reporting = generations.front_works(opened, run, [genome]), reported(opened, genome)
    assert (choosing.split, reporting.split) == (CHOOSING, REPORTING)
    chose, told = scenes_of(opened, choosing), scenes_of(opened, reporting)
    seekers = {**opened.humans.members("select"), **opened.humans.members("search")}
    assert not {seekers[one.dialogue_id] for one in chose} & {seekers[one.dialogue_id] for one in told}
    assert not {one.scenario_id for one in chose} & {one.scenario_id for one in told}
    assert not {one.play_key for one in chose} & {one.play_key for one in told}
    assert len(chose) > 200
    assert len(told) > 100


def test_the_human_reference_of_a_report_is_that_of_its_own_part(opened: OpenRun) -> None:
    key = opened.humans.profile_key
    sides = {part: rows.load_human(opened.store, key, part, "sample") for part in (CHOOSING, REPORTING)}
    whole = rows.load_human(opened.store, key, "select", "sample")
    for frame in ("reactions", "behaviour", "targets"):
        chose, told, both = (set(getattr(one, frame)["dialogue_id"]) for one in (sides[CHOOSING], sides[REPORTING], whole))
        assert chose
        assert not chose & told
        assert chose | told == both
    # the people who were never a source, against whom privacy is measured, are those of the part too
    held_out = sides[REPORTING].turns.filter(split="select")
    assert set(held_out["dialogue_id"]) == set(opened.humans.members(REPORTING))


def test_the_floors_of_each_part_are_of_that_part(opened: OpenRun) -> None:
    chose, told = (opened.humans.anchors(part)["accept_disliked"]["n"] for part in (CHOOSING, REPORTING))
    assert 16 <= chose < told
    strata = {(row["split"], row["stratum"]): row["n"] for row in opened.humans.rows("profile/strata")}
    assert chose + told == strata["select", "disliked"]


def test_a_quarter_of_the_seekers_chooses_whoever_else_there_is() -> None:
    parts = [part_of(f"seeker {n}") for n in range(4000)]
    assert abs(parts.count(CHOOSING) / len(parts) - CHOOSING_SHARE) < 0.02
    assert parts == [part_of(f"seeker {n}") for n in range(4000)]
