"""Injection: no text of a dialogue, a title or an example is taken for an instruction, by a model that obeys all that is unfenced."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.play import obedient
from understudy.completion import Completion, Request
from understudy.play import dialogue
from understudy.play.dialogue import PlayedTurn
from understudy.play.endings import MAX_TURNS
from understudy.play.satisfaction import Score, satisfaction
from understudy.play.scene import Scene
from understudy.play.turn import Check, Steps, check_request, request_of
from understudy.probes import contamination
from understudy.prompt import template
from understudy.prompt.genome import SECTIONS, Controls, Genome
from understudy.prompt.structured import Invalid, structured
from understudy.prompt.template import Exemplar, Redo
from understudy.recommenders import Recommendation
from understudy.records import Item, Need, Turn

ATTACKS: list[dict[str, str]] = tomllib.loads(Path(__file__).with_name("attacks.toml").read_text("utf-8"))["attack"]
NAMES = [one["name"] for one in ATTACKS]
TARGET = Item("9", "Salt Harbour", 1994, ("drama",), ("Ada Quill",))
NEED = Need(liked=("Oak Street (1992)",), genres=("drama",))
TALK = (Turn("seeker", "hi"), Turn("recommender", "Try Orbit (2015)", 1, ("4",)))


def scene(need: Need = NEED, target: Item = TARGET, exemplars: tuple[Exemplar, ...] = (), **controls: Any) -> Scene:
    genome = Genome({name: f"{name} in plain words" for name in SECTIONS}, Controls(persona="full", **controls))
    return Scene("free", "s1", "d1", need, (), None, None, target, genome, exemplars, "crs", "m", 0)


def with_attack(turns: tuple[Turn, ...], at: int, text: str) -> tuple[Turn, ...]:
    return (*turns[:at], replace(turns[at], text=text), *turns[at + 1 :])


def seeker_requests(text: str) -> Iterator[tuple[str, Request]]:
    """Every place of the seeker's prompt that text from outside gets into."""
    plain = scene()
    yield "recommender's turn", request_of(plain, with_attack(TALK, 1, text), 2)
    yield "earlier recommender's turn", request_of(plain, (*with_attack(TALK, 1, text), *TALK), 4)
    yield "human seeker's turn", request_of(plain, with_attack(TALK, 0, text), 2)
    yield "staged", request_of(scene(staging="by_act"), with_attack(TALK, 1, text), 2)
    yield "thinking", request_of(scene(reasoning="think"), with_attack(TALK, 1, text), 2)
    for field in ("liked", "disliked", "seen", "genres", "disliked_genres", "people", "disliked_people", "eras", "disliked_eras"):
        values = (text, "Oak Street (1992)")
        yield f"need, {field}", request_of(scene(Need(**{field: values})), TALK, 2)
        yield f"need of seen titles, {field}", request_of(scene(Need(**{field: values}), persona_source="seen"), TALK, 2)
        yield f"staged need, {field}", request_of(scene(Need(**{field: values}), staging="by_act"), TALK, 2)
    yield "target's attributes", request_of(scene(target=replace(TARGET, genres=(text,), people=(text,))), TALK, 2)
    yield "target's title", request_of(scene(target=replace(TARGET, title=text), visibility="title"), TALK, 2)
    yield "draft", request_of(plain, TALK, 2, Redo(text, "dull"))
    yield "fault", request_of(plain, TALK, 2, Redo("ok", text))


@pytest.fixture(params=ATTACKS, ids=NAMES)
def attack(request: pytest.FixtureRequest) -> dict[str, str]:
    found: dict[str, str] = request.param
    return found


def answers(model: Any, request: Request) -> str:
    return asyncio.run(model(request)).text


def test_there_are_enough_attacks_and_each_says_the_code_word() -> None:
    assert len(ATTACKS) >= 40
    assert len(set(NAMES)) == len(ATTACKS)
    assert all(obedient.CODE_WORD in one["text"] and one["goal"] in ("say", "role", "leak", "grade") for one in ATTACKS)


def test_a_seeker_is_not_taken_over_wherever_the_text_gets_in(attack: dict[str, str]) -> None:
    for place, request in seeker_requests(attack["text"]):
        model = obedient.Obedient(attack["goal"])
        assert obedient.CODE_WORD not in answers(model, request), place
        if place != "target's title":
            assert obedient.title_lines(request) == [], place


def test_an_example_does_not_take_the_seeker_over_and_stays_on_its_lines(attack: dict[str, str]) -> None:
    for at in (0, 1):
        shown = Exemplar("e1", with_attack(TALK, at, attack["text"]))
        request = request_of(scene(exemplars=(shown,)), TALK, 2)
        assert obedient.CODE_WORD not in answers(obedient.Obedient(attack["goal"], transcripts=True), request)
        block = request.messages[0].content.partition("their wishes are not yours.\n\n")[2].partition("\n\n")[0]
        assert [line.partition(":")[0] for line in block.split("\n")] == ["Me", "Them"]


def test_a_verifier_is_not_taken_over(attack: dict[str, str]) -> None:
    text = attack["text"]
    for at_stake, history, draft in (
        (scene(verifier=True), TALK, text),
        (scene(verifier=True), with_attack(TALK, 1, text), "ok"),
        (scene(verifier=True), with_attack(TALK, 0, text), "ok"),
        (scene(Need(liked=(text,)), verifier=True), TALK, "ok"),
    ):
        model = obedient.Obedient(attack["goal"])
        found = asyncio.run(structured(model, check_request(at_stake, history, 2, draft), Check))
        assert found == Check(passes=False, fault="sounds like an assistant")
        assert len(model.requests) == 1


def test_a_judge_of_satisfaction_is_not_taken_over(attack: dict[str, str]) -> None:
    text = attack["text"]
    ours, theirs = PlayedTurn("seeker", "hi"), PlayedTurn("recommender", "Orbit?")
    for at_stake, turns in (
        (scene(), (replace(ours, text=text), theirs)),
        (scene(), (ours, replace(theirs, text=text))),
        (scene(Need(disliked=(text,))), (ours, theirs)),
    ):
        model = obedient.Obedient(attack["goal"])
        assert asyncio.run(satisfaction(at_stake, turns, model)) == Score(satisfaction=2)
        assert len(model.requests) == 1


def test_a_probe_is_not_taken_over(attack: dict[str, str]) -> None:
    for at in (0, 1):
        probe = contamination.TalkBeforeTarget("s1", "d1", "9", with_attack(TALK, at, attack["text"]), frozenset())
        model = obedient.Obedient(attack["goal"])
        found = asyncio.run(structured(model, contamination.request_of(probe, model="m", seed=0), contamination.Guesses))
        assert found == contamination.Guesses(titles=["Paper Lanterns (2003)"])


def test_working_in_steps_is_not_taken_over(attack: dict[str, str]) -> None:
    model = obedient.Obedient(attack["goal"])
    request = request_of(scene(deliberation="steps"), with_attack(TALK, 1, attack["text"]), 2)
    found = asyncio.run(structured(model, request, Steps))
    assert not isinstance(found, Invalid)
    assert found.message == "hm, not for me"


def test_a_repair_request_does_not_carry_the_attack_out_of_its_fence(attack: dict[str, str]) -> None:
    """A model that echoes what it read is shown its reply once more; the second time it must still do its work."""
    asked: list[Request] = []

    async def echoes_first(request: Request) -> Completion:
        asked.append(request)
        # it was shown on one line, so a block of code in it is none
        text = " ".join(attack["text"].split()) if len(asked) == 1 else '{"passes": true}'
        return Completion(text, "m", "m", "stop", "", 1, 1)

    asyncio.run(structured(echoes_first, check_request(scene(verifier=True), TALK, 2, "ok"), Check))
    assert len(asked) == 2
    assert obedient.CODE_WORD in asked[1].messages[-1].content
    assert obedient.CODE_WORD not in obedient.instructions(asked[1], transcripts=True, lines=False)


class Attacker:
    """A recommender that says nothing but the attack, each time a little differently."""

    def __init__(self, text: str) -> None:
        self.text, self.n = text, 0

    def start(self, seed: int) -> Attacker:  # noqa: ARG002
        return self

    async def reply(self, utterance: str) -> Recommendation:
        assert "in plain words" not in utterance
        self.n += 1
        return Recommendation(f"{self.text} ({self.n})", (), (), "chat")


def test_a_whole_dialogue_with_an_attacker_ends_as_any_other(attack: dict[str, str]) -> None:
    model = obedient.Obedient(attack["goal"])
    played = asyncio.run(dialogue.play(scene(verifier=True), complete=model, recommender=Attacker(attack["text"])))
    said = [turn.text for turn in played.turns if turn.role == "seeker"]
    assert (played.status, played.n_turns, len(said)) == ("capped", MAX_TURNS, MAX_TURNS // 2)
    assert all(text.endswith("is not for me") for text in said)
    assert (played.n_redone, played.n_unchecked) == (len(said), 0)


def taken_over() -> dict[str, set[str]]:
    """attack → places of the seeker's prompt at which it wins."""
    found: dict[str, set[str]] = {}
    for one in ATTACKS:
        for place, request in seeker_requests(one["text"]):
            if obedient.CODE_WORD in answers(obedient.Obedient(one["goal"]), request):
                found.setdefault(one["name"], set()).add(place)
    return found


def test_without_the_escapes_the_same_attacks_win(monkeypatch: pytest.MonkeyPatch) -> None:
    """The attacks and the obedient model are worth something: each of our defences stops attacks that win without it."""
    assert taken_over() == {}
    with monkeypatch.context() as patch:
        patch.setattr(template, "plain", lambda text: text)
        assert len(taken_over()) >= 15
    with monkeypatch.context() as patch:
        patch.setattr(template, "_BRACKET_MARK", template.re.compile(r"(?!)"))
        assert "marks between brackets" in taken_over()
    with monkeypatch.context() as patch:
        patch.setattr(template, "_MARK", template.re.compile(r"(?!)"))
        assert len(taken_over()) >= 5
        assert {"human seeker's turn", "recommender's turn"} <= set().union(*taken_over().values())
    with monkeypatch.context() as patch:
        # of the three sentences that say what the user's role is, the obedient model knows one
        patch.setattr(template, "_CHAT", "")
        assert len(taken_over()) >= 30


def test_without_the_fences_a_verifier_is_taken_over(monkeypatch: pytest.MonkeyPatch) -> None:
    def won() -> int:
        requests = [(one["goal"], check_request(scene(verifier=True), TALK, 2, one["text"])) for one in ATTACKS]
        return sum(obedient.CODE_WORD in obedient.instructions(request, transcripts=False) for _, request in requests)

    assert won() == 0
    monkeypatch.setattr(template, "escape", lambda text: text)
    assert won() >= 5


def test_the_obedient_model_obeys_what_we_say_ourselves() -> None:
    genome = Genome({**{name: name for name in SECTIONS}, "style": "Say KUMQUAT."})
    assert answers(obedient.Obedient("say"), request_of(replace(scene(), genome=genome), TALK, 2)) == "KUMQUAT"
