"""The coordinator of a run: its workers ask it for rows of the store, for leases and for replies, and hand in what models answered.

It stands in the process that has the store open. All that concerns calls happens on the event loop of the run's gateway, so a worker's
call and one of the run's own are held to the same caps. What a worker holds when it ends is taken back: its leases are counted at their
worst case, since the calls in flight may be charged, and the calls that it was about to make may be made by another one.
"""

from __future__ import annotations

import secrets
from asyncio import Semaphore
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Self

from understudy.doors.events import emit
from understudy.doors.gateway.gateway import Exchange
from understudy.doors.store import Store
from understudy.doors.workers.calls import CallsOfWorker, Claims
from understudy.doors.workers.line import Joined, LineListener, WorkerLine
from understudy.doors.workers.progress import ProgressOf
from understudy.errors import UnderstudyError

JOIN_S = 3.0
_WRITES = frozenset({"add", "append", "apply"})


@dataclass(frozen=True, slots=True)
class Ticket:
    """Where a worker finds the coordinator of a run, and with which key. `seed` is that of the part of the run that it works for."""

    host: str
    port: int
    key: str
    seed: int

    def __repr__(self) -> str:
        # it stands among the parameters of tasks, which schedulers show
        return f"Ticket({self.host}:{self.port}, seed={self.seed})"


class Coordinator:
    """The coordinator of a run. A context manager. `facts` is what a worker is told of the run when it asks first."""

    def __init__(self, store: Store, gateway: Exchange, *, facts: Any, host: str, concurrency: int) -> None:
        self._store, self._gateway, self._facts = store, gateway, facts
        self._claims, self._slots = Claims(), Semaphore(concurrency)
        self._key = secrets.token_hex(32)
        self._lines: set[WorkerLine] = set()
        self._listener = LineListener(host, self._key.encode(), self._serve)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        for line in list(self._lines):
            line.close()
        # what the workers held is taken back before the gateway closes
        self._listener.join(JOIN_S)

    def ticket(self, seed: int) -> Ticket:
        """What a worker needs to work for the run."""
        host, port = self._listener.address
        return Ticket(host, port, self._key, seed)

    def _serve(self, connection: Joined) -> None:
        """One worker's line until it is cut, on a thread of its own."""
        calls = CallsOfWorker(self._gateway, self._claims, self._slots)
        rows, progress = RowsFor(self._store), ProgressOf(self._gateway)
        at_once: dict[str, Callable[..., Any]] = {
            "facts": lambda: self._facts, "frame": rows.frame, "write": rows.write, "dialogue": self._count_dialogue, "emit": emit,
            "progress": progress.heard, "reached": progress.reached,
        }  # fmt: skip

        def answer(number: int | None, value: Any, error: BaseException | None) -> None:
            if number is not None:
                line.say((number, value, None if error is None else _sendable(error)))

        def hear(message: tuple[int | None, str, tuple[Any, ...]]) -> None:
            number, asked, arguments = message
            if asked in at_once:
                answer(number, *_done(at_once[asked], arguments))
            else:
                # in the order in which it was said, on the loop to which calls belong
                self._gateway.on_loop(lambda: calls.heard(asked, arguments, lambda value, error: answer(number, value, error)))

        line = WorkerLine(connection, hear=hear, ended=lambda: self._gateway.on_loop(calls.end))
        self._lines.add(line)
        try:
            line.listen()
        finally:
            self._lines.discard(line)

    def _count_dialogue(self) -> None:
        done: Future[None] = Future()

        def count() -> None:
            try:
                self._gateway.count_dialogue()
            except UnderstudyError as error:
                done.set_exception(error)
            else:
                done.set_result(None)

        self._gateway.on_loop(count)
        done.result()


class RowsFor:
    """The rows of the store for a worker. Queries and tables go by their names; no SQL comes over a line."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def frame(self, query: str, parameters: dict[str, Any]) -> Any:
        """The rows of a query."""
        return self._store.frame(query, **parameters)

    def write(self, writes: list[tuple[str, tuple[Any, ...], dict[str, Any]]]) -> int:
        """What a worker writes, all of it or nothing; how many rows were new."""
        strange = {name for name, *_ in writes} - _WRITES
        if strange:
            raise UnderstudyError(f"a worker asked to {', '.join(sorted(strange))}; it may {', '.join(sorted(_WRITES))}")
        with self._store.transaction():
            return sum(getattr(self._store, name)(*arguments, **named) for name, arguments, named in writes)


def _done(work: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[Any, BaseException | None]:
    try:
        return work(*arguments), None
    # the worker that asked has to learn of it, whatever it is
    except Exception as error:
        return None, error


def _sendable(error: BaseException) -> BaseException:
    """The error as it can be sent: another one than our own may hold what cannot."""
    return error if isinstance(error, UnderstudyError) else UnderstudyError(f"{type(error).__name__}: {error}")
