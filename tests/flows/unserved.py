"""Flows without Prefect."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from prefect import Flow, Task, unmapped


class Mapped:
    """What a task that was mapped without Prefect returned or raised."""

    def __init__(self, work: Callable[[Any], Any], over: Any) -> None:
        self._value, self._raised = None, None
        try:
            self._value = work(over)
        except Exception as error:
            self._raised = error

    def result(self) -> Any:
        if self._raised is not None:
            raise self._raised
        return self._value


@contextmanager
def without_prefect() -> Iterator[None]:
    """A stretch in which flows and tasks are the functions that they are made of; nothing is told to a server."""

    def called(self: Flow[..., Any] | Task[..., Any], *values: Any, **named: Any) -> Any:
        return self.fn(*values, **named)

    def mapped(self: Task[..., Any], over: Iterable[Any], *shared: unmapped[Any]) -> list[Mapped]:
        values = [one.unwrap() for one in shared]
        return [Mapped(lambda each: self.fn(each, *values), one) for one in over]

    with pytest.MonkeyPatch.context() as patch:
        for kind in (Flow, Task):
            patch.setattr(kind, "__call__", called)
        patch.setattr(Task, "map", mapped)
        yield
