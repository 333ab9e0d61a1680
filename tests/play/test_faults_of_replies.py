"""What keeps a reply from being the seeker's turn: told apart, asked for once more, and hardly ever found in what people write."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from understudy import readers
from understudy.completion import CUT, Completion, Request
from understudy.doors.store import Store
from understudy.play import dialogue
from understudy.play.dialogue import Played, endings_of, ends_of
from understudy.play.endings import ENDINGS, MAX_TURNS, ending_of, endings
from understudy.play.scene import Scene, free_scene
from understudy.play.turn import LEAST_TEMPERATURE_AGAIN
from understudy.prompt import template
from understudy.prompt.faults import ASKED_AGAIN, fault_in, is_whole
from understudy.prompt.setting import load_setting, setting_names
from understudy.prompt.speech import cleaned
from understudy.recommenders import Recommendation
from understudy.records import Dialogue, Item, Need, Role, Scenario
from understudy.rows.played import keep_played, load_played

REDIAL = Path(__file__).resolve().parents[2].parent / "shared/data/redial"
GENOME = load_setting("zero_shot").genome
TOLD = template.instructions(GENOME, ())
SCENARIO = Scenario("s1", "d1", Need(genres=("drama",), targets=("9",)), "9")
TARGET = Item("9", "Salt Harbour", 1994, ("drama",))


class Script:
    """A model that gives the next of its completions; a text is a whole one."""

    def __init__(self, *said: str | Completion) -> None:
        self.said, self.requests = list(said), list[Request]()

    async def __call__(self, request: Request) -> Completion:
        self.requests.append(request)
        one = self.said.pop(0)
        return one if isinstance(one, Completion) else Completion(one, "m", "m", "stop", "", 10, 5)


class Greeting:
    """A recommender that can open, and says one item after another."""

    def __init__(self, *, farewell: bool = False) -> None:
        self.n, self.farewell = 0, farewell

    def start(self, seed: int) -> Greeting:  # noqa: ARG002
        return self

    def greet(self) -> Recommendation:
        return Recommendation("Hello!", (), (), "chat")

    async def reply(self, utterance: str) -> Recommendation:  # noqa: ARG002
        self.n += 1
        named = () if self.farewell else (str(self.n),)
        return Recommendation("Enjoy, bye!" if self.farewell else f"How about number {self.n}?", named, named, "recommend")


class Silent:
    """A recommender that cannot open."""

    def start(self, seed: int) -> Silent:  # noqa: ARG002
        return self

    async def reply(self, utterance: str) -> Recommendation:  # noqa: ARG002
        return Recommendation("Goodbye!", (), (), "goodbye")


def scene(opener: Role = "seeker", **controls: Any) -> Scene:
    genome = replace(GENOME, controls=replace(GENOME.controls, **controls))
    scenario = replace(SCENARIO, opener=opener)
    return free_scene(scenario, genome=genome, exemplars=(), target=TARGET, recommender="crs", model="m", replicate=0)


def played(script: Script, one: Scene | None = None, crs: Greeting | Silent | None = None) -> Played:
    return asyncio.run(dialogue.play(one or scene(), complete=script, recommender=crs or Greeting()))


def cut(text: str) -> Completion:
    return Completion(text, "m", "m", CUT, "", 10, 160)


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("I'm sorry, but I can't assist with that.", "refusal"),
        ("I'm sorry, but I cannot provide that information.", "refusal"),
        ("Sorry, I'm not able to help you with that request.", "refusal"),
        ("I don't have personal preferences, I only answer questions.", "refusal"),
        ("I'm sorry, but I don't have enough information to know if you like that.", "refusal"),
        ("I don’t have any information about Alien (1979). Could you give more details?", "refusal"),
        ("I don't have any idea, surprise me", ""),
        ("I don't have enough time for three hours", ""),
        ("I can’t watch that, sorry", ""),
        ("sorry, I can't help it, I just hate horror", ""),
        ("I'm afraid I can't handle gore", ""),
        ("no, I am sorry but I do not like that one", ""),
        ("The recommender suggests a comedy to the seeker.", "task_talk"),
        ("As a seeker I would like a drama.", "task_talk"),
        ("Based on the preferences provided, a drama would suit.", "task_talk"),
        ("Here is a possible response: hi", "task_talk"),
        ("can you recommend something, as a horror fan I mean", ""),
        ("I read the next book in the series", ""),
        ("Genres you like: drama", "echo"),
        ("Tell the recommender about your preferences so that it can find a good movie for you.", "echo"),
        ("Respond to the movies that are suggested", ""),
        ("what kind of movies do you like to watch", "echo"),
        ("What kind of movies do you like to watch? I love comedies", ""),
        ("how are you?", ""),
    ],
)
def test_the_faults_of_a_reply_are_told_apart(said: str, fault: str) -> None:
    assert fault_in(said, instructions=TOLD, heard="What kind of movies do you like to watch?") == fault


@pytest.mark.parametrize(
    ("said", "flips"),
    [
        ("Thank you. I'm looking for a romance. I would recommend Kettle and Meridian (2007).", True),
        ("Yes, I would suggest Saw (2004), which is horror.", True),
        ("It's really good! I would recommend it", False),
        ("I loved it. I'd recommend to watch it", False),
        ("a friend said I would recommend Alien to anybody", False),
    ],
)
def test_who_recommends_a_title_further_on_speaks_as_the_recommender(said: str, flips: bool) -> None:
    assert (cleaned(said).fault == "role_flip") is flips


def test_an_echo_of_the_marks_alone_is_an_echo_and_a_line_around_a_message_is_taken_out() -> None:
    assert cleaned("<recommender></recommender>").fault == "echo"
    assert cleaned("How you talk: hi there").text == "hi there"
    assert cleaned("...").fault == "empty"


@pytest.mark.parametrize(("text", "whole"), [("fine.", True), ("really?!", True), ('"no."', True), ("I would like", False), ("ok…", True)])
def test_a_whole_sentence_ends_as_one(text: str, whole: bool) -> None:
    assert is_whole(text) is whole


@pytest.mark.parametrize(
    ("first", "reason"),
    [
        ("I'm sorry, but I can't assist with that.", "refusal"),
        ("The seeker wants a drama.", "task_talk"),
        ("What would suit you today: drama", "echo"),
        ("How can I help you today?", "role_flip"),
        ("", "empty"),
        (cut("I would like a film that"), "cut"),
    ],
)
def test_each_fault_is_asked_for_once_more_with_a_seed_of_its_own(first: str | Completion, reason: str) -> None:
    assert reason in ASKED_AGAIN
    mended = Script(first, "a drama please", "bye")
    done = played(mended)
    assert (done.status, done.reason, done.asked_again) == ("complete", "goodbye", {reason: 1})
    assert done.turns[0].text == "a drama please"
    *asked, remark = mended.requests[1].messages
    assert tuple(asked) == mended.requests[0].messages
    assert (remark.role, remark.content) == ("system", "What are you looking for? Answer in a few words of your own.")
    assert mended.requests[0].seed != mended.requests[1].seed
    # both replies are paid for, and counted
    assert done.n_tokens == sum(160 if isinstance(one, Completion) else 5 for one in (first, "", ""))
    given_up = played(Script(first, first))
    assert (given_up.status, given_up.reason, given_up.asked_again, given_up.turns) == ("invalid", reason, {reason: 1}, ())


def test_after_a_suggestion_the_second_question_asks_what_the_seeker_thinks_of_it() -> None:
    """What a model says again is what stood last, so that the remark said again is an echo too."""
    remark = "What do you think of it? Answer in a few words of your own."
    mended = Script("a drama please", "I would suggest number 1 as well.", "not that one", "bye")
    assert played(mended, scene(opener="recommender")).asked_again == {"role_flip": 1}
    assert [request.messages[-1].content for request in mended.requests].count(remark) == 1
    given_up = played(Script("a drama please", "I would recommend number 1.", f"{remark} I think so."), scene(opener="recommender"))
    assert (given_up.status, given_up.reason) == ("invalid", "echo")


def test_the_second_reply_of_a_model_without_chance_is_asked_for_with_some() -> None:
    script = Script("", "a drama please", "bye")
    played(script, scene(temperature=0.0))
    assert [one.temperature for one in script.requests] == [0.0, LEAST_TEMPERATURE_AGAIN, 0.0]


def test_a_cut_reply_that_ends_with_a_sentence_is_said_and_counted() -> None:
    done = played(Script(cut("I want a drama."), "bye"))
    assert (done.turns[0].text, done.n_cut, done.asked_again) == ("I want a drama.", 1, {})


def test_a_repetition_that_stays_ends_the_dialogue_as_it_did() -> None:
    done = played(Script("I want something sad", "I want something sad", "I want something sad!"))
    assert (done.status, done.reason, done.asked_again) == ("complete", "repetition", {"repetition": 1})


def test_the_counts_by_reason_are_kept_and_old_rows_have_none(tmp_path: Path) -> None:
    done = played(Script("", "a drama please", "bye"))
    with Store.open(tmp_path / "s.duckdb") as store:
        keep_played(store, [done, replace(done, play_key="old", asked_again=None)], profile_key="p")
        found = load_played(store, [done.play_key, "old"])
    assert found[done.play_key] == done
    assert found["old"].asked_again is None


def test_who_opened_the_human_dialogue_opens_the_free_run() -> None:
    script = Script("hi, a drama please", "bye")
    done = played(script, scene("recommender"))
    assert [(turn.role, turn.text) for turn in done.turns[:2]] == [("recommender", "Hello!"), ("seeker", "hi, a drama please")]
    assert [message.role for message in script.requests[0].messages] == ["system", "user"]
    assert script.requests[0].messages[1].content == "Hello!"
    own = Script("hi, a drama please", "bye")
    assert played(own).turns[0].role == "seeker"
    # asked so that there is something to answer; no turn of the dialogue
    assert own.requests[0].messages[1].content == template.FIRST_QUESTION
    assert scene("recommender").play_key != scene().play_key


def test_a_recommender_that_cannot_greet_is_spoken_to_first() -> None:
    assert played(Script("hi, a drama please"), scene("recommender"), Silent()).turns[0].role == "seeker"


@pytest.mark.parametrize("opener", ["seeker", "recommender"])
def test_no_dialogue_is_longer_than_the_cap(opener: Role) -> None:
    done = played(Script(*(f"tell me more, number {n}" for n in range(30))), scene(opener))
    assert (done.status, done.n_turns) == ("capped", MAX_TURNS)


def test_the_recommender_s_farewell_is_an_ending_of_its_own() -> None:
    assert played(Script("hi there"), crs=Greeting(farewell=True)).reason == "recommender_goodbye"


def test_logs_end_by_the_rules_that_end_what_is_played() -> None:
    def talk(*said: str) -> list[tuple[Role, str]]:
        return [("seeker" if at % 2 == 0 else "recommender", text) for at, text in enumerate(said)]

    assert ending_of(talk("hi", "Orbit?", "thanks, bye", "have a nice day")) == "goodbye"
    assert ending_of(talk("hi", "Orbit?", "ok", "enjoy, goodbye")) == "recommender_goodbye"
    assert ending_of(talk("hi", "Orbit?", "thanks", "welcome", "thank you")) == "thanks_loop"
    assert ending_of(talk("a sad one please", "Orbit?", "a sad one please")) == "repetition"
    assert ending_of(talk("hi", "Orbit?")) == "stops"
    assert ending_of(talk(*(f"turn {n}" for n in range(30)))) == "cap"
    # held beside runs with a lower cap, people are cut there as well
    shorter = talk(*(f"turn {n}" for n in range(8)), "bye")
    assert (ending_of(shorter), ending_of(shorter, most=8), ending_of(shorter, most=9)) == ("goodbye", "cap", "goodbye")
    assert endings([shorter], most=8) == {**dict.fromkeys(ENDINGS, 0), "cap": 1}
    assert endings([talk("hi"), talk("bye")]) == {**dict.fromkeys(ENDINGS, 0), "stops": 1, "goodbye": 1}


def test_a_batch_counts_what_was_asked_again_and_how_dialogues_ended() -> None:
    ended = played(Script("", "hi there", "", "bye"))
    flipped = played(Script("How can I help you today?", "How can I help you today?"))
    counts = ends_of([ended, flipped])
    assert (counts["n_asked_again"], counts["asked_again"]) == (3, {"empty": 2, "role_flip": 1})
    old = ends_of([ended, replace(flipped, asked_again=None)])
    assert (old["n_asked_again"], old["asked_again"]) == (None, None)
    # what came to no end has no ending
    capped = replace(ended, status="capped", reason="cap of 20 turns")
    assert {name: n for name, n in endings_of([ended, flipped, capped]).items() if n} == {"goodbye": 1, "cap": 1}


@pytest.mark.prove
@pytest.mark.logs
def test_people_are_hardly_ever_marked() -> None:
    """On ReDial: the share of the seekers' turns that each detector marks, against the instructions of every shipped setting."""
    if not REDIAL.exists():
        pytest.skip("the ReDial logs are not here")
    told = [template.instructions(load_setting(name).genome, ()) for name in setting_names()]
    reader, marked, n = readers.load("redial"), Counter[str](), 0
    for record in reader.read(reader.find(REDIAL), readers.Options()):
        if not isinstance(record, Dialogue):
            continue
        heard = ""
        for turn in record.turns:
            if turn.role == "seeker" and turn.text:
                n += 1
                found = cleaned(turn.text)
                faults = [found.fault] if found.fault else [fault_in(found.text, instructions=one, heard=heard) for one in told]
                marked[max(faults, key=bool)] += 1
            heard = turn.text if turn.role == "recommender" else heard
    print(json.dumps({"n": n, **{fault or "none": count for fault, count in marked.items()}}))
    assert n > 20_000
    assert marked["refusal"] == 0
    assert all(marked[fault] <= n / 1000 for fault in ("echo", "task_talk", "role_flip", "empty"))
