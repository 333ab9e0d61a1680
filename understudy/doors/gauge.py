"""How far a run is: what is to be played, what was played, and what was spent. For whoever watches; nothing is kept of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import RLock


@dataclass(frozen=True, slots=True)
class SpentSoFar:
    """What the models of a run have cost so far; `usd` is None where a price is not known."""

    n_calls: int = 0
    tokens: int = 0
    usd: float | None = 0.0


@dataclass(frozen=True, slots=True)
class Progress:
    """Replayed turns and dialogues played, or calls of the paper's experiment; those planned so far; and what was spent.

    A search plans on as it goes.
    """

    done: int = 0
    planned: int = 0
    spent: SpentSoFar = SpentSoFar()


Watcher = Callable[[Progress], None]
PieceWatcher = Callable[[str, int], None]


class Gauge:
    """Counts for one watcher; every thread of the run may add. `pieces` is told of pieces of work in the watcher's place."""

    def __init__(self, watcher: Watcher | None, pieces: PieceWatcher | None = None) -> None:
        self._watcher, self._told_of, self._seen, self._lock = watcher, pieces, Progress(), RLock()
        self._pieces, self._ended = dict[str, int](), set[str]()

    def add(self, *, planned: int = 0, done: int = 0, spent: SpentSoFar | None = None) -> None:
        """Tells the watcher the new counts."""
        if self._watcher is None:
            return
        with self._lock:
            seen = self._seen
            self._seen = replace(seen, done=seen.done + done, planned=seen.planned + planned, spent=spent or seen.spent)
            self._watcher(self._seen)

    def reach(self, piece: str, done: int, spent: SpentSoFar, *, has_ended: bool) -> None:
        """Tells the watcher the new counts, of which the piece is now so many."""
        if self._told_of is not None:
            self._told_of(piece, done)
            return
        with self._lock:
            if piece in self._ended:
                return
            if has_ended:
                self._ended.add(piece)
            more, self._pieces[piece] = done - self._pieces.get(piece, 0), done
            if more:
                self.add(done=more, spent=spent)


_UNWATCHED = Gauge(None)
_current = _UNWATCHED


@contextmanager
def watched(watcher: Watcher | None, *, pieces: PieceWatcher | None = None) -> Iterator[None]:
    """What is played in the block is told to `watcher`; what is said by `reached`, to `pieces`, where it is given."""
    global _current
    before, _current = _current, Gauge(watcher, pieces)
    try:
        yield
    finally:
        _current = before


def planned(n: int) -> None:
    """Tells that `n` more are to be played; fewer than was told before where `n` is negative."""
    _current.add(planned=n)


def played(spent: SpentSoFar) -> None:
    """Tells that one more was played, and what all of them cost by now."""
    _current.add(done=1, spent=spent)


def reached(piece: str, done: int, spent: SpentSoFar, *, has_ended: bool = False) -> None:
    """Tells how many of a piece of the work were played by now. One that is begun anew, since its worker was killed, counts from 0.

    What is told of a piece after it `has_ended` counts no more.
    """
    _current.reach(piece, done, spent, has_ended=has_ended)
