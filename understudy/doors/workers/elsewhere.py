"""What a worker has in the place of the store, the ledger and the budget of its run: each asks the coordinator."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from threading import local
from typing import Any

import polars as pl

from understudy.completion import Completion, Request
from understudy.doors.engines import FileEngine
from understudy.doors.gateway.budget import Budget, Cost
from understudy.doors.gateway.futures import landed
from understudy.doors.gateway.leases import Lease, WantedCall
from understudy.doors.gateway.ledger import Ledger
from understudy.doors.gateway.refusals import Adaptation
from understudy.doors.local.facts import ServedModel
from understudy.doors.store import Store
from understudy.doors.telemetry import Outcome
from understudy.doors.workers.asking import Asking
from understudy.errors import UnderstudyError


class StoreElsewhere(Store):
    """The store of the run, asked for by the names of queries and tables. A transaction is sent whole at its end, and so is a write."""

    __slots__ = ("_asking", "_writes")

    def __init__(self, asking: Asking) -> None:
        self._asking, self._writes, self._engine = asking, local(), FileEngine(Path())

    @property
    def _connection(self) -> Any:
        raise UnderstudyError("a worker does not open the store: this has to be done by the run")

    def __exit__(self, *_: object) -> None:
        self._asking.close()

    def frame(self, query: str, **parameters: Any) -> pl.DataFrame:
        """The rows of a query."""
        found: pl.DataFrame = self._asking.ask("frame", query, parameters).result()
        return found

    def add(self, table: str, rows: pl.DataFrame | Sequence[Mapping[str, Any]]) -> int:
        """How many of `rows` were new; 0 within a transaction, whose writes are sent at its end."""
        return self._write("add", (table, rows), {})

    def append(self, table: str, rows: pl.DataFrame) -> int:
        """How many rows were added to a table without a key; 0 within a transaction."""
        return self._write("append", (table, rows), {})

    def apply(self, statement: str, *, incoming: pl.DataFrame | None = None, **parameters: Any) -> int:
        """How many rows a statement changed; 0 within a transaction."""
        return self._write("apply", (statement,), {"incoming": incoming, **parameters})

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All the writes in the block, or none of them; what the block reads does not show them yet."""
        self._writes.queued = []
        try:
            yield
            queued = self._writes.queued
        finally:
            del self._writes.queued
        self._asking.ask("write", queued).result()

    def _write(self, name: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> int:
        queued = getattr(self._writes, "queued", None)
        if queued is not None:
            queued.append((name, arguments, named))
            return 0
        n_changed: int = self._asking.ask("write", [(name, arguments, named)]).result()
        return n_changed


class LedgerElsewhere(Ledger):
    """The ledger of the run. `has` knows of a reply once the coordinator was asked for it by `look_for`."""

    def __init__(self, asking: Asking) -> None:
        self._asking, self._known = asking, set[str]()
        self._seen, self._adaptations = dict[str, list[tuple[str, str]]](), set[str]()

    async def look_for(self, keys: Sequence[str]) -> None:
        """Asks which of the replies are in the store."""
        self._known |= await landed(self._asking.ask("known", list(keys)))

    async def claimed(self, completion_key: str) -> Completion | None:
        """The reply, where it is in the store by the time that no other worker asks for it; None where this worker has to ask."""
        found: Completion | None = await landed(self._asking.ask("claim", completion_key))
        return found

    def let_go(self, completion_key: str) -> None:
        """Another worker may ask for the reply."""
        self._asking.tell("let go", completion_key)

    def read(self, completion_key: str) -> Future[Completion]:
        """The stored reply of a key that `has` knows."""
        return self._asking.ask("read", completion_key)

    def reserve(self, *_: object, **__: object) -> Future[None]:
        """Raises UnderstudyError: the coordinator reserves a call when it gives its lease."""
        raise UnderstudyError("a worker reserves no call: its lease does")

    def keep(
        self, reservation_id: str | None, completion_key: str, *, request: Request, completion: Completion, usd: float | None,
        latency_s: float,
    ) -> Future[Completion | None]:  # fmt: skip
        """Done when the coordinator has committed the reply, as `Ledger.keep`: only then may it be used."""
        return self._asking.ask("keep", reservation_id, completion_key, request, completion, usd, latency_s)

    def failed(self, reservation_id: str, *, reason: str, paid: Cost | None) -> Future[None]:
        """Done when it is committed that a call ended without a reply."""
        return self._asking.ask("failed", reservation_id, reason, paid)

    def cancelled(self, reservation_id: str, *, reason: str) -> Future[None]:
        """Done when it is committed that a call was stopped in flight."""
        return self._asking.ask("cancelled", reservation_id, reason)

    def missed(self, completion_key: str, reason: str) -> None:
        """Keeps that a call ended without a reply."""
        self._asking.tell("missed", completion_key, reason)

    def note_adaptation(self, adaptation: Adaptation) -> None:
        """Keeps what was left out of the requests to a model."""
        self._asking.tell("adaptation", adaptation)

    def note_served(self, served: ServedModel) -> None:
        """Raises UnderstudyError: the models that a process serves itself are not asked by workers."""
        raise UnderstudyError(f"the local model {served.model} was asked by a worker")

    def close(self) -> None:
        """Ends the line; what was said before is heard."""
        self._asking.close()


class LeasesElsewhere:
    """The leases of the run. `budget` counts what this worker has spent; it has no caps, which the coordinator keeps."""

    def __init__(self, asking: Asking, budget: Budget) -> None:
        self._asking, self._budget = asking, budget

    async def take(self, wanted: WantedCall, *, still_wanted: Callable[[], None]) -> Lease:
        """The lease of a call, once the coordinator gives it. Raises BudgetExhausted, and what `still_wanted` raises."""
        still_wanted()
        try:
            await landed(self._asking.ask("lease", wanted))
            # the model may have failed for good while this call waited
            still_wanted()
        except (CancelledError, UnderstudyError):
            self._asking.tell("withdraw", wanted.name)
            raise
        self._budget.hold(wanted.worst, wanted.role)
        return Lease(wanted)

    async def give_back(self, lease: Lease, spent: Cost, outcome: Outcome) -> None:
        """Gives a lease back with what the call has cost and how it ended."""
        self._asking.tell("give back", lease.wanted.name, spent, outcome)
        self._budget.settle(lease.wanted.worst, spent, lease.wanted.role)

    def pause(self, model: str, seconds: float) -> None:
        """Stops the calls of every worker to a model's provider for as long as it has asked."""
        self._asking.tell("pause", model, seconds)
