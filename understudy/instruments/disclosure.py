"""Whether a seeker gives the target away before the recommender names it: by title, or by attributes that leave few items."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from understudy.instruments import naming
from understudy.instruments.language import ENGLISH
from understudy.records import Item

VERSION = 3
FEW_ITEMS = 5
READS = ENGLISH
_PLOT_WORDS = 5
_HALF_WORDS = 6
_LABEL_YEAR = r"[(](?:19|20)[0-9][0-9][)]"  # the year of a label names a title, it is no attribute


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What the seeker told of the target before the recommender named it. `attributes`: None where nothing is known of it but a title."""

    title: bool
    attributes: bool | None


@dataclass(slots=True)
class ItemIndex:
    """The items by what can be said of them. Build it once: looking a target up is then cheap.

    `titles_only`: ids of items that are not of the catalogue, of which a title is known and nothing that could give them away.
    """

    items: Mapping[str, Item]
    titles_only: frozenset[str] = frozenset()
    _holders: dict[str, set[str]] = field(default_factory=dict)
    _by_word: dict[str, set[naming.Title]] = field(default_factory=dict)
    _longer: dict[tuple[str, ...], tuple[naming.Title, ...]] = field(default_factory=dict)
    _titles: dict[str, tuple[naming.Title, ...]] = field(default_factory=dict)
    _ordinary: naming.Ordinary = field(default_factory=naming.Ordinary)

    def __post_init__(self) -> None:
        self._ordinary = naming.Ordinary.of(item.plot for item in self.items.values())
        for item_id, item in self.items.items():
            title = naming.title_of(item.title, self._ordinary)
            for word in title.words:
                self._by_word.setdefault(word, set()).add(title)
            for attribute in () if item_id in self.titles_only else _attributes(item):
                self._holders.setdefault(attribute, set()).add(item_id)

    @property
    def describes(self) -> bool:
        """Whether the catalogue tells more of any item than its title."""
        return any(item.is_described and item_id not in self.titles_only for item_id, item in self.items.items())

    def with_titles(self, others: Mapping[str, Item]) -> ItemIndex:
        """The index with further items that are looked for by title alone."""
        return ItemIndex({**self.items, **others}, self.titles_only | others.keys())

    def disclosure_of(self, target: str, turns: Iterable[tuple[str, str, Iterable[str]]]) -> Disclosure:
        """What `turns` (role, text, item ids of the recommender's turns) tell of `target`, up to where the recommender names it."""
        item = self.items[target]
        said: list[str] = []
        title = False
        for role, text, named in turns:
            if role == "recommender":
                if target in named or self.names(target, text):
                    break
            else:
                # the end of one turn and the start of the next: a title told in two halves is told
                halves = " ".join([*said[-1].split()[-_HALF_WORDS:], *text.split()[:_HALF_WORDS]]) if said else ""
                title = title or self.names(target, text) or (bool(halves) and self.names(target, halves))
                said.append(text)
        is_described = item.is_described and target not in self.titles_only
        return Disclosure(title, self._few_left(item, " ".join(said)) if is_described else None)

    def names(self, target: str, text: str) -> bool:
        """Whether `text` names `target`: by label, title or alias, exactly or nearly, and meaning the title (instruments/naming.py).

        A longer title of the catalogue that holds this one is another item, and so is another year.
        """
        year = self.items[target].year
        return any(naming.names(one, year, text, longer=self._longer_titles(one), ordinary=self._ordinary) for one in self._names(target))

    def _names(self, target: str) -> tuple[naming.Title, ...]:
        if target not in self._titles:
            self._titles[target] = naming.titles_of(self.items[target], self._ordinary)
        return self._titles[target]

    def _longer_titles(self, title: naming.Title) -> tuple[naming.Title, ...]:
        if title.words not in self._longer:
            # a title that holds this one has all its words, the rarest too
            near = min((self._by_word.get(word, set()) for word in title.words), key=len)
            self._longer[title.words] = tuple(one for one in sorted(near) if naming.holds(one, title))
        return self._longer[title.words]

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


@lru_cache(maxsize=100_000)
def _words(text: str) -> str:
    plain = re.sub(r"['’`´]", "", text.casefold())
    return " ".join(re.sub(r"[^\w]+|_", " ", plain).split())
