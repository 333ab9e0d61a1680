"""One model call from its slot to its row: fallbacks, attempts, pace, budget and ledger, on the gateway's event loop."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from itertools import count
from time import monotonic

from understudy.completion import Completion, MissingReply, ModelRole, Request
from understudy.doors.events import emit
from understudy.doors.gateway import contexts, lengths
from understudy.doors.gateway.budget import Cost, Price, priced, worst_case
from understudy.doors.gateway.calls import LONGEST_WAIT_S, Answers, Breaker, CallFailed, SchemaRefused, together, wait_s
from understudy.doors.gateway.futures import landed
from understudy.doors.gateway.leases import NOTHING, STOPPED, Leasing, WantedCall
from understudy.doors.gateway.ledger import Ledger
from understudy.doors.gateway.provider import Provider
from understudy.doors.gateway.reply import EMBEDDED
from understudy.doors.gateway.turnstile import Turnstile
from understudy.doors.telemetry import Outcome
from understudy.errors import ProviderFailed
from understudy.names import shown_model
from understudy.parameters import LOCAL, Caps, Models, RoleLimits, checked

# a machine without a graphics card reads a long prompt for minutes
TIMEOUT_S, LOCAL_TIMEOUT_S = 60.0, 600.0


@dataclass(frozen=True, slots=True)
class GatewayConfig:
    """How models are reached and what may be spent. `max_attempts` counts the first one.

    `api_base` is the address of the provider of `api_base_for`, or of every model where that is None. `prices` are USD per
    million tokens.
    """

    api_base: str | None = None
    api_base_for: str | None = None
    concurrency: int = 32
    rpm: int | None = None
    tpm: int | None = None
    timeout_s: float = TIMEOUT_S
    local_timeout_s: float = LOCAL_TIMEOUT_S
    max_reply_bytes: int = 1 << 20
    max_attempts: int = 4
    breaker_after: int = 10
    fallbacks: Mapping[ModelRole, tuple[str, ...]] = field(default_factory=dict)
    limits: Mapping[ModelRole, RoleLimits] = field(default_factory=dict)
    prices: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    caps: Caps = field(default_factory=lambda: checked(Caps, {}))

    @classmethod
    def of(cls, models: Models, caps: Caps) -> GatewayConfig:
        """The configuration that flow parameters describe."""
        hosted = [name for name in models.named() if name != EMBEDDED and not name.startswith(LOCAL)]
        return cls(
            api_base=models.api_base,
            # a fallback at another provider is not to be found at the address of the first
            api_base_for=lengths.bare(hosted[0]) if hosted else None,
            concurrency=models.concurrency,
            rpm=models.rpm,
            tpm=models.tpm,
            timeout_s=models.timeout_s or TIMEOUT_S,
            local_timeout_s=models.timeout_s or LOCAL_TIMEOUT_S,
            max_reply_bytes=models.reply_bytes,
            max_attempts=models.max_attempts,
            breaker_after=models.breaker_after,
            fallbacks=models.fallbacks,
            limits=models.limits,
            prices=models.prices,
            caps=caps,
        )

    def timeout_of(self, model: str) -> float:
        """Seconds that one attempt may take."""
        return self.local_timeout_s if model.startswith(LOCAL) else self.timeout_s


class Caller:
    """Makes calls, one at a time per slot. Belongs to one event loop."""

    def __init__(self, config: GatewayConfig, *, provider: Provider, leases: Leasing, ledger: Ledger) -> None:
        self._config, self._provider, self._leases, self._ledger = config, provider, leases, ledger
        self._opened, self._numbers = uuid.uuid4().hex, count()
        self._turnstile = Turnstile.of(config.concurrency)
        # models with slots of their own: what waits for one waits here, not in its time limit; rehearsal has no prompt in a cache
        self._own_turnstiles: dict[str, Turnstile] = {EMBEDDED: Turnstile(config.concurrency)}
        self._breakers: dict[str, Breaker] = {}
        self._prices: dict[str, Price | None] = {}
        # tokens beyond the worst case that a model was seen to count, such as those of a hidden instruction
        self._overrun: dict[str, int] = {}
        self._answers: dict[str, Answers] = {}
        self._fallen_back: set[tuple[str, str]] = set()

    async def call(self, request: Request, key: str) -> Completion:
        """The reply of the request's model, or of the first fallback that gives one. Raises as `Exchange.complete`."""
        asked = lengths.bare(request.model)
        models = (asked, *self._config.fallbacks.get(request.role, ()))
        failures: list[ProviderFailed] = []
        for model in models:
            try:
                async with self._turnstile_of(model):
                    completion, kept = await self._ask(request, self._sent_to(model, request, asked), key)
                break
            except ProviderFailed as failure:
                failures.append(failure)
        else:
            failed = together(failures)
            if isinstance(failed, MissingReply):
                self._ledger.missed(key, failed.message)
            raise failed
        # The slot is free again before the reply is committed: the next call in it is reserved by a later row of the same
        # writer, so it is sent only after this commit, and no more calls than there are slots can be paid for twice.
        standing = await landed(kept)
        completion = standing or completion
        self._note(request, asked, model, completion)
        return completion

    def _sent_to(self, model: str, request: Request, asked: str) -> Request:
        """The request as one of its models gets it; a fallback is asked in the form that it takes."""
        if model == asked:
            return replace(request, model=model)
        return replace(request.form(by_schema=bool(request.schema) and self._provider.takes_schema(model)), model=model)

    def _turnstile_of(self, model: str) -> Turnstile:
        if model.startswith(f"{EMBEDDED}/"):
            return self._own_turnstiles[EMBEDDED]
        if (n_at_once := self._provider.n_at_once(model)) is None:
            return self._turnstile
        return self._own_turnstiles.setdefault(model, Turnstile.of(min(n_at_once, self._config.concurrency)))

    async def _ask(self, request: Request, sent: Request, key: str) -> tuple[Completion, Future[Completion | None]]:
        """The reply of one model, after as many attempts as it takes. Raises MissingReply, and ProviderFailed where it is given up."""
        breaker = self._breakers.setdefault(sent.model, Breaker(self._config.breaker_after))
        attempt = 0
        while True:
            breaker.check()
            try:
                found = await self._attempt(request, sent, key, breaker)
            except CallFailed as failure:
                if failure.refuses_schema and sent.model == lengths.bare(request.model):
                    raise SchemaRefused(failure.reason) from None
                if failure.refuses_schema:
                    sent = replace(request.form(by_schema=False), model=sent.model)
                    continue
                if failure.is_adapted:
                    continue
                # a server that wants a longer rest than this has in effect said no
                too_long = (failure.retry_after_s or 0.0) > LONGEST_WAIT_S
                if attempt + 1 == self._config.max_attempts or not failure.transient or too_long:
                    breaker.failed(self._answers_of(sent.model).reason_of(failure), hint=failure.hint, in_a_row=failure.in_a_row)
                    error = ProviderFailed if failure.ends_run else MissingReply
                    raise error(failure.reason, hint=failure.hint) from None
                if failure.retry_after_s:
                    self._leases.pause(sent.model, failure.retry_after_s)
                await asyncio.sleep(wait_s(request, attempt, retry_after_s=failure.retry_after_s))
                attempt += 1
            else:
                breaker.succeeded()
                return found

    async def _attempt(self, request: Request, sent: Request, key: str, breaker: Breaker) -> tuple[Completion, Future[Completion | None]]:
        """The reply to one call and its commit; leased before and given back after, whatever happens to it.

        A call that does not leave the process is neither paced nor reserved: killed in flight, it cannot have been charged.
        """
        price, leaves = self.price_of(sent.model), not self._provider.is_in_process(sent.model)
        worst = self._worst(sent, price)
        wanted = WantedCall(f"{self._opened}-{next(self._numbers)}", key, sent.model, request.role, worst, leaves)
        lease, spent = await self._leases.take(wanted, still_wanted=breaker.check), worst
        outcome: Outcome = "stopped"
        try:
            started = monotonic()
            completion = await self._send(sent)
            latency_s = monotonic() - started
            spent, outcome = self._cost(completion, price), "done"
            self._seen(sent.model, spent.tokens - worst.tokens)
            kept = self._ledger.keep(wanted.reservation, key, request=request, completion=completion, usd=spent.usd, latency_s=latency_s)
            return completion, kept
        except CallFailed as failure:
            known = _paid(failure, price)
            spent, outcome = spent if known is None else known, "failed"
            self._seen(sent.model, spent.tokens - worst.tokens, failure)
            if leaves:
                await landed(self._ledger.failed(wanted.name, reason=failure.reason, paid=known))
            raise
        except asyncio.CancelledError:
            if leaves:
                self._ledger.cancelled(wanted.name, reason=STOPPED)
            raise
        finally:
            await self._leases.give_back(lease, spent, outcome)

    async def _send(self, request: Request) -> Completion:
        timeout_s = self._config.timeout_of(request.model)
        try:
            async with asyncio.timeout(timeout_s):
                return await self._provider.send(request)
        except TimeoutError:
            failure = CallFailed(
                f"there was no answer within {timeout_s:g} s",
                transient=True,
                may_be_charged=True,
                hint="raise the time limit with --timeout-s",
            )
        raise failure

    def _worst(self, request: Request, price: Price | None) -> Cost:
        worst, over = worst_case(request, price), self._overrun.get(request.model, 0)
        if not over:
            return worst
        more_usd = None if price is None else max(price.worst(over, 0), price.worst(0, over))
        return Cost(worst.tokens + over, None if worst.usd is None or more_usd is None else worst.usd + more_usd)

    def _cost(self, completion: Completion, price: Price | None) -> Cost:
        spent = completion.prompt_tokens, completion.completion_tokens
        if price is None or completion.engine == EMBEDDED:
            # a server may turn out to answer with rehearsal, which is free
            return Cost(sum(spent), 0.0 if completion.engine == EMBEDDED else None)
        cached, written = completion.cached_tokens or 0, completion.cache_write_tokens or 0
        return Cost(sum(spent), price.of(*spent, cached=cached, written=written))

    def _seen(self, model: str, over: int, failure: CallFailed | None = None) -> None:
        """Notes what a call was: tokens beyond the worst case, an answer, and whether it was empty."""
        if over > 0:
            self._overrun[model] = self._overrun.get(model, 0) + over
        if failure is None or failure.is_empty:
            self._answers_of(model).count(is_empty=failure is not None)

    def _answers_of(self, model: str) -> Answers:
        return self._answers.setdefault(model, Answers(model))

    def price_of(self, model: str) -> Price | None:
        """USD a token, as given or as it is known."""
        if model not in self._prices:
            # asked in any case: it says whether there is such a model
            self._prices[model] = priced(self._config.prices, contexts.plain(model), self._provider.price(model))
        return self._prices[model]

    def _note(self, request: Request, asked: str, answered: str, completion: Completion) -> None:
        """Emits an event when a fallback answers for the first time, and when another model than before answers under a name."""
        if answered != asked:
            if (asked, answered) not in self._fallen_back:
                self._fallen_back.add((asked, answered))
                emit("play", "fallback_used", shown_model(f"{asked} -> {answered}"))
            return
        before = self._ledger.saw(request.model, completion)
        if before is not None:
            now = f"{completion.reported_model} {completion.fingerprint}".strip()
            emit("play", "model_changed", shown_model(f"{request.model}: {before} -> {now}"))


def _paid(failure: CallFailed, price: Price | None) -> Cost | None:
    """What a failed call has cost; None where it may have been charged and nobody knows how much."""
    if not failure.may_be_charged:
        return NOTHING
    tokens = failure.tokens
    if tokens is None:
        return None
    return Cost(tokens.prompt + tokens.reply, None if price is None else price.of(tokens.prompt, tokens.reply))
