"""Titles and ids that a recommender lists, brought to items of the catalogue: exactly, else by a spelling that is close enough."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from rapidfuzz import fuzz, process

from understudy.records import MAX_RANKED, Item
from understudy.titles import titled

# share of equal characters (Indel) from which on a spelling is the same title; sequels differ by less than a tenth in long titles,
# so words that are numbers have to be the same ones
FUZZY_FROM = 90.0
FEWEST_FUZZY_CHARS = 5
# catalogues and models disagree on the year of a film that was shown at the turn of a year
YEARS_APART = 1

_WORD = re.compile(r"[^\W_]+")
_NUMERAL = re.compile(r"\d+|[ivx]+")
_ARTICLES = ("the", "a", "an")


class Grounded(NamedTuple):
    """What a list came to: item ids in its order without repetition, at most MAX_RANKED, and how many entries are no item."""

    ids: tuple[str, ...]
    n_ungrounded: int


class Grounding:
    """The titles of a catalogue. Of items that share one the year decides, then the one mentioned most, then the first id."""

    def __init__(self, items: Mapping[str, Item], popularity: Mapping[str, int]) -> None:
        self._items, self._popularity = items, popularity
        self._bearers: dict[str, list[Item]] = {}
        for item_id in sorted(items):
            for name in dict.fromkeys((items[item_id].title, *items[item_id].aliases)):
                if key := _key(titled(name).title):
                    self._bearers.setdefault(key, []).append(items[item_id])
        self._keys = [key for key in self._bearers if len(key) >= FEWEST_FUZZY_CHARS]

    def ground(self, listed: Iterable[str]) -> Grounded:
        """The items of a list of ids or titles, best first."""
        found = [self.item_id(entry) for entry in listed]
        ids = tuple(dict.fromkeys(item_id for item_id in found if item_id is not None))
        return Grounded(ids[:MAX_RANKED], found.count(None))

    def item_id(self, entry: str) -> str | None:
        """The item that an id or a title means; None where it is none of the catalogue."""
        if entry in self._items:
            return entry
        title, year = titled(entry)
        key = _key(title)
        return self._best(self._bearers.get(key, ()), year) or self._close(key, year)

    def _close(self, key: str, year: int | None) -> str | None:
        if len(key) < FEWEST_FUZZY_CHARS:
            return None
        for close, _, _ in process.extract(key, self._keys, scorer=fuzz.ratio, score_cutoff=FUZZY_FROM, limit=5):
            if _numerals(close) == _numerals(key) and (found := self._best(self._bearers[close], year)):
                return found
        return None

    def _best(self, bearers: Iterable[Item], year: int | None) -> str | None:
        fitting = [item for item in bearers if year is None or item.year is None or abs(item.year - year) <= YEARS_APART]
        ranked = sorted(fitting, key=lambda item: (_apart(item, year), -self._popularity.get(item.item_id, 0), item.item_id))
        return ranked[0].item_id if ranked else None


def _key(title: str) -> str:
    words = [word.casefold() for word in _WORD.findall(title.replace("&", " and ").replace("'", "").replace("’", ""))]
    return " ".join(words[1:] if len(words) > 1 and words[0] in _ARTICLES else words)


def _numerals(key: str) -> list[str]:
    return [word for word in key.split() if _NUMERAL.fullmatch(word)]


def _apart(item: Item, year: int | None) -> int:
    return abs(item.year - year) if item.year is not None and year is not None else YEARS_APART
