"""What a dialogue says where no form does; at any point only what stands before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from understudy.instruments.disclosure import ItemIndex
from understudy.profile.contexts import Point, Want, points_of, want_of
from understudy.profile.hints import hints_of
from understudy.profile.talk import DialogueTold, Suggested, has_forms, need_before, talks_of
from understudy.records import Dialogue, Item, Mention, Turn

ITEMS = {
    one.item_id: one
    for one in (
        Item("a", "Amber Ferry", 1999), Item("b", "Copper Parade", 2001), Item("c", "Tidal Ledger", 2010), Item("d", "Quiet Signal", 2015),
        Item("z", "Paper Kettle", 1970), Item("e", "Salt Atlas", 1980),
    )
}  # fmt: skip
CATALOGUE = ItemIndex(ITEMS)
LABELS = {"will do, thanks": "accept", "no, too long": "reject"}


def said(role: str, text: str, *ids: str) -> Turn:
    return Turn("seeker" if role == "s" else "recommender", text, 1, ids)


TURNS = (
    said("s", "I loved Amber Ferry (1999), any other drama? no horror"  , "a"),
    said("r", "as Amber Ferry (1999), try Tidal Ledger (2010)", "a", "c"),
    said("s", "no, too long"),
    said("r", "then Copper Parade (2001)", "b"),
    said("s", "will do, thanks"),
    said("r", "or Quiet Signal (2015), or Paper Kettle (1970)", "d", "z"),
    said("s", "I also like westerns and Quiet Signal (2015)", "d"),
)  # fmt: skip
DIALOGUE = Dialogue("1", TURNS)


def reads(places: Sequence[tuple[str, str]]) -> list[str | None]:
    return [LABELS.get(text, "neither") for _, text in places]


def talk_of(dialogue: Dialogue, hints: Sequence[tuple[str, int, str, str]] = ()) -> DialogueTold:
    masked = {dialogue.dialogue_id: {at: turn.text for at, turn in enumerate(dialogue.turns) if turn.role == "seeker" and turn.text}}
    return talks_of([dialogue], masked, CATALOGUE, hints=hints_of(hints), reads=reads)[dialogue.dialogue_id]


def points(dialogue: Dialogue) -> list[Point]:
    return list(points_of(dialogue, CATALOGUE, content="x", pool=sorted(ITEMS), seed=0, talk=talk_of(dialogue)))


def want(dialogue: Dialogue) -> Want:
    return want_of(dialogue, CATALOGUE, seed=0, talk=talk_of(dialogue))


def test_what_the_recommender_names_first_is_suggested_and_one_alone_has_a_reaction() -> None:
    assert talk_of(DIALOGUE).suggestions == (
        Suggested(1, "c", "reject"), Suggested(3, "b", "accept"), Suggested(5, "d", None), Suggested(5, "z", None),
    )  # fmt: skip


def test_a_suggestion_without_an_answer_or_in_a_language_that_is_not_read_has_none() -> None:
    assert [one.reaction for one in talk_of(replace(DIALOGUE, turns=TURNS[:2])).suggestions] == [None]
    silent = talks_of([DIALOGUE], {}, CATALOGUE, hints={}, reads=lambda places: [None] * len(places))["1"]
    assert silent.accepted == ()


def test_a_need_holds_what_was_told_before_the_point_and_nothing_is_known_as_seen() -> None:
    talk = talk_of(DIALOGUE)
    assert need_before(talk, 0, ITEMS) == type(need_before(talk, 0, ITEMS))()
    need = need_before(talk, 6, ITEMS)
    assert (need.liked, need.genres, need.disliked_genres) == (("Amber Ferry (1999)",), ("drama",), ("horror",))
    assert (need.seen, need.targets) == ((), ("b",))
    assert need_before(talk, 4, ITEMS).targets == ()  # it is accepted in that turn
    whole = need_before(talk, len(TURNS), ITEMS)
    assert set(whole.genres) == {"drama", "western"}
    assert whole.liked == ("Amber Ferry (1999)", "Quiet Signal (2015)")


def test_what_is_told_anew_counts_as_it_was_told_last() -> None:
    turns = (said("s", "I like horror"), said("r", "ok"), said("s", "not a fan of horror any more"), said("r", "ok"))
    need = need_before(talk_of(Dialogue("2", turns)), 3, ITEMS)
    assert (need.genres, need.disliked_genres) == ((), ("horror",))


def test_every_reaction_is_of_the_one_stratum_and_needs_stand_before_it() -> None:
    found = points(DIALOGUE)
    reactions = [(one.turn_index, one.stratum, one.item_id) for one in found if one.kind == "reaction"]
    assert reactions == [(2, "unstated", "c"), (4, "unstated", "b")]
    assert {one.stratum for one in found if one.kind == "decoy"} == {"decoy"}
    first = next(one for one in found if one.turn_index == 0)
    assert first.need == need_before(DialogueTold(), 0, ITEMS)
    for one in found:
        assert "western" not in one.need.genres
        assert not any("Quiet Signal" in label for label in one.need.liked)


def test_the_target_is_an_accepted_item_and_the_need_was_told_before_it_was_suggested() -> None:
    found = want(DIALOGUE)
    assert (found.target, found.leak) == ("b", "")
    assert (found.need.liked, found.need.genres) == (("Amber Ferry (1999)",), ("drama",))
    assert not any("Copper Parade" in part for part in (*found.need.liked, *found.need.disliked, *found.need.people))


@pytest.mark.parametrize("text", ["I love Copper Parade", "I love Copper Parade (2001) and Amber Ferry (1999)"])
def test_a_target_that_the_seeker_named_before_is_flagged_and_its_title_is_in_no_need(text: str) -> None:
    turns = (said("s", text), said("r", "then Copper Parade (2001)", "b"), said("s", "will do, thanks"))
    found = want(Dialogue("3", turns))
    assert (found.target, found.leak) == ("b", "title")
    assert "Copper" not in str(found.need)


def test_a_title_that_the_log_tags_as_a_name_is_no_person() -> None:
    talk = talk_of(DIALOGUE, [("1", 0, "entity", "Copper Parade"), ("1", 0, "entity", "Odile Farrow"), ("1", 0, "slot", "GENRE=satire")])
    need = need_before(talk, 2, ITEMS)
    assert (need.people, need.genres) == (("Odile Farrow",), ("drama", "satire"))


def test_without_an_accepted_item_there_is_no_target() -> None:
    assert want(replace(DIALOGUE, turns=TURNS[:3])).target is None


def test_a_data_set_has_forms_where_one_dialogue_has_one() -> None:
    assert not has_forms([DIALOGUE, replace(DIALOGUE, mentions=(Mention("a", None, None, True),))])
    assert has_forms([DIALOGUE, replace(DIALOGUE, mentions=(Mention("a", False, None, None),))])
