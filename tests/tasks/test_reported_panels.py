"""What is reported is played anew: no reply that had a part in the choice of the pick stands in the figures of the pick."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from understudy.doors.store import Store
from understudy.parameters import PanelSize, RunOptions, Search
from understudy.play.panels import Panel
from understudy.records import DECOY, STRATA, Context, Need, Scenario
from understudy.rows.handle import Humans
from understudy.tasks.optimize import generations
from understudy.tasks.play.opened import Cast, OpenRun
from understudy.tasks.play.work import Work
from understudy.tasks.simulate import batch
from understudy.tasks.studies import report
from understudy.tasks.studies.places import Place

SIZE = PanelSize(per_stratum=4, behaviour=4, free=6)
POINTS = [Context(f"{stratum}/{n}", f"d{n}", n, stratum, None, Need(), ()) for stratum in (*STRATA, DECOY) for n in range(6)]
TURNS = [Context(f"turn/{n}", f"d{n // 2}", n, None, None, Need(), ()) for n in range(12)]
NOBODY: Any = None


class FewHumans(Humans):
    """A few points and scenarios of each split: panels of one split and size differ in their replicates at most."""

    def contexts(self, split: str) -> dict[str, Context]:
        return {f"{split}/{one.context_id}": replace(one, context_id=f"{split}/{one.context_id}") for one in (*POINTS, *TURNS)}

    def scenarios(self, split: str) -> dict[str, Scenario]:
        return {f"{split}/{n}": Scenario(f"{split}/{n}", f"d{n}", Need(), "x") for n in range(8)}


class Played(Exception):
    """Stops a stage where it would play."""


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[OpenRun]:
    def stop(_: OpenRun, work: Work, **__: Any) -> None:
        raise Played(work)

    for stage in (report, batch):
        monkeypatch.setattr(stage, "measured", stop)
    with Store.open(tmp_path / "s.duckdb") as store:
        humans, options = FewHumans(store, "d", "p"), RunOptions(seed=3)
        yield OpenRun(store, humans, options, gateway=NOBODY, http=NOBODY, cast=Cast(*["m"] * 5))


def played(panel: Panel) -> set[tuple[str, int]]:
    """What random numbers hang on: a piece and its replicate."""
    return {*((one, panel.replicate) for one in (*panel.reactions, *panel.behaviour)), *panel.free}


def of_night(opened: OpenRun) -> Panel:
    found = {"dataset": "d", "seed_digest": "g", "pick": {"genome_digest": "h"}}
    with pytest.raises(Played) as stopped:
        report.compare.fn(opened, found, size=SIZE)
    return stopped.value.args[0].panel


def of_batch(opened: OpenRun) -> Panel:
    with pytest.raises(Played) as stopped:
        batch.play_batch.fn(opened, genome_digest="g", batch="b", n=6, size=SIZE)
    return stopped.value.args[0].panel


def of_comparison(opened: OpenRun) -> Panel:
    return Place(opened, "select", SIZE).work("g").panel


@pytest.mark.parametrize("reported", [of_night, of_batch, of_comparison])
def test_replies_that_chose_the_pick_are_not_the_ones_that_are_reported(opened: OpenRun, reported: Any) -> None:
    run = generations.Run("k", "d", "zero_shot", "", 3, Search(front_panel=SIZE))
    choosing, telling = generations.front_panel(opened, run), reported(opened)
    assert set(choosing.reactions) == set(telling.reactions), "the same points of the same dialogues"
    assert not played(choosing) & played(telling)
