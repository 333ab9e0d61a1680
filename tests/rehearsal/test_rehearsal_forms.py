"""Rehearsal fills in the forms of a seeker in steps and of a checker; without a form it answers as ever."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from understudy import rehearsal
from understudy.completion import Completion, Message, Request
from understudy.play.dialogue import Played, play
from understudy.play.scene import Scene
from understudy.play.turn import Check, Steps, check_request, request_of
from understudy.prompt.genome import Genome
from understudy.prompt.setting import load_setting
from understudy.prompt.structured import Invalid, instructed, structured
from understudy.recommenders import Recommendation
from understudy.records import Item, Need, Turn
from understudy.rehearsal import UNFITTED, agenda

NEED = Need(genres=("drama", "comedy"), people=("Ada Quill",))
TARGET = Item("9", "Salt Harbour", 1994, ("drama",), ("Ada Quill",))
HISTORY = (Turn("seeker", "hi"), Turn("recommender", "Have you seen Orbit (2015)?", 1, ("4",)))
SURFACE = rehearsal.surface("0")


async def complete(request: Request) -> Completion:
    said = rehearsal.respond(
        request.messages, surface=SURFACE, fitted=UNFITTED, temperature=request.temperature, top_p=request.top_p, seed=request.seed
    )
    return Completion(said.text, "rehearsal", "rehearsal", "stop", "", said.prompt_tokens, said.completion_tokens, said.intended_act)


def scene(setting: str, n: int = 0, **controls: Any) -> Scene:
    loaded = load_setting(setting).genome
    genome = Genome(loaded.sections, replace(loaded.controls, **controls))
    return Scene("free", f"s{n}", "d", NEED, (), None, None, TARGET, genome, (), "crs", "rehearsal/0", 0)


class Crs:
    """A recommender with three films."""

    def __init__(self) -> None:
        self.n = 0

    def start(self, seed: int) -> Crs:  # noqa: ARG002
        return Crs()

    async def reply(self, utterance: str) -> Recommendation:  # noqa: ARG002
        self.n += 1
        return Recommendation(f"How about Orbit {self.n} (2015)?", ("4",), ("4",), "recommend")


def played(setting: str, n: int) -> Played:
    return asyncio.run(play(scene(setting, n), complete=complete, recommender=Crs()))


@pytest.mark.parametrize("setting", ["verified", "deliberate", "chain_of_thought", "staged", "target_free"])
def test_every_structure_can_be_rehearsed(setting: str) -> None:
    done = [played(setting, n) for n in range(20)]
    assert {one.status for one in done} <= {"complete", "capped", "invalid"}
    assert sum(one.status == "invalid" for one in done) <= 6
    assert "no_deliberation" not in {one.reason for one in done}
    assert sum(one.n_unchecked or 0 for one in done) == 0
    if setting == "verified":
        assert sum(one.n_redone or 0 for one in done) > 0


def test_a_turn_in_steps_says_what_a_plain_turn_says_with_an_act_and_a_rating_that_fit() -> None:
    stepped = scene("deliberate")
    rated: dict[str, set[int | None]] = {}
    for n in range(60):
        request = replace(request_of(stepped, HISTORY, 2), seed=n)
        plain = agenda.respond(request.messages, surface=SURFACE, fitted=UNFITTED, temperature=0.8, top_p=1.0, seed=n)
        found = asyncio.run(structured(complete, request, Steps))
        assert not isinstance(found, Invalid)
        assert found.message == plain.text
        rated.setdefault(found.act, set()).add(found.rating)
    assert rated["accept"] == {4}
    assert rated["reject"] == {2}


def checked(draft: str, n: int, **controls: Any) -> Check:
    request = replace(check_request(scene("verified", **controls), HISTORY, 2, draft), seed=n)
    found = asyncio.run(structured(complete, request, Check))
    assert not isinstance(found, Invalid)
    return found


@pytest.mark.parametrize(
    ("draft", "fault"),
    [
        ("I recommend Orbit to you", "speaks as the recommender"),
        ("I want Salt Harbour (1994)", "gives the title away"),
        ("That is absolutely wonderful!", "reads like an assistant"),
    ],
)
def test_a_checker_notices_most_faults_and_misses_some(draft: str, fault: str) -> None:
    found = [checked(draft, n, visibility="title") for n in range(200)]
    assert {one.fault for one in found} == {"", fault}
    assert 0.7 < sum(not one.passes for one in found) / 200 < 0.9


def test_a_checker_lets_most_of_what_is_fine_pass() -> None:
    assert 0.9 < sum(checked("never saw it", n).passes for n in range(200)) / 200 < 1


def test_without_a_schema_that_it_knows_it_answers_as_a_seeker() -> None:
    request = request_of(scene("zero_shot"), HISTORY, 2)
    plain = agenda.respond(request.messages, surface=SURFACE, fitted=UNFITTED, temperature=0.7, top_p=1.0, seed=request.seed)
    told = asyncio.run(complete(request))
    assert told.text == plain.text
    other = instructed(request, Steps).messages[-1].content.replace('"rating"', '"mood"')
    assert asyncio.run(complete(replace(request, messages=(*request.messages[:-1], Message("user", other))))).text[:1] != "{"
