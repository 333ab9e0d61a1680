"""Parts of a sum that is to be low in every fault, joined one by one; what another row beats is dropped on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_CHUNK = 512


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the choices and what each combination of them adds to the logits.

    `choices`: per name, what there is to choose from. rows: (n, n_names), which choice each row takes; logits: (n, n_faults).
    """

    names: tuple[str, ...]
    choices: tuple[tuple[Any, ...], ...]
    rows: NDArray[np.int64]
    logits: Floats

    @classmethod
    def of(cls, name: str, choices: Sequence[Any], logits: Floats) -> Part:
        """A part of one choice."""
        return cls((name,), (tuple(choices),), np.arange(len(choices))[:, None], logits)

    @classmethod
    def start(cls, logits: Floats) -> Part:
        """A part without a choice. logits: (n_faults,)"""
        return cls((), (), np.empty((1, 0), dtype=np.int64), logits[None, :])

    def picked(self, row: int) -> dict[str, Any]:
        """What a row chooses, by name."""
        return {name: known[at] for name, known, at in zip(self.names, self.choices, self.rows[row], strict=True)}

    def best(self) -> Part:
        """The part without the rows that another row is nowhere above."""
        return self.only(non_beaten(self.logits))

    def only(self, kept: Sequence[int] | NDArray[np.bool_]) -> Part:
        """The part with some of its rows."""
        return Part(self.names, self.choices, self.rows[kept], self.logits[kept])

    def raised(self, least: Floats) -> Part:
        """The part with logits below `least` raised to it, but none above what the part reaches anyway."""
        return Part(self.names, self.choices, self.rows, np.maximum(self.logits, np.minimum(least, self.logits.max(axis=0))))

    def joined(self, other: Part, *, least: Floats) -> Part:
        """Every row of one with every row of the other; logits below `least` are raised to it."""
        n, m = len(self.rows), len(other.rows)
        logits = np.maximum((self.logits[:, None, :] + other.logits[None, :, :]).reshape(n * m, self.logits.shape[1]), least)
        rows = np.hstack([np.repeat(self.rows, m, axis=0), np.tile(other.rows, (n, 1))])
        return Part(self.names + other.names, self.choices + other.choices, rows, logits)


def narrowed(parts: Sequence[Part], harmless: Floats) -> list[Part]:
    """The parts without rows that no sum of theirs needs. harmless: (n_faults,), the sum up to which a fault does no harm.

    A row so low that the highest rows of all other parts bring it to no harm is as good as any lower one. What is dropped lowers
    the highest rows, so it is done again until it changes nothing.
    """
    left, sizes = list(parts), list[int]()
    while sizes != [len(part.rows) for part in left]:
        sizes = [len(part.rows) for part in left]
        for at, part in enumerate(left):
            others = sum((other.logits.max(axis=0) for other in left if other is not part), np.zeros_like(harmless))
            left[at] = part.raised(harmless - others).best()
    return left


def non_beaten(values: Floats) -> list[int]:
    """The rows that no other row is at most equal to everywhere and below somewhere, in order; of equal rows the first. (n, k)"""
    order = np.lexsort((np.arange(len(values)), values.sum(axis=1)))
    kept = np.empty((0, values.shape[1]))
    rows: list[int] = []
    for start in range(0, len(order), _CHUNK):
        chunk = order[start : start + _CHUNK]
        left = chunk[~beaten(values[chunk], kept)] if len(kept) else chunk
        fresh: list[int] = []
        for at in left:
            # sorted by sum: what could beat or equal a row comes before it
            if not (values[fresh] <= values[at]).all(axis=1).any():
                fresh.append(int(at))
        rows += fresh
        kept = np.vstack([kept, values[fresh]])
    return sorted(rows)


def beaten(rows: Floats, by: Floats) -> NDArray[np.bool_]:
    """Whether one of `by` is at most equal everywhere, for each of `rows`."""
    out = np.zeros(len(rows), dtype=np.bool_)
    for start in range(0, len(by), _CHUNK):
        lower: NDArray[np.bool_] = by[None, start : start + _CHUNK, :] <= rows[:, None, :]
        out |= np.any(np.all(lower, axis=2), axis=1)
    return out
