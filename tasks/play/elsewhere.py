"""A task on a worker: the run that it was given is opened there, once in a process, over a line to the coordinator.

An `OpenRun` that is sent to a worker arrives as a ticket. What a worker has open it keeps for the tasks to come, until its run ends.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial, wraps
from typing import Any, ParamSpec, TypeVar

from understudy.doors import events, gauge
from understudy.doors.http import Http
from understudy.doors.workers import kept
from understudy.doors.workers.asking import Asking
from understudy.doors.workers.coordinator import Ticket
from understudy.doors.workers.elsewhere import StoreElsewhere
from understudy.doors.workers.gateway import Joining, WorkerGateway
from understudy.errors import UnderstudyError
from understudy.rows.handle import Humans
from understudy.tasks.play.opened import Cast, OpenRun
from understudy.tasks.play.workers import RunFacts

Given = ParamSpec("Given")
Result = TypeVar("Result")


def here(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """The function of a mapped task, which gets an open run wherever it runs."""

    @wraps(function)
    def opening(*arguments: Given.args, **named: Given.kwargs) -> Result:
        if not any(isinstance(one, Ticket) for one in (*arguments, *named.values())):
            return function(*arguments, **named)
        opened: Any = [_here(one) for one in arguments]
        try:
            return function(*opened, **{name: _here(one) for name, one in named.items()})  # type: ignore[arg-type]
        except Exception as error:
            failure = _alone(error)
        # outside of the handler, so that it is sent without what happened before it
        raise failure

    return opening


def _alone(error: Exception) -> UnderstudyError:
    """The error as the run gets it: without traceback and causes, of which there may be as many as calls were waiting.

    What is no error of ours is told in words, since it may hold what cannot be sent; the worker's own log has all of it.
    """
    if not isinstance(error, UnderstudyError):
        logging.getLogger(__name__).exception("a task on a worker failed")
        return UnderstudyError(f"a task on a worker failed: {type(error).__name__}: {error}", hint="the log of the worker says where")
    kind = type(error)
    alone = kind.__new__(kind, *error.args)
    vars(alone).update(vars(error))
    return alone


def _here(argument: object) -> object:
    if not isinstance(argument, Ticket):
        return argument
    run: OpenRun = kept.once((argument.host, argument.port, argument.key), partial(_opened, argument))
    return run if argument.seed == run.options.seed else run.seeded(argument.seed)


def _opened(ticket: Ticket, closing: ExitStack) -> tuple[OpenRun, Callable[[], bool]]:
    """The run of a ticket, and what says whether it still goes on; `closing` takes what is closed when it has ended."""
    address, key = (ticket.host, ticket.port), ticket.key.encode()
    asking = Asking(address, key)
    closing.callback(asking.close)
    facts: RunFacts = asking.ask("facts").result()
    store = StoreElsewhere(asking)
    joining = Joining(address, key, asking)
    gateway = WorkerGateway(facts.config, joining=joining, fitted=facts.fitted, surfaces=facts.surfaces, run_id=facts.run_id)
    closing.enter_context(gateway)
    http = Http(breaker_after=facts.options.models.breaker_after)
    closing.callback(lambda: gateway.run(http.close()))
    closing.enter_context(events.recording(None, listener=lambda stage, event, key: asking.tell("emit", stage, event, key)))
    told_of_pieces = partial(asking.tell, "reached")
    closing.enter_context(gauge.watched(lambda seen: asking.tell("progress", seen.planned, seen.done), pieces=told_of_pieces))
    humans = Humans(store, facts.dataset, facts.profile_key)
    run = OpenRun(store, humans, facts.options, gateway=gateway, http=http, cast=Cast(**facts.cast))
    return run, lambda: asking.is_open
