"""Whose turn a turn nearly repeats: edited copies, which windows of eight words cannot see.

Two turns of at least 8 tokens are near-duplicates where the Jaccard similarity of their sets of words is at least .8 (Broder 1997;
the threshold is NeMo Curator's). Shingles are single words: five-word and longer shingles are made for documents, and in a turn of
ten words one changed word breaks most of them. docs/objectives.md has the comparison of shingle sizes on human turns.

MinHash finds candidates (datasketch), exact sets decide. What is missed is a pair at the very threshold once in a hundred times.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np
import polars as pl

from understudy.instruments.copying import WINDOW

VERSION = 1
JACCARD = 0.8
# 12 bands of 5 hashes: a pair at J = .8 becomes a candidate with probability 1 - (1 - .8^5)^12 = .991
_BANDS, _ROWS = 12, 5
_KEPT_WORKERS = 3  # two may be excluded (the dialogue's own speakers), so a third decides
_SEED, _SCHEME = 20607, "affine32"


@dataclass(slots=True)
class NearIndex:
    """All human turns of at least 8 tokens as sets of words, with up to three workers who said each."""

    workers: dict[frozenset[int], list[str]] = field(default_factory=dict)
    _lsh: Any = None
    _sets: tuple[frozenset[int], ...] = ()

    @classmethod
    def of(cls, turns: pl.DataFrame) -> NearIndex:
        """The index of `turns` (columns tokens, worker)."""
        from datasketch import MinHashLSH

        workers: dict[frozenset[int], list[str]] = {}
        long = turns.filter(pl.col("tokens").list.len() >= WINDOW)
        for words, worker in zip(_word_sets(long["tokens"]), long["worker"].to_list(), strict=True):
            said = workers.setdefault(words, [])
            if len(said) < _KEPT_WORKERS and worker not in said:
                said.append(worker)
        sets = tuple(workers)
        # MinHash as a library keeps it: ours fills the hashes in, datasketch holds and searches the bands
        lsh = MinHashLSH(num_perm=_BANDS * _ROWS, params=(_BANDS, _ROWS))
        for place, sketch in enumerate(_sketches(sets)):
            lsh.insert(place, sketch, check_duplication=False)
        return cls(workers, lsh, sets)

    def flags(self, turns: pl.DataFrame) -> pl.Series:
        """Per turn (columns tokens, seeker_id, recommender_id) whether somebody else nearly said it; null where it is too short."""
        is_long = (turns["tokens"].list.len() >= WINDOW).to_list()
        rows = [row for row, long in enumerate(is_long) if long]
        sets = list(_word_sets(turns["tokens"].gather(rows)))
        unique = tuple(dict.fromkeys(sets))
        near = dict(zip(unique, self._near(unique), strict=True))
        seekers, recommenders = turns["seeker_id"].to_list(), turns["recommender_id"].to_list()
        found: list[bool | None] = [None] * len(turns)
        for row, words in zip(rows, sets, strict=True):
            own = (seekers[row], recommenders[row])
            found[row] = any(worker not in own for one in near[words] for worker in self.workers[one])
        return pl.Series("near", found, dtype=pl.Boolean)

    def _near(self, sets: Sequence[frozenset[int]]) -> Iterator[list[frozenset[int]]]:
        for words, sketch in zip(sets, _sketches(sets), strict=True):
            least, most = JACCARD * len(words) - 1e-9, len(words) / JACCARD + 1e-9
            # sets of too different sizes cannot be near, and that is cheaper to see than how much they share
            candidates = (self._sets[place] for place in self._lsh.query(sketch))
            sized = [one for one in candidates if least <= len(one) <= most]
            yield [one for one in sized if len(words & one) >= JACCARD * len(words | one) - 1e-9]


def _word_sets(tokens: pl.Series) -> Iterator[frozenset[int]]:
    # words as 32-bit numbers: what MinHash works on, at a tenth of the memory of strings
    hashed = tokens.list.eval(pl.element().hash(seed=11) & 0xFFFFFFFF)
    return (frozenset(one) for one in hashed.to_list())


def _sketches(sets: Sequence[frozenset[int]]) -> Iterator[Any]:
    """The MinHash of each set by the library's own permutations, all sets at once: one by one costs more than looking them up."""
    from datasketch import LeanMinHash, MinHash

    drawn = MinHash(num_perm=_BANDS * _ROWS, seed=_SEED, scheme=_SCHEME)
    sizes = np.array([len(one) for one in sets], dtype=np.int64)
    flat = np.fromiter(chain.from_iterable(sets), dtype=np.uint32, count=int(sizes.sum()))
    values = np.empty((len(sets), _BANDS * _ROWS), dtype=np.uint32)
    for place, (times, plus) in enumerate(zip(*drawn.permutations, strict=True)):
        with np.errstate(over="ignore"):
            values[:, place] = np.minimum.reduceat(flat * times + plus, np.cumsum(sizes) - sizes) if len(sets) else 0
    for row in values:
        yield LeanMinHash(seed=_SEED, hashvalues=row, scheme=_SCHEME)
