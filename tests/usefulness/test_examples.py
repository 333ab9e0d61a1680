"""What is learned and asked: gold by form or reaction, nothing of what comes after, human and synthetic dialogues read alike."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from tests.usefulness.planted import INDEX, ITEMS, conversation
from understudy.instruments.chosen import LEXICON
from understudy.instruments.text import MASK, Titles
from understudy.studies.usefulness.conversations import DialogueReader, HeardDialogue, Origin, SpokenTurn
from understudy.studies.usefulness.examples import lesson, questions


def test_nothing_that_is_said_after_the_cut_is_seen() -> None:
    one = conversation("a", "noir")
    other = replace(one, turns=(*one.turns[:4], SpokenTurn("seeker", "anything", ("anything", "musical"), ("musical3",), "accept")))
    (place,), (same,) = lesson(one, INDEX).items, lesson(other, INDEX).items
    assert place == same
    assert place.words == ("hello", "a", "noir", "please", "what", "else", "do", "you", "like", "?", "any", "noir", "is", "fine")
    acts = lesson(one, INDEX).acts
    assert [example.act for example in acts] == ["request", "prefer", "accept", "close"]
    assert not any("great" in sign for example in acts[:3] for sign in example.signs)
    assert "act:prefer" in acts[2].signs


def test_a_title_that_was_named_in_words_is_not_asked_about() -> None:
    one = conversation("a", "noir", suggested="noir0", form=True)
    assert [place.items for place in questions(one, INDEX).items] == [("noir0",)]
    named = SpokenTurn("seeker", f"I saw {ITEMS['noir0'].title} once", ("i", "saw", MASK, "once"), (), "seen")
    assert questions(replace(one, turns=(named, *one.turns)), INDEX).items == ()
    linked = replace(named, text="I saw it", item_ids=("noir0",))
    assert questions(replace(one, turns=(linked, *one.turns)), INDEX).items == ()


def test_what_the_form_likes_is_asked_and_without_forms_what_is_accepted() -> None:
    liked = conversation("a", "noir", suggested="noir0", form=True)
    assert questions(liked, INDEX).items[0].items == ("noir0",)
    assert questions(replace(liked, liked=frozenset({"noir5"})), INDEX).items == ()
    assert questions(replace(liked, liked=None), INDEX).items[0].items == ("noir0",)
    unclear = with_answer(replace(liked, liked=None), "neither")
    assert questions(unclear, INDEX).items == ()
    assert lesson(unclear, INDEX).items[0].items == ("noir0",)


def test_what_is_rejected_is_not_learned() -> None:
    assert lesson(conversation("a", "noir", likes=False), INDEX).items == ()


def test_human_and_synthetic_dialogues_are_read_by_the_same_code() -> None:
    said = [
        ("seeker", "Hi, can you recommend a noir?", []), ("recommender", "How about Quiet Noir Number 1 (1991)?", ["noir1", "unknown"]),
        ("seeker", "No, I hate that one", []), ("recommender", "Then Quiet Heist Number 2 (1992)", ["heist2", "noir1"]),
        ("seeker", "That sounds great, I will watch it", []),
    ]  # fmt: skip
    rows = [(name, at, role, text, items) for name in ("human", "played") for at, (role, text, items) in enumerate(said)]
    schema = {"dialogue_id": pl.String, "turn_index": pl.Int64, "role": pl.String, "text": pl.String, "item_ids": pl.List(pl.String)}
    reading = DialogueReader(ITEMS, Titles.of(ITEMS), LEXICON)
    frame = pl.DataFrame(rows, schema=schema, orient="row").sample(fraction=1.0, shuffle=True, seed=1)
    human, played = reading.conversations(frame, {name: Origin("h", "s") for name in ("human", "played")})
    assert human.turns == played.turns
    assert [turn.fresh for turn in human.turns] == [(), ("noir1",), (), ("heist2",), ()]
    assert [turn.answer for turn in human.turns] == ["", "reject", "", "accept", ""]
    assert [turn.act for turn in human.turns] == ["request", "", "reject", "", "accept"]
    assert not any("quiet" in word for turn in human.turns for word in turn.words)
    assert [place.items for place in lesson(human, INDEX).items] == [("heist2",)]


def with_answer(one: HeardDialogue, answer: str) -> HeardDialogue:
    return replace(one, turns=tuple(replace(turn, answer=answer) if turn.fresh else turn for turn in one.turns))
