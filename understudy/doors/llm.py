"""The door to language models: the only module that imports litellm. Every model call of the product goes through a Gateway.

One event-loop thread per process owns the client, the limiter, the breaker, the budget and the ledger: litellm's clients
belong to one loop, so work handed in from many threads still shares its connections. The embedded model is registered
with litellm as a custom provider and is called like any other.
"""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Coroutine, Iterator, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from threading import Lock, Thread
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from understudy.budget import Budget, Cost, Price, worst_case
from understudy.completion import Completion, Message, MissingReply, Request
from understudy.doors._calls import LONGEST_WAIT_S, Breaker, CallFailed, is_transient, retry_after, scrubbed, wait_s
from understudy.errors import BadInput, ProviderFailed, UnderstudyError
from understudy.ledger import Ledger
from understudy.parameters import Caps, Models

if TYPE_CHECKING:
    from understudy.rehearsal import Fitted, Surface

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
    caps: Caps = Caps()

    @classmethod
    def of(cls, models: Models, caps: Caps) -> GatewayConfig:
        """The configuration that flow parameters describe."""
        return cls(models.api_base, models.concurrency, models.timeout_s, breaker_after=models.breaker_after, caps=caps)


class Gateway:
    """The models of one run. A context manager; one is open per process at a time, and forked or spawned workers open none."""

    def __init__(
        self,
        config: GatewayConfig,
        *,
        store_path: Path | str,
        fitted: Mapping[str, Fitted],
        surfaces: Mapping[str, Surface],
        run_id: str,
    ) -> None:
        # on the caller's thread: litellm must not be imported first on another one
        self._litellm = _litellm()
        _embedded().bind(fitted, surfaces)
        self._config = config
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

    def __enter__(self) -> Gateway:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def run(self, work: Coroutine[Any, Any, Result], timeout_s: float | None = None) -> Result:
        """What `work` returns, run on the gateway's loop; for synchronous tasks in threads. Raises ProviderFailed on timeout."""
        if self._closed:
            work.close()
            raise UnderstudyError("the gateway is closed")
        future = asyncio.run_coroutine_threadsafe(asyncio.wait_for(work, timeout_s), self._loop)
        try:
            return future.result()
        except (TimeoutError, FutureTimeoutError) as error:
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

    def close(self) -> None:
        """Cancels what is in flight and commits the ledger. Raises what its writer met."""
        if self._closed:
            return
        self._closed = True
        asyncio.run_coroutine_threadsafe(self._cancel_all(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        _embedded().release()
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
        """One call, reserved before and settled after, whatever happens to it."""
        price = _price(request.model)
        worst = await self._hold(request, price)
        spent, reservation = Cost(0, 0.0), uuid.uuid4().hex
        try:
            await asyncio.wrap_future(self._ledger.reserve(reservation, key, max_tokens=worst.tokens, max_usd=worst.usd))
            started = monotonic()
            spent = worst
            completion = await self._send(request)
            latency_s = monotonic() - started
            spent = _cost(completion, price)
            await asyncio.wrap_future(self._ledger.keep(reservation, request, completion, usd=spent.usd, latency_s=latency_s))
            return completion
        except CallFailed as failure:
            if not failure.may_be_charged:
                spent = Cost(0, 0.0)
            await asyncio.wrap_future(self._ledger.settle(reservation, "failed", reason=failure.reason))
            raise
        except asyncio.CancelledError:
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
            answer = await asyncio.wait_for(self._litellm.acompletion(**_arguments(request, self._config)), self._config.timeout_s)
        except UnderstudyError:
            raise
        except Exception as error:
            raise _failure(error, self._config.timeout_s) from error
        return _completion(request, answer)

    async def _cancel_all(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._litellm.close_litellm_async_clients()


_shared: Gateway | None = None
_sharing = Lock()


def shared_gateway() -> Gateway | None:
    """The gateway that this process uses now; None where no models are open."""
    return _shared


@contextmanager
def use_gateway(gateway: Gateway) -> Iterator[Gateway]:
    """Makes `gateway` the one that every thread of this process finds. Raises UnderstudyError inside another such block."""
    global _shared
    with _sharing:
        if _shared is not None:
            raise UnderstudyError("this process already uses a gateway")
        _shared = gateway
    try:
        yield gateway
    finally:
        with _sharing:
            _shared = None
