"""The calls of one worker as the coordinator sees them: what it may ask, which leases it holds, and which calls it has claimed.

All of it belongs to the event loop of the run's gateway.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from understudy.completion import Completion, Request
from understudy.doors.gateway.budget import Cost
from understudy.doors.gateway.futures import landed
from understudy.doors.gateway.gateway import Exchange
from understudy.doors.gateway.leases import NOTHING, STOPPED, Lease, WantedCall
from understudy.doors.telemetry import Outcome

LOST = "the worker that made the call ended, and the call may have been charged"
Answer = Callable[[Any, BaseException | None], None]


class Claims:
    """Who is about to make a call: of several workers that want the same reply one asks for it, and the others wait."""

    def __init__(self) -> None:
        self._holders: dict[str, tuple[object, asyncio.Event]] = {}

    async def taken(self, key: str, holder: object) -> bool:
        """True where the claim is the holder's now; False once another one has let it go, so that the reply may be there."""
        if key not in self._holders:
            self._holders[key] = holder, asyncio.Event()
            return True
        await self._holders[key][1].wait()
        return False

    def let_go(self, key: str, holder: object) -> None:
        """Ends the claim of a holder, if it has it."""
        if key in self._holders and self._holders[key][0] is holder:
            self._holders.pop(key)[1].set()

    def let_go_of_all(self, holder: object) -> None:
        """Ends every claim of a holder."""
        for key in [key for key, (whose, _) in self._holders.items() if whose is holder]:
            self.let_go(key, holder)


@dataclass(slots=True)
class _Held:
    """A lease that a worker holds; `settled` is what the call has cost and `outcome` how it ended, once the worker has said so."""

    lease: Lease
    settled: Cost | None = None
    outcome: Outcome = "lost"


class CallsOfWorker:
    """What one worker asks about calls. `room` is shared by all workers: for as many calls as the run may have in flight."""

    def __init__(self, gateway: Exchange, claims: Claims, room: asyncio.Semaphore) -> None:
        self._gateway, self._claims, self._room = gateway, claims, room
        self._books = gateway.books
        self._held: dict[str, _Held] = {}
        self._waiting: dict[str, asyncio.Task[None]] = {}
        # what is given up when the worker ends, and what is done to its end all the same
        self._asked, self._owed = set[asyncio.Task[None]](), set[asyncio.Task[None]]()
        self._keeping: set[Future[Completion | None]] = set()

    def heard(self, asked: str, arguments: tuple[Any, ...], answer: Answer) -> None:
        """Begins what a message asks for; messages are heard in the order in which they were said."""
        ledger = self._books.ledger
        try:
            match asked, arguments:
                case "known", (keys,):
                    answer({key for key in keys if ledger.has(key)}, None)
                case "read", (key,):
                    _when(ledger.read(key), answer)
                case "claim", (key,):
                    self._begin(self._claimed(key, answer), answer)
                case "let go", (key,):
                    self._claims.let_go(key, self)
                case "lease", (WantedCall() as wanted,):
                    self._waiting[wanted.name] = self._begin(self._leased(wanted, answer), answer)
                case "withdraw", (name,):
                    self._withdraw(name)
                case "give back", (name, spent, outcome):
                    self._give_back(name, spent, outcome)
                case "pause", (model, seconds):
                    self._books.leases.pause(model, seconds)
                case "keep", _:
                    _when(self._keep(*arguments), answer)
                case "failed", (name, reason, paid):
                    self._settled(name, paid, "failed")
                    _when(ledger.failed(name, reason=reason, paid=paid), answer)
                case "cancelled", (name, reason):
                    self._settled(name, None, "stopped")
                    _when(ledger.cancelled(name, reason=reason), answer)
                case "missed", (key, reason):
                    ledger.missed(key, reason)
                case "adaptation", (adaptation,):
                    ledger.note_adaptation(adaptation)
                case _:
                    raise TypeError(f"a worker asked for {asked!r}, which nobody answers")
        # the worker that asked has to learn of it, whatever it is
        except Exception as error:
            answer(None, error)

    def end(self) -> None:
        """Takes back what the worker holds: it has ended, or the run has."""
        for task in self._asked:
            task.cancel()
        for name, held in list(self._held.items()):
            wanted = held.lease.wanted
            if held.settled is None and wanted.leaves:
                self._books.ledger.cancelled(name, reason=LOST)
            self._give_back(name, held.settled or wanted.worst, held.outcome)
        self._owe(self._claims_ended())

    async def _claims_ended(self) -> None:
        """Others may ask for what this worker was about to ask for, once the replies that it handed in are in the store."""
        for kept in list(self._keeping):
            await landed(kept)
        self._claims.let_go_of_all(self)

    async def _claimed(self, key: str, answer: Answer) -> None:
        while True:
            if self._books.ledger.has(key):
                found: Completion = await landed(self._books.ledger.read(key))
                answer(found, None)
                return
            if await self._claims.taken(key, self):
                answer(None, None)
                return

    async def _leased(self, wanted: WantedCall, answer: Answer) -> None:
        """Answers once the call may be made; a slot is held as long as the lease of a call that leaves the worker."""
        if wanted.leaves:
            await self._room.acquire()
        try:
            lease = await self._books.leases.take(wanted, still_wanted=_always)
        except BaseException:
            self._free(wanted)
            raise
        self._waiting.pop(wanted.name, None)
        self._held[wanted.name] = _Held(lease)
        answer(None, None)

    def _withdraw(self, name: str) -> None:
        """A call is not made after all: its lease is not waited for, or given back unused."""
        if name in self._waiting:
            self._waiting.pop(name).cancel()
        elif name in self._held:
            if self._held[name].lease.wanted.leaves:
                self._books.ledger.cancelled(name, reason=STOPPED)
            self._give_back(name, NOTHING, "stopped")

    def _give_back(self, name: str, spent: Cost, outcome: Outcome) -> None:
        if (held := self._held.pop(name, None)) is not None:
            self._owe(self._books.leases.give_back(held.lease, spent, outcome))
            self._free(held.lease.wanted)

    def _free(self, wanted: WantedCall) -> None:
        if wanted.leaves:
            self._room.release()

    def _keep(
        self, reservation: str | None, key: str, request: Request, completion: Completion, usd: float | None, latency_s: float
    ) -> Future[Completion | None]:
        kept = self._books.ledger.keep(reservation, key, request=request, completion=completion, usd=usd, latency_s=latency_s)
        self._settled(reservation, Cost(completion.prompt_tokens + completion.completion_tokens, usd), "done")
        self._keeping.add(kept)
        kept.add_done_callback(self._keeping.discard)
        return kept

    def _settled(self, name: str | None, spent: Cost | None, outcome: Outcome) -> None:
        if name is not None and name in self._held:
            held = self._held[name]
            held.settled, held.outcome = spent or held.lease.wanted.worst, outcome

    def _begin(self, work: Coroutine[Any, Any, None], answer: Answer) -> asyncio.Task[None]:
        """Work that a worker waits for, and that ends with it."""
        task = asyncio.get_running_loop().create_task(work)
        self._asked.add(task)

        def ended(done: asyncio.Task[None]) -> None:
            self._asked.discard(done)
            if not done.cancelled() and (error := done.exception()) is not None:
                answer(None, error)

        task.add_done_callback(ended)
        return task

    def _owe(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._owed.add(task)
        task.add_done_callback(self._owed.discard)


def _when(future: Future[Any], answer: Answer) -> None:
    """Answers with what a future of the ledger comes to."""

    def done(ended: Future[Any]) -> None:
        error = ended.exception()
        answer(None if error else ended.result(), error)

    future.add_done_callback(done)


def _always() -> None:
    """A worker withdraws a call that is not wanted any more."""
