"""Where the night's search is played: the critic, laps, evaluations and finalists as mapped work, whose results one task writes.

A cap that ends some of the mapped work ends the step, after what was paid for is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from prefect import Task

from understudy.errors import BudgetExhausted
from understudy.prompt.genome import Genome
from understudy.records import CHOOSING
from understudy.search.critic import Commission, Treated
from understudy.search.drive import Material
from understudy.search.picking import Finalist
from understudy.search.plan import SEED, Individual, Proposal
from understudy.search.racing import Lap
from understudy.tasks.optimize.criticism import criticise
from understudy.tasks.optimize.finals import confirm, finalist, keep_confirmed
from understudy.tasks.optimize.generations import Run, front_works, individual, material, panel_of, search_work
from understudy.tasks.optimize.racing import first_lap, keep_laps
from understudy.tasks.optimize.search import keep_evaluations
from understudy.tasks.play.evaluation import evaluate
from understudy.tasks.play.missing import require_seed_replies
from understudy.tasks.play.opened import OpenRun

Over = TypeVar("Over")
Result = TypeVar("Result")


class Calls(Protocol):
    """How tasks are called: by Prefect within a flow, or as the plain functions that they are."""

    def one(self, task: Task[Any, Result], *arguments: object) -> Result:
        """What a task returns."""

    def mapped(self, task: Task[Any, Result], over: Sequence[object], *shared: object) -> tuple[list[Result], str]:
        """What a task returns for each of `over` and the `shared` arguments, in order, and `budget` where a cap stopped some."""


@dataclass(frozen=True, slots=True)
class MappedGround:
    """The ground of a run (search.drive.Ground)."""

    opened: OpenRun
    run: Run
    calls: Calls

    def material(self) -> Material:
        """What new candidates are made from and checked against."""
        return material(self.opened, self.run)

    def criticised(self, commissions: Sequence[Commission]) -> list[Treated]:
        """The commissions with what the critic answered. What was asked before comes from the ledger."""
        treated, capped = self.calls.mapped(criticise, commissions, self.opened, self.run)
        _go_on(capped)
        return treated

    def first_laps(self, proposals: Sequence[Proposal], rotation: int) -> list[Lap]:
        """The proposals after half of the panel of one rotation."""
        panel = panel_of(self.opened, self.run, rotation)
        works = [search_work(self.opened, self.run, each, panel) for each in proposals]
        laps, capped = self.calls.mapped(first_lap, works, self.opened, self.run)
        self.calls.one(keep_laps, self.opened.store, laps)
        _go_on(capped)
        return [one.lap for one in laps]

    def measured(self, proposals: Sequence[Proposal], rotation: int) -> list[Individual]:
        """The proposals as they were played on the panel of one rotation. What is in the store is not played again."""
        panel = panel_of(self.opened, self.run, rotation)
        done, capped = self.calls.mapped(evaluate, [search_work(self.opened, self.run, each, panel) for each in proposals], self.opened)
        seeds = {each.genome.digest for each in proposals if each.operator == SEED}
        for one in (one for one in done if one.work.genome_digest in seeds):
            require_seed_replies(one.played, n_dialogues=one.row["n_dialogues"])
        self.calls.one(keep_evaluations, self.opened.store, done)
        _go_on(capped)
        floors = self.opened.humans.floors(CHOOSING)
        return [individual(each, one.row, floors) for each, one in zip(proposals, done, strict=True)]

    def confirmed(self, genomes: Sequence[Genome]) -> list[Finalist]:
        """The genomes as measured on the choosing part of `select`, which the search has not seen."""
        done, capped = self.calls.mapped(confirm, front_works(self.opened, self.run, [genome.digest for genome in genomes]), self.opened)
        self.calls.one(keep_confirmed, self.opened.store, done)
        _go_on(capped)
        floors = self.opened.humans.floors(CHOOSING)
        return [finalist(one, floors) for one in done]


def _go_on(capped: str) -> None:
    if capped:
        raise BudgetExhausted("a cap ended a step of the search")
