"""The catalogue as the embedded recommenders know it: BM25 over titles, people, genres and plots, popularity, titles in text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import bm25s
import numpy as np
from numpy.typing import NDArray

from understudy.records import Item

Scores = NDArray[np.float64]

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_LONGEST_TITLE = 8
# what people say in every request; BM25 would otherwise match it to titles such as "Something Good"
_EMPTY = """
a about all already also am an and any anything are as ask at be been but by can could did do does don't film films for from get give good
great had hard has have haven't hello help hey hi how i i'd i'll i'm i've if in into is it it's just kind know like liked looking
love loved me mean might mood more most movie movies my need new nice no not of ok on one or other please really recommend
recommendation recommendations saw see seen show so some something sort suggest suggestion suggestions sure thank thanks that
that's the them then there they thing things think this those to today tonight too try up very want was watch watched watching we
well were what when which who will with would yes you your
"""
_EMPTY_WORDS = frozenset(_EMPTY.split())
# everyday words for what catalogues call by other names
_MEANS = {
    "funny": "comedy", "laugh": "comedy", "hilarious": "comedy", "scary": "horror", "creepy": "horror", "scared": "horror",
    "romantic": "romance", "romcom": "romance", "animated": "animation", "cartoon": "animation", "scifi": "sci",
    "futuristic": "sci", "suspense": "thriller", "suspenseful": "thriller", "kids": "family", "historical": "history",
    "superhero": "action", "documentaries": "documentary", "comedies": "comedy", "mysteries": "mystery",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What all conversations share. Arrays are in the order of `items`; `popularity` is log-scaled to [0, 1]."""

    items: tuple[Item, ...]
    popularity: Scores
    _bm25: Any
    _vocabulary: Mapping[str, int]
    _by_title: Mapping[str, tuple[int, ...]]
    _places: Mapping[str, int]

    @classmethod
    def of(cls, items: Mapping[str, Item], popularity: Mapping[str, int]) -> Catalogue:
        """The catalogue of `items`. `popularity`: item id → how often it is mentioned."""
        ordered = tuple(items[item_id] for item_id in sorted(items))
        corpus = [[*_words(item.label), *content(item), *_words(item.plot, without_empty=True)] for item in ordered]
        vocabulary = {word: place for place, word in enumerate(sorted({word for words in corpus for word in words}))}
        model = bm25s.BM25(k1=1.5, b=0.75)
        if vocabulary:
            # the index writes into the vocabulary it is given
            ids = [[vocabulary[word] for word in words] for words in corpus]
            model.index((ids, dict(vocabulary)), create_empty_token=False, show_progress=False)
        counts = np.log1p(np.array([popularity.get(item.item_id, 0) for item in ordered], dtype=np.float64))
        by_title: dict[str, list[int]] = {}
        for place, item in enumerate(ordered):
            for name in {item.title, *item.aliases}:
                by_title.setdefault(name.casefold(), []).append(place)
        return cls(
            items=ordered,
            popularity=counts / max(float(counts.max(initial=0.0)), 1.0),
            _bm25=model,
            _vocabulary=vocabulary,
            _by_title={title: tuple(places) for title, places in by_title.items()},
            _places={item.item_id: place for place, item in enumerate(ordered)},
        )

    def place(self, item_id: str) -> int | None:
        """Where an item stands in the arrays."""
        return self._places.get(item_id)

    def nothing(self) -> Scores:
        """No score for any item."""
        return np.zeros(len(self.items))

    def like(self, place: int) -> Scores:
        """How like an item the others are, by genres and people."""
        return self._scores(content(self.items[place]))

    def asked(self, utterance: str) -> Scores:
        """How well items match the words of an utterance that may mean something to the catalogue."""
        meant = [_MEANS.get(word, word) for word in _words(utterance, without_empty=True)]
        # plurals that the catalogue does not know are looked up as singulars
        return self._scores([word if word in self._vocabulary or len(word) < 4 else word.removesuffix("s") for word in meant])

    def named(self, utterance: str) -> list[int]:
        """Places of the items whose title an utterance names: word runs looked up, one word only where it is capitalised inside."""
        words = [(found.start(), found.end()) for found in re.finditer(r"[^\s]+", utterance)]
        found: set[int] = set()
        for first in range(len(words)):
            for last in range(min(len(words), first + _LONGEST_TITLE) - 1, first - 1, -1):
                run = utterance[words[first][0] : words[last][1]].strip(" ,.!?;:\"'()")
                if first == last and (first == 0 or not run[:1].isupper() or run.casefold() in _EMPTY_WORDS):
                    continue
                places = self._by_title.get(run.casefold(), ())
                found.update(place for place in places if _year_fits(self.items[place], utterance[words[last][1] :][:8]))
        return sorted(found)

    def _scores(self, words: Sequence[str]) -> Scores:
        known = [self._vocabulary[word] for word in dict.fromkeys(words) if word in self._vocabulary]
        if not known:
            return self.nothing()
        scores: Scores = self._bm25.get_scores_from_ids(known).astype(np.float64)
        return scores


def content(item: Item) -> list[str]:
    """The words of genres and people, twice: they are what seekers ask for."""
    return [word for _ in range(2) for value in (*item.genres, *item.people) for word in _words(value)]


def unit(scores: Scores) -> Scores:
    """Scores with the best at 1; all zero where nothing matches."""
    return scores / max(float(scores.max(initial=0.0)), 1e-9)


def _words(text: str, *, without_empty: bool = False) -> list[str]:
    words = [word.casefold() for word in _WORD.findall(text)]
    return [word for word in words if word not in _EMPTY_WORDS] if without_empty else words


def _year_fits(item: Item, following: str) -> bool:
    year = re.match(r"\s*\((\d{4})\)", following)
    return year is None or item.year is None or item.year == int(year.group(1))
