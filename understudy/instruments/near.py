"""Whose turn a turn nearly repeats: edited copies, which windows of eight words cannot see.

Two turns of at least 8 tokens are near-duplicates where the Jaccard similarity of their sets of words is at least .8 (Broder 1997;
the threshold is NeMo Curator's). Shingles are single words: five-word and longer shingles are made for documents, and in a turn of
ten words one changed word breaks most of them. docs/objectives.md has the comparison of shingle sizes on human turns.

MinHash finds candidates, by datasketch's permutations; exact sets decide. What is missed is a pair at the very threshold once in a
hundred times. The bands are sorted arrays of numbers: datasketch's own tables hold a Python object per turn and band, which for a
million turns is three times the memory of the turns themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.instruments.copying import KEPT_WORKERS, NOBODY, WINDOW, by_others

VERSION = 1
JACCARD = 0.8
# 12 bands of 5 hashes: a pair at J = .8 becomes a candidate with probability 1 - (1 - .8^5)^12 = .991
_BANDS, _ROWS = 12, 5
_SEED, _SCHEME = 20607, "affine32"
_AT_ONCE = 50_000  # turns or pairs that are worked on together, so that what lies between stays small beside the index
_MIX = np.uint64(0x9E3779B97F4A7C15)  # Fibonacci hashing's multiplier (Knuth, TAOCP 3, 6.4)

Counts = NDArray[np.int64]
Words = NDArray[np.uint32]
Keys = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class _Sets:
    """Sets of words one after the other: the words of set i are `words[starts[i]:starts[i + 1]]`, each once, in order."""

    words: Words
    starts: Counts

    @classmethod
    def of(cls, sets: pl.Series) -> _Sets:
        """The rows of a list column."""
        return cls(sets.explode(empty_as_null=False).to_numpy(), np.concatenate([[0], sets.list.len().cast(pl.Int64).cum_sum()]))

    @property
    def sizes(self) -> Counts:
        """Words of each set."""
        return np.diff(self.starts)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def tagged(self, rows: Counts) -> Keys:
        """The words of these sets, each with the place of its set among `rows` in the upper half of the number."""
        sizes = self.sizes[rows]
        at = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes) + np.repeat(self.starts[rows], sizes)
        place = np.repeat(np.arange(len(rows), dtype=np.uint64), sizes)
        return (place << np.uint64(32)) | self.words[at]


@dataclass(frozen=True, slots=True)
class NearIndex:
    """All human turns of at least 8 tokens as sets of words, with up to three workers who said each.

    `workers`: (n_sets, 3), the code of each worker by `codes`, -1 where there is none. `keys` and `order`: per band the keys of all
    sets in ascending order, and whose they are.
    """

    sets: _Sets
    workers: NDArray[np.int32]
    codes: dict[str | None, int]
    keys: tuple[Keys, ...]
    order: tuple[NDArray[np.int32], ...]

    @classmethod
    def of(cls, turns: pl.DataFrame) -> NearIndex:
        """The index of `turns` (columns tokens, worker)."""
        long = turns.filter(pl.col("tokens").list.len() >= WINDOW).select("worker", words=_word_sets(pl.col("tokens")))
        who = pl.col("worker").unique(maintain_order=True).head(KEPT_WORKERS)
        known = long.group_by("words", maintain_order=True).agg(who)
        sets = _Sets.of(known["words"])
        codes = {name: code for code, name in enumerate(known["worker"].explode(empty_as_null=False).unique(maintain_order=True))}
        said = known.select(pl.col("worker").list.get(place, null_on_oob=True).alias(str(place)) for place in range(KEPT_WORKERS))
        n_said = known["worker"].list.len().to_numpy()
        workers = np.full((len(sets), KEPT_WORKERS), NOBODY, dtype=np.int32)
        for place in range(KEPT_WORKERS):
            # a worker without a name is one as well, and null is also what stands where there is none
            there = n_said > place
            workers[there, place] = [codes[name] for name in said[str(place)].filter(pl.Series(there))]
        bands = _bands(sets)
        order = tuple(np.argsort(band, kind="stable").astype(np.int32) for band in bands)
        return cls(sets, workers, codes, tuple(band[by] for band, by in zip(bands, order, strict=True)), order)

    def flags(self, turns: pl.DataFrame) -> pl.Series:
        """Per turn (columns tokens, seeker_id, recommender_id) whether somebody else nearly said it; null where it is too short."""
        asked = turns.select("seeker_id", "recommender_id", "tokens").with_row_index("row")
        long = asked.filter(pl.col("tokens").list.len() >= WINDOW).with_columns(words=_word_sets(pl.col("tokens"))).drop("tokens")
        found = np.zeros(len(turns), dtype=bool)
        unique = long.group_by("words", maintain_order=True).agg("row", "seeker_id", "recommender_id")
        for start in range(0, len(unique), _AT_ONCE):
            part = unique[start : start + _AT_ONCE]
            said = self._said_by(_Sets.of(part["words"]))
            each = part.with_columns(place=pl.int_range(pl.len())).drop("words").explode("row", "seeker_id", "recommender_id")
            one, two = (np.array([self.codes.get(name, NOBODY) for name in each[side]]) for side in ("seeker_id", "recommender_id"))
            found[each["row"].to_numpy()] = by_others(said[each["place"].to_numpy()], one, two)
        is_long = np.zeros(len(turns), dtype=bool)
        is_long[long["row"].to_numpy()] = True
        return pl.select(pl.when(pl.Series(is_long)).then(pl.Series(found))).to_series().alias("near")

    def _said_by(self, asked: _Sets) -> NDArray[np.int32]:
        """(n, 3): per set up to three different workers who said a near-duplicate of it, -1 where there is none."""
        said = np.full((len(asked), KEPT_WORKERS), NOBODY, dtype=np.int32)
        for ours, theirs in self._candidates(asked):
            near = _is_near(asked, ours, self.sets, theirs)
            who = self.workers[theirs[near]]
            rows = np.repeat(ours[near], KEPT_WORKERS)[(who != NOBODY).ravel()]
            _add(said, rows, who[who != NOBODY])
        return said

    def _candidates(self, asked: _Sets) -> Iterator[tuple[Counts, Counts]]:
        """Pairs (place in `asked`, place here) that share a band; a pair that shares several may come several times."""
        for band, keys, order in zip(_bands(asked), self.keys, self.order, strict=True):
            first, last = np.searchsorted(keys, band, side="left"), np.searchsorted(keys, band, side="right")
            n = last - first
            # the pairs of many sets together, as many as fit; those of one set stay together
            group = np.cumsum(n) // _AT_ONCE
            for rows in np.split(np.arange(len(n)), np.flatnonzero(np.diff(group)) + 1):
                ours = np.repeat(rows, n[rows])
                at = np.arange(len(ours)) - np.repeat(np.cumsum(n[rows]) - n[rows], n[rows]) + np.repeat(first[rows], n[rows])
                yield ours, order[at].astype(np.int64)


def _is_near(one: _Sets, ours: Counts, other: _Sets, theirs: Counts) -> NDArray[np.bool_]:
    """Whether the Jaccard similarity of each pair is at least JACCARD."""
    sizes, others = one.sizes[ours], other.sizes[theirs]
    # sets of too different sizes cannot be near, and that is cheaper to see than how much they share
    near: NDArray[np.bool_] = (others >= JACCARD * sizes - 1e-9) & (others <= sizes / JACCARD + 1e-9)
    left = np.flatnonzero(near)
    for start in range(0, len(left), _AT_ONCE):
        pairs = left[start : start + _AT_ONCE]
        words = np.sort(np.concatenate([one.tagged(ours[pairs]), other.tagged(theirs[pairs])]))
        twice = words[1:][words[1:] == words[:-1]] >> np.uint64(32)
        shared = np.bincount(twice.astype(np.int64), minlength=len(pairs))
        near[pairs] = shared >= JACCARD * (sizes[pairs] + others[pairs] - shared) - 1e-9
    return near


def _add(said: NDArray[np.int32], rows: Counts, who: NDArray[np.int32]) -> None:
    """Writes workers into the free places of their rows, each once; what finds no place is left out."""
    free = (said[rows] == NOBODY).any(axis=1)
    for pair in np.unique(rows[free] << 32 | who[free]).tolist():
        places, worker = said[pair >> 32], pair & 0xFFFFFFFF
        if worker not in places and NOBODY in places:
            places[np.flatnonzero(places == NOBODY)[0]] = worker


def _word_sets(tokens: pl.Expr) -> pl.Expr:
    # words as 32-bit numbers: what MinHash works on, at a tenth of the memory of strings, and mixed well enough for its permutations
    return tokens.list.eval((pl.element().hash(seed=11) & 0xFFFFFFFF).cast(pl.UInt32).unique().sort())


@cache
def _permutations() -> list[tuple[Any, Any]]:
    from datasketch import MinHash

    drawn = MinHash(num_perm=_BANDS * _ROWS, seed=_SEED, scheme=_SCHEME)
    return list(zip(*drawn.permutations, strict=True))


def _bands(sets: _Sets) -> list[Keys]:
    """Per band one number for each set, of its five least hashes by the library's permutations: equal where all five are."""
    permutations = _permutations()
    bands = [np.zeros(len(sets), dtype=np.uint64) for _ in range(_BANDS)]
    for start in range(0, len(sets), _AT_ONCE):
        stop = min(start + _AT_ONCE, len(sets))
        flat = sets.words[sets.starts[start] : sets.starts[stop]]
        begin = sets.starts[start:stop] - sets.starts[start]
        with np.errstate(over="ignore"):
            for place, (times, plus) in enumerate(permutations):
                least = np.minimum.reduceat(flat * times + plus, begin)
                band = bands[place // _ROWS][start:stop]
                band[:] = (band ^ least) * _MIX
                band ^= band >> np.uint64(29)
    return bands
