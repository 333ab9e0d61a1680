"""When a call may be sent under limits per minute and provider. Which call goes first is settled before (turnstile.py).

Whoever comes too early waits; nothing is refused. All of it belongs to the gateway's event loop and its clock.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress

WINDOW_S = 60.0
# how long a call that waits its turn may overlook that the run has ended
_LOOK_UP_S = 1.0


class Admission:
    """A request that was let through, and the tokens that it counts for."""

    __slots__ = ("at", "tokens")

    def __init__(self, at: float, tokens: int) -> None:
        self.at, self.tokens = at, tokens


class Rate:
    """Requests and tokens a minute at one provider.

    Requests are spaced evenly, since providers count over shorter times than the minute they speak of. Tokens are held to the
    limit in any 60 s by the worst case of what is in flight and by the true figure of what has come back.
    """

    def __init__(self, *, rpm: int | None, tpm: int | None) -> None:
        self._between_s = WINDOW_S / rpm if rpm else 0.0
        self._tpm = tpm
        self._next, self._paused_until, self._tokens = 0.0, 0.0, 0
        self._recent: deque[Admission] = deque()
        self._order, self._given_back = asyncio.Lock(), asyncio.Event()

    def pause(self, seconds: float) -> None:
        """Stops all requests for as long as the provider has asked."""
        self._paused_until = max(self._paused_until, asyncio.get_running_loop().time() + seconds)

    async def admit(self, tokens: int, *, still_wanted: Callable[[], None]) -> Admission:
        """Returns when a request of at most `tokens` may be sent; requests go in the order they came.

        `still_wanted` is asked about once a second while it waits, and raises what ends the run.
        """
        async with self._order:
            loop = asyncio.get_running_loop()
            while (rest := self._wait(loop.time(), tokens)) > 0:
                still_wanted()
                self._given_back.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._given_back.wait(), min(rest, _LOOK_UP_S))
            now = loop.time()
            self._next = max(self._next, now) + self._between_s
            admission = Admission(now, tokens)
            if self._tpm is not None:
                self._recent.append(admission)
                self._tokens += tokens
            return admission

    def settle(self, admission: Admission, tokens: int) -> None:
        """Counts the actual tokens of a request instead of its worst case."""
        # one that is older than the window has left it already
        if self._recent and admission.at >= self._recent[0].at:
            self._tokens += tokens - admission.tokens
            admission.tokens = tokens
            self._given_back.set()

    def _wait(self, now: float, tokens: int) -> float:
        return max(self._paused_until - now, self._next - now, self._token_wait(now, tokens))

    def _token_wait(self, now: float, tokens: int) -> float:
        if self._tpm is None:
            return 0.0
        while self._recent and self._recent[0].at <= now - WINDOW_S:
            self._tokens -= self._recent.popleft().tokens
        over, wait = self._tokens + tokens - self._tpm, 0.0
        for admission in self._recent:
            # a request that is larger than the limit goes alone
            if over <= 0:
                break
            over -= admission.tokens
            wait = admission.at + WINDOW_S - now
        return wait
