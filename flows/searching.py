"""One generation of the search, as a flow of its own inside the search's.

The critic is asked, candidates are proposed, the clearly dominated drop out where the search races, the rest is played to the
panel's end, and what selection makes of it is kept. Every step is mapped work from rows to rows.
"""

from __future__ import annotations

from prefect import flow

from understudy.doors.events import emit
from understudy.flows.runners import threads
from understudy.tasks.optimize.criticism import commission, criticise
from understudy.tasks.optimize.generations import Run
from understudy.tasks.optimize.racing import first_lap, race, raced_before
from understudy.tasks.optimize.search import keep_generation, propose
from understudy.tasks.play.evaluation import evaluate, settled


@flow(name="generation", flow_run_name="generation {number}", task_runner=threads(4), validate_parameters=False)
def generation(run: Run, number: int) -> str:
    """Why the search ends with this generation; an empty text where it goes on."""
    emit("optimize", "generation_started", f"{run.run_key}/{number}")
    treated, capped = settled(criticise.map(commission(run, number)))
    if capped:
        return capped
    works = propose(run, number, treated)
    if run.search.racing:
        raced = raced_before(run, number, works)
        if raced is None:
            laps, capped = settled(first_lap.map(works))
            raced = race(run, number, works, laps, capped)
            if capped:
                return capped
        works = raced
    done, capped = settled(evaluate.map(works))
    stopped = keep_generation(run, number, done, capped)
    emit("optimize", "generation_done", f"{run.run_key}/{number}")
    return stopped
