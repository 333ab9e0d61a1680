"""How well an item fits the need that a seeker is told: BM25 of the item's text against the words of the need, as a share of the best."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import bm25s
import numpy as np
from numpy.typing import NDArray

from understudy.records import Item, Need

VERSION = 1
Scores = NDArray[np.float64]
_N_NEEDS_KEPT = 256
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


@dataclass(frozen=True, slots=True)
class Suits:
    """The items that anything is known of, with the scores of the needs that were asked for last. `places`: item id → place in scores."""

    places: Mapping[str, int]
    vocabulary: Mapping[str, int]
    _index: Any
    _scores: dict[str, Scores] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def of(cls, items: Mapping[str, Item]) -> Suits:
        """Over the described items of a catalogue; what is known from dialogues alone has no text and no part in it."""
        described = [items[item_id] for item_id in sorted(items) if items[item_id].genres or items[item_id].people or items[item_id].plot]
        corpus = [_words(" ".join((item.label, *item.genres, *item.people, item.plot))) for item in described]
        vocabulary = {word: place for place, word in enumerate(sorted({word for words in corpus for word in words}))}
        index = bm25s.BM25(k1=1.5, b=0.75)
        if vocabulary:
            ids = [[vocabulary[word] for word in words] for words in corpus]
            # the index writes into the vocabulary it is given
            index.index((ids, dict(vocabulary)), create_empty_token=False, show_progress=False)
        return cls({item.item_id: place for place, item in enumerate(described)}, vocabulary, index)

    def fit(self, need: Need, item_id: str) -> float | None:
        """In [0, 1], 1 for the item of the catalogue that fits best; None where the need or the item says nothing."""
        place = self.places.get(item_id)
        words = " ".join((*need.genres, *need.people))
        if place is None or not words:
            return None
        scores = self._scores_of(words)
        best = float(scores.max(initial=0.0))
        return float(scores[place]) / best if best > 0 else None

    def _scores_of(self, words: str) -> Scores:
        # the turns of one dialogue share their need
        if words not in self._scores:
            if len(self._scores) >= _N_NEEDS_KEPT:
                self._scores.clear()
            known = [self.vocabulary[word] for word in dict.fromkeys(_words(words)) if word in self.vocabulary]
            nothing: Scores = np.zeros(len(self.places))
            self._scores[words] = self._index.get_scores_from_ids(known).astype(np.float64) if known else nothing
        return self._scores[words]


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]
