"""What a probe reads in a text, the same for models and humans: aspects, polarity and the details that a request holds.

Word lists of our own, small and coarse. They miss much and miss it on both sides; no figure of theirs is corrected.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from understudy.instruments import text
from understudy.instruments.disclosure import says
from understudy.instruments.text import MASK, Titles
from understudy.records import Item, Need

_WORDS = tomllib.loads(Path(__file__).with_name("words.toml").read_text("utf-8"))
_NEGATIONS, _GOOD, _BAD, _ANEW = (frozenset(_WORDS[name].split()) for name in ("negations", "good", "bad", "anew"))
_ASPECTS = {name: frozenset(words.split()) for name, words in _WORDS["aspects"].items()}
_NEGATED_WITHIN = 3
_ERA = re.compile(r"(?:(?:18|19|20)\d\d|\d0)s|(?:19|20)\d\d|old|older|oldies|new|newer|recent|modern|vintage")
_LONGEST_NAME = 4


def words_of(texts: Sequence[str], titles: Titles) -> list[list[str]]:
    """The words of each text, lower case, every title as one MASK."""
    frame = pl.DataFrame({"text": list(texts)}, schema={"text": pl.String})
    plain = frame.select(titles.masked("text").alias("masked")).select(text.plain("masked").alias("plain"))
    found: list[list[str]] = plain.select(text.tokens("plain").alias("words"))["words"].to_list()
    return found


def cut_alike(one: Sequence[str], other: Sequence[str]) -> tuple[list[str], list[str]]:
    """Both texts up to the length of the shorter one."""
    n = min(len(one), len(other))
    return list(one[:n]), list(other[:n])


def aspects(words: Sequence[str]) -> frozenset[str]:
    """Which aspects of an item a text speaks of."""
    held = set(words)
    return frozenset(name for name, signs in _ASPECTS.items() if held & signs)


def polarity(words: Sequence[str]) -> float:
    """(praise - blame) / (praise + blame) in [-1, 1], 0 without either; a negation turns the next three words around."""
    praise = blame = 0
    for place, word in enumerate(words):
        if word not in _GOOD and word not in _BAD:
            continue
        turned = any(before in _NEGATIONS for before in words[max(0, place - _NEGATED_WITHIN) : place])
        praise, blame = (praise + 1, blame) if (word in _GOOD) != turned else (praise, blame + 1)
    return (praise - blame) / (praise + blame) if praise + blame else 0.0


def asks_anew(text: str, words: Sequence[str]) -> bool:
    """Whether a text asks for something else: by a question mark, or by one of the words that such requests are made of."""
    return "?" in text or not _ANEW.isdisjoint(words)


def is_grounded(text: str, need: Need) -> bool:
    """Whether a text speaks of something that the taste of `need` holds: a genre, a person or an era, liked or avoided."""
    held = (
        *(("genre", one) for one in (*need.genres, *need.disliked_genres)),
        *(("person", one) for one in (*need.people, *need.disliked_people)),
        *(("era", one) for one in (*need.eras, *need.disliked_eras)),
    )
    return any(says(kind, value, text) for kind, value in held)


def has_taste(need: Need) -> bool:
    """Whether a need holds anything that a reason could be taken from."""
    return bool(need.genres or need.disliked_genres or need.people or need.disliked_people or need.eras or need.disliked_eras)


@dataclass(frozen=True, slots=True)
class Details:
    """How many different details of each kind a request holds; `titles` counts masks."""

    titles: int
    genres: int
    people: int
    eras: int

    @property
    def described(self) -> int:
        """All but the titles, which were given."""
        return self.genres + self.people + self.eras


class Specificity:
    """Reads the details of requests by a catalogue's own genres and names."""

    def __init__(self, items: Mapping[str, Item]) -> None:
        self._genres = sorted({genre for item in items.values() for genre in item.genres})
        names = {_name(person) for item in items.values() for person in item.people}
        self._people = {name for name in names if 2 <= len(name) <= _LONGEST_NAME}

    def details(self, words: Sequence[str]) -> Details:
        """The details in the words of a request."""
        said = " ".join(word for word in words if word != MASK)
        return Details(
            titles=sum(word == MASK for word in words),
            genres=sum(says("genre", genre, said) for genre in self._genres),
            people=len(self._named(words)),
            eras=len({word for word in words if _ERA.fullmatch(word)}),
        )

    def _named(self, words: Sequence[str]) -> set[tuple[str, ...]]:
        grams = (tuple(words[i : i + n]) for n in range(2, _LONGEST_NAME + 1) for i in range(len(words) - n + 1))
        return {gram for gram in grams if gram in self._people}


def _name(person: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[^\W_]+", re.sub("['’`´]", "", person.lower())))
