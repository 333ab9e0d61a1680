"""Whether a seeker gives the target away before the recommender names it: by title, or by attributes that leave few items."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from rapidfuzz import fuzz

from understudy.records import Item

VERSION = 1
FEW_ITEMS = 5
FUZZY = 92.0  # partial ratio of rapidfuzz, 0 to 100
_FUZZY_CHARS = 10
_SHORT_CHARS = 8
_PLOT_WORDS = 5
_LABEL_YEAR = r"[(](?:19|20)[0-9][0-9][)]"  # the year of a label names a title, it is no attribute
_QUOTES = "\"'“”‘’«»*_"


@dataclass(frozen=True, slots=True)
class Told:
    """What the seeker told of the target before the recommender named it."""

    title: bool
    attributes: bool


@dataclass(slots=True)
class Catalogue:
    """The items by what can be said of them. Build it once: looking a target up is then cheap."""

    items: Mapping[str, Item]
    _holders: dict[str, set[str]] = field(default_factory=dict)
    _by_word: dict[str, set[str]] = field(default_factory=dict)
    _longer: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for item_id, item in self.items.items():
            title = _words(item.title)
            for word in title.split():
                self._by_word.setdefault(word, set()).add(title)
            for attribute in _attributes(item):
                self._holders.setdefault(attribute, set()).add(item_id)

    def told(self, target: str, turns: Iterable[tuple[str, str, Iterable[str]]]) -> Told:
        """What `turns` (role, text, item ids of the recommender's turns) tell of `target`, up to where the recommender names it."""
        item = self.items[target]
        said, title = [], False
        for role, text, named in turns:
            if role == "recommender":
                if target in named or self.names(target, text):
                    break
            else:
                said.append(text)
                title = title or self.names(target, text)
        return Told(title, self._few_left(item, " ".join(said)))

    def names(self, target: str, text: str) -> bool:
        """Whether `text` names `target`: by label, title or alias, exactly or nearly.

        A one-word title counts only in its own case with quotes, year or link ("It", "Up" are words); a short one of two
        words only in its own case. A longer title of the catalogue that holds this one is another item, and so is another year.
        """
        item = self.items[target]
        return any(self._names(name, item, text) for name in (item.title, *item.aliases))

    def _names(self, name: str, item: Item, text: str) -> bool:
        title = _words(name)
        if not title:
            return False
        if " " not in title:
            return _marked(name, item.year, text)
        if len(title) < _SHORT_CHARS and name not in text:
            return False
        words = f" {_words(text)} "
        for longer in self._longer_titles(title):
            words = words.replace(f" {longer} ", "  ")
        if f" {title} " in words and re.search(_phrase(title, item.year), words):
            return True
        return _nearly(title, words, item.year)

    def _longer_titles(self, title: str) -> tuple[str, ...]:
        if title not in self._longer:
            # a title that holds this one has all its words, the rarest too
            near = min((self._by_word.get(word, set()) for word in title.split()), key=len)
            held = {other for other in near if other != title and f" {title} " in f" {other} "}
            self._longer[title] = tuple(sorted(held, key=lambda one: (-len(one), one)))
        return self._longer[title]

    def _few_left(self, item: Item, said: str) -> bool:
        words = f" {_words(re.sub(_LABEL_YEAR, ' ', said))} "
        told = [attribute for attribute in sorted(_attributes(item)) if any(f" {form} " in words for form in _forms(attribute))]
        if _plot_told(item.plot, words):
            return True
        if not told:
            return False
        left = set.intersection(*(self._holders[attribute] for attribute in told))
        return len(left) <= FEW_ITEMS


def says(kind: str, value: str, text: str) -> bool:
    """Whether `text` says an attribute of an item: a `genre`, a `person` or an `era` (`1990s`), in the forms that leaks are read in."""
    attribute = f"decade:{value.removesuffix('s')}" if kind == "era" else f"{kind}:{_words(value)}"
    words = f" {_words(text)} "
    return any(f" {form} " in words for form in _forms(attribute))


def _attributes(item: Item) -> set[str]:
    years = {f"year:{item.year}", f"decade:{item.year // 10 * 10}"} if item.year else set()
    return {*(f"genre:{_words(name)}" for name in item.genres), *(f"person:{_words(name)}" for name in item.people), *years}


@lru_cache(maxsize=50_000)
def _forms(attribute: str) -> tuple[str, ...]:
    kind, _, value = attribute.partition(":")
    if kind == "decade":
        return (f"{value}s", f"{value[2:]}s", f"{value[2:]} s")
    if kind == "genre":
        return (value, f"{value}s", value.replace(" ", ""), value[:-1] + "ies" if value.endswith("y") else value)
    return (value,)


def _plot_told(plot: str, words: str) -> bool:
    parts = _words(plot).split()
    return any(f" {' '.join(parts[i : i + _PLOT_WORDS])} " in words for i in range(len(parts) - _PLOT_WORDS + 1))


def _marked(name: str, year: int | None, text: str) -> bool:
    if name not in text:
        return False
    bare = re.escape(name)
    forms = [rf"[{_QUOTES}]{bare}[{_QUOTES}]", rf"@{bare}\b", rf"\[{bare}\]"]
    if year:
        forms.append(rf"\b{bare},?\s+[(]?{year}\b")
    return any(re.search(form, text) for form in forms)


def _phrase(title: str, year: int | None) -> str:
    other = "" if year is None else rf"(?!(?!(?:{year - 1}|{year}|{year + 1}) )(?:19|20)\d\d )"
    return rf" {re.escape(title)} {other}"


def _nearly(title: str, words: str, year: int | None) -> bool:
    if len(title) < _FUZZY_CHARS or len(words) < len(title):
        return False
    if not set(re.findall(r"\d+", title)) <= set(words.split()):
        return False
    match = fuzz.partial_ratio_alignment(title, words, score_cutoff=FUZZY)
    if match is None:
        return False
    start, end = match.dest_start, match.dest_end
    begins = start == 0 or " " in words[start - 1 : start + 1]
    ends = end >= len(words) or " " in words[end - 1 : end + 1]
    # the stretch must be whole words, and not the same title of another year
    return begins and ends and not _other_year(words[end:], year)


def _other_year(following: str, year: int | None) -> bool:
    first = following.split(maxsplit=1)[:1]
    return year is not None and bool(first) and re.fullmatch(r"(?:19|20)\d\d", first[0]) is not None and abs(int(first[0]) - year) > 1


@lru_cache(maxsize=100_000)
def _words(text: str) -> str:
    plain = re.sub(r"['’`´]", "", text.casefold())
    return " ".join(re.sub(r"[^\w]+|_", " ", plain).split())
