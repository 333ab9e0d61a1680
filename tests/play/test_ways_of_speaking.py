"""How each structure of a setting gets to a turn, what it counts, and what happens when a call behind it fails."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from understudy.completion import Completion, MissingReply, Request
from understudy.doors.store import Store
from understudy.play import dialogue
from understudy.play.dialogue import Played, PlayedTurn
from understudy.play.satisfaction import Score, satisfaction, satisfaction_key
from understudy.play.scene import Scene
from understudy.play.second_models import FAILURES, ReplyRecord
from understudy.play.turn import request_of
from understudy.prompt.genome import SECTIONS, Controls, Genome
from understudy.prompt.structured import Invalid
from understudy.recommenders import Recommendation
from understudy.records import Item, Need, Turn
from understudy.rows.played import keep_genomes, keep_played, keep_satisfactions, load_played, load_satisfactions

TARGET = Item("9", "Salt Harbour", 1994, ("drama",))
HISTORY = (Turn("seeker", "hi"), Turn("recommender", "Try Orbit (2015)", 1, ("4",)))
PASSES, FAILS = json.dumps({"passes": True}), json.dumps({"passes": False, "fault": "accepts what is <avoided>"})


class Script:
    """A model that says the next line of its role's script."""

    def __init__(self, **lines: list[str | Exception]) -> None:
        self.lines, self.requests = lines, list[Request]()

    async def __call__(self, request: Request) -> Completion:
        self.requests.append(request)
        line = self.lines[request.role].pop(0)
        if isinstance(line, Exception):
            raise line
        return Completion(line, "some-model", "some-model", "stop", "", 50, 7)


class Once:
    """A recommender that recommends once and then says goodbye."""

    def start(self, seed: int) -> Once:  # noqa: ARG002
        return self

    async def reply(self, utterance: str) -> Recommendation:  # noqa: ARG002
        return Recommendation("Goodbye!", (), (), "goodbye")


def scene(mode: str = "replay", **controls: Any) -> Scene:
    genome = Genome({name: f"{name} in plain words" for name in SECTIONS}, Controls(**controls))
    history = HISTORY if mode == "replay" else ()
    return Scene(mode, "c1", "d1", Need(genres=("drama",)), history, None, None, TARGET, genome, (), "crs", "m", 0)  # type: ignore[arg-type]


def played(one: Scene, script: Script, *, checks: ReplyRecord | None = None) -> Played:
    return asyncio.run(dialogue.play(one, complete=script, recommender=Once(), checks=checks))


def steps(message: str, act: str = "reject", rating: int | None = 2) -> str:
    return json.dumps({"rating": rating, "act": act, "draft": "no", "message": message})


def test_a_thinking_seeker_says_its_speech_and_remembers_nothing_else() -> None:
    script = Script(seeker=["<think>a secret plan</think>Seeker: hello", "<think>again</think>bye"])
    done = played(scene("free", reasoning="think"), script)
    assert done.turns[0].text == "hello"
    assert done.n_stripped == 1
    assert script.requests[0].max_tokens > request_of(scene(), HISTORY, 2).max_tokens
    assert not any("secret" in message.content for request in script.requests for message in request.messages)


def test_a_thought_without_speech_makes_the_dialogue_invalid() -> None:
    done = played(scene(reasoning="think"), Script(seeker=["<think>too long"] * 2))
    assert (done.status, done.reason, done.turns) == ("invalid", "unfinished_thought", ())


def test_a_draft_that_passes_is_said_and_checked_by_the_verifier_s_model() -> None:
    script = Script(seeker=["never saw it"], verifier=[PASSES])
    done = played(replace(scene(verifier=True), verifier="other"), script)
    assert ([turn.text for turn in done.turns], done.n_redone, done.n_unchecked, done.n_tokens) == (["never saw it"], 0, 0, 14)
    assert [(one.role, one.model) for one in script.requests] == [("seeker", "m"), ("verifier", "other")]


def test_a_draft_that_does_not_pass_is_written_anew_once() -> None:
    script = Script(seeker=["Seeker: sure!", "*sighs* not for me"], verifier=[FAILS])
    done = played(scene(verifier=True), script)
    assert ([turn.text for turn in done.turns], done.n_redone, done.n_stripped) == (["not for me"], 1, 2)
    first, _, redo = script.requests
    # said by us and told as the rest of the brief is, not in the role of the other person
    assert redo.messages[0].content.startswith(first.messages[0].content)
    assert redo.messages[0].content.endswith(
        "Draft: sure!\nFault: accepts what is < avoided>\nWrite that message anew, without the fault."
    )
    assert redo.messages[1:] == first.messages[1:]
    assert redo.seed != first.seed


def test_a_check_that_cannot_be_read_is_counted_and_the_draft_is_said() -> None:
    done = played(scene(verifier=True), Script(seeker=["never saw it"], verifier=["looks good", "still good"]))
    assert (done.turns[0].text, done.n_redone, done.n_unchecked, done.status) == ("never saw it", 0, 1, "complete")


def test_a_check_without_a_reply_makes_the_dialogue_missing_and_its_tokens_are_kept() -> None:
    done = played(scene(verifier=True), Script(seeker=["never saw it"], verifier=[MissingReply("timed out")]))
    assert (done.status, done.reason, done.turns, done.n_tokens) == ("missing", "timed out", (), 7)


def test_of_the_steps_only_the_message_is_said() -> None:
    script = Script(seeker=[steps("User: not for me")])
    done = played(scene(deliberation="steps"), script)
    assert ([turn.text for turn in done.turns], done.n_stripped) == (["not for me"], 1)
    assert "<schema>" in script.requests[0].messages[-1].content


def test_steps_that_cannot_be_read_get_one_repair_and_are_then_an_outcome() -> None:
    assert played(scene(deliberation="steps"), Script(seeker=["not for me", steps("not for me")])).status == "complete"
    done = played(scene(deliberation="steps"), Script(seeker=["not for me", steps("x", rating=9)]))
    assert (done.status, done.reason) == ("invalid", "no_deliberation")


def test_the_act_of_ending_ends_the_dialogue_whatever_the_words() -> None:
    done = played(scene("free", deliberation="steps"), Script(seeker=[steps("that is it for me", act="end", rating=None)]))
    assert (done.status, done.reason, done.n_turns) == ("complete", "goodbye", 1)


def test_the_verifier_s_model_is_part_of_the_key_where_there_is_a_verifier() -> None:
    checked, plain = scene(verifier=True), scene()
    assert replace(checked, verifier="other").play_key != checked.play_key == replace(checked, verifier="m").play_key
    assert replace(plain, verifier="other").play_key == plain.play_key


TURNS = (PlayedTurn("seeker", "a drama please"), PlayedTurn("recommender", "Orbit (2015)?"), PlayedTurn("seeker", "ok, bye"))


def scored(script: Script, turns: tuple[PlayedTurn, ...] = TURNS, judge: str = "") -> Score | Invalid:
    return asyncio.run(satisfaction(scene("free"), turns, script, judge=judge))


def test_satisfaction_is_asked_of_the_seeker_s_model_or_of_a_judge() -> None:
    mine, other = Script(seeker=['{"satisfaction": 4}']), Script(judge=['```json\n{"satisfaction": 2}\n```'])
    assert (scored(mine), scored(other, judge="j")) == (Score(satisfaction=4), Score(satisfaction=2))
    assert (mine.requests[0].model, other.requests[0].model) == ("m", "j")
    system, user = (message.content for message in mine.requests[0].messages)
    assert "no longer in it" in system
    assert "role in plain words" not in system + user


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["five", "5"], "not as the schema says"),
        (['{"satisfaction": 6}', '{"satisfaction": 0}'], "not as the schema says"),
        (['{"satisfaction": 3.5}', '{"satisfaction": true}'], "not as the schema says"),
        ([MissingReply("timed out")], "missing: timed out"),
    ],
)
def test_what_is_no_grade_is_no_score_but_a_reason(lines: list[str | Exception], reason: str) -> None:
    found = scored(Script(seeker=lines))
    assert isinstance(found, Invalid)
    assert reason in found.reason


def test_a_dialogue_in_which_the_recommender_said_nothing_is_not_asked_about() -> None:
    assert scored(Script(), TURNS[:1]) == Invalid("the recommender said nothing")


def test_counts_and_scores_come_back_from_the_store(tmp_path: Path) -> None:
    done = played(scene(verifier=True), Script(seeker=["Seeker: sure!", "no"], verifier=[FAILS]))
    scores = {done.play_key: Score(satisfaction=5), "other": Invalid("not as the schema says")}
    with Store.open(tmp_path / "s.duckdb") as store:
        keep_played(store, [done], profile_key="p")
        assert keep_satisfactions(store, scores, model="j") == 2
        assert keep_satisfactions(store, scores, model="j") == 0
        assert load_played(store, [done.play_key])[done.play_key] == done
        keys = [satisfaction_key(one, "j") for one in scores]
        assert load_satisfactions(store, keys) == {keys[0]: (5, ""), keys[1]: (None, "not as the schema says")}


def test_a_verifier_that_only_fails_is_given_up_and_what_is_said_then_counts_as_unchecked() -> None:
    checks = ReplyRecord()
    script = Script(seeker=["never saw it"] * (FAILURES + 2), verifier=["looks good"] * 2 * FAILURES)
    done = [played(scene(verifier=True), script, checks=checks) for _ in range(FAILURES + 2)]
    assert checks.is_given_up
    assert sum(one.role == "verifier" for one in script.requests) == 2 * FAILURES, "each question is repaired once"
    assert [(one.status, one.n_unchecked, one.n_redone) for one in done] == [("complete", 1, 0)] * (FAILURES + 2)
    assert len({one.play_key for one in done}) == 1


@pytest.mark.parametrize("good", [PASSES, FAILS])
def test_a_verifier_that_answers_now_and_then_is_asked_on(good: str) -> None:
    checks = ReplyRecord(n_failed=FAILURES - 1)
    played(scene(verifier=True), Script(seeker=["never saw it", "not for me"], verifier=[good]), checks=checks)
    assert (checks.n_failed, checks.is_given_up) == (0, False)


def test_a_draft_that_was_not_shown_to_the_verifier_says_nothing_of_it() -> None:
    checks = ReplyRecord(n_failed=3)
    assert played(scene(verifier=True, reasoning="think"), Script(seeker=["<think>too long"] * 2), checks=checks).status == "invalid"
    assert checks.n_failed == 3


def test_the_store_counts_what_the_verifier_has_not_checked(tmp_path: Path) -> None:
    checked = scene(verifier=True)
    done = [
        played(checked, Script(seeker=["never saw it"], verifier=["looks good", "still good"])),
        played(replace(checked, replicate=1), Script(seeker=["never saw it"], verifier=[PASSES])),
        played(scene(), Script(seeker=["never saw it"])),
    ]
    with Store.open(tmp_path / "s.duckdb") as store:
        assert store.rows("play/checks") == [{"n_dialogues": 0, "n_turns": 0, "n_redone": 0, "n_unchecked": 0}]
        keep_genomes(store, [checked.genome, scene().genome], setting="s")
        keep_played(store, done, profile_key="p")
        assert store.rows("play/checks") == [{"n_dialogues": 2, "n_turns": 2, "n_redone": 0, "n_unchecked": 1}]
