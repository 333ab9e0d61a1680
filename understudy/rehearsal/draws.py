"""Common random numbers: each decision of a reply has its own place in one stream, so that two prompts meet the same luck."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from understudy.keys import rng_of

T = TypeVar("T")
DECISIONS = (
    "invalid", "role_flip", "parroting", "parrot_which", "positivity", "drift", "drift_state", "sameness", "sameness_which", "wordiness",
    "wordiness_more", "wordiness_which", "title_leak", "title_which", "attribute_leak", "attribute_which", "stratum", "plan", "plan_again",
    "case_habit", "end_habit", "accept_plan", "delight", "delight_which", "flip_which",
)  # fmt: skip
_N_WORDS = 480


class Draws:
    """The draws of one reply, from its seed alone."""

    def __init__(self, seed: int) -> None:
        self._numbers: list[float] = rng_of("rehearsal reply", seed).random(len(DECISIONS) + _N_WORDS).tolist()
        self._at = 0

    def of(self, decision: str) -> float:
        """The number in [0, 1) of one of DECISIONS: the same however often and in whatever order it is asked."""
        return self._numbers[DECISIONS.index(decision)]

    def word(self) -> float:
        """The next number in [0, 1) for wording; the stream starts again when it is used up."""
        self._at = (self._at + 1) % _N_WORDS
        return self._numbers[len(DECISIONS) + self._at]

    def pick(self, options: Sequence[T], u: float | None = None) -> T:
        """One of `options`, by `u` or by the next number for wording."""
        return options[int((self.word() if u is None else u) * len(options))]
