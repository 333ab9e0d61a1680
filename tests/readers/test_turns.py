"""From messages to turns: an empty message makes no turn and ends nobody's, in any format, and every message is counted."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy import readers
from understudy.readers import redial
from understudy.readers._kit import Broken
from understudy.readers._turns import Turns
from understudy.records import Dialogue, Role, Turn
from understudy.text import is_blank

READERS = Path(redial.__file__).parent
BLANK = (
    "", " ", "\t\n", "\u00a0", "\u2003", "\u3000", "\u200b", "\ufeff", "\u2060\u200d", "\u00ad", "\u3164", "\u2800", "\ufe0f",
    "\u034f", "\x00",
)  # fmt: skip
SEEN = ("hi", ".", "?", "\u200bok", "好", "👍🏽", "①", "´", "\u0301a")
roles = st.sampled_from(("seeker", "recommender"))
blank = st.tuples(roles, st.sampled_from(BLANK))
said = st.tuples(roles, st.sampled_from(SEEN))


def turns_of(messages: list[tuple[Role, str]]) -> tuple[Turn, ...]:
    turns = Turns()
    for role, text in messages:
        turns.say(role, text)
    return turns.done()


@pytest.mark.parametrize("text", BLANK)
def test_what_cannot_be_seen_is_blank(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize("text", SEEN)
def test_what_can_be_seen_is_not_blank(text: str) -> None:
    assert not is_blank(text)


@pytest.mark.parametrize("text", BLANK)
def test_an_empty_message_splits_nobodys_turn(text: str) -> None:
    found = turns_of([("recommender", "hello"), ("seeker", "hi"), ("recommender", text), ("seeker", "a comedy")])
    assert found == (Turn("recommender", "hello", 2), Turn("seeker", "hi a comedy", 2))


def test_an_empty_message_before_all_words_of_its_speaker_is_counted_with_the_first_of_them() -> None:
    turns = Turns()
    assert turns.say("seeker", " ", ["7"]) is None
    assert turns.say("recommender", "hello") == 0
    assert turns.say("seeker", "hi") == 1
    assert turns.done() == (Turn("recommender", "hello"), Turn("seeker", "hi", 2, ("7",)))


def test_a_dialogue_of_empty_messages_is_no_dialogue() -> None:
    with pytest.raises(Broken, match="every message is empty"):
        turns_of([("seeker", " "), ("recommender", "\u200b")])


@settings(max_examples=150)
@given(messages=st.lists(said | blank, min_size=1, max_size=12))
def test_turns_are_those_of_the_messages_that_can_be_seen_and_all_messages_are_counted(messages: list[tuple[Role, str]]) -> None:
    visible = [one for one in messages if not is_blank(one[1])]
    if not visible:
        with pytest.raises(Broken):
            turns_of(messages)
        return
    found, expected = turns_of(messages), turns_of(visible)
    assert [(one.role, one.text) for one in found] == [(one.role, one.text) for one in expected]
    assert sum(one.n_messages for one in found) == len(messages)


def test_no_reader_makes_turns_in_a_way_of_its_own() -> None:
    calls = {
        path.name
        for path in READERS.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Turn"
    }
    assert calls == {"_turns.py"}


def test_an_empty_message_in_redial_adds_no_turn(tmp_path: Path) -> None:
    # as conversation 10954 has it: the recommender sends an empty message between two of the seeker's
    said = [(1, "hello"), (2, "hi"), (1, "something funny"), (2, " "), (1, "like Airplane")]
    record = {
        "conversationId": "c", "initiatorWorkerId": 1, "respondentWorkerId": 2, "movieMentions": {}, "initiatorQuestions": {},
        "messages": [{"senderWorkerId": who, "text": text} for who, text in said],
    }  # fmt: skip
    (tmp_path / "train_data.jsonl").write_text(json.dumps(record) + "\n")
    (found,) = [one for one in redial.read(redial.find(tmp_path), readers.Options()) if isinstance(one, Dialogue)]
    assert [(one.role, one.text, one.n_messages) for one in found.turns] == [
        ("seeker", "hello", 1), ("recommender", "hi", 2), ("seeker", "something funny like Airplane", 2)
    ]  # fmt: skip
