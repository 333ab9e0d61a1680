"""The workers of a run: what runs its mapped tasks in other processes, and what they are told of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import signature
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from prefect import Task, unmapped
from prefect.futures import PrefectFuture

from understudy import rehearsal
from understudy.doors.gateway.caller import GatewayConfig
from understudy.doors.gateway.gateway import Exchange
from understudy.doors.store import Store
from understudy.doors.workers.coordinator import Coordinator
from understudy.parameters import RUNNERS, RunOptions
from understudy.tasks.play.runners import Runner, host_for, require_runner, runner_open
from understudy.tasks.play.sent_settings import whole_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

Result = TypeVar("Result")
# so many tasks at least are under way or wait on workers until the last are given out: twice a cluster of 128 workers with 4 at once.
# A task that waits takes about ten kilobytes of the scheduler
AHEAD = 2048


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What a worker needs to open a run again. `cast` are the full names of the models, by role."""

    dataset: str
    profile_key: str
    options: RunOptions
    run_id: str
    cast: Mapping[str, str]
    config: GatewayConfig
    fitted: Mapping[str, rehearsal.Fitted]
    surfaces: Mapping[str, rehearsal.Surface]


class Workers:
    """The open runner of a run's mapped tasks, and the coordinator that its workers ask."""

    # without a dictionary of attributes Prefect cannot walk through it where it is part of a parameter
    __slots__ = ("coordinator", "runner")

    def __init__(self, runner: Runner, coordinator: Coordinator) -> None:
        self.runner, self.coordinator = runner, coordinator

    def mapped(self, task: Task[Any, Result], over: Sequence[object], *shared: object) -> Sequence[PrefectFuture[Result]]:
        """The futures of a task for each of `over` and the `shared` arguments, in order."""
        parameters = signature(task.fn).bind(over, *(unmapped(one) for one in shared)).arguments
        # what a task takes is not known here, which its type would have to say
        mapping: Any = self.runner.map
        with whole_settings():
            futures: Sequence[PrefectFuture[Result]] = mapping(task, parameters)
        return futures

    def in_order(self, task: Task[Any, Result], over: Iterable[object], *shared: object) -> Iterator[Result]:
        """What a task returns for each of `over` and the `shared` arguments, in order. Raises what the first of them has raised.

        No more than AHEAD are given out beyond the one that is waited for: a run that is stopped leaves few tasks behind.
        """
        rest, waiting = iter(over), deque[PrefectFuture[Result]]()
        while more := list(islice(rest, AHEAD // 2)):
            waiting.extend(self.mapped(task, more, *shared))
            while len(waiting) > AHEAD // 2:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


@contextmanager
def workers_open(store: Store, gateway: Exchange, facts: RunFacts) -> Iterator[Workers | None]:
    """The workers of a run that is open; None where its own threads do the work. Raises BadInput."""
    options = facts.options
    if options.runner == RUNNERS[0]:
        yield None
        return
    require_runner(options)
    serving = Coordinator(store, gateway, facts=facts, host=host_for(options), concurrency=options.models.concurrency)
    with serving as coordinator, runner_open(options) as runner:
        yield Workers(runner, coordinator)
