"""The order in which scenes begin, and how many are in play at once."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from tests.play.test_playing import replay
from understudy.completion import Completion, Request
from understudy.play.dialogue import play_all
from understudy.play.order import in_playing_order
from understudy.play.scene import Scene
from understudy.records import Turn


def replays() -> list[Scene]:
    first = replay()
    said = (Turn("seeker", "hi"), Turn("recommender", "hello"))
    named = [("d1", 2), ("d2", 0), ("d1", 0), ("d2", 2), ("d1", 1)]
    return [replace(first, scenario_id=f"{name}-{n}", dialogue_id=name, history=said[:n]) for name, n in named]


def test_scenes_of_one_human_dialogue_begin_together_shorter_histories_first() -> None:
    scenes = replays()
    free = replace(scenes[0], mode="free", history=())
    assert in_playing_order([free, *scenes]) == [3, 5, 1, 2, 4, 0]
    assert in_playing_order([]) == []


def test_scenes_come_back_in_the_order_they_were_given_and_few_are_in_play() -> None:
    inside, most, asked = 0, 0, list[Request]()

    async def complete(request: Request) -> Completion:
        nonlocal inside, most
        asked.append(request)
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0)
        inside -= 1
        return Completion("something funny please", "m", "m", "stop", "", 1, 1)

    scenes = replays()
    played = asyncio.run(play_all(scenes, complete=complete, recommenders={}, on_dialogue=lambda: None, at_once=2))
    assert [one.scenario_id for one in played] == [one.scenario_id for one in scenes]
    assert (most, len(asked)) == (2, 5)
