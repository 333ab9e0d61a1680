"""A deliberately bad recommender that reveals over-acceptance: it offers the opposite of the wishes, in the words of a good recommender.

It offers well-known items that have least of what was asked for, and after a refusal more of what was turned down. A seeker that
accepts its offers as often as a good recommender's accepts whatever it is offered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from understudy.recommenders import NO_SERVICES, Services
from understudy.recommenders._catalogue import Catalogue, Scores, unit
from understudy.recommenders._offering import ItemWishes, Offering, Talk, says_no
from understudy.records import Item

VERSION = 1

# an item that matches nothing that was said is the best of the worst, and the better known it is the less it looks like a mistake
_POPULARITY_WEIGHT = 0.5
_REFUSED_WEIGHT = 1.0


class Contrarian(Talk):
    """One conversation: what was asked for counts against an item, likeness to what was turned down for it."""

    name = "contrarian"

    def __init__(self, catalogue: Catalogue, seed: int) -> None:
        super().__init__(catalogue, seed)
        self._wishes = ItemWishes(catalogue)
        self._refused: Scores = catalogue.nothing()

    def listen(self, utterance: str, named: Sequence[int]) -> None:
        """Remembers wishes and refusals apart: a dislike is a word like any other to `ItemWishes`, which knows likings alone."""
        if self._last is not None and says_no(utterance):
            self._refused = np.maximum(self._refused, unit(self._catalogue.like(self._last)))
        self._wishes.hear(utterance, named, None)

    def wants_to_ask(self) -> bool:
        """Until something was asked for: without it there is no opposite."""
        return not self._wishes.known

    def scores(self) -> Scores:
        """Popularity and what was refused, less what was asked for."""
        wanted = np.maximum(self._wishes.scaled(), 0.0)
        # the least match counts in full: one wished genre among three is still a wish come true
        return _POPULARITY_WEIGHT * self._catalogue.popularity + _REFUSED_WEIGHT * self._refused - np.sqrt(wanted)


def build(items: Mapping[str, Item], popularity: Mapping[str, int], services: Services = NO_SERVICES) -> Offering:  # noqa: ARG001
    """The recommender over `items`."""
    return Offering(Catalogue.of(items, popularity), Contrarian)
