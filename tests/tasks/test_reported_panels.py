"""What is reported is played anew: no reply that had a part in the choice of the pick stands in the figures of the pick."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from understudy.doors.store import Store
from understudy.parameters import PanelSize, Search
from understudy.play.panels import Panel
from understudy.records import DECOY, STRATA, Context, Need, Scenario
from understudy.tasks.optimize import generations
from understudy.tasks.play.evaluation import HumanSide, Work
from understudy.tasks.simulate import batch
from understudy.tasks.studies import report, sides

SIZE = PanelSize(per_stratum=4, behaviour=4, free=6)
POINTS = [Context(f"{stratum}/{n}", f"d{n}", n, stratum, None, Need(), ()) for stratum in (*STRATA, DECOY) for n in range(6)]
TURNS = [Context(f"turn/{n}", f"d{n // 2}", n, None, None, Need(), ()) for n in range(12)]
PROFILE = {
    "profile_key": "p", "dataset": "d", "dataset_digest": "x", "version": 1, "licence": "CC0-1.0", "has_official_split": False,
    "n_dialogues": 8,
}  # fmt: skip


class FewHumans(HumanSide):
    """A few points and scenarios of each split: panels of one split and size differ in their replicates at most."""

    def contexts(self, split: str) -> dict[str, Context]:
        return {f"{split}/{one.context_id}": replace(one, context_id=f"{split}/{one.context_id}") for one in (*POINTS, *TURNS)}

    def scenarios(self, split: str) -> dict[str, Scenario]:
        return {f"{split}/{n}": Scenario(f"{split}/{n}", f"d{n}", Need(), "x") for n in range(8)}


class Played(Exception):
    """Stops a stage where it would play."""


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    def stop(work: Work) -> None:
        raise Played(work)

    path = str(tmp_path / "s.duckdb")
    with Store.open(path) as opened, opened.transaction():
        opened.add("profile.profiles", [PROFILE])
    for stage in (generations, report, sides, batch):
        monkeypatch.setattr(stage, "human_side", FewHumans)
    for stage in (report, batch):
        monkeypatch.setattr(stage, "performed", stop)
        monkeypatch.setattr(stage, "open_models", lambda: SimpleNamespace(seeker="m", verifier="m"))
    return path


def played(panel: Panel) -> set[tuple[str, int]]:
    """What random numbers hang on: a piece and its replicate."""
    return {*((one, panel.replicate) for one in (*panel.reactions, *panel.behaviour)), *panel.free}


def of_night(store: str) -> Panel:
    found = {"dataset": "d", "seed_digest": "g", "pick": {"genome_digest": "h"}}
    with pytest.raises(Played) as stopped:
        report.compare.fn(store, found, model="m", recommender="r", seed=3, size=SIZE)
    return stopped.value.args[0].panel


def of_batch(store: str) -> Panel:
    with pytest.raises(Played) as stopped:
        batch.play_batch.fn(store, "d", genome_digest="g", batch="b", n=6, size=SIZE, recommender="r", model="m", seed=3)
    return stopped.value.args[0].panel


def of_comparison(store: str) -> Panel:
    return sides.Place(store, "d", "p", "select", "r", "0", "m", "", 3, SIZE).work("g").panel


@pytest.mark.parametrize("reported", [of_night, of_batch, of_comparison])
def test_replies_that_chose_the_pick_are_not_the_ones_that_are_reported(store: str, reported: Any) -> None:
    run = generations.Run(store, "k", "p", "d", "zero_shot", "r", "m", "", 3, Search(front_panel=SIZE))
    choosing, telling = generations.front_panel(run), reported(store)
    assert set(choosing.reactions) == set(telling.reactions), "the same points of the same dialogues"
    assert not played(choosing) & played(telling)
