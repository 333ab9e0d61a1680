from __future__ import annotations

import polars as pl
import pytest

from understudy.instruments.copying import CopyIndex
from understudy.instruments.disclosure import ItemIndex
from understudy.records import Item

PLOT = "A lighthouse keeper finds a letter that was never sent to his brother."
ITEMS = {
    "1": Item("1", "The Glass Harbour", 1999, ("drama", "sci-fi"), ("Ora Vell",), PLOT, ("Glashafen am Meer",)),
    "2": Item("2", "The Glass Harbour 2", 2004, ("drama",), ("Tam Orrin",)),
    "3": Item("3", "It", 2017, ("horror",), ("Ora Vell",)),
    "4": Item("4", "The Glass Harbour", 1950, ("western",)),
    **{str(i): Item(str(i), f"Filler Number {i}", 1990, ("drama",), ("Common Actor",)) for i in range(10, 30)},
}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("have you got The Glass Harbour (1999)?", True),
        ("i want the glass harbour please", True),
        ("something like the glas harbour", True),
        ("Glashafen am Meer would be good", True),
        ("The Glass Harbour 2 (2004) was fun", False),
        ("The Glass Harbour (1950) is old", False),
        ("a harbour of glass", False),
        ("", False),
    ],
)
def test_a_title_is_named_exactly_nearly_or_by_alias_but_not_by_another_film(text: str, named: bool) -> None:
    assert ItemIndex(ITEMS).names("1", text) is named


@pytest.mark.parametrize(
    ("text", "named"), [("I liked it", False), ("It was good", False), ('have you "It"?', True), ("It (2017)", True), ("It 2017", True)]
)
def test_a_one_word_title_counts_only_when_marked(text: str, named: bool) -> None:
    assert ItemIndex(ITEMS).names("3", text) is named


def test_only_what_comes_before_the_recommender_names_it_is_given_away() -> None:
    catalogue = ItemIndex(ITEMS)
    named = [("recommender", "try The Glass Harbour (1999)", ["1"]), ("seeker", "The Glass Harbour, I will", [])]
    assert not catalogue.disclosure_of("1", named).title
    assert catalogue.disclosure_of("1", named[::-1]).title


@pytest.mark.parametrize(("said", "given_away"), [("try The Glass Harbour (1999)", False), ("try The Glass Harbour 2 (2004)", True)])
def test_a_recommender_that_names_the_target_in_words_alone_has_named_it(said: str, given_away: bool) -> None:
    turns = [("recommender", said, []), ("seeker", "The Glass Harbour with Ora Vell, I will", [])]
    told = ItemIndex(ITEMS).disclosure_of("1", turns)
    assert (told.title, told.attributes) == (given_away, given_away)


def test_attributes_that_leave_few_items_give_the_target_away() -> None:
    catalogue = ItemIndex(ITEMS)
    assert not catalogue.disclosure_of("1", [("seeker", "I like dramas", [])]).attributes
    assert catalogue.disclosure_of(
        "1", [("seeker", "a drama", []), ("recommender", "who with?", []), ("seeker", "with Ora Vell", [])]
    ).attributes
    assert not catalogue.disclosure_of("10", [("seeker", "a drama with Common Actor from the 1990s", [])]).attributes
    assert catalogue.disclosure_of("1", [("seeker", "where a keeper finds a letter that was never sent", [])]).attributes


def _index() -> CopyIndex:
    spoken = {
        "a": "i would really like to see a film about old ships tonight",
        "b": "no thanks",
        "c": "no thanks",
        "d": "one of a kind",
    }
    return CopyIndex.of(pl.DataFrame({"worker": list(spoken), "tokens": [text.split() for text in spoken.values()]}))


def _flags(text: str, seeker: str, recommender: str | None) -> tuple[bool | None, bool | None]:
    turn = pl.DataFrame(
        {"tokens": [text.split()], "seeker_id": [seeker], "recommender_id": [recommender]}, schema_overrides={"recommender_id": pl.String}
    )
    found = _index().flags(turn)
    return found["copied"][0], found["shared"][0]


def test_a_turn_is_copied_from_other_workers_only() -> None:
    text = "well i would really like to see a film about old ships"
    assert _flags(text, "x", "y") == (True, None)
    assert _flags(text, "a", "y") == (False, None)
    assert _flags(text, "x", "a") == (False, None)
    assert _flags("i would really like to eat a cake about now friend ok", "x", None) == (False, None)


def test_a_short_turn_is_shared_when_a_third_worker_said_it() -> None:
    assert _flags("no thanks", "b", "z") == (None, True)
    assert _flags("no thanks", "b", "c") == (None, False)
    assert _flags("one of a", "x", None) == (None, False)
    assert _flags("", "x", None) == (None, None)
