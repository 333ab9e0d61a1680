"""Common random numbers: each decision of a reply has its own place in one stream, so that two prompts meet the same luck."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import TypeVar

import numpy as np

T = TypeVar("T")
DECISIONS = (
    "invalid", "role_flip", "parroting", "parrot_which", "positivity", "drift", "drift_state", "sameness", "sameness_which", "wordiness",
    "wordiness_more", "wordiness_which", "title_leak", "title_which", "attribute_leak", "attribute_which", "stratum", "plan", "plan_again",
    "case_habit", "end_habit", "accept_plan", "delight", "delight_which", "flip_which",
)  # fmt: skip
_PLACE = {decision: at for at, decision in enumerate(DECISIONS)}
_N_WORDS = 480


class Draws:
    """The draws of one reply, from its seed alone."""

    def __init__(self, seed: int) -> None:
        self._numbers = _numbers(seed)
        self._at = 0

    def of(self, decision: str) -> float:
        """The number in [0, 1) of one of DECISIONS: the same however often and in whatever order it is asked."""
        return self._numbers[_PLACE[decision]]

    def word(self) -> float:
        """The next number in [0, 1) for wording; the stream starts again when it is used up."""
        self._at = (self._at + 1) % _N_WORDS
        return self._numbers[len(DECISIONS) + self._at]

    def pick(self, options: Sequence[T], u: float | None = None) -> T:
        """One of `options`, by `u` or by the next number for wording."""
        return options[int((self.word() if u is None else u) * len(options))]


@lru_cache(maxsize=1024)
def _numbers(seed: int) -> list[float]:
    """The stream of a seed. Kept for a while, since the candidates of a panel share their seeds; not to be changed by callers."""
    # rng_of("rehearsal reply", seed) without the general JSON encoder, which took longer than drawing
    content = hashlib.sha256(f'["rehearsal reply",{int(seed)}]'.encode()).hexdigest()
    numbers: list[float] = np.random.default_rng(int(content[:16], 16)).random(len(DECISIONS) + _N_WORDS).tolist()
    return numbers
