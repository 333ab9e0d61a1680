"""What a run may still spend: a worst case is held before a call and settled after it, so a cap is never passed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from understudy.completion import Request
from understudy.errors import BadInput, BudgetExhausted
from understudy.parameters import Caps

# a chat format adds a few tokens to every message and to the answer
_FORMAT_TOKENS = 16


@dataclass(frozen=True, slots=True)
class Cost:
    """Tokens of both directions, and money; `usd` is None where the price of the model is not known."""

    tokens: int
    usd: float | None


@dataclass(frozen=True, slots=True)
class Price:
    """USD per token of the prompt and of the reply."""

    prompt: float
    reply: float

    def of(self, prompt_tokens: int, reply_tokens: int) -> float:
        """USD; linear, so discounts for cached prompts are left out and the figure is an upper bound there."""
        return prompt_tokens * self.prompt + reply_tokens * self.reply


def worst_case(request: Request, price: Price | None) -> Cost:
    """The most that one call can cost. A byte-level tokenizer never makes more tokens than there are bytes."""
    written = sum(len(message.content.encode("utf-8", "surrogatepass")) + _FORMAT_TOKENS for message in request.messages)
    prompt = written + _FORMAT_TOKENS
    return Cost(prompt + request.max_tokens, None if price is None else price.of(prompt, request.max_tokens))


class Budget:
    """The account of one run. Not thread-safe: it belongs to the gateway's loop. `now` in seconds, from any origin."""

    def __init__(self, caps: Caps, *, now: Callable[[], float]) -> None:
        self._caps, self._now, self._started = caps, now, now()
        self._held_tokens, self._held_usd, self._n_held = 0, 0.0, 0
        self.tokens, self.usd, self.n_unpriced, self.n_calls, self.n_dialogues = 0, 0.0, 0, 0, 0

    def hold(self, worst: Cost) -> bool:
        """True when the call may be made; False when it has to wait until a call in flight is settled.

        Raises BudgetExhausted when it would pass a cap however those end, BadInput where a cap cannot be held.
        """
        self.check_time()
        caps = self._caps
        if caps.usd is not None and worst.usd is None:
            raise BadInput("the price of the model is not known, so --usd cannot be held", hint="cap the run by --tokens instead")
        if caps.calls is not None and self.n_calls >= caps.calls:
            raise BudgetExhausted(f"the cap of {caps.calls} calls is reached")
        usd = worst.usd or 0.0
        if not self._fits(worst.tokens, usd):
            raise BudgetExhausted(
                f"the next call may cost {worst.tokens} tokens; {self.tokens} tokens and {self.usd:.4f} USD are spent, "
                f"the caps are {caps.tokens} tokens and {caps.usd} USD"
            )
        if not self._fits(worst.tokens + self._held_tokens, usd + self._held_usd):
            return False
        self._held_tokens += worst.tokens
        self._held_usd += usd
        self._n_held += 1
        self.n_calls += 1
        return True

    def settle(self, worst: Cost, spent: Cost) -> None:
        """Books what a held call really cost."""
        self._held_tokens -= worst.tokens
        self._n_held -= 1
        # rounding must not leave a rest when nothing is in flight
        self._held_usd = self._held_usd - (worst.usd or 0.0) if self._n_held else 0.0
        self.tokens += spent.tokens
        self.usd += spent.usd or 0.0
        self.n_unpriced += spent.usd is None

    def count_dialogue(self) -> None:
        """Books a dialogue about to be played. Raises BudgetExhausted."""
        self.check_time()
        cap = self._caps.dialogues
        if cap is not None and self.n_dialogues >= cap:
            raise BudgetExhausted(f"the cap of {cap} dialogues is reached")
        self.n_dialogues += 1

    def check_time(self) -> None:
        """Raises BudgetExhausted when the time is over."""
        minutes = self._caps.minutes
        if minutes is not None and self._now() - self._started >= minutes * 60:
            raise BudgetExhausted(f"the cap of {minutes:g} minutes is reached")

    def _fits(self, tokens: int, usd: float) -> bool:
        caps = self._caps
        return (caps.tokens is None or self.tokens + tokens <= caps.tokens) and (caps.usd is None or self.usd + usd <= caps.usd)
