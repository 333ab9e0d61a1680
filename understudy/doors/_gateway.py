"""The traffic of model calls, whoever answers them: limiter, retries, breaker, budget and ledger on one event-loop thread.

Model clients belong to one loop, so work handed in from many threads still shares its connections.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from time import monotonic
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from understudy.budget import Budget, Cost, Price, worst_case
from understudy.completion import Completion, MissingReply, Request
from understudy.doors._calls import LONGEST_WAIT_S, Breaker, CallFailed, wait_s
from understudy.errors import ProviderFailed, UnderstudyError
from understudy.ledger import Ledger
from understudy.parameters import Caps, Models, checked

EMBEDDED = "rehearsal"
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class GatewayConfig:
    """How models are reached and what may be spent. `max_attempts` counts the first one."""

    api_base: str | None = None
    concurrency: int = 32
    timeout_s: float = 60.0
    max_attempts: int = 4
    breaker_after: int = 10
    caps: Caps = field(default_factory=lambda: checked(Caps, {}))

    @classmethod
    def of(cls, models: Models, caps: Caps) -> GatewayConfig:
        """The configuration that flow parameters describe."""
        return cls(models.api_base, models.concurrency, models.timeout_s, breaker_after=models.breaker_after, caps=caps)


class Provider(Protocol):
    """Who answers the calls."""

    def price(self, model: str) -> Price | None:
        """USD per token; None where it is not known. Raises BadInput for a model that cannot be asked at all."""

    def is_in_process(self, model: str) -> bool:
        """Whether a call leaves this process: one that does not can neither be charged nor outlive a kill."""

    async def send(self, request: Request) -> Completion:
        """One attempt. Raises CallFailed."""

    async def close(self) -> None:
        """Ends its connections; called on the loop that used them."""


class Exchange:
    """The calls of one run, to one provider. A context manager."""

    def __init__(self, config: GatewayConfig, *, provider: Provider, store_path: Path | str, run_id: str) -> None:
        self._config, self._provider = config, provider
        self._budget = Budget(config.caps, now=monotonic)
        self._breaker = Breaker(config.breaker_after)
        self._ledger = Ledger(store_path, run_id=run_id, now=lambda: datetime.now(UTC).replace(tzinfo=None))
        self._flying: dict[str, asyncio.Task[Completion]] = {}
        self._not_before, self._n_served, self._closed = 0.0, 0, False
        self._loop = asyncio.new_event_loop()
        self._slots, self._settled = asyncio.Semaphore(config.concurrency), asyncio.Condition()
        self._thread = Thread(target=self._loop.run_forever, name="gateway", daemon=True)
        self._thread.start()

    @property
    def n_calls(self) -> int:
        """Calls made in this run, repeated attempts included; replies served from the ledger are not among them."""
        return self._budget.n_calls

    @property
    def n_served(self) -> int:
        """Replies that cost nothing in this run because they were in the ledger or on their way."""
        return self._n_served

    @property
    def tokens(self) -> int:
        """Tokens of both directions spent in this run."""
        return self._budget.tokens

    @property
    def usd(self) -> float | None:
        """USD spent in this run; None when a model without a known price was called."""
        return None if self._budget.n_unpriced else self._budget.usd

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        # a stop from outside ends at once; otherwise calls in flight are waited for, since they are paid for
        self.close(drain_s=self._config.timeout_s if error is None or isinstance(error, Exception) else 0.0)

    def run(self, work: Coroutine[Any, Any, Result], timeout_s: float | None = None) -> Result:
        """What `work` returns, run on the gateway's loop; for synchronous tasks in threads. Raises ProviderFailed on timeout."""
        if self._closed:
            work.close()
            raise UnderstudyError("the gateway is closed")
        future = asyncio.run_coroutine_threadsafe(asyncio.wait_for(work, timeout_s), self._loop)
        try:
            return future.result()
        except TimeoutError as error:
            # a bare TimeoutError would mark the whole flow as timed out
            raise ProviderFailed(f"the work was not done within {timeout_s} s") from error
        except BaseException:
            future.cancel()
            raise

    def count_dialogue(self) -> None:
        """Books a dialogue about to be played. Raises BudgetExhausted."""
        self._budget.count_dialogue()

    async def complete(self, request: Request) -> Completion:
        """The reply, from the ledger where it is there. Raises MissingReply, BudgetExhausted, ProviderFailed, BadInput.

        A caller that is cancelled does not cancel the call: it may be paid for, so its reply is kept.
        """
        key = request.key
        if self._ledger.has(key):
            self._n_served += 1
            return await asyncio.wrap_future(self._ledger.read(key))
        flying = self._flying.get(key)
        if flying is None:
            flying = asyncio.get_running_loop().create_task(self._call(request, key))
            self._flying[key] = flying
            flying.add_done_callback(lambda done: self._landed(key, done))
        else:
            self._n_served += 1
        try:
            return await asyncio.shield(flying)
        except asyncio.CancelledError:
            if flying.cancelled():
                raise MissingReply("the run was stopped while the call was in flight") from None
            raise

    def close(self, *, drain_s: float = 0.0) -> None:
        """Waits at most `drain_s` for calls in flight, cancels the rest, commits the ledger. Raises what its writer met."""
        if self._closed:
            return
        self._closed = True
        asyncio.run_coroutine_threadsafe(self._wind_up(drain_s), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._ledger.close()

    def _landed(self, key: str, done: asyncio.Task[Completion]) -> None:
        self._flying.pop(key, None)
        if not done.cancelled():
            done.exception()  # whoever waited has it; a caller that went away leaves nobody to ask

    async def _call(self, request: Request, key: str) -> Completion:
        async with self._slots:
            for attempt in range(self._config.max_attempts):
                self._breaker.check()
                await self._paced()
                try:
                    completion = await self._attempt(request, key)
                except CallFailed as failure:
                    # a server that wants a longer rest than this has in effect said no
                    too_long = (failure.retry_after_s or 0.0) > LONGEST_WAIT_S
                    if attempt + 1 == self._config.max_attempts or not failure.transient or too_long:
                        self._breaker.failed(failure.reason)
                        raise MissingReply(failure.reason) from failure
                    if failure.retry_after_s:
                        self._not_before = max(self._not_before, monotonic() + failure.retry_after_s)
                    await asyncio.sleep(wait_s(request, attempt, retry_after_s=failure.retry_after_s))
                else:
                    self._breaker.succeeded()
                    return completion
        raise AssertionError("the last attempt returns or raises")

    async def _attempt(self, request: Request, key: str) -> Completion:
        """One call, reserved before and settled after, whatever happens to it.

        A call that does not leave the process is not reserved: killed in flight, it cannot have been charged.
        """
        price = self._provider.price(request.model)
        worst = await self._hold(request, price)
        spent, reservation = Cost(0, 0.0), None if self._provider.is_in_process(request.model) else uuid.uuid4().hex
        try:
            if reservation is not None:
                await asyncio.wrap_future(self._ledger.reserve(reservation, key, max_tokens=worst.tokens, max_usd=worst.usd))
            started, spent = monotonic(), worst
            completion = await self._send(request)
            latency_s = monotonic() - started
            spent = _cost(completion, price)
            kept = self._ledger.keep(reservation, key, request=request, completion=completion, usd=spent.usd, latency_s=latency_s)
            await asyncio.wrap_future(kept)
            return completion
        except CallFailed as failure:
            if not failure.may_be_charged:
                spent = Cost(0, 0.0)
            if reservation is not None:
                await asyncio.wrap_future(self._ledger.settle(reservation, "failed", reason=failure.reason))
            raise
        except asyncio.CancelledError:
            if reservation is not None:
                self._ledger.settle(reservation, "cancelled", reason="stopped in flight; it may have been charged")
            raise
        finally:
            self._budget.settle(worst, spent)
            async with self._settled:
                self._settled.notify_all()

    async def _hold(self, request: Request, price: Price | None) -> Cost:
        worst = worst_case(request, price)
        async with self._settled:
            await self._settled.wait_for(lambda: self._budget.hold(worst))
        return worst

    async def _paced(self) -> None:
        rest = self._not_before - monotonic()
        if rest > 0:
            await asyncio.sleep(rest)

    async def _send(self, request: Request) -> Completion:
        try:
            async with asyncio.timeout(self._config.timeout_s):
                return await self._provider.send(request)
        except TimeoutError as error:
            reason = f"no answer within {self._config.timeout_s:g} s"
            raise CallFailed(reason, transient=True, may_be_charged=True) from error

    async def _wind_up(self, drain_s: float) -> None:
        if drain_s > 0 and self._flying:
            await asyncio.wait(self._flying.values(), timeout=drain_s)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._provider.close()



def _cost(completion: Completion, price: Price | None) -> Cost:
    spent = completion.prompt_tokens, completion.completion_tokens
    # a server may turn out to answer with rehearsal, which is free
    usd = 0.0 if completion.engine == EMBEDDED else None if price is None else price.of(*spent)
    return Cost(sum(spent), usd)
