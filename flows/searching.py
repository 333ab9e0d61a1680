"""The search as a flow: the driver's steps, a flow of its own for each generation, with mapped tasks for what is played.

The critic is asked, candidates are proposed, the clearly dominated drop out where the search races, the rest is played to the
panel's end, and what selection makes of it is kept (understudy/search/drive.py). Rows are its memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from prefect import Task, flow, unmapped

from understudy.doors.events import emit
from understudy.flows.runners import threads
from understudy.parameters import Search
from understudy.search import drive
from understudy.tasks.names import GENERATION
from understudy.tasks.optimize.finals import SearchFields, keep_conclusion
from understudy.tasks.optimize.generations import Run, setup_of
from understudy.tasks.optimize.ground import MappedGround
from understudy.tasks.optimize.memory import RowMemory
from understudy.tasks.optimize.shipped import ShippedFields, choose
from understudy.tasks.play.evaluation import settled
from understudy.tasks.play.opened import OpenRun
from understudy.tasks.play.workers import Workers

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Tasks:
    """Tasks as Prefect calls and maps them within a flow (tasks.optimize.ground.Calls): by the workers of the run, where it has some."""

    workers: Workers | None

    def one(self, task: Task[Any, Result], *arguments: object) -> Result:
        """What a task returns."""
        return task(*arguments)

    def mapped(self, task: Task[Any, Result], over: Sequence[object], *shared: object) -> tuple[list[Result], str]:
        """What a task returns for each of `over` and the `shared` arguments, in order, and `budget` where a cap stopped some."""
        if self.workers is not None:
            return settled(self.workers.mapped(task, over, *shared))
        return settled(task.map(over, *(unmapped(one) for one in shared)))


def searched(opened: OpenRun, run: Run) -> SearchFields:
    """A whole search within the flow that is running; the search's part of the command's fields."""
    calls = Tasks(opened.workers)
    setup, ground, memory = setup_of(opened, run), MappedGround(opened, run, calls), RowMemory(opened, run, calls)
    stopped = drive.until_stopped(setup, partial(generation, opened, run))
    return keep_conclusion(opened, run, drive.conclude(setup, ground, memory, stopped))


def best_shipped(opened: OpenRun, search: Search, *, n_dialogues: float) -> ShippedFields:
    """The shipped prompt that is chosen where as many dialogues as a search plays go into playing all of them, panel after panel."""
    chosen = choose(opened, search, Tasks(opened.workers), n_dialogues=n_dialogues)
    emit("compare", "best_shipped_chosen", chosen["setting"])
    return chosen


@flow(name=GENERATION, flow_run_name="generation {number}", task_runner=threads(4), validate_parameters=False)
def generation(opened: OpenRun, run: Run, number: int) -> str:
    """Why the search ends with this generation; an empty text where it goes on."""
    emit("optimize", "generation_started", f"{run.run_key}/{number}")
    calls = Tasks(opened.workers)
    stopped = drive.generation(setup_of(opened, run), MappedGround(opened, run, calls), RowMemory(opened, run, calls), number)
    if stopped != drive.BUDGET:
        emit("optimize", "generation_done", f"{run.run_key}/{number}")
    return stopped
