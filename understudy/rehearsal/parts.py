"""Parts of a sum that is to be low in every fault, joined one by one; what another row beats is dropped on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_CHUNK = 512


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the choices and what each adds to the logits. logits: (n, n_faults); picks: one tuple of values per row."""

    names: tuple[str, ...]
    logits: Floats
    picks: tuple[tuple[Any, ...], ...]

    def best(self) -> Part:
        """The part without the rows that another row is nowhere above."""
        kept = non_beaten(self.logits)
        return Part(self.names, self.logits[kept], tuple(self.picks[at] for at in kept))

    def joined(self, other: Part, *, least: Floats) -> Part:
        """Every row of one with every row of the other; logits below `least` are raised to it."""
        logits = np.maximum((self.logits[:, None, :] + other.logits[None, :, :]).reshape(-1, self.logits.shape[1]), least)
        return Part(self.names + other.names, logits, tuple(one + two for one in self.picks for two in other.picks)).best()


def non_beaten(values: Floats) -> list[int]:
    """The rows that no other row is at most equal to everywhere and below somewhere, in order; of equal rows the first. (n, k)"""
    order = np.lexsort((np.arange(len(values)), values.sum(axis=1)))
    kept = np.empty((0, values.shape[1]))
    rows: list[int] = []
    for start in range(0, len(order), _CHUNK):
        chunk = order[start : start + _CHUNK]
        left = chunk[~_beaten(values[chunk], kept)] if len(kept) else chunk
        fresh: list[int] = []
        for at in left:
            # sorted by sum: what could beat or equal a row comes before it
            if not (values[fresh] <= values[at]).all(axis=1).any():
                fresh.append(int(at))
        rows += fresh
        kept = np.vstack([kept, values[fresh]])
    return sorted(rows)


def _beaten(rows: Floats, by: Floats) -> NDArray[np.bool_]:
    out = np.zeros(len(rows), dtype=np.bool_)
    for start in range(0, len(by), _CHUNK):
        lower: NDArray[np.bool_] = by[None, start : start + _CHUNK, :] <= rows[:, None, :]
        out |= np.any(np.all(lower, axis=2), axis=1)
    return out
