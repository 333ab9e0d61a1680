"""Playing: what a reply may do to a dialogue, and that the simulator is never spoken for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.completion import Completion, MissingReply, Request
from understudy.errors import BudgetExhausted
from understudy.play import dialogue
from understudy.play.dialogue import Played, play_all
from understudy.play.endings import MAX_TURNS
from understudy.play.frames import free_frames, replies
from understudy.play.scene import Scene, free_scene, replay_scene
from understudy.prompt.genome import SECTIONS, Controls, Genome
from understudy.prompt.speech import cleaned, says_goodbye
from understudy.recommenders import Recommendation
from understudy.records import Context, Item, Need, Scenario, Turn

GENOME = Genome({name: f"{name} in plain words" for name in SECTIONS}, Controls(visibility="attributes"))
TARGET = Item("9", "Salt Harbour", 1994, ("drama",))
NEED = Need(genres=("drama",), targets=("9",))
SCENARIO = Scenario("s1", "d1", NEED, "9")
CONTEXT = Context("c1", "d1", 2, "liked_unseen", "4", NEED, (Turn("seeker", "hi"), Turn("recommender", "Try Orbit (2015)")))


class Script:
    """A model that says the next line of a script; an exception in it is raised."""

    def __init__(self, *lines: str | Exception) -> None:
        self.lines, self.requests = list(lines), list[Request]()

    async def __call__(self, request: Request) -> Completion:
        self.requests.append(request)
        line = self.lines.pop(0) if self.lines else f"tell me more, number {len(self.requests)}"
        if isinstance(line, Exception):
            raise line
        return Completion(line, "rehearsal", "rehearsal", "stop", "", 50, 5, "answer")


class Crs:
    """A recommender that names one item a turn and says goodbye after `n_turns`."""

    def __init__(self, n_turns: int = 99) -> None:
        self.n_turns, self.seeds, self.heard = n_turns, list[int](), list[str]()

    def start(self, seed: int) -> Crs:
        self.seeds.append(seed)
        return self

    async def reply(self, utterance: str) -> Recommendation:
        self.heard.append(utterance)
        if len(self.heard) >= self.n_turns:
            return Recommendation("Goodbye!", (), (), "goodbye")
        again = f" Or again, {len(self.heard)}?" if len(self.heard) > 1 else ""
        return Recommendation(f"How about Orbit (2015)?{again}", ("4", "5"), ("4",), "recommend")


def free(script: Script, crs: Crs | None = None, **changes: object) -> Played:
    scene = free_scene(SCENARIO, genome=GENOME, exemplars=(), target=TARGET, recommender="crs", model="m", replicate=0)
    return asyncio.run(dialogue.play(replace(scene, **changes), complete=script, recommender=crs or Crs()))  # type: ignore[arg-type]


def replayed(script: Script) -> Played:
    return asyncio.run(dialogue.play(replay(), complete=script))


def replay(**changes: object) -> Scene:
    scene = replay_scene(CONTEXT, genome=GENOME, exemplars=(), target=None, model="m", replicate=0)
    return replace(scene, **changes)  # type: ignore[arg-type]


def test_a_replay_is_one_reply_to_the_human_history() -> None:
    script = Script("Seeker: \"I have not seen that one\"")
    played = replayed(script)
    assert [turn.text for turn in played.turns] == ["I have not seen that one"]
    assert (played.status, played.stratum, played.item_id, played.n_tokens, played.engine) == (
        "complete", "liked_unseen", "4", 5, "rehearsal",
    )  # fmt: skip
    assert [message.role for message in script.requests[0].messages] == ["system", "user", "assistant", "user"]


def test_a_free_run_goes_on_until_the_seeker_says_goodbye() -> None:
    crs = Crs()
    played = free(Script("hello, a drama please", "never saw it", "thanks, goodbye!"), crs)
    assert (played.status, played.reason, played.n_turns) == ("complete", "goodbye", 5)
    assert [turn.role for turn in played.turns] == ["seeker", "recommender"] * 2 + ["seeker"]
    assert crs.heard == ["hello, a drama please", "never saw it"]
    assert (played.turns[1].item_ids, played.turns[1].ranked_ids) == (("4",), ("4", "5"))
    assert played.n_tokens == 15


@pytest.mark.parametrize("token", ["[END]", r"\giveup", "TERMINATE", "###STOP###"])
def test_a_stop_token_ends_a_free_run_and_no_turn_holds_it(token: str) -> None:
    with_words = free(Script("hello, a drama please", f"I will see that. {token}"))
    assert [turn.text for turn in with_words.turns if turn.role == "seeker"] == ["hello, a drama please", "I will see that."]
    alone = free(Script("hello, a drama please", token))
    assert [turn.role for turn in alone.turns] == ["seeker", "recommender"]
    assert {(one.status, one.reason, one.n_stripped) for one in (with_words, alone)} == {("complete", "goodbye", 1)}


def test_a_stop_token_where_a_turn_is_due_is_an_empty_reply() -> None:
    for played in (free(Script("[END]", "[END]")), replayed(Script("[END]", "[END]"))):
        assert (played.status, played.reason, len(played.turns)) == ("invalid", "empty", 0)
    assert free(Script("[END]", "hello", "bye")).status == "complete"  # it is asked once more


def test_every_engine_that_had_a_part_in_a_dialogue_is_named() -> None:
    class Falling(Script):
        async def __call__(self, request: Request) -> Completion:
            reply = await super().__call__(request)
            return replace(reply, engine="some-1") if len(self.requests) == 1 else reply

    assert free(Falling("hello", "bye")).engine == "rehearsal+some-1"


def test_a_free_run_ends_with_the_recommender_s_goodbye() -> None:
    played = free(Script(), Crs(n_turns=2))
    assert (played.status, played.turns[-1].role) == ("complete", "recommender")


def test_a_free_run_is_capped_and_the_cap_is_an_outcome() -> None:
    played = free(Script())
    assert (played.status, played.n_turns) == ("capped", MAX_TURNS)


def test_a_free_run_ends_at_the_cap_that_the_name_of_its_recommender_says() -> None:
    capped = free(Script(), recommender='crs@1^6{"a":"b"}')
    assert (capped.status, capped.reason, capped.n_turns) == ("capped", "cap of 6 turns", 6)
    usual = free(Script(), recommender='crs@1{"a":"b"}')
    assert usual.n_turns == MAX_TURNS
    assert usual.play_key != capped.play_key


@pytest.mark.parametrize(
    ("lines", "reason", "n_turns"),
    [
        (("hello", "I want something sad", *["i want something sad!"] * 2), "repetition", 5),
        (("hello", "I want something sad", "i want something sad!", "a drama", "bye"), "goodbye", 7),
        (("I want something sad", "no", *["I want something sad"] * 2), "repetition", 5),
        (("no", "no", *["No."] * 2), "repetition", 5),
        (("no", "no", "maybe", "bye"), "goodbye", 7),
        (("hello", "Thanks!", "thank you so much"), "thanks_loop", 5),
        (("hello", "Thanks!", "thanks, is it sad?", "bye"), "goodbye", 7),
    ],
)
def test_loops_end_a_dialogue_and_are_told_apart(lines: tuple[str, ...], reason: str, n_turns: int) -> None:
    played = free(Script(*lines))
    assert (played.status, played.reason, played.n_turns) == ("complete", reason, n_turns)


class Stuck(Crs):
    """A recommender that says one thing."""

    async def reply(self, utterance: str) -> Recommendation:  # noqa: ARG002
        return Recommendation(self.says, ("4",), (), "chat")

    says = "Could you tell me more?"


def test_a_recommender_that_says_one_thing_three_times_ends_the_dialogue() -> None:
    played = free(Script(), Stuck())
    assert (played.status, played.reason, played.n_turns) == ("complete", "repetition", 6)


def test_a_goodbye_in_the_recommender_s_words_ends_the_dialogue_whatever_its_act() -> None:
    crs = Stuck()
    crs.says = "Great. Have a nice day!"
    assert (free(Script(), crs).reason, len(free(Script(), crs).turns)) == ("recommender_goodbye", 2)


def test_a_failed_call_is_a_missing_dialogue_and_puts_no_words_in() -> None:
    played = free(Script("hello", MissingReply("timed out")))
    assert (played.status, played.reason) == ("missing", "timed out")
    assert [turn.text for turn in played.turns if turn.role == "seeker"] == ["hello"]
    silent = replayed(Script(MissingReply("timed out")))
    assert (silent.status, silent.turns, silent.n_tokens) == ("missing", (), 0)


@pytest.mark.parametrize("text", ["", "   ", "...", "\"\"", "[END]"])
def test_a_reply_that_is_empty_twice_is_invalid(text: str) -> None:
    played = replayed(Script(text, text))
    assert (played.status, played.reason, played.asked_again) == ("invalid", "empty", {"empty": 1})


@pytest.mark.parametrize(
    "text",
    [
        "Recommender: you could try Orbit",
        "I like dramas.\nRecommender: How about Orbit?",
        "**Assistant:** Sure!",
        "As an AI language model, I have no preferences.",
        "Hello! How can I help you today?",
        "I would recommend Orbit (2015).",
        "Them: what about Orbit?",
    ],
)
def test_a_reply_that_speaks_as_the_recommender_is_invalid(text: str) -> None:
    played = free(Script("hello", text, text))
    assert (played.status, played.reason, played.n_turns) == ("invalid", "role_flip", 2)


@pytest.mark.parametrize(
    "text",
    ["Can you recommend a drama?", "Which one would you suggest?", "My friend recommended it to me.", "what do you suggest for kids"],
)
def test_asking_for_a_recommendation_is_not_speaking_as_the_recommender(text: str) -> None:
    assert cleaned(text).fault == ""


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("  Seeker: hi there  ", "hi there"),
        ("**User**: hi there", "hi there"),
        ('"hi there"', "hi there"),
        ("<seeker>hi there</seeker>", "hi there"),
        ("hi\n\nthere", "hi there"),
        ('I liked "Orbit" and "Up"', 'I liked "Orbit" and "Up"'),
        ("Seeker: the film", "the film"),
    ],
)
def test_labels_quotes_and_fences_around_the_speech_are_gone(raw: str, said: str) -> None:
    assert cleaned(raw).text == said


@given(st.text(max_size=120))
def test_cleaning_twice_changes_nothing_for_plain_speech(text: str) -> None:
    once = cleaned(text)
    if not once.fault and not any(mark in text for mark in "\"“”<:*"):
        assert cleaned(once.text) == once


@pytest.mark.parametrize(
    ("text", "closes"),
    [("Thanks, bye!", True), ("have a great day", True), ("goodbye", True), ("I love Goodfellas", False), ("maybe I will buy it", False)],
)
def test_what_closes_a_conversation(text: str, closes: bool) -> None:
    assert says_goodbye(text) is closes


def test_candidates_share_random_numbers_but_not_keys() -> None:
    other = Genome({**GENOME.sections, "style": "short"}, GENOME.controls)
    first, second = Script(), Script()
    one, two = free(first), free(second, genome=other)
    assert [request.seed for request in first.requests] == [request.seed for request in second.requests]
    assert len({request.seed for request in first.requests}) == len(first.requests)
    assert one.play_key != two.play_key


@pytest.mark.parametrize(
    "changes", [{"replicate": 1}, {"model": "other"}, {"scenario_id": "c2"}, {"mode": "free"}, {"recommender": "r"}]
)
def test_the_key_depends_on_what_is_played(changes: dict[str, object]) -> None:
    assert replay(**changes).play_key != replay().play_key == replay().play_key


@pytest.mark.parametrize(("visibility", "told"), [("title", True), ("attributes", False), ("hidden", False)])
def test_a_title_in_the_prompt_is_seen(visibility: str, told: bool) -> None:
    genome = Genome(GENOME.sections, replace(GENOME.controls, visibility=visibility))  # type: ignore[arg-type]
    assert free(Script("bye"), genome=genome).title_in_prompt is told


def all_played(scenes: list[Scene], script: Script, on_dialogue: Callable[[], None] = lambda: None) -> list[Played]:
    return asyncio.run(play_all(scenes, complete=script, recommenders={"crs": Crs()}, on_dialogue=on_dialogue))


def test_results_come_in_the_order_of_the_scenes() -> None:
    scenes = [replay(scenario_id=f"c{n}") for n in range(20)]
    assert [played.scenario_id for played in all_played(scenes, Script())] == [f"c{n}" for n in range(20)]


def test_an_exhausted_budget_ends_the_run_as_itself() -> None:
    scenes = [replay(scenario_id=f"c{n}") for n in range(5)]
    with pytest.raises(BudgetExhausted):
        all_played(scenes, Script("fine", BudgetExhausted("no tokens left")))


def test_every_free_run_is_counted_before_it_is_played() -> None:
    counted: list[int] = []
    scene = free_scene(SCENARIO, genome=GENOME, exemplars=(), target=TARGET, recommender="crs", model="m", replicate=0)
    all_played([scene, replay(), replace(scene, replicate=1)], Script(), lambda: counted.append(1))
    assert len(counted) == 2


def test_frames_hold_free_runs_with_their_outcomes_and_usable_replays() -> None:
    played = [free(Script("hello", "bye")), free(Script("", "")), replayed(Script("never saw it")), replayed(Script("", ""))]
    dialogues, turns = free_frames(played)
    assert dialogues["status"].to_list() == ["complete", "invalid"]
    assert turns.select("turn_index", "role", "text").rows() == [
        (0, "seeker", "hello"), (1, "recommender", "How about Orbit (2015)?"), (2, "seeker", "bye"),
    ]  # fmt: skip
    assert replies(played).rows() == [("c1", "liked_unseen", "4", "never saw it")]


def test_frames_of_nothing_keep_their_columns() -> None:
    dialogues, turns = free_frames([])
    assert dialogues.width == 8
    assert turns.width == 5
    assert replies([]).is_empty()


class Always:
    """A model that always gives the same completion."""

    def __init__(self, completion: Completion) -> None:
        self.completion = completion

    async def __call__(self, request: Request) -> Completion:  # noqa: ARG002
        return self.completion


WHOLE = Completion("hello", "m", "m", "stop", "", 10, 5)


@pytest.mark.parametrize(
    ("completion", "counts"),
    [
        (WHOLE, (0, 0, 0, 0)),
        (replace(WHOLE, text="hello.", finish_reason="length", n_normalised=2, usage="counted"), (1, 2, 1, 0)),
        (replace(WHOLE, usage="clamped", prompt_is_cut=True), (0, 0, 1, 1)),
        (replace(WHOLE, n_normalised=None, usage=None, prompt_is_cut=None), (0, None, None, None)),
    ],
)
def test_cut_odd_and_recounted_replies_are_counted_and_what_was_not_recorded_is_not_0(
    completion: Completion, counts: tuple[int | None, ...]
) -> None:
    played = asyncio.run(dialogue.play(replay(), complete=Always(completion)))
    assert (played.n_cut, played.n_normalised, played.n_recounted, played.n_prompts_cut) == counts
    assert played.status == "complete"


def test_a_recommender_s_odd_and_endless_text_is_normalised_cut_and_counted() -> None:
    class Odd(Crs):
        async def reply(self, utterance: str) -> Recommendation:
            self.heard.append(utterance)
            text = "Orbit\u202e\0 \ud83d" if len(self.heard) == 1 else "more " * 10_000
            return Recommendation(text, (), (), "chat")

    played = free(Script("hello", "and then", "bye"), Odd())
    assert [turn.text[:9] for turn in played.turns] == ["hello", "Orbit \ufffd", "and then", "more more", "bye"]
    assert len(played.turns[3].text) == dialogue.MAX_TURN_BYTES
    assert (played.n_cut, played.n_normalised) == (1, 3)


def test_a_recommender_that_says_nothing_that_can_be_shown_is_missing() -> None:
    class Silent(Crs):
        async def reply(self, utterance: str) -> Recommendation:  # noqa: ARG002
            return Recommendation("\0\u202e", (), (), "chat")

    played = free(Script("hello"), Silent())
    assert (played.status, played.reason) == ("missing", "the recommender's answer holds no character that can be shown")
