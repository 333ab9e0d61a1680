"""The embedded recommenders: retrieval asks, recommends, listens and ends; the others do what their names say."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from understudy.recommenders import Recommendation, contrarian, popularity, random, retrieval
from understudy.records import Item, Turn


def test_it_asks_while_it_has_nothing_to_go_by_but_not_for_ever(talk: Any) -> None:
    replies = talk("Hi there", "I want a good movie", "I do not know")
    assert [reply.act for reply in replies] == ["ask", "ask", "recommend"]
    assert replies[0].text != replies[1].text


def test_it_recommends_what_was_asked_for_with_its_label(talk: Any) -> None:
    (reply,) = talk("something scary please")
    assert (reply.act, reply.named_ids, reply.ranked_ids[0]) == ("recommend", ("4",), "4")
    assert "The Cellar Door (2010)" in reply.text


def test_popularity_orders_what_matches_alike(talk: Any) -> None:
    (reply,) = talk("a comedy with Mia Lund")
    assert reply.named_ids == ("2",)


def test_it_never_recommends_the_same_item_twice_and_ends_when_nothing_is_left(talk: Any, items: dict[str, Item]) -> None:
    replies = talk(*["a comedy please"] * 8)
    named = [reply.named_ids[0] for reply in replies if reply.named_ids]
    assert sorted(named) == sorted(items)
    assert replies[-1].act == "goodbye"


def test_what_the_seeker_names_is_known_to_it_and_a_hint(talk: Any) -> None:
    (reply,) = talk("I loved Laughing Gas (2001), give me more like it")
    assert "2" not in reply.ranked_ids
    assert reply.named_ids == ("3",)


def test_a_year_that_does_not_fit_names_another_item(talk: Any) -> None:
    (reply,) = talk("I loved Laughing Gas (1950), a comedy please")
    assert reply.named_ids == ("2",)


def test_a_refusal_lowers_what_is_like_it(talk: Any) -> None:
    known = {"1": 20, "2": 40, "3": 10, "4": 8, "5": 50}
    agreed = talk("a film with Ana Pell or a comedy", "fine, go on", known=known)
    refused = talk("a film with Ana Pell or a comedy", "no, not that", known=known)
    assert agreed[0].named_ids == refused[0].named_ids == ("5",)
    assert agreed[1].named_ids == ("1",), "the other one with Ana Pell"
    assert refused[1].named_ids == ("2",)


def test_a_farewell_is_answered_by_one(talk: Any) -> None:
    assert talk("thank you, goodbye!")[0].act == "goodbye"


def test_the_seed_chooses_words_and_nothing_else(talk: Any) -> None:
    runs = [talk("a horror please", seed=seed)[0] for seed in range(12)]
    assert len({run.text for run in runs}) > 2
    assert len({run.ranked_ids for run in runs}) == 1


def test_an_empty_catalogue_ends_the_conversation() -> None:
    async def whole() -> list[Recommendation]:
        session = retrieval.build({}, {}).start(1)
        return [await session.reply("a comedy please") for _ in range(3)]

    assert [reply.act for reply in asyncio.run(whole())] == ["ask", "ask", "goodbye"]


def test_popularity_hears_nothing_but_what_is_known(talk: Any) -> None:
    first, second = talk("a horror, please", "I know Orbit (2015)", module=popularity)
    assert first.ranked_ids == ("2", "5", "3", "4", "1", "6")
    assert second.ranked_ids == ("3", "4", "1", "6")


def test_random_depends_on_its_seed_alone(talk: Any) -> None:
    orders = {talk("a horror, please", seed=seed, module=random)[0].ranked_ids for seed in range(20)}
    assert len(orders) > 10
    assert {talk(said, seed=3, module=random)[0].ranked_ids for said in ("a horror", "a comedy, please")} <= orders


def test_contrarian_offers_the_opposite_in_the_words_of_a_recommender(talk: Any) -> None:
    (reply,) = talk("I only like a comedy with Mia Lund", module=contrarian)
    assert reply.act == "recommend"
    assert not {"2", "3"} & set(reply.ranked_ids[:4])
    assert reply.ranked_ids[0] == "5", "the best known of what does not fit"
    assert "Orbit (2015)" in reply.text


def test_contrarian_offers_more_of_what_was_turned_down(talk: Any) -> None:
    known = {"1": 5, "2": 20, "3": 20, "4": 30, "5": 50}
    taken = talk("a comedy please", "fine, go on", known=known, module=contrarian)
    refused = talk("a comedy please", "no, I do not like those at all", known=known, module=contrarian)
    assert taken[0].named_ids == refused[0].named_ids == ("5",)
    assert taken[1].named_ids == ("4",), "the best known that is no comedy"
    assert refused[1].named_ids == ("1",), "the other one with the same person"


@pytest.mark.parametrize("module", [retrieval, popularity, random, contrarian])
def test_a_ranking_at_a_point_of_another_s_dialogue_leaves_out_what_was_named(module: Any, items: dict[str, Item], mentioned: Any) -> None:
    history = (
        Turn("seeker", "I liked Laughing Gas (2001)", 1, ("2",)),
        Turn("recommender", "Then Orbit (2015)?", 1, ("5", "not in the catalogue")),
        Turn("seeker", "no, something scary"),
    )
    ranked = module.build(items, mentioned).rank(history, 4)
    assert sorted(ranked) == ["1", "3", "4", "6"]
    assert ranked == module.build(items, mentioned).rank(history, 4)
    if module is retrieval:
        assert ranked[0] == "4"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    utterances=st.lists(st.text(max_size=60), min_size=1, max_size=6),
    module=st.sampled_from([retrieval, popularity, random, contrarian]),
)
def test_any_text_is_answered(talk: Any, utterances: list[str], module: Any) -> None:
    assert all(reply.text for reply in talk(*utterances, module=module))
