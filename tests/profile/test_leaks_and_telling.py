"""History leak is flagged however the item is named; what was disclosed when, and how seekers talk, is read by the instruments."""

from __future__ import annotations

import polars as pl
import pytest

from understudy.instruments.disclosure import ItemIndex
from understudy.profile.contexts import points_of, want_of
from understudy.profile.leaks import before_suggestion, leak_of
from understudy.profile.needs import need_of
from understudy.profile.rows import TalkReading, profiled
from understudy.profile.telling import Disclosed, disclosed, masked_turns, styles, told_before
from understudy.records import Dialogue, Item, Mention, Need, Turn

ITEMS = {
    one.item_id: one
    for one in (
        Item("a", "Amber Ferry", 1994, ("drama",), ("Ilse Marrow", "Tom Quill")),
        Item("b", "Copper Parade", 2001, ("comedy",), ("Tom Quill",)),
        Item("c", "Tidal Ledger", 2010, ("horror",), ("Nils Oak",)),
        Item("d", "Quiet Signal", 2015, ("western",), ("Ada Finch",)),
        Item("e", "Paper Kettle", 1958, ("musical", "horror"), ("Ada Finch",)),
    )
}
CATALOGUE = ItemIndex(ITEMS)
UNREAD = TalkReading({}, lambda places: [None] * len(places))


def said(role: str, text: str, *ids: str) -> Turn:
    return Turn("seeker" if role == "s" else "recommender", text, 1, ids)


def dialogue(*turns: Turn, forms: tuple[Mention, ...]) -> Dialogue:
    return Dialogue("1", turns, forms, "s1", "r1")


B_FORM = Mention("b", True, False, True)


def reactions(one: Dialogue) -> list[tuple[str | None, str]]:
    points = points_of(one, CATALOGUE, content="c", pool=sorted(ITEMS), seed=0)
    return [(point.item_id, point.leak) for point in points if point.kind == "reaction"]


def test_a_reaction_whose_item_nobody_named_before_does_not_leak() -> None:
    clean = dialogue(said("s", "something light"), said("r", "try Copper Parade (2001)", "b"), said("s", "ok"), forms=(B_FORM,))
    assert reactions(clean) == [("b", "")]
    assert want_of(clean, CATALOGUE, seed=0).leak == ""


@pytest.mark.parametrize("speaker", ["s", "r"])
def test_a_title_in_the_words_of_either_speaker_leaks(speaker: str) -> None:
    before = said(speaker, "my sister told me of Copper Parade once")
    turns = (said("s", "hi"), before, said("r", "try Copper Parade (2001)", "b"), said("s", "ok"))
    assert reactions(dialogue(*turns, forms=(B_FORM,))) == [("b", "title")]
    assert want_of(dialogue(*turns, forms=(B_FORM,)), CATALOGUE, seed=0).leak == "title"


def test_an_item_that_is_suggested_again_leaks_by_id_and_gives_no_decoy() -> None:
    turns = (said("s", "not Copper Parade (2001)", "b"), said("r", "but Copper Parade (2001)", "b"), said("s", "no"))
    one = dialogue(*turns, forms=(B_FORM,))
    assert reactions(one) == [("b", "id")]
    assert not [point for point in points_of(one, CATALOGUE, content="c", pool=sorted(ITEMS), seed=0) if point.kind == "decoy"]
    assert want_of(one, CATALOGUE, seed=0).leak == "id"


def test_a_need_that_names_the_item_leaks_and_one_that_says_it_was_seen_does_not() -> None:
    named = Need(liked=("The Making of Copper Parade (2003)",))
    assert leak_of("b", (), named, CATALOGUE) == ""
    assert leak_of("b", (), Need(disliked=("Copper Parade (2001)",)), CATALOGUE) == "need"
    assert leak_of("b", (), Need(people=("Copper Parade",)), CATALOGUE) == "need"
    seen = Need(seen=("Copper Parade (2001)",))
    assert leak_of("b", (), seen, CATALOGUE) == ""
    assert leak_of("b", (), seen, CATALOGUE, seen=True) == "need"


def test_what_stands_before_a_suggestion_ends_where_the_recommender_links_it() -> None:
    turns = (said("s", "x"), said("r", "Copper Parade (2001)?"), said("s", "y"), said("r", "Copper Parade (2001)!", "b"))
    assert len(before_suggestion("b", turns, CATALOGUE)) == 3
    assert len(before_suggestion("b", turns[:3], CATALOGUE)) == 1
    assert len(before_suggestion("c", turns, CATALOGUE)) == 4


FORMS = (
    Mention("a", False, True, True),
    B_FORM,
    Mention("c", False, True, False),
    Mention("e", False, True, False),
)
TALK = dialogue(
    said("s", "hi! Any DRAMA from the 90s, like Amber Ferry (1994)?", "a"),
    said("r", "with Tom Quill?"),
    said("s", "i like tom quill. But not Tidal Ledger"),
    said("r", "Copper Parade (2001)", "b"),
    said("s", "OK"),
    forms=FORMS,
)


def test_a_need_tells_people_and_eras_on_both_sides() -> None:
    need = need_of(TALK, ITEMS)
    assert (need.people[0], need.eras) == ("Tom Quill", ("1990s", "2000s"))
    assert (need.disliked_people, need.disliked_eras) == (("Ada Finch", "Nils Oak"), ("1950s", "2010s"))
    assert need_of(TALK, ITEMS, at_stake=("b",)).eras == ("1990s",)
    assert need_of(TALK, ITEMS, at_stake=("c", "e")).disliked_eras == ()


def told_of(one: Dialogue) -> tuple[Disclosed, ...]:
    masked = masked_turns([one], ITEMS)
    return disclosed(one, dict(masked.select("turn_index", "masked").iter_rows()), CATALOGUE)


def test_wishes_are_disclosed_at_the_turn_that_tells_them_first() -> None:
    told = told_of(TALK)
    assert set(told) == {
        Disclosed(0, "genre", "drama"),
        Disclosed(0, "era", "1990s"),
        Disclosed(0, "item", "Amber Ferry (1994)"),
        Disclosed(2, "person", "Tom Quill"),
        Disclosed(2, "item", "Tidal Ledger (2010)"),
    }
    assert [one.turn_index for one in told] == sorted(one.turn_index for one in told)
    assert {one.turn_index for one in told_before(told, 2)} == {0}
    assert told_before(told, 0) == ()


def test_a_word_of_a_title_and_the_recommenders_words_are_no_wish() -> None:
    items = {"x": Item("x", "A Drama of Rust", 1991, ("drama",), ("Tom Quill",)), "y": Item("y", "Lantern Yard", 1990, ("drama",), ())}
    forms = (Mention("x", False, True, True), Mention("y", False, True, True))
    one = dialogue(said("s", "I saw A Drama of Rust (1991)", "x"), said("r", "a drama with Tom Quill"), said("s", "yes"), forms=forms)
    words = dict(masked_turns([one], items).select("turn_index", "masked").iter_rows())
    assert disclosed(one, words, ItemIndex(items)) == (Disclosed(0, "item", "A Drama of Rust (1991)"),)


def test_styles_are_shares_and_means_over_the_seekers_turns() -> None:
    style = styles(masked_turns([TALK], ITEMS))["1"]
    assert style["n_turns"] == 3
    assert style["questions"] == pytest.approx(1 / 3, abs=1e-4)
    assert style["exclamations"] == pytest.approx(1 / 3, abs=1e-4)
    assert style["lower_case_starts"] == pytest.approx(2 / 3, abs=1e-4)
    assert style["small_i"] == pytest.approx(1 / 3, abs=1e-4)
    # titles are one word: hi any drama from the 90s like TITLE; i like tom quill but not TITLE; ok
    assert style["tokens_per_turn"] == pytest.approx((8 + 7 + 1) / 3, abs=1e-4)
    only_title = dialogue(said("s", "Amber Ferry (1994)", "a"), forms=())
    assert styles(masked_turns([only_title], ITEMS))["1"]["lower_case_starts"] is None


def test_rows_carry_flags_disclosure_and_style() -> None:
    frames = profiled([TALK], ITEMS, contents={"1": "c"}, profile_key="k", seed=0, reading=UNREAD)
    seeker = frames.seekers.row(0, named=True)
    assert seeker["disclosed"].startswith('[[0,"era","1990s"],[0,"genre","drama"]')
    assert (seeker["history_leak"], seeker["leaked_by"]) == (False, "")
    assert '"questions":0.3333' in seeker["style"]
    assert frames.contexts.filter(pl.col("history_leak")).is_empty()
    silent = profiled([dialogue(said("r", "hello"), forms=())], ITEMS, contents={"1": "c"}, profile_key="k", seed=0, reading=UNREAD)
    assert silent.seekers.row(0, named=True)["style"] == "null"
