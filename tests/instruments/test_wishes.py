"""What a seeker's turn says of titles, genres, people and decades, clause by clause."""

from __future__ import annotations

import pytest

from understudy.instruments.wishes import Wish, Wordbook, judged, wishes

BOOK = Wordbook(genres=("Slow Cinema",), people=("Odile Farrow", "Bo"))


def told(text: str) -> dict[str, bool]:
    return {one.value: one.liked for one in wishes(text, BOOK)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I like horror, comedy, and drama but not westerns.", {"horror": True, "comedy": True, "drama": True, "western": False}),
        ("I'm not a fan of horror movies", {"horror": False}),
        ("I hate romance but comedies are ok", {"romance": False, "comedy": True}),
        ("any slow cinema by odile farrow?", {"slow cinema": True, "Odile Farrow": True}),
        ("something from the 80s or the 1990's, not the 2000s", {"1980s": True, "1990s": True, "2000s": False}),
        ("No horror please", {"horror": False}),
        ("Is it a comedy?", {}),  # asks about what was suggested
        ("who stars in it, Odile Farrow?", {}),
        ("my family likes war movies", {"war": True}),  # `family` alone is no genre
        ("Bo is a first name that says nothing", {}),
        ("ich mag keine Horrorfilme", {}),
        ("", {}),
    ],
)
def test_wishes_of_a_turn(text: str, expected: dict[str, bool]) -> None:
    assert told(text) == expected


def test_names_that_the_log_tags_are_wishes_by_their_kind_or_by_how_they_are_written() -> None:
    hints = ((None, "Odile Farrow"), (None, "Fantasy"), (None, "2014"), (None, "English"), ("genre", "Ghost Stories"))
    found = wishes("I don't like ghost stories, but anything else", BOOK, hints=hints)
    assert found == [
        Wish("genre", "ghost story", False), Wish("person", "Odile Farrow", True), Wish("genre", "fantasy", True),
        Wish("genre", "ghost stories", False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "amber", "copper"),
    [
        ("I loved Amber Ferry but hated Copper Parade (2001)", True, False),
        ("Have you seen Amber Ferry? And Copper Parade?", None, None),
        ("Do you like Amber Ferry? copper parade was boring", None, False),
        ("Could you recommend something similar to Amber Ferry and Copper Parade", True, True),
        ("Copper Parade is one of my favorites I didn't like Amber Ferry", False, True),
        ("It was not as good as Amber Ferry. I saw Copper Parade", True, None),
    ],
)
def test_titles_are_judged_by_their_clause(text: str, amber: bool | None, copper: bool | None) -> None:
    names = {"a": ("Amber Ferry",), "c": ("Copper Parade (2001)", "Copper Parade")}
    assert judged(text, names) == {"a": amber, "c": copper}


def test_words_of_a_title_are_no_opinion() -> None:
    assert judged("I saw Hate Love Actually", {"a": ("Hate Love Actually",)}) == {"a": None}
