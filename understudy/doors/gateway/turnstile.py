"""Which call goes next where calls have to wait: so that prompts with the same beginning follow each other, and nobody starves.

A lane is a piece of work, such as the evaluation of one candidate; a thread is one dialogue in it. A server keeps the beginnings of a
few prompts only, so a lane keeps its turn for some seconds rather than for a call, and in a lane the dialogue that began first goes
first: the next turn of a dialogue before the first of a new one. What a lane does not need of the slots in its turn goes to the others.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Hashable
from contextvars import ContextVar
from heapq import heappop, heappush
from itertools import count

TURN_S = 20.0
"""How long a lane keeps its turn: on a small machine the prefix of the next candidate costs some seconds to compute."""
LINGER_S = 0.05
"""How long a slot waits for the lane whose turn it is: a reply is committed before the next call of its dialogue is made."""
FEW_SLOTS = 8
"""Where a server has more slots than this, it has room for the prefixes of several lanes, and no slot waits."""

# who a call is made for; the thread is a number, the lower the earlier it began
LANE: ContextVar[Hashable] = ContextVar("lane", default=None)
THREAD: ContextVar[int] = ContextVar("thread", default=0)


class Turnstile:
    """Lets at most `limit` calls through at once. Lanes take turns of `turn_s`; all of it belongs to one event loop and its clock."""

    def __init__(self, limit: int, *, turn_s: float = TURN_S, linger_s: float = 0.0) -> None:
        self._free, self._turn_s, self._linger_s = limit, turn_s, linger_s
        self._numbers = count()
        self._lanes: dict[Hashable, list[tuple[int, int, asyncio.Future[None]]]] = {}
        self._inside = Counter[Hashable]()
        self._holder: Hashable = None
        self._until = float("-inf")
        # slots that wait for the lane whose turn it is
        self._kept: deque[asyncio.TimerHandle] = deque()

    @classmethod
    def of(cls, n_slots: int) -> Turnstile:
        """One for a server with so many slots: where they are few, each waits a moment for the lane whose turn it is."""
        return cls(n_slots, linger_s=LINGER_S if n_slots <= FEW_SLOTS else 0.0)

    async def __aenter__(self) -> None:
        lane, waiting = LANE.get(), asyncio.get_running_loop().create_future()
        heappush(self._lanes.setdefault(lane, []), (THREAD.get(), next(self._numbers), waiting))
        self._admit()
        try:
            await waiting
        except asyncio.CancelledError:
            if waiting.done() and not waiting.cancelled():
                self._leave(lane)
            raise

    async def __aexit__(self, *_: object) -> None:
        self._leave(LANE.get())

    def _leave(self, lane: Hashable) -> None:
        self._free += 1
        self._inside -= Counter((lane,))
        if self._linger_s and lane == self._holder and lane not in self._lanes and self._is_in_turn():
            self._kept.append(asyncio.get_running_loop().call_later(self._linger_s, self._give_up_one))
        self._admit()

    def _admit(self) -> None:
        while self._free and (lane := self._next()) is not _NOBODY:
            waiting = heappop(self._lanes[lane])[2]
            # to the end of the round, or out of it
            rest = self._lanes.pop(lane)
            if rest:
                self._lanes[lane] = rest
            if waiting.done():
                continue
            if lane == self._holder and self._kept:
                self._kept.popleft().cancel()
            self._free -= 1
            self._inside[lane] += 1
            waiting.set_result(None)

    def _next(self) -> Hashable:
        """The lane that goes next; _NOBODY where none waits, or where what is free waits for the lane whose turn it is."""
        if not self._lanes:
            return _NOBODY
        if self._is_in_turn() and (self._holder in self._lanes or self._inside[self._holder] or self._kept):
            if self._holder in self._lanes:
                return self._holder
            return next(iter(self._lanes)) if self._free > len(self._kept) else _NOBODY
        self._holder = next((lane for lane in self._lanes if lane != self._holder), self._holder)
        self._until = asyncio.get_running_loop().time() + self._turn_s
        while self._kept:
            self._kept.popleft().cancel()
        return self._holder

    def _is_in_turn(self) -> bool:
        return asyncio.get_running_loop().time() < self._until

    def _give_up_one(self) -> None:
        self._kept.popleft()
        self._admit()


_NOBODY = object()
