"""Replies that repeat the logs, as pieces: places in human turns, and words of their own.

So a reply can be kept where the text of the logs may not be, and is whole again where the logs are. What counts as a repetition is one
stretch of `WINDOW` words, the window of the copying instrument, in any turn of either speaker. Titles are masked, as that instrument reads:
whoever names the same items in a row repeats the catalogue.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import polars as pl

from understudy.errors import BadInput, UnderstudyError
from understudy.instruments.copying import WINDOW
from understudy.instruments.text import Titles, plain, tokens

VERSION = 1
Place = tuple[str, int]
Window = tuple[str, ...]
# a shorter match saves nothing and copies nothing
_SHORTEST = 4


@dataclass(frozen=True, slots=True)
class Quotation:
    """A piece of a human turn: from which character on, and how many of them."""

    dialogue_id: str
    turn_index: int
    start: int
    n_chars: int


Piece = str | Quotation


def windows_of(texts: Sequence[str], titles: Titles) -> list[list[Window]]:
    """The stretches of `WINDOW` words of each text, in order."""
    words = _words(pl.DataFrame({"text": texts}, schema={"text": pl.String}), titles)
    return [list(_windows(said)) for said in words["words"].to_list()]


def quoted_places(texts: Sequence[str], turns: pl.DataFrame, titles: Titles) -> dict[Window, Place]:
    """Stretch of words → the first human turn with it, of the stretches that stand in `texts`.

    `turns`: dialogue_id, turn_index, text, in order.
    """
    wanted = {window for found in windows_of(texts, titles) for window in found}
    places: dict[Window, Place] = {}
    if not wanted:
        return {}
    for dialogue_id, turn_index, said in _words(turns, titles).select("dialogue_id", "turn_index", "words").iter_rows():
        for window in _windows(said):
            if window in wanted:
                places.setdefault(window, (dialogue_id, turn_index))
    return places


def pieces_of(
    text: str, windows: Sequence[Window], places: Mapping[Window, Place], turns: Mapping[Place, str], titles: Titles
) -> list[Piece] | None:
    """The text, whose stretches are `windows`, as pieces; None where it repeats nothing. What is left of its own words repeats nothing."""
    sources = _sources([windows], places)
    if not sources:
        return None
    pieces: list[Piece] = [text]
    # a reply that says the same stretch twice matches a turn once in one pass
    while sources:
        before = len(pieces)
        for place in sources:
            pieces = [part for piece in pieces for part in (_cut(piece, place, turns[place]) if isinstance(piece, str) else [piece])]
        sources = _sources(windows_of([piece for piece in pieces if isinstance(piece, str)], titles), places)
        if sources and len(pieces) == before:
            raise UnderstudyError("a reply repeats a turn of the logs in a way that could not be cut out of it")
    return pieces


def _sources(windows: Iterable[Sequence[Window]], places: Mapping[Window, Place]) -> list[Place]:
    """The human turns that the stretches stand in, each once."""
    return list(dict.fromkeys(places[window] for found in windows for window in found if window in places))


def spelled(pieces: Iterable[Piece], turns: Mapping[Place, str]) -> str:
    """The text that the pieces are. Raises BadInput where the logs lack a turn that it repeats."""
    told = []
    for piece in pieces:
        if isinstance(piece, str):
            told.append(piece)
            continue
        turn = turns.get((piece.dialogue_id, piece.turn_index), "")
        if len(turn) < piece.start + piece.n_chars:
            raise BadInput(
                f"the logs have no turn {piece.turn_index} of dialogue {piece.dialogue_id} with {piece.start + piece.n_chars} characters, "
                "which a reply of the recording repeats",
                hint="ingest the logs that the recording names",
            )
        told.append(turn[piece.start : piece.start + piece.n_chars])
    return "".join(told)


def _cut(text: str, place: Place, turn: str) -> Iterator[Piece]:
    """The pieces of a text beside one turn: what stands in both in the same order as places, the rest as it is."""
    at = 0
    for there, start, n_chars in _blocks(text, turn):
        if start > at:
            yield text[at:start]
        yield Quotation(*place, there, n_chars)
        at = start + n_chars
    if at < len(text):
        yield text[at:]


def _blocks(text: str, turn: str) -> list[tuple[int, int, int]]:
    """Start in the turn, start in the text and length of what is the same."""
    found = SequenceMatcher(None, turn, text, autojunk=False).get_matching_blocks()
    return [(block.a, block.b, block.size) for block in found if block.size >= _SHORTEST]


def _words(texts: pl.DataFrame, titles: Titles) -> pl.DataFrame:
    """`texts` with the list of `words` of each."""
    masked = texts.with_columns(masked=titles.masked("text")).with_columns(plain=plain("masked"))
    return masked.with_columns(words=tokens("plain"))


def _windows(words: Sequence[str]) -> Iterator[Window]:
    return (tuple(words[start : start + WINDOW]) for start in range(len(words) - WINDOW + 1))
