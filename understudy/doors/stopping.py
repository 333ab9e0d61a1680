"""What is to be done when the process is asked to stop: whoever holds something that should end in order says how.

A contextvar and no state of the process, so that what runs beside each other does not stop each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field

Ending = Callable[[], object]


@dataclass(slots=True)
class Stop:
    """How the work that runs under it is ended, newest first."""

    endings: list[Ending] = field(default_factory=list)

    def asked(self) -> None:
        """Ends all of it. An ending that fails does not keep the others from theirs: the process is about to end."""
        for ending in reversed(self.endings.copy()):
            with suppress(Exception):
                ending()


_current: ContextVar[Stop | None] = ContextVar("stop", default=None)


@contextmanager
def stoppable() -> Iterator[Stop]:
    """The stop that holds for the work of the block, in all threads that take its context."""
    stop = Stop()
    token = _current.set(stop)
    try:
        yield stop
    finally:
        _current.reset(token)


@contextmanager
def ended_by(ending: Ending) -> Iterator[None]:
    """`ending` is called when the process is asked to stop during the block; where nothing can ask, the block just runs."""
    stop = _current.get()
    if stop is None:
        yield
        return
    stop.endings.append(ending)
    try:
        yield
    finally:
        stop.endings.remove(ending)
