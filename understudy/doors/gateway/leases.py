"""A lease is the permit to make one call: it holds the worst case of the call until what it has cost is known.

The gateway of a run leases to its own calls and to those of its workers (understudy/doors/workers/), so that the limits per minute and
the caps hold over all of them. A reservation in the ledger is committed before a lease is given for a call that may be charged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from understudy.completion import ModelRole
from understudy.doors import telemetry
from understudy.doors.gateway.budget import Budget, Cost
from understudy.doors.gateway.futures import landed
from understudy.doors.gateway.ledger import Ledger
from understudy.doors.gateway.pacing import Admission, Rate
from understudy.doors.telemetry import Outcome
from understudy.names import shown_model

NOTHING = Cost(0, 0.0)
STOPPED = "the call was stopped in flight and may have been charged"


@dataclass(frozen=True, slots=True)
class WantedCall:
    """A call that is about to be made: its key in the ledger, who is asked, and what it costs at most.

    `name` is that of its lease, and of its reservation where the call `leaves` the process.
    """

    name: str
    key: str
    model: str
    role: ModelRole
    worst: Cost
    leaves: bool

    @property
    def reservation(self) -> str | None:
        """The reservation of the call; None where it cannot be charged, so that there is none."""
        return self.name if self.leaves else None


@dataclass(frozen=True, slots=True)
class Lease:
    """The permit for a call. `admission` is its place under the limits per minute."""

    wanted: WantedCall
    admission: Admission | None = None


class Leasing(Protocol):
    """Who gives leases: the gateway of the run, or on a worker the coordinator of the run."""

    async def take(self, wanted: WantedCall, *, still_wanted: Callable[[], None]) -> Lease:
        """The lease of a call. Raises BudgetExhausted, BadInput, and what `still_wanted` raises."""

    async def give_back(self, lease: Lease, spent: Cost, outcome: Outcome) -> None:
        """Takes a lease back, with what the call has cost and how it ended."""

    def pause(self, model: str, seconds: float) -> None:
        """Stops the calls to a model's provider for as long as it has asked."""


class Leases:
    """The leases of one run, over its caps and its limits per minute. Belongs to the gateway's event loop."""

    def __init__(self, budget: Budget, ledger: Ledger, rate_of: Callable[[str], Rate]) -> None:
        self._budget, self._ledger, self._rate_of = budget, ledger, rate_of
        self._settled = asyncio.Condition()

    async def take(self, wanted: WantedCall, *, still_wanted: Callable[[], None]) -> Lease:
        """The lease of a call, once the limits per minute and the caps have room for it."""
        admission, is_held = None, False
        try:
            if wanted.leaves:
                admission = await self._admitted(wanted, still_wanted)
            await self._hold(wanted)
            is_held = True
            if wanted.leaves:
                max_tokens, max_usd = wanted.worst.tokens, wanted.worst.usd
                await landed(self._ledger.reserve(wanted.name, wanted.key, max_tokens=max_tokens, max_usd=max_usd))
            return Lease(wanted, admission)
        except BaseException as error:
            if admission is not None:
                self._rate_of(wanted.model).settle(admission, 0)
            if is_held:
                if isinstance(error, asyncio.CancelledError) and wanted.leaves:
                    self._ledger.cancelled(wanted.name, reason=STOPPED)
                await self._release(wanted, NOTHING)
            raise

    async def give_back(self, lease: Lease, spent: Cost, outcome: Outcome) -> None:
        """Puts what the call has cost in the place of what was held."""
        wanted = lease.wanted
        telemetry.call(model=shown_model(wanted.model), role=wanted.role, outcome=outcome, tokens=spent.tokens, usd=spent.usd)
        if lease.admission is not None:
            self._rate_of(wanted.model).settle(lease.admission, spent.tokens)
        await self._release(wanted, spent)

    def pause(self, model: str, seconds: float) -> None:
        """Stops the calls to a model's provider for as long as it has asked."""
        self._rate_of(model).pause(seconds)

    async def _admitted(self, wanted: WantedCall, still_wanted: Callable[[], None]) -> Admission:
        def is_of_use() -> None:
            still_wanted()
            self._budget.check_time()

        return await self._rate_of(wanted.model).admit(wanted.worst.tokens, still_wanted=is_of_use)

    async def _hold(self, wanted: WantedCall) -> None:
        """Returns once the budget has room."""
        worst, role = wanted.worst, wanted.role
        if not self._budget.hold(worst, role):
            async with self._settled:
                await self._settled.wait_for(lambda: self._budget.hold(worst, role))

    async def _release(self, wanted: WantedCall, spent: Cost) -> None:
        self._budget.settle(wanted.worst, spent, wanted.role)
        async with self._settled:
            self._settled.notify_all()
