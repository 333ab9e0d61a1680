"""The search as a flow: the driver's steps, a flow of its own for each generation, with mapped tasks for what is played.

The critic is asked, candidates are proposed, the clearly dominated drop out where the search races, the rest is played to the
panel's end, and what selection makes of it is kept (understudy/search/drive.py). Rows are its memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, TypeVar

from prefect import Task, flow

from understudy.doors.events import emit
from understudy.flows.runners import threads
from understudy.search import drive
from understudy.tasks.optimize.finals import keep_conclusion
from understudy.tasks.optimize.generations import Run
from understudy.tasks.optimize.ground import MappedGround
from understudy.tasks.optimize.memory import RowMemory
from understudy.tasks.play.evaluation import settled

Result = TypeVar("Result")


class Tasks:
    """Tasks as Prefect calls and maps them within a flow (tasks.optimize.ground.Calls)."""

    def one(self, task: Task[Any, Result], *arguments: object) -> Result:
        """What a task returns."""
        return task(*arguments)

    def mapped(self, task: Task[Any, Result], over: Sequence[object]) -> tuple[list[Result], str]:
        """What a task returns for each argument, in order, and `budget` where a cap stopped some of them."""
        return settled(task.map(over))


def searched(run: Run) -> dict[str, Any]:
    """A whole search within the flow that is running; the search's part of the command's fields."""
    stopped = drive.until_stopped(run.setup, partial(generation, run))
    ended = drive.conclude(run.setup, MappedGround(run, Tasks()), RowMemory(run, Tasks()), stopped)
    return keep_conclusion(run, ended)


@flow(name="generation", flow_run_name="generation {number}", task_runner=threads(4), validate_parameters=False)
def generation(run: Run, number: int) -> str:
    """Why the search ends with this generation; an empty text where it goes on."""
    emit("optimize", "generation_started", f"{run.run_key}/{number}")
    stopped = drive.generation(run.setup, MappedGround(run, Tasks()), RowMemory(run, Tasks()), number)
    if stopped != drive.BUDGET:
        emit("optimize", "generation_done", f"{run.run_key}/{number}")
    return stopped
