"""The budget of a run: the worst case of a call is reserved before it and settled after it, so that no cap is exceeded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from understudy.completion import ModelRole, Request
from understudy.errors import BadInput, BudgetExhausted
from understudy.parameters import ANY_MODEL, Caps, RoleLimits

# a chat format adds a few tokens to every message and to the answer
_FORMAT_TOKENS = 16
_PER_MILLION = 1e-6
_GO_ON = "every reply so far is stored; run the same command again to continue from there, its caps start again at 0"


@dataclass(frozen=True, slots=True)
class Cost:
    """Tokens of both directions, and money; `usd` is None where the price of the model is not known."""

    tokens: int
    usd: float | None


@dataclass(frozen=True, slots=True)
class Price:
    """USD per token of the prompt and of the reply; of a prompt token that was `cached`, and of one that was `written` to the cache.

    The last two are None where nobody says that they differ from the price of the prompt.
    """

    prompt: float
    reply: float
    cached: float | None = None
    written: float | None = None

    def of(self, prompt_tokens: int, reply_tokens: int, *, cached: int = 0, written: int = 0) -> float:
        """USD of a call; `cached` and `written` tokens are among those of the prompt."""
        dear = self.prompt if self.written is None else self.written
        cheap = self.prompt if self.cached is None else self.cached
        return (prompt_tokens - cached - written) * self.prompt + cached * cheap + written * dear + reply_tokens * self.reply

    def worst(self, prompt_tokens: int, reply_tokens: int) -> float:
        """The most that a call of so many tokens can cost in USD: nothing is cached yet, and all of the prompt may be put there."""
        return prompt_tokens * max(self.prompt, self.written or 0.0) + reply_tokens * self.reply


def prompt_bytes(request: Request) -> int:
    """The most tokens that a prompt can have: a byte-level tokenizer never makes more of them than there are bytes."""
    written = sum(len(message.content.encode("utf-8", "surrogatepass")) + _FORMAT_TOKENS for message in request.messages)
    return written + _FORMAT_TOKENS


def priced(given: Mapping[str, tuple[float, ...]], model: str, known: Price | None) -> Price | None:
    """The price of a model: the one given for it, the known one, or the one given for every model of which none is known."""
    told = given.get(model) or (given.get(ANY_MODEL) if known is None else None)
    return Price(*(one * _PER_MILLION for one in told)) if told else known


def worst_case(request: Request, price: Price | None) -> Cost:
    """The most that one call can cost."""
    prompt = prompt_bytes(request)
    return Cost(prompt + request.max_tokens, None if price is None else price.worst(prompt, request.max_tokens))


def _limits(caps: Caps | RoleLimits) -> str:
    """The limits in tokens and in USD that are set, in words."""
    named = ((caps.tokens, "tokens"), (caps.usd, "USD"))
    return " and ".join(f"{limit} {unit}" for limit, unit in named if limit is not None)


class _Account:
    """The account of one set of caps: cost, tokens and calls."""

    def __init__(self, caps: Caps | RoleLimits, whose: str) -> None:
        self._caps, self._whose = caps, whose
        self._held_tokens, self._held_usd, self._n_held = 0, 0.0, 0
        self.tokens, self.usd, self.n_unpriced, self.n_calls = 0, 0.0, 0, 0

    def check(self, worst: Cost) -> None:
        """Raises BudgetExhausted when the call would pass a cap however those in flight end, BadInput where a cap cannot be held."""
        caps = self._caps
        if caps.usd is not None and worst.usd is None:
            raise BadInput(
                f"{self._whose} {caps.usd} USD cannot be kept, because the price of the model is unknown",
                hint="give the price with --price IN,OUT (USD per million tokens), or limit the run with --tokens instead",
            )
        if caps.calls is not None and self.n_calls >= caps.calls:
            raise BudgetExhausted(f"{self._whose} {caps.calls} calls has been reached", hint=_GO_ON)
        if not self._fits(worst.tokens, worst.usd or 0.0):
            raise BudgetExhausted(
                f"the next call may cost up to {worst.tokens} tokens and would exceed {self._whose} {_limits(caps)}; "
                f"{self.tokens} tokens and {self.usd:.4f} USD have been spent",
                hint=_GO_ON,
            )

    def has_room(self, worst: Cost) -> bool:
        """Whether the call fits beside those in flight."""
        return self._fits(worst.tokens + self._held_tokens, (worst.usd or 0.0) + self._held_usd)

    def hold(self, worst: Cost) -> None:
        """Reserves the worst case."""
        self._held_tokens += worst.tokens
        self._held_usd += worst.usd or 0.0
        self._n_held += 1
        self.n_calls += 1

    def settle(self, worst: Cost, spent: Cost) -> None:
        """Replaces the reserved worst case by the actual cost."""
        self._held_tokens -= worst.tokens
        self._n_held -= 1
        # rounding must not leave a rest when nothing is in flight
        self._held_usd = self._held_usd - (worst.usd or 0.0) if self._n_held else 0.0
        self.tokens += spent.tokens
        self.usd += spent.usd or 0.0
        self.n_unpriced += spent.usd is None

    def _fits(self, tokens: int, usd: float) -> bool:
        caps = self._caps
        return (caps.tokens is None or self.tokens + tokens <= caps.tokens) and (caps.usd is None or self.usd + usd <= caps.usd)


class Budget:
    """The account of one run and of its roles. Not thread-safe: it belongs to the gateway's loop. `now` in seconds, from any origin."""

    def __init__(self, caps: Caps, limits: Mapping[ModelRole, RoleLimits] | None = None, *, now: Callable[[], float]) -> None:
        self._caps, self._now, self._started, self.n_dialogues = caps, now, now(), 0
        self._run = _Account(caps, "the run's cap of")
        self._roles = {role: _Account(limit, f"the {role}'s limit of") for role, limit in (limits or {}).items()}

    @property
    def tokens(self) -> int:
        """Tokens of both directions spent so far; the worst case of a call that may have been charged and gave no figure."""
        return self._run.tokens

    @property
    def usd(self) -> float:
        """USD spent so far on calls with a known price."""
        return self._run.usd

    @property
    def n_unpriced(self) -> int:
        """Calls whose price is not known."""
        return self._run.n_unpriced

    @property
    def n_calls(self) -> int:
        """Calls made so far, those in flight among them."""
        return self._run.n_calls

    def hold(self, worst: Cost, role: ModelRole) -> bool:
        """True when the call may be made; False when it has to wait until a call in flight is settled.

        Raises BudgetExhausted when it would pass a cap however those end, BadInput where a cap cannot be held.
        """
        self.check_time()
        accounts = self._accounts(role)
        for account in accounts:
            account.check(worst)
        if not all(account.has_room(worst) for account in accounts):
            return False
        for account in accounts:
            account.hold(worst)
        return True

    def settle(self, worst: Cost, spent: Cost, role: ModelRole) -> None:
        """Replaces the reservation of a call by its actual cost."""
        for account in self._accounts(role):
            account.settle(worst, spent)

    def count_dialogue(self) -> None:
        """Counts a dialogue that is about to be played. Raises BudgetExhausted."""
        self.check_time()
        cap = self._caps.dialogues
        if cap is not None and self.n_dialogues >= cap:
            raise BudgetExhausted(
                f"the cap of {cap} dialogues has been reached",
                hint="every reply so far is stored; run the same command with a higher --dialogues to finish it",
            )
        self.n_dialogues += 1

    def check_time(self) -> None:
        """Raises BudgetExhausted when the cap on time has been reached."""
        minutes = self._caps.minutes
        if minutes is not None and self._now() - self._started >= minutes * 60:
            raise BudgetExhausted(f"the cap of {minutes:g} minutes has been reached", hint=_GO_ON)

    def _accounts(self, role: ModelRole) -> tuple[_Account, ...]:
        limited = self._roles.get(role)
        return (self._run,) if limited is None else (self._run, limited)
