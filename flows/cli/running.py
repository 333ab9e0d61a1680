"""How a command runs a flow: with a server of its own where none is configured, and so that a signal ends it within seconds.

The flow runs in a thread. Signals come to the main thread, which only waits, so that no long computation keeps them back. A run
that is stopped and one that is killed go on from the same rows, so stopping takes no longer than what is worth waiting for: replies
that are paid for, and the state that Prefect shows.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from contextvars import copy_context
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from prefect import Flow
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.states import Cancelled

from understudy.addresses import lake_of
from understudy.doors.stopping import Stop, stoppable
from understudy.flows.server import served
from understudy.tasks.runs import settle

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

WORDS = "stopped by a signal; the same command goes on from here"
WAKE_S = 0.2
# the two and what follows them stay below the ten seconds within which a command ends
UNWIND_S = 2.0
TELL_S = 2.0


def run(flow: Flow[Parameters, Result], *arguments: Parameters.args, **parameters: Parameters.kwargs) -> Result:
    """What the flow returns. A signal ends it: its runs are then Cancelled, and KeyboardInterrupt is raised."""
    begun: list[UUID] = []
    for one in (*arguments, *parameters.values()):
        # a server keeps the parameters of a run: what an address must not hold is refused before it is told
        if isinstance(one, Path | str):
            lake_of(one)

    def noted(flow: Flow[Parameters, Result], flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG001
        begun.append(flow_run.id)

    with served(), stoppable() as stop:
        work = _in_thread(partial(flow.with_options(on_running=[noted]), *arguments, **parameters))
        try:
            # a library can have set SIGINT up so that it does not wake a thread that waits (SA_RESTART): this one wakes by itself
            while not work.done():
                wait_for([work], timeout=WAKE_S)
            return work.result()
        except KeyboardInterrupt:
            _end(work, stop, begun)
            raise


def _in_thread(work: Callable[[], Result]) -> Future[Result]:
    """What the work comes to, done in a thread that the process does not wait for at its end."""
    done: Future[Result] = Future()

    def carried_out() -> None:
        try:
            done.set_result(work())
        except BaseException as error:
            done.set_exception(error)

    Thread(target=copy_context().run, args=(carried_out,), name="flow", daemon=True).start()
    return done


def _end(work: Future[Any], stop: Stop, begun: list[UUID]) -> None:
    """Lets what is in flight land and the flows come back, each within its time; then their runs are Cancelled."""
    stop.asked()
    wait_for([work], timeout=UNWIND_S)
    # what was under way has come back with an error by then
    cancelled = partial(settle, begun, Cancelled(message=WORDS), over=(StateType.FAILED, StateType.CRASHED))
    wait_for([_in_thread(cancelled)], timeout=TELL_S)
