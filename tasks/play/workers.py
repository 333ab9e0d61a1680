"""The workers of a run: what runs its mapped tasks in other processes, and what they are told of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import signature
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
