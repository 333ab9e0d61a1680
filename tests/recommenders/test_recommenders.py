"""Every recommender keeps the Protocol; retrieval asks, recommends, listens and ends."""

from __future__ import annotations

import asyncio
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.plugins import load, names
from understudy.recommenders import MAX_RANKED, Recommendation, RecommenderAct, retrieval
from understudy.records import Item

ITEMS = {
    item.item_id: item
    for item in (
        Item("1", "Salt Harbour", 1994, ("drama",), ("Ana Pell", "Rob Quist"), "a fisherman loses his boat"),
        Item("2", "Laughing Gas", 2001, ("comedy",), ("Bo Tran", "Mia Lund"), "two dentists swap lives"),
        Item("3", "Laughing Gas Again", 2004, ("comedy",), ("Bo Tran", "Mia Lund"), "the dentists return"),
        Item("4", "The Cellar Door", 2010, ("horror", "thriller"), ("Kim Oder",), "a family hears steps below"),
        Item("5", "Orbit", 2015, ("drama",), ("Ana Pell",), "a crew repairs a station"),
        Item("6", "No Year", None, (), (), ""),
    )
}
POPULARITY = {"1": 3, "2": 50, "3": 10, "4": 8, "5": 20}


def talk(*utterances: str, seed: int = 1) -> list[Recommendation]:
    async def whole() -> list[Recommendation]:
        session = retrieval.build(ITEMS, POPULARITY).start(seed)
        return [await session.reply(utterance) for utterance in utterances]

    return asyncio.run(whole())


@pytest.mark.parametrize("name", names("recommenders"))
def test_a_recommender_keeps_the_protocol(name: str) -> None:
    module = load("recommenders", name)
    assert isinstance(module.VERSION, int)

    async def whole() -> list[Recommendation]:
        session = module.build(ITEMS, POPULARITY).start(7)
        return [await session.reply(said) for said in ("Hello", "a comedy please", "no, another one", "", "thanks, bye")]

    replies = asyncio.run(whole())
    assert replies == asyncio.run(whole())
    for reply in replies:
        assert reply.text.strip()
        assert reply.act in get_args(RecommenderAct)
        assert len(reply.ranked_ids) == len(set(reply.ranked_ids)) <= MAX_RANKED
        assert set(reply.ranked_ids) | set(reply.named_ids) <= set(ITEMS)
        assert all(ITEMS[named].label in reply.text for named in reply.named_ids)


def test_it_asks_while_it_has_nothing_to_go_by_but_not_for_ever() -> None:
    replies = talk("Hi there", "I want a good movie", "I do not know")
    assert [reply.act for reply in replies] == ["ask", "ask", "recommend"]
    assert replies[0].text != replies[1].text


def test_it_recommends_what_was_asked_for_with_its_label() -> None:
    (reply,) = talk("something scary please")
    assert (reply.act, reply.named_ids, reply.ranked_ids[0]) == ("recommend", ("4",), "4")
    assert "The Cellar Door (2010)" in reply.text


def test_popularity_orders_what_matches_alike() -> None:
    (reply,) = talk("a comedy with Mia Lund")
    assert reply.named_ids == ("2",)


def test_it_never_recommends_the_same_item_twice_and_ends_when_nothing_is_left() -> None:
    replies = talk(*["a comedy please"] * 8)
    named = [reply.named_ids[0] for reply in replies if reply.named_ids]
    assert sorted(named) == sorted(ITEMS)
    assert replies[-1].act == "goodbye"


def test_what_the_seeker_names_is_known_to_it_and_a_hint() -> None:
    (reply,) = talk("I loved Laughing Gas (2001), give me more like it")
    assert "2" not in reply.ranked_ids
    assert reply.named_ids == ("3",)


def test_a_year_that_does_not_fit_names_another_item() -> None:
    (reply,) = talk("I loved Laughing Gas (1950), a comedy please")
    assert reply.named_ids == ("2",)


def test_a_refusal_lowers_what_is_like_it() -> None:
    agreed = talk("a film with Ana Pell or a comedy", "fine, go on")
    refused = talk("a film with Ana Pell or a comedy", "no, not that")
    assert agreed[0].named_ids == refused[0].named_ids == ("5",)
    assert agreed[1].named_ids == ("1",), "the other one with Ana Pell"
    assert refused[1].named_ids == ("2",)


def test_a_farewell_is_answered_by_one() -> None:
    assert talk("thank you, goodbye!")[0].act == "goodbye"


def test_the_seed_chooses_words_and_nothing_else() -> None:
    runs = [talk("a horror please", seed=seed)[0] for seed in range(12)]
    assert len({run.text for run in runs}) > 2
    assert len({run.ranked_ids for run in runs}) == 1


def test_an_empty_catalogue_ends_the_conversation() -> None:
    async def whole() -> list[Recommendation]:
        session = retrieval.build({}, {}).start(1)
        return [await session.reply("a comedy please") for _ in range(3)]

    assert [reply.act for reply in asyncio.run(whole())] == ["ask", "ask", "goodbye"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=6))
def test_any_text_is_answered(utterances: list[str]) -> None:
    assert all(reply.text for reply in talk(*utterances))
