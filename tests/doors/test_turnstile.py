"""Which call goes next: a lane keeps its turn for seconds, its dialogues go on before new ones, and nobody starves. Virtual time."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.doors.gateway.turnstile import LANE, LINGER_S, THREAD, Turnstile

sys.path.insert(0, str(Path(__file__).parent))
import virtual_time


@dataclass
class Seen:
    """What was let through: lane, thread, when it asked and when it went in; and the most at once."""

    calls: list[tuple[str, int, float, float]] = field(default_factory=list)
    inside: int = 0
    most: int = 0

    @property
    def lanes(self) -> list[str]:
        return [lane for lane, *_ in self.calls]


def dialogues(
    turnstile: Turnstile, seen: Seen, lane: str, n: int, turns: int, *, takes_s: float, between_s: float, at_once: int
) -> list[asyncio.Task[None]]:
    """Dialogues of one lane with so many calls each, at most `at_once` of them begun at the same time."""
    places = asyncio.Semaphore(at_once)

    async def one(thread: int) -> None:
        LANE.set(lane)
        THREAD.set(thread)
        async with places:
            for _ in range(turns):
                asked = asyncio.get_running_loop().time()
                async with turnstile:
                    seen.calls.append((lane, thread, asked, asyncio.get_running_loop().time()))
                    seen.inside += 1
                    seen.most = max(seen.most, seen.inside)
                    await asyncio.sleep(takes_s)
                    seen.inside -= 1
                await asyncio.sleep(between_s)

    return [asyncio.create_task(one(thread)) for thread in range(n)]


def played(
    limit: int, lanes: dict[str, int], *, turns: int = 3, at_once: int = 99, takes_s: float = 1.0, between_s: float = 0.01, **how: float
) -> Seen:
    """Lanes of so many dialogues each, all asked for at once."""
    seen = Seen()

    async def all_of() -> None:
        turnstile = Turnstile(limit, **how)
        jobs = [
            job
            for name, n in lanes.items()
            for job in dialogues(turnstile, seen, name, n, turns, takes_s=takes_s, between_s=between_s, at_once=at_once)
        ]
        await asyncio.gather(*jobs)

    virtual_time.run(all_of())
    return seen


def test_one_slot_plays_a_dialogue_to_its_end_before_the_next_of_its_lane() -> None:
    seen = played(1, {"a": 4}, at_once=1, linger_s=LINGER_S)
    assert [thread for _, thread, *_ in seen.calls] == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]


def test_a_next_turn_goes_before_a_new_dialogue() -> None:
    seen = played(2, {"a": 6}, linger_s=LINGER_S, between_s=0.0)
    begun = [thread for _, thread, *_ in seen.calls]
    # a slot is given on before its dialogue asks again, so two more begin; the other two wait until these four are through
    assert [begun.index(thread) for thread in range(6)] == [0, 1, 2, 3, 12, 13]


def test_a_lane_keeps_its_turn_for_seconds_and_its_slot_waits_for_its_next_call() -> None:
    seen = played(1, {"a": 8, "b": 8}, at_once=1, turn_s=6.0, linger_s=LINGER_S)
    changes = sum(one != other for one, other in zip(seen.lanes, seen.lanes[1:], strict=False))
    assert changes <= 8, "24 calls a lane of one second each, in turns of six seconds"
    lone = played(1, {"a": 8, "b": 8}, at_once=1, turn_s=6.0)
    assert sum(one != other for one, other in zip(lone.lanes, lone.lanes[1:], strict=False)) > 30, "without waiting they alternate"


def test_what_a_lane_does_not_need_in_its_turn_goes_to_the_others() -> None:
    seen = played(4, {"a": 1, "b": 9}, turns=6, turn_s=100.0, linger_s=LINGER_S)
    assert seen.most == 4
    last = max(at for lane, _, _, at in seen.calls if lane == "b")
    assert last < 1000.0 + 60.0 / 4 + 4.0


@given(
    st.integers(1, 5),
    st.dictionaries(st.sampled_from("abcd"), st.integers(1, 12), min_size=1),
    st.floats(0.2, 3.0),
    st.floats(0.0, 0.2),
    st.integers(1, 6),
    st.sampled_from([0.0, LINGER_S]),
)
@settings(max_examples=60, deadline=None)
def test_nobody_starves_and_every_call_goes_through(
    limit: int, lanes: dict[str, int], takes_s: float, between_s: float, at_once: int, linger_s: float
) -> None:
    """The oldest dialogue of a lane waits no longer than the turns of the others, and a call of each that is still inside."""
    turn_s = 5.0
    seen = played(limit, lanes, at_once=at_once, takes_s=takes_s, between_s=between_s, turn_s=turn_s, linger_s=linger_s)
    assert len(seen.calls) == 3 * sum(lanes.values())
    assert seen.most <= limit
    longest = len(lanes) * (turn_s + takes_s + LINGER_S)
    for lane in lanes:
        through = sorted(at for name, _, _, at in seen.calls if name == lane)
        gaps = [later - earlier for earlier, later in zip([1000.0, *through], through, strict=False)]
        assert max(gaps) <= longest + between_s


@pytest.mark.parametrize("limit", [1, 3])
def test_lanes_with_much_to_do_get_the_same_seconds(limit: int) -> None:
    seen = played(limit, {"a": 60, "b": 60, "c": 60}, at_once=limit, turn_s=5.0, linger_s=LINGER_S)
    half = seen.lanes[: len(seen.lanes) // 2]
    shares = [half.count(lane) / len(half) for lane in "abc"]
    assert max(shares) - min(shares) < 0.2


def test_who_goes_away_leaves_the_place_to_the_next() -> None:
    async def scene() -> int:
        turnstile, n_through = Turnstile(1), 0

        async def call() -> None:
            nonlocal n_through
            async with turnstile:
                n_through += 1
                await asyncio.sleep(1.0)

        calls = [asyncio.create_task(call()) for _ in range(5)]
        await asyncio.sleep(0.5)
        calls[1].cancel()
        await asyncio.sleep(0.5)
        # let through and cancelled in the same moment
        calls[2].cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        async with turnstile:
            return n_through

    assert virtual_time.run(scene()) in (3, 4)
