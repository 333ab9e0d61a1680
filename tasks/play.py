"""Stage play: a genome is played on a panel and measured. Used by the search, the report and the release batch alike."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any

import polars as pl

from understudy import stock
from understudy.doors.llm import shared_gateway
from understudy.doors.store import Store
from understudy.errors import ProviderFailed
from understudy.evidence import Human, Reference, Simulated
from understudy.genome import Genome
from understudy.keys import key
from understudy.objectives import VERSIONS, Evaluation, measure_all
from understudy.panels import Panel
from understudy.play import MAX_TURNS, Played, Scene, behaviour_frame, free_frames, play_panel, reactions_frame, scenes
from understudy.plugins import load
from understudy.records import Context, Item, Scenario
from understudy.prompts import Exemplar

VERSION = 1
_loading = Lock()


@dataclass(frozen=True, slots=True)
class Work:
    """One evaluation to be made: whose behaviour (`genome`), on what (`panel`), by which models, against which humans (`split`)."""

    store: str
    profile_key: str
    dataset: str
    split: str
    free_split: str
    genome_digest: str
    panel: Panel
    model: str
    recommender: str
    seed: int
    intervals: bool

    @property
    def key(self) -> str:
        """The key of the evaluation's row."""
        return key(
            "evaluation",
            VERSION,
            objectives=VERSIONS,
            profile=self.profile_key,
            split=self.split,
            free_split=self.free_split,
            genome=self.genome_digest,
            panel=self.panel.key,
            model=self.model,
            recommender=self.recommender,
            seed=self.seed,
            intervals=self.intervals,
            max_turns=MAX_TURNS,
        )


@dataclass(frozen=True, slots=True)
class Done:
    """What a finished piece of work leaves: its row of `optimize.evaluations`, and the dialogues played for it that were not there."""

    work: Work
    row: dict[str, Any]
    played: tuple[Played, ...]


def evaluate(work: Work) -> Done:
    """One evaluation. Dialogues that are in the store are not played again; a finished evaluation is served from its row."""
    with Store.open(work.store) as store:
        rows = store.rows("optimize/evaluation", evaluation_key=work.key)
        if rows:
            return Done(work, rows[0], ())
        side = human_side(work.store, work.profile_key, work.dataset)
        jobs = scenes_of(work, side, stock.load_genome(store, work.genome_digest))
        there = stock.load_played(store, [job.play_key for job in jobs])
    missing = [job for job in jobs if job.play_key not in there]
    gateway = shared_gateway()
    if gateway is None:
        raise ProviderFailed("no models are open in this process", hint="play inside `models_open`")
    fresh = gateway.run(play_panel(missing, complete=gateway.complete, on_dialogue=gateway.count_dialogue))
    played = {**there, **{one.play_key: one for one in fresh}}
    ordered = [played[job.play_key] for job in jobs]
    evaluation = measure_all(simulated(ordered, side, work.split), side.reference(work.split, work.seed), seed=work.seed)
    return Done(work, _row(work, ordered, evaluation), tuple(fresh))
