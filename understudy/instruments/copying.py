"""Whose words a turn repeats: eight-word windows and short turns, looked up in human text of other workers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

VERSION = 1
WINDOW = 8
CONTAINMENT = 0.5

_AT_ONCE = 50_000
KEPT_WORKERS = 3  # two may be excluded (the dialogue's own speakers), so a third decides
_BASE = np.uint64(0x9E3779B97F4A7C15)
NOBODY = -1
Codes = NDArray[np.uint64]
Workers = NDArray[np.int64]


def by_others(said: NDArray[Any], one: NDArray[Any], other: NDArray[Any]) -> NDArray[np.bool_]:
    """Per row of `said` (n, KEPT_WORKERS), NOBODY where there is none, whether a worker is there who is neither `one` nor `other`."""
    return np.asarray(((said != NOBODY) & (said != one[:, None]) & (said != other[:, None])).any(axis=1))


@dataclass(frozen=True, slots=True)
class _Lookup:
    """Hashes in order, and for each up to three different workers who said it."""

    hashes: Codes
    workers: Workers

    @classmethod
    def of(cls, hashes: Codes, workers: Workers) -> _Lookup:
        order = np.argsort(hashes)
        hashes, workers = hashes[order], workers[order]
        # hardly any window is said twice: only those are put in order of worker as well
        new = np.ones(len(hashes), dtype=bool)
        new[1:] = hashes[1:] != hashes[:-1]
        again = np.flatnonzero(~new | np.append(~new[1:], False))
        workers[again] = workers[again][np.lexsort((workers[again], hashes[again]))]
        fresh = new.copy()
        fresh[1:] |= workers[1:] != workers[:-1]
        start = np.flatnonzero(new[fresh])
        owner = np.cumsum(new[fresh]) - 1
        position = np.arange(len(owner)) - start[owner]
        table = np.full((len(start), KEPT_WORKERS), NOBODY, dtype=np.int64)
        kept = position < KEPT_WORKERS
        table[owner[kept], position[kept]] = workers[fresh][kept]
        return cls(hashes[new], table)

    def said_by_others(self, hashes: Codes, one: Workers, other: Workers) -> NDArray[np.bool_]:
        """Whether each hash was said by somebody who is neither `one` nor `other`."""
        if not len(self.hashes):
            return np.zeros(len(hashes), dtype=bool)
        # in their order, so that neighbours are looked up in the same stretch of memory
        order = np.argsort(hashes)
        at = np.empty(len(hashes), dtype=np.int64)
        at[order] = np.minimum(np.searchsorted(self.hashes, hashes[order]), len(self.hashes) - 1)
        there, said = self.hashes[at] == hashes, self.workers[at]
        return np.asarray(there & by_others(said, one, other))


@dataclass(frozen=True, slots=True)
class CopyIndex:
    """All human text, by worker. Turns come with `tokens` (masked), and the speaker's or both speakers' ids."""

    windows: _Lookup
    short: _Lookup
    codes: dict[str, int]

    @classmethod
    def of(cls, turns: pl.DataFrame) -> CopyIndex:
        """The index of `turns` (columns tokens, worker)."""
        codes = {name: code for code, name in enumerate(sorted(turns["worker"].unique().to_list()))}
        worker = turns["worker"].replace_strict(codes, return_dtype=pl.Int64).to_numpy()
        hashes, owner = _stretches(_windows, turns["tokens"])
        whole, rows = _stretches(_whole_short, turns["tokens"])
        return cls(_Lookup.of(hashes, worker[owner]), _Lookup.of(whole, worker[rows]), codes)

    def flags(self, turns: pl.DataFrame) -> pl.DataFrame:
        """`turns` (columns tokens, seeker_id, recommender_id) with `copied` and `shared`; null where a turn is too short or too long.

        `copied` for turns of at least 8 tokens: half of their eight-token windows stand in text of workers other than the two
        of this dialogue. `shared` for shorter turns: somebody else said just the same.
        """
        one, other = self._excluded(turns["seeker_id"]), self._excluded(turns["recommender_id"])
        hashes, owner = _stretches(_windows, turns["tokens"])
        hits = self.windows.said_by_others(hashes, one[owner], other[owner])
        n = np.bincount(owner, minlength=len(turns))
        contained = np.bincount(owner, weights=hits, minlength=len(turns)) / np.maximum(n, 1) >= CONTAINMENT
        whole, rows = _stretches(_whole_short, turns["tokens"])
        shared = np.zeros(len(turns), dtype=bool)
        shared[rows] = self.short.said_by_others(whole, one[rows], other[rows])
        is_short = np.zeros(len(turns), dtype=bool)
        is_short[rows] = True
        return turns.with_columns(
            pl.when(pl.Series(n > 0)).then(pl.Series(contained)).alias("copied"),
            pl.when(pl.Series(is_short)).then(pl.Series(shared)).alias("shared"),
        )

    def _excluded(self, ids: pl.Series) -> Workers:
        known = ids.replace_strict(self.codes, default=NOBODY - 1, return_dtype=pl.Int64)
        return np.asarray(known.fill_null(NOBODY - 1).to_numpy())


def _stretches(read: Callable[[pl.Series], tuple[Codes, NDArray[np.int64]]], tokens: pl.Series) -> tuple[Codes, NDArray[np.int64]]:
    """Hashes and their rows, read a stretch of turns at a time: what is in between stays small enough for the processor's cache."""
    starts = range(0, max(len(tokens), 1), _AT_ONCE)
    found = [read(tokens.slice(start, _AT_ONCE)) for start in starts]
    hashes = np.concatenate([codes for codes, _ in found])
    return hashes, np.concatenate([rows + start for (_, rows), start in zip(found, starts, strict=True)])


def _token_hashes(tokens: pl.Series) -> tuple[Codes, NDArray[np.int64], NDArray[np.int64]]:
    lengths = tokens.list.len().to_numpy().astype(np.int64)
    flat = tokens.filter(tokens.list.len() > 0).explode(empty_as_null=False).hash(seed=7).to_numpy().astype(np.uint64)
    return flat, lengths, np.cumsum(lengths) - lengths


def _windows(tokens: pl.Series) -> tuple[Codes, NDArray[np.int64]]:
    flat, lengths, starts = _token_hashes(tokens)
    n = np.maximum(lengths - WINDOW + 1, 0)
    owner = np.repeat(np.arange(len(lengths)), n)
    begin = np.arange(len(owner)) - np.repeat(np.cumsum(n) - n, n) + np.repeat(starts, n)
    return _combined(flat, begin, WINDOW), owner


def _whole_short(tokens: pl.Series) -> tuple[Codes, NDArray[np.int64]]:
    flat, lengths, starts = _token_hashes(tokens)
    rows = np.flatnonzero((lengths > 0) & (lengths < WINDOW))
    total = lengths[rows].astype(np.uint64)
    for step in range(WINDOW - 1):
        inside = lengths[rows] > step
        with np.errstate(over="ignore"):
            total = np.where(inside, total * _BASE + flat[np.where(inside, starts[rows] + step, 0)], total) if len(rows) else total
    return total, rows


def _combined(flat: Codes, begin: NDArray[np.int64], width: int) -> Codes:
    total = np.zeros(len(begin), dtype=np.uint64)
    with np.errstate(over="ignore"):
        for step in range(width):
            total = total * _BASE + flat[begin + step]
    return total
