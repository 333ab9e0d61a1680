"""The one meter of the benchmark, in the provider function: what a dialogue is, and when there are none left.

A dialogue is one played piece of a panel: a reaction context, one human dialogue of which every seeker turn is replayed, or one free
run. It is counted when the provider is first asked for a seeker's turn of it, whoever asks; what was played before with the same
prompt, context and replicate is served from the run's own memory and counts nothing, for every optimizer alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from understudy import rehearsal
from understudy.completion import Completion, Request
from understudy.errors import BudgetExhausted

_PIECE: ContextVar[str] = ContextVar("piece")


class OutOfDialogues(BudgetExhausted):
    """The budget of the run is spent; raised by the provider before it answers."""


@dataclass(slots=True)
class Meter:
    """What one run has used. `budget` in dialogues."""

    budget: int
    pieces: set[str] = field(default_factory=set)
    n_calls: int = 0
    n_critic_calls: int = 0
    tokens: int = 0
    critic_tokens: int = 0

    @property
    def n_dialogues(self) -> int:
        """Dialogues counted so far."""
        return len(self.pieces)

    @property
    def left(self) -> int:
        """Dialogues that may still be played."""
        return self.budget - len(self.pieces)

    def open(self, piece: str) -> None:
        """Counts a piece the first time. Raises OutOfDialogues where that would be one too many."""
        if piece not in self.pieces:
            if len(self.pieces) >= self.budget:
                raise OutOfDialogues(f"{self.budget} dialogues are played")
            self.pieces.add(piece)


@contextmanager
def playing(piece: str) -> Iterator[None]:
    """Marks the calls inside as belonging to a piece."""
    token = _PIECE.set(piece)
    try:
        yield
    finally:
        _PIECE.reset(token)


@dataclass(slots=True)
class Provider:
    """The provider function of a run: rehearsal on one surface, in-process. `quality` is that of its critic."""

    surface: rehearsal.Surface
    fitted: rehearsal.Fitted
    quality: float
    meter: Meter

    async def complete(self, request: Request) -> Completion:
        """The model's answer. Raises OutOfDialogues."""
        return self.answer(request)

    def answer(self, request: Request) -> Completion:
        """The same without waiting: rehearsal answers at once."""
        # as the gateway asks it
        request = request.form(by_schema=True)
        if request.role == "seeker":
            self.meter.open(_PIECE.get())
        dials: dict[str, Any] = {"temperature": request.temperature, "top_p": request.top_p, "seed": request.seed}
        dials |= {"critic": self.quality, "schema": request.schema}
        reply = rehearsal.respond(request.messages, surface=self.surface, fitted=self.fitted, **dials)
        spent = reply.prompt_tokens + reply.completion_tokens
        self.meter.n_calls += 1
        self.meter.tokens += spent
        if request.role == "critic":
            self.meter.n_critic_calls += 1
            self.meter.critic_tokens += spent
        return Completion(
            reply.text, "rehearsal", "rehearsal", "stop", "", reply.prompt_tokens, reply.completion_tokens, reply.intended_act
        )
