"""A reply that repeats the logs is kept as places in them: nothing of the logs is left in it, and it is whole again beside them."""

from __future__ import annotations

import polars as pl
import pytest

from understudy.errors import BadInput
from understudy.instruments.copying import WINDOW
from understudy.instruments.quoting import Piece, Quotation, pieces_of, quoted_places, spelled, windows_of
from understudy.instruments.text import Titles

SAID = {
    ("d1", 0): "Hello there! I am looking for a film that my whole family can watch on a rainy Sunday, nothing scary.",
    ("d1", 1): "Have you seen Paddington?",
    ("d2", 4): "It was the best thing that I have seen in years, honestly, you should go and see it.",
}
TURNS = pl.DataFrame([{"dialogue_id": one, "turn_index": turn, "text": text} for (one, turn), text in SAID.items()])
TITLES = Titles(("Paddington Goes to the Moon and Back Again With Friends (2031)",))


def cut(text: str, titles: Titles = TITLES) -> list[Piece] | None:
    [found] = windows_of([text], titles)
    return pieces_of(text, found, quoted_places([text], TURNS, titles), SAID, titles)


@pytest.mark.parametrize(
    "text",
    [
        "Well, I am looking for a film that my whole family can watch on a rainy Sunday, please!",
        "well, i AM looking for a film, that my whole family can watch on a rainy sunday",
        "I am looking for a film that my whole family can watch. It was the best thing that I have seen in years, honestly.",
        # small models say one sentence again and again
        "I am looking for a film that my whole family can watch. Yes! I am looking for a film that my whole family can watch. Yes!",
    ],
)
def test_what_is_kept_of_a_reply_that_repeats_the_logs_repeats_nothing_and_is_spelled_again(text: str) -> None:
    pieces = cut(text)
    assert pieces is not None
    own = [piece for piece in pieces if isinstance(piece, str)]
    assert any(isinstance(piece, Quotation) for piece in pieces)
    assert quoted_places(own, TURNS, TITLES) == {}
    assert "whole family can watch" not in "".join(own)
    assert spelled(pieces, SAID) == text


def test_seven_words_in_a_row_are_no_repetition_and_eight_are() -> None:
    words = ["It", "was", "the", "best", "thing", "that", "I", "have"]
    assert len(words) == WINDOW
    assert cut(" ".join(words)) is not None
    assert cut(" ".join(words[:-1])) is None


def test_titles_in_a_row_are_no_repetition() -> None:
    title = TITLES.patterns[0]
    turns = TURNS.with_columns(text=pl.lit(title))
    assert quoted_places([title], turns, TITLES) == {}
    assert quoted_places([title], turns, Titles(())) != {}


def test_other_logs_are_refused() -> None:
    pieces = cut("It was the best thing that I have seen in years, honestly, you should go and see it.")
    assert pieces is not None
    with pytest.raises(BadInput, match="turn 4 of dialogue d2"):
        spelled(pieces, {("d2", 4): "It was"})
