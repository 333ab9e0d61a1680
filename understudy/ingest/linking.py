"""Titles of the catalogue found in text that no log has tagged, and linked to their items.

A title is looked for word by word, whatever its case and punctuation. Whether its words are a title or just words ("It", "Up",
"The One") is told by the corpus itself: a phrase that people mostly write with capitals is a title wherever it stands; one that
they mostly write small is a title only where it is dated, quoted, or written as one in the middle of a sentence. The catalogue's
plots say what ordinary text looks like: a phrase that none of them uses in small letters is no ordinary phrase.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, NamedTuple

import polars as pl

from understudy.records import Item

VERSION = 1
CAPITAL_SHARE = 0.5  # of a phrase's occurrences, from which on it is a title in any case; set on ReDial's train file
FEWEST_SEEN = 3  # occurrences below which the share says nothing
FEWEST_CHARS = 2
FEWEST_RARE_CHARS = 4  # a shorter phrase that no plot uses may be a slip of the keys

_APOSTROPHES = re.compile("['’`´]")
_WORD = re.compile(r"[^\W_]+")
_SENTENCE_ENDS, _QUOTES = frozenset(".!?:;"), frozenset("\"“”«»*_")
_LINKED: dict[str, Any] = {"dialogue_id": pl.String, "turn_index": pl.Int32, "item_ids": pl.List(pl.String)}


class _Token(NamedTuple):
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Hit:
    """A name in a text: its words, where they stand, and what is around them."""

    key: str
    tokens: tuple[_Token, ...]
    before: str
    after: str
    previous: str
    following: str

    @property
    def has_capitals(self) -> bool:
        """Whether it begins with a capital (or a number) and most of its words do."""
        capital = [token.text[0].isupper() or token.text[0].isdigit() for token in self.tokens]
        return capital[0] and 2 * sum(capital) > len(capital)

    @property
    def year(self) -> int | None:
        """The year that follows it."""
        return int(self.following) if re.fullmatch(r"(?:18|19|20)\d\d", self.following) else None

    @property
    def is_quoted(self) -> bool:
        """Whether it stands between marks that set a title apart."""
        return bool(_QUOTES & set(self.before)) and bool(_QUOTES & set(self.after))

    @property
    def is_number(self) -> bool:
        """Whether it is digits alone, as the years after other titles are."""
        return all(token.text.isdigit() for token in self.tokens)

    @property
    def is_part_of_name(self) -> bool:
        """Whether it is one word beside another capital one, as the parts of a person's name are."""
        beside = ((self.previous, self.before), (self.following, self.after))
        return len(self.tokens) == 1 and any(word[:1].isupper() and word != "I" and not gap.strip() for word, gap in beside)

    @property
    def opens_sentence(self) -> bool:
        """Whether its first capital says nothing."""
        return self.tokens[0].start == len(self.before) or bool(_SENTENCE_ENDS & set(self.before))


class NameIndex:
    """The catalogue's titles and aliases as words, with the items that bear them."""

    def __init__(self, items: Iterable[Item]) -> None:
        found: dict[str, dict[str, Item]] = {}
        for item in items:
            for name in (item.title, *item.aliases):
                key = " ".join(token.text.lower() for token in _tokens(_plain(name)))
                if len(key) >= FEWEST_CHARS:
                    found.setdefault(key, {})[item.item_id] = item
        # the longest first: of two that begin alike the longer one is meant
        self.bearers = {key: tuple(found[key].values()) for key in sorted(found, key=lambda one: (-len(one), one))}
        self._longest = max((key.count(" ") + 1 for key in self.bearers), default=0)

    def hits(self, texts: pl.Series) -> Iterator[tuple[int, list[_Hit]]]:
        """Row and hits, in order of place, of every text that holds a name as whole words."""
        if not self.bearers or texts.is_empty():
            return
        # two spaces between words, so that neighbouring names do not fight for the one between them
        worded = pl.Series([" " + "  ".join(token.text.lower() for token in _tokens(_plain(text))) + " " for text in texts])
        patterns = [f" {key.replace(' ', '  ')} " for key in self.bearers]
        found = pl.DataFrame({"words": worded}).select("words", at=pl.col("words").str.find_many(patterns, leftmost=True))
        keys = found.select(pl.col("words").str.extract_many(patterns, leftmost=True))["words"]
        for row in (found["at"].list.len() > 0).arg_true():
            words = worded[row].encode()
            places = [words[: at + 1].count(b"  ") for at in found["at"][row]]
            yield row, _hits_of(texts[row], places, [" ".join(key.split()) for key in keys[row]])

    def hits_in(self, text: str) -> list[_Hit]:
        """The hits of one text, the same as `hits` finds, by looking up its runs of words."""
        words = [token.text.lower() for token in _tokens(_plain(text))]
        places, keys, first = [], [], 0
        while first < len(words):
            runs = (" ".join(words[first:end]) for end in range(min(len(words), first + self._longest), first, -1))
            key = next((run for run in runs if run in self.bearers), None)
            if key is not None:
                places.append(first)
                keys.append(key)
            first += key.count(" ") + 1 if key is not None else 1
        return _hits_of(text, places, keys)


class Linker:
    """The items that single texts name, for text of which there is no corpus to tell by: what a recommender has just said."""

    def __init__(self, items: Sequence[Item], *, popularity: Mapping[str, int]) -> None:
        self._names, self._popularity = NameIndex(items), popularity
        self._ordinary = _ordinary(self._names, items)
        self._titles = _rare(self._names, items, self._ordinary)

    def named(self, text: str) -> tuple[str, ...]:
        """The ids of the items that a text names, in order of place."""
        ids = []
        for hit in self._names.hits_in(text):
            bearers = self._names.bearers[hit.key]
            if _is_title(hit, bearers, hit.key in self._titles, hit.key in self._ordinary):
                ids.append(_meant(hit, bearers, None, self._popularity))
        return tuple(dict.fromkeys(item_id for item_id in ids if item_id))


def linked(turns: pl.DataFrame, items: Sequence[Item], *, popularity: Mapping[str, int]) -> pl.DataFrame:
    """The turns (dialogue_id, turn_index, text; in order) that name an item: dialogue_id, turn_index, item_ids in order of place.

    Of items that share a title the year in the text decides, then the one that the dialogue named before, then the one that is
    named or rated most (`popularity`, by item id); a title that nothing settles stays unlinked.
    """
    names = NameIndex(items)
    hits = list(names.hits(turns["text"]))
    ordinary = _ordinary(names, items)
    titles = _titles(hit for _, found in hits for hit in found) | _rare(names, items, ordinary)
    known: dict[tuple[str, str], str] = {}
    rows = []
    for row, found in hits:
        dialogue_id = turns["dialogue_id"][row]
        ids = []
        for hit in found:
            bearers = names.bearers[hit.key]
            if _is_title(hit, bearers, hit.key in titles, hit.key in ordinary):
                item_id = _meant(hit, bearers, known.get((dialogue_id, hit.key)), popularity)
                if item_id:
                    known[dialogue_id, hit.key] = item_id
                    ids.append(item_id)
        if ids:
            rows.append((dialogue_id, turns["turn_index"][row], list(dict.fromkeys(ids))))
    return pl.DataFrame(rows, schema=_LINKED, orient="row")


def _titles(hits: Iterable[_Hit]) -> set[str]:
    """The names that the corpus mostly writes with capitals; one word at the beginning of a sentence is no evidence."""
    seen, capital = Counter[str](), Counter[str]()
    for hit in hits:
        if (not hit.opens_sentence or len(hit.tokens) > 1) and not hit.is_part_of_name:
            seen[hit.key] += 1
            capital[hit.key] += hit.has_capitals
    return {key for key, n in seen.items() if n >= FEWEST_SEEN and capital[key] >= CAPITAL_SHARE * n}


def _ordinary(names: NameIndex, items: Sequence[Item]) -> set[str]:
    """The names that are everyday phrases: plots use them in small letters, or they are made of function words alone."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    plots = pl.Series([item.plot for item in items if item.plot], dtype=pl.String)
    used = {hit.key for _, found in names.hits(plots) for hit in found if not any(token.text[0].isupper() for token in hit.tokens)}
    return used | {key for key in names.bearers if all(word in ENGLISH_STOP_WORDS for word in key.split())}


def _rare(names: NameIndex, items: Sequence[Item], ordinary: Set[str]) -> set[str]:
    """The names that are no everyday phrases; none where the catalogue has no plots to tell by."""
    if not any(item.plot for item in items):
        return set()
    return {key for key in names.bearers if key not in ordinary and len(key) >= FEWEST_RARE_CHARS}


def _is_title(hit: _Hit, bearers: Sequence[Item], is_known: bool, is_ordinary: bool) -> bool:
    if (hit.year and any(item.year == hit.year for item in bearers)) or hit.is_quoted:
        return True
    if hit.is_number or hit.is_part_of_name:
        return False
    if hit.has_capitals:
        return len(hit.tokens) > 1 or not hit.opens_sentence or (is_known and not is_ordinary)
    return is_known and not is_ordinary


def _meant(hit: _Hit, bearers: Sequence[Item], known: str | None, popularity: Mapping[str, int]) -> str | None:
    dated = [item.item_id for item in bearers if hit.year and item.year == hit.year]
    if len(dated) == 1:
        return dated[0]
    if len(bearers) == 1 or known:
        return known or bearers[0].item_id
    first, second = sorted((popularity.get(item.item_id, 0), item.item_id) for item in bearers)[:-3:-1]
    return first[1] if first[0] > second[0] else None


def _hits_of(text: str, places: Sequence[int], keys: Sequence[str]) -> list[_Hit]:
    plain = _plain(text)
    tokens = _tokens(plain)
    found = []
    for first, key in zip(places, keys, strict=True):
        end = first + key.count(" ") + 1
        start_of_gap = tokens[first - 1].end if first else 0
        following = tokens[end] if end < len(tokens) else None
        after = plain[tokens[end - 1].end : following.start if following else len(plain)]
        before = plain[start_of_gap : tokens[first].start]
        previous = tokens[first - 1].text if first else ""
        found.append(_Hit(key, tuple(tokens[first:end]), before, after, previous, following.text if following else ""))
    return found


def _plain(text: str) -> str:
    return _APOSTROPHES.sub("", text)


def _tokens(plain: str) -> list[_Token]:
    return [_Token(match.group(), match.start(), match.end()) for match in _WORD.finditer(plain)]
