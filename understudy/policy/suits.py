"""How well an item fits the need that a seeker is told: BM25 of the item's text against the words of the need, as a share of the best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from understudy.recommenders._catalogue import Catalogue, Scores
from understudy.records import Item, Need

VERSION = 1
_N_NEEDS_KEPT = 256


@dataclass(frozen=True, slots=True)
class Suits:
    """The items that anything is known of, with the scores of the needs that were asked for last."""

    catalogue: Catalogue
    _scores: dict[str, Scores] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def of(cls, items: Mapping[str, Item]) -> Suits:
        """Over the described items of a catalogue; what is known from dialogues alone has no text and no part in it."""
        described = {item_id: item for item_id, item in items.items() if item.genres or item.people or item.plot}
        return cls(Catalogue.of(described, {}))

    def fit(self, need: Need, item_id: str) -> float | None:
        """In [0, 1], 1 for the item of the catalogue that fits best; None where the need or the item says nothing."""
        place = self.catalogue.place(item_id)
        told = " ".join((*need.genres, *need.people))
        if place is None or not told:
            return None
        scores = self._scores_of(told)
        best = float(scores.max(initial=0.0))
        return float(scores[place]) / best if best > 0 else None

    def _scores_of(self, told: str) -> Scores:
        # the turns of one dialogue share their need
        if told not in self._scores:
            if len(self._scores) >= _N_NEEDS_KEPT:
                self._scores.clear()
            self._scores[told] = self.catalogue.asked(told)
        return self._scores[told]
