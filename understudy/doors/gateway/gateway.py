"""The traffic of model calls, whoever answers them: limiter, retries, breaker, budget and ledger on one event-loop thread.

Model clients belong to one loop, so work handed in from many threads still shares its connections.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from threading import Thread
from time import monotonic
from types import TracebackType
from typing import Any, Self, TypeVar
from weakref import WeakKeyDictionary

from understudy.completion import Completion, Request
from understudy.doors.events import emit
from understudy.doors.gateway import lengths
from understudy.doors.gateway.budget import Budget
from understudy.doors.gateway.caller import Caller, GatewayConfig
from understudy.doors.gateway.calls import SchemaRefused
from understudy.doors.gateway.futures import landed
from understudy.doors.gateway.leases import Leases, Leasing
from understudy.doors.gateway.ledger import Ledger
from understudy.doors.gateway.pacing import Rate
from understudy.doors.gateway.provider import Provider
from understudy.doors.gateway.refusals import Adaptation
from understudy.doors.gateway.reply import EMBEDDED
from understudy.doors.gateway.turnstile import LANE, THREAD
from understudy.doors.gauge import SpentSoFar
from understudy.errors import ProviderFailed, Stopped
from understudy.names import shown_model
from understudy.prompt.structured import is_json

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Books:
    """What is written down of the calls of a run: what they may spend, who may make one, and what came back."""

    budget: Budget
    ledger: Ledger
    leases: Leasing


class Exchange:
    """The calls of one run, to one provider. A context manager."""

    def __init__(self, config: GatewayConfig, *, provider: Provider, store_path: Path | str, run_id: str) -> None:
        # a fallback that cannot be asked is better known before the night than in it
        for name in {name for names in config.fallbacks.values() for name in names}:
            provider.price(name)
        self._config, self._provider, self.run_id = config, provider, run_id
        self.books = self._opened_books(store_path)
        self._budget, self._ledger = self.books.budget, self.books.ledger
        self._caller = Caller(config, provider=provider, leases=self.books.leases, ledger=self._ledger)
        self._flying: dict[str, asyncio.Task[Completion]] = {}
        self._told: set[Adaptation] = set()
        self._cutting: set[str] = set()
        self._n_served, self._closed = 0, False
        self._threads, self._numbers = WeakKeyDictionary[asyncio.Task[Any], int](), count()
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="gateway", daemon=True)
        self._thread.start()

    def _opened_books(self, store_path: Path | str) -> Books:
        budget = Budget(self._config.caps, self._config.limits, now=monotonic)
        ledger = Ledger(store_path, run_id=self.run_id, now=lambda: datetime.now(UTC).replace(tzinfo=None), deliver=self.on_loop)
        rates: dict[str, Rate] = {}

        def rate_of(model: str) -> Rate:
            return rates.setdefault(self._provider.provider_of(model), Rate(rpm=self._config.rpm, tpm=self._config.tpm))

        return Books(budget, ledger, Leases(budget, ledger, rate_of))

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

    @property
    def spent(self) -> SpentSoFar:
        """All of it."""
        return SpentSoFar(self.n_calls, self.tokens, self.usd)

    def catch_up(self) -> None:
        """Returns when what was said of calls is in the counts of the run, which it is at once where the run makes them itself."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        # a stop from outside ends at once; otherwise calls in flight are waited for, since they are paid for
        self.close(drain_s=self._config.timeout_s if error is None or isinstance(error, Exception) else 0.0)

    def run(self, work: Coroutine[Any, Any, Result], timeout_s: float | None = None) -> Result:
        """What `work` returns, run on the gateway's loop; for synchronous tasks in threads. Raises ProviderFailed on timeout.

        Calls made in `work` share one lane: pieces of work that run side by side take turns.
        """
        if self._closed:
            work.close()
            raise Stopped
        future = asyncio.run_coroutine_threadsafe(_in_own_lane(work, timeout_s), self._loop)
        try:
            return future.result()
        except TimeoutError as error:
            # a bare TimeoutError would mark the whole flow as timed out
            raise ProviderFailed(f"the calls were not finished within {timeout_s} s") from error
        except BaseException:
            future.cancel()
            raise

    def context_of(self, model: str) -> int | None:
        """Tokens of prompt and reply that a call to a model may have together; None where nobody says."""
        return self._provider.context_of(lengths.bare(model))

    def price_ratio(self, model: str, other: str) -> float:
        """What a prompt token of `model` costs in those of `other`; 1 where one of the two has no price, or costs nothing."""
        one, two = (self._caller.price_of(lengths.bare(name)) for name in (model, other))
        return one.prompt / two.prompt if one is not None and two is not None and one.prompt > 0 and two.prompt > 0 else 1.0

    def n_dialogues_at_once(self, model: str) -> int | None:
        """How many dialogues of one piece of work should be played at once: as many as calls, so that the prompts of a dialogue follow
        each other; None for rehearsal, which computes no prompt."""
        if model.startswith(f"{EMBEDDED}/"):
            return None
        return min(self._config.concurrency, self._provider.n_at_once(lengths.bare(model)) or self._config.concurrency)

    def count_dialogue(self) -> None:
        """Counts a dialogue that is about to be played. Raises BudgetExhausted."""
        self._budget.count_dialogue()

    async def complete(self, request: Request) -> Completion:
        """The reply, from the ledger where it is there. Raises MissingReply, BudgetExhausted, ProviderFailed, BadInput, Stopped.

        A caller that is cancelled does not cancel the call: it may be paid for, so its reply is kept.
        """
        if self._closed:
            # a piece of work that takes a cancelled call for a missing reply would play on to its end
            raise Stopped
        request = lengths.applied(request)
        try:
            return await self._replied(self._form(request))
        except SchemaRefused:
            return await self._replied(request.form(by_schema=False))

    def _form(self, request: Request) -> Request:
        """The form in which a question is asked: by schema where the server takes one, and as before where the reply is there."""
        shaped, worded = request.form(by_schema=True), request.form(by_schema=False)
        if not shaped.schema or not self._provider.takes_schema(lengths.bare(request.model)):
            return worded
        # before a server refused or ignored a schema in this run, one may have done so in the run that this one goes on with
        return worded if self._ledger.has(worded.key) and not self._ledger.has(shaped.key) else shaped

    async def _replied(self, request: Request) -> Completion:
        key = request.key
        if self._ledger.has(key):
            self._n_served += 1
            served = await landed(self._ledger.read(key))
            self._check_schema(request, served)
            return served
        flying = self._flying.get(key)
        if flying is None:
            flying = asyncio.get_running_loop().create_task(self._called(request, key, self._thread_of(asyncio.current_task())))
            self._flying[key] = flying
            flying.add_done_callback(lambda done: self._landed(key, done))
        else:
            self._n_served += 1
        try:
            return await asyncio.shield(flying)
        except asyncio.CancelledError:
            if flying.cancelled():
                raise Stopped from None
            raise

    def _thread_of(self, dialogue: asyncio.Task[Any] | None) -> int:
        """The place of what makes a call among all that did: whoever plays a dialogue does so in one task of the loop."""
        return self._threads.setdefault(dialogue, next(self._numbers)) if dialogue is not None else next(self._numbers)

    async def _called(self, request: Request, key: str, thread: int) -> Completion:
        THREAD.set(thread)
        models = (lengths.bare(request.model), *self._config.fallbacks.get(request.role, ()))
        for served in map(self._provider.served, models):
            if served is not None:
                self._ledger.note_served(served)
        completion = await self._caller.call(request, key)
        self._check_schema(request, completion)
        for model in models:
            for one in self._provider.adaptations(model):
                self._tell(one)
        if completion.prompt_is_cut and completion.reported_model not in self._cutting:
            self._cutting.add(completion.reported_model)
            emit("play", "prompt_cut", cut_prompt(completion))
        return completion

    def _check_schema(self, request: Request, completion: Completion) -> None:
        """Has a model asked in words from now on where its server paid no heed to the schema that was sent."""
        model = lengths.bare(request.model)
        # what answers in this process always holds to it, or has no such form at all
        if request.schema and not self._provider.is_in_process(model) and not is_json(completion):
            self._provider.wants_words(model)

    def _tell(self, adaptation: Adaptation) -> None:
        """Keeps what was left out of requests, and emits an event for it once in a run."""
        if adaptation not in self._told:
            self._told.add(adaptation)
            self._ledger.note_adaptation(adaptation)
            emit("play", "request_adapted", shown_model(str(adaptation)))

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

    def on_loop(self, work: Callable[[], None]) -> None:
        """Does a piece of work on the loop to which calls belong, after what was handed over before it."""
        # after the loop has ended nobody waits any more; what is left in the queue is committed all the same
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(work)

    def _landed(self, key: str, done: asyncio.Task[Completion]) -> None:
        self._flying.pop(key, None)
        if not done.cancelled():
            done.exception()  # whoever waited has it; a caller that went away leaves nobody to ask

    async def _wind_up(self, drain_s: float) -> None:
        if drain_s > 0 and self._flying:
            await asyncio.wait(self._flying.values(), timeout=drain_s)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._provider.close()


def cut_prompt(completion: Completion) -> str:
    """What is told of a model whose server cuts prompts."""
    return (
        f"{completion.reported_model}: the server read {completion.prompt_tokens} tokens of a longer prompt. Raise its context (of Ollama "
        "with --num-ctx), or use a prompt setting with fewer examples"
    )


async def _in_own_lane(work: Coroutine[Any, Any, Result], timeout_s: float | None) -> Result:
    LANE.set(object())
    return await asyncio.wait_for(work, timeout_s)
