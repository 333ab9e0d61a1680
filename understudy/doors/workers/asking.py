"""A worker's end of a line: it asks the coordinator of its run, by number, and is answered in any order."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from itertools import count
from threading import Lock, Thread
from typing import Any

from understudy.doors.workers.line import Address, WorkerLine, connected
from understudy.errors import UnderstudyError

Work = Callable[[], None]


class RunEnded(UnderstudyError):
    """The run that a worker works for has ended, or its machine cannot be reached any more."""

    code = "run_ended"

    def __init__(self) -> None:
        super().__init__("the run that this worker works for has ended", hint="run the same command again: it goes on from its rows")

    def __reduce__(self) -> tuple[type[RunEnded], tuple[()]]:
        return RunEnded, ()


class Asking:
    """An open line to a coordinator. `deliver` says where answers are taken in; at once on the line's own thread where it is None."""

    def __init__(self, address: Address, key: bytes, *, deliver: Callable[[Work], object] | None = None) -> None:
        self._deliver, self._numbers, self._lock = deliver, count(), Lock()
        self._waiting: dict[int, Future[Any]] = {}
        self.is_open = True
        self._line = WorkerLine(connected(address, key), hear=self._heard, ended=self._ended)
        Thread(target=self._line.listen, name="line", daemon=True).start()

    def ask(self, asked: str, *arguments: Any) -> Future[Any]:
        """What the coordinator answers. Fails with RunEnded where the run has ended."""
        future: Future[Any] = Future()
        with self._lock:
            if not self.is_open:
                future.set_exception(RunEnded())
                return future
            number = next(self._numbers)
            self._waiting[number] = future
        self._line.say((number, asked, arguments))
        return future

    def tell(self, message: str, *arguments: Any) -> None:
        """Says what needs no answer."""
        self._line.say((None, message, arguments))

    def close(self) -> None:
        """Ends the line."""
        self._line.close()

    def _heard(self, message: tuple[int, Any, BaseException | None]) -> None:
        number, value, error = message
        with self._lock:
            future = self._waiting.pop(number)
        self._given(lambda: _settle(future, value, error))

    def _ended(self) -> None:
        with self._lock:
            self.is_open = False
            left, self._waiting = list(self._waiting.values()), {}
        for future in left:
            self._given(lambda future=future: _settle(future, None, RunEnded()))  # type: ignore[misc]

    def _given(self, work: Work) -> None:
        if self._deliver is None:
            work()
        else:
            self._deliver(work)


def _settle(future: Future[Any], value: Any, error: BaseException | None) -> None:
    # a waiter that was cancelled has cancelled its future
    if future.set_running_or_notify_cancel():
        if error is None:
            future.set_result(value)
        else:
            future.set_exception(error)
