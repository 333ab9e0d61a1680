"""Calls are never above a rate, and none is refused. The clock is a virtual one."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.doors.gateway.pacing import WINDOW_S, Rate

sys.path.insert(0, str(Path(__file__).parent))
import virtual_time


def admitted(rate_of: dict[str, int | None], sizes: list[int], *, spent: float = 1.0, takes_s: float = 0.5) -> list[tuple[float, int]]:
    """(second, tokens spent) of requests that were all asked for at once and took `spent` of their worst case."""
    seen: list[tuple[float, int]] = []

    async def call(rate: Rate, size: int) -> None:
        admission = await rate.admit(size, still_wanted=lambda: None)
        seen.append((admission.at, int(size * spent)))
        await asyncio.sleep(takes_s)
        rate.settle(admission, int(size * spent))

    async def all_of() -> None:
        rate = Rate(rpm=rate_of.get("rpm"), tpm=rate_of.get("tpm"))
        await asyncio.gather(*(call(rate, size) for size in sizes))

    virtual_time.run(all_of())
    return seen


def most_in_a_minute(seen: list[tuple[float, int]]) -> tuple[int, int]:
    """The most requests and the most tokens in any minute."""
    windows = [[tokens for at, tokens in seen if start <= at < start + WINDOW_S - 1e-6] for start, _ in seen]
    return max(len(window) for window in windows), max(sum(window) for window in windows)


@given(st.integers(1, 90), st.integers(1, 120))
@settings(max_examples=30, deadline=None)
def test_no_minute_sees_more_requests_than_allowed_and_none_is_refused(rpm: int, n: int) -> None:
    seen = admitted({"rpm": rpm}, [1] * n)
    assert len(seen) == n
    assert most_in_a_minute(seen)[0] <= rpm
    assert seen[-1][0] - seen[0][0] == pytest.approx((n - 1) * WINDOW_S / rpm, abs=1e-6)


@given(st.integers(100, 1000), st.lists(st.integers(1, 100), min_size=1, max_size=60), st.floats(0.1, 1.0))
@settings(max_examples=30, deadline=None)
def test_no_minute_sees_more_tokens_than_allowed(tpm: int, sizes: list[int], spent: float) -> None:
    seen = admitted({"tpm": tpm}, sizes, spent=spent)
    assert len(seen) == len(sizes)
    assert most_in_a_minute(seen)[1] <= tpm


def test_the_worst_case_is_given_back_so_true_figures_set_the_pace() -> None:
    # 90 requests of worst case 100 that take 10: by their worst case they would take eight minutes
    seen = admitted({"tpm": 1000}, [100] * 90, spent=0.1, takes_s=0.1)
    assert seen[-1][0] - seen[0][0] < 5


def test_a_request_larger_than_the_limit_goes_alone() -> None:
    seen = admitted({"tpm": 100}, [500, 500, 20])
    assert [tokens for _, tokens in seen] == [500, 500, 20]
    assert seen[1][0] - seen[0][0] >= WINDOW_S


def test_a_pause_holds_everybody() -> None:
    async def scene() -> float:
        rate = Rate(rpm=None, tpm=None)
        start = asyncio.get_running_loop().time()
        rate.pause(30.0)
        await rate.admit(1, still_wanted=lambda: None)
        return asyncio.get_running_loop().time() - start

    assert virtual_time.run(scene()) == pytest.approx(30.0)


def test_the_end_of_the_run_is_noticed_while_waiting() -> None:
    class Over(Exception):
        pass

    async def scene() -> float:
        rate, loop = Rate(rpm=1, tpm=None), asyncio.get_running_loop()
        start = loop.time()

        def still_wanted() -> None:
            if loop.time() - start > 5:
                raise Over

        calls = [rate.admit(1, still_wanted=still_wanted) for _ in range(30)]
        ended = await asyncio.gather(*calls, return_exceptions=True)
        assert sum(isinstance(one, Over) for one in ended) == 29
        return loop.time() - start

    assert virtual_time.run(scene()) < 10
