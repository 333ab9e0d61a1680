"""Needs are cut without the label at stake; contexts and their strata follow from turns and forms."""

from __future__ import annotations

from understudy.instruments.disclosure import ItemIndex
from understudy.profile.contexts import points_of, reaction_item, stratum_of, swapped, want_of
from understudy.profile.needs import need_of, targets_of
from understudy.records import Dialogue, Item, Mention, Turn

ITEMS = {
    one.item_id: one
    for one in (
        Item("a", "Amber Ferry", 1999, ("drama",), ("P One",)),
        Item("b", "Copper Parade", 2001, ("comedy",), ("P Two",)),
        Item("c", "Tidal Ledger", 2010, ("horror",), ("P Three",)),
        Item("d", "Quiet Signal", 2015, ("western",), ("P Four",)),
        Item("b2", "Copper Parade", 1955, ("comedy",), ()),
        Item("z", "Paper Kettle", 1970, ("musical",), ()),
    )
}
CATALOGUE = ItemIndex(ITEMS)
A, B = Mention("a", False, True, True), Mention("b", True, False, True)
C, D = Mention("c", True, True, False), Mention("d", True, None, None)


def said(role: str, text: str, *ids: str) -> Turn:
    return Turn("seeker" if role == "s" else "recommender", text, 1, ids)


TURNS = (
    said("r", "hi"),
    said("s", "I liked Amber Ferry (1999)", "a"),
    said("r", "as Amber Ferry (1999), try Copper Parade (2001)", "a", "b"),
    said("s", "will do"),
    said("r", "Tidal Ledger (2010)? Quiet Signal (2015)?", "c", "d"),
    said("s", "no"),
    said("r", "really, Tidal Ledger (2010)", "c"),
    said("s", "bye"),
)
DIALOGUE = Dialogue("1", TURNS, (A, B, C, D), "s1", "r1")


def test_a_need_tells_what_is_known_before_the_conversation() -> None:
    need = need_of(DIALOGUE, ITEMS)
    assert (need.liked, need.disliked) == (("Amber Ferry (1999)",), ("Tidal Ledger (2010)",))
    assert need.seen == ("Amber Ferry (1999)", "Tidal Ledger (2010)")
    assert (need.genres, need.disliked_genres, need.targets) == (("comedy", "drama"), ("horror",), ("b",))


def test_the_item_at_stake_is_only_ever_told_as_seen() -> None:
    need = need_of(DIALOGUE, ITEMS, at_stake=("c",))
    assert "Tidal Ledger (2010)" not in (*need.liked, *need.disliked)
    assert "horror" not in need.disliked_genres
    assert "Tidal Ledger (2010)" in need.seen
    cut = need_of(DIALOGUE, ITEMS, at_stake=("b",))
    assert (cut.genres, cut.people, cut.targets) == (("drama",), ("P One",), ())


def test_another_film_of_the_same_title_is_cut_with_it() -> None:
    twin = Dialogue("1", TURNS, (A, B, Mention("b2", False, True, True)), "s1", "r1")
    assert "Copper Parade (1955)" in need_of(twin, ITEMS).liked
    want = want_of(twin, CATALOGUE, seed=0)
    assert want.target == "b"
    assert not any("Copper Parade" in label for label in (*want.need.liked, *want.need.seen))


def test_targets_are_suggested_unseen_and_liked() -> None:
    assert targets_of(DIALOGUE, ITEMS) == ("b",)
    forms = (Mention("b", True, True, True), Mention("a", False, False, True), Mention("d", True, None, True))
    seen = Dialogue("1", TURNS, forms, "s", "r")
    assert targets_of(seen, ITEMS) == ()
    assert want_of(seen, CATALOGUE, seed=0).target is None


def test_a_reaction_follows_exactly_one_suggested_item_new_or_repeated_alone() -> None:
    forms = {one.item_id: one for one in DIALOGUE.mentions}
    assert [reaction_item(TURNS, index, forms, ITEMS) for index in (1, 3, 5, 7)] == [None, "b", None, "c"]
    assert reaction_item(TURNS, 3, {**forms, "b": Mention("b", False, False, True)}, ITEMS) is None


def test_strata_follow_the_form() -> None:
    assert stratum_of(Mention("x", True, True, True)) == "liked_seen"
    assert stratum_of(Mention("x", True, False, True)) == "liked_unseen"
    assert stratum_of(Mention("x", True, True, False)) == "disliked"
    assert stratum_of(Mention("x", True, None, True)) == "unstated"
    assert stratum_of(Mention("x", True, True, None)) == "unstated"


def test_every_seeker_turn_with_words_is_a_point_and_one_decoy_is_made() -> None:
    points = list(points_of(DIALOGUE, CATALOGUE, content="c", pool=sorted(ITEMS), seed=0))
    assert [one.turn_index for one in points if one.kind == "behaviour"] == [1, 3, 5, 7]
    reaction, repeated = [one for one in points if one.kind == "reaction"]
    (decoy,) = [one for one in points if one.kind == "decoy"]
    assert (reaction.stratum, reaction.item_id, reaction.turn_index) == ("liked_unseen", "b", 3)
    assert (reaction.leak, repeated.item_id, repeated.leak) == ("", "c", "id")
    assert (decoy.stratum, decoy.item_id, decoy.turn_index) == ("decoy", "z", 3)
    assert "b" not in (*reaction.need.targets, *decoy.need.targets)
    assert len({one.context_id for one in points}) == len(points)


def test_points_depend_on_content_and_seed_alone() -> None:
    def ids(content: str) -> list[str]:
        return [one.context_id for one in points_of(DIALOGUE, CATALOGUE, content=content, pool=sorted(ITEMS), seed=3)]

    assert ids("c") == ids("c") != ids("other")


def test_a_decoy_stands_in_the_words_and_the_ids() -> None:
    turn = swapped(TURNS[2], ITEMS["b"], ITEMS["z"])
    assert (turn.text, turn.item_ids) == ("as Amber Ferry (1999), try Paper Kettle (1970)", ("a", "z"))
