"""Turns that stand in many dialogues: all of them are found, and those that a pattern matches are taken out and counted."""

from __future__ import annotations

import pytest

from understudy.errors import BadInput
from understudy.measure.frequent import frequent_turns, turns_of, without_turns
from understudy.records import Dialogue, Role, Turn


def dialogue(name: str, *texts: str, opener: Role = "seeker") -> Dialogue:
    roles: tuple[Role, Role] = ("seeker", "recommender") if opener == "seeker" else ("recommender", "seeker")
    return Dialogue(name, tuple(Turn(roles[at % 2], text) for at, text in enumerate(texts)))


TEN = [dialogue(f"d{n}", "Hello", "hi", f"film {n}", "ok", r"\end" if n < 4 else "thanks" if n < 6 else f"bye {n}") for n in range(10)]


def test_every_exact_turn_in_more_than_a_fifth_of_the_dialogues_is_found() -> None:
    found = frequent_turns(turns_of(TEN))
    assert [(one["text"], one["speaker"], one["n"], one["share"]) for one in found] == [
        ("Hello", "seeker", 10, 1.0), ("hi", "recommender", 10, 1.0), ("ok", "recommender", 10, 1.0), (r"\end", "seeker", 4, 0.4),
    ]  # fmt: skip  # "thanks" stands in just a fifth


def test_said_twice_in_one_dialogue_counts_once_and_one_dialogue_is_not_many() -> None:
    assert frequent_turns(turns_of([dialogue("a", "hi", "x", "hi"), dialogue("b", "yo"), dialogue("c", "hey")])) == []
    assert frequent_turns(turns_of([])) == []


def test_turns_are_compared_word_for_word_white_space_aside() -> None:
    found = frequent_turns(turns_of([dialogue("a", "so  it is"), dialogue("b", "so it is "), dialogue("c", "So it is")]))
    assert [(one["text"], one["n"]) for one in found] == [("so it is", 2)]


def test_matched_turns_become_empty_and_keep_their_place() -> None:
    dropped = without_turns(TEN, [r"\\end", "(?i)hello", "film"])
    assert dropped.n_by_pattern == {r"\\end": 4, "(?i)hello": 10, "film": 0}  # a part of a turn is no match
    assert [turn.text for turn in dropped.dialogues[0].turns] == ["", "hi", "film 0", "ok", ""]
    assert dropped.dialogues[9].turns[2:] == TEN[9].turns[2:]


def test_what_the_recommender_says_is_not_dropped() -> None:
    assert without_turns(TEN, ["hi|ok"]).n_by_pattern == {"hi|ok": 0}


@pytest.mark.parametrize("pattern", ["(", "[a", "*", "a{2", r"(?<=x)y", r"(a)\1"])
def test_a_pattern_that_is_none_is_bad_input_that_says_where(pattern: str) -> None:
    with pytest.raises(BadInput, match="is not a regular expression") as caught:
        without_turns(TEN, [pattern])
    assert repr(pattern) in caught.value.message


def test_no_pattern_runs_away() -> None:
    # of a backtracking engine this takes longer than the age of the world
    assert without_turns([dialogue("a", "a" * 5_000 + "b")], ["(a|aa|a*)*c", "(.*)*(.*)*(.*)*x"]).n_by_pattern == {
        "(a|aa|a*)*c": 0, "(.*)*(.*)*(.*)*x": 0
    }  # fmt: skip
