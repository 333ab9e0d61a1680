"""The embedded recommender: BM25 over what is known of each item, plus popularity; asks when it has nothing to go by.

What the seeker turns down lowers the items that are like it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from understudy.recommenders import NO_SERVICES, Services
from understudy.recommenders._catalogue import Catalogue, Scores
from understudy.recommenders._offering import ItemWishes, Offering, Talk
from understudy.records import Item

VERSION = 2

# in units of the best match: it orders near-ties and carries the ranking when nothing matches. Set on the splits that fitting may
# see, by the rank of what the humans of ReDial recommended next (docs/recommenders.md)
_POPULARITY_WEIGHT = 1.0


class Retrieval(Talk):
    """One conversation: what the seeker asked for, knows and rejected."""

    name = "retrieval"

    def __init__(self, catalogue: Catalogue, seed: int) -> None:
        super().__init__(catalogue, seed)
        self._wishes = ItemWishes(catalogue)

    def listen(self, utterance: str, named: Sequence[int]) -> None:
        """Adds to the wishes."""
        self._wishes.hear(utterance, named, self._last)

    def wants_to_ask(self) -> bool:
        """Until something was asked for."""
        return not self._wishes.known

    def scores(self) -> Scores:
        """Wishes and popularity."""
        return self._wishes.scaled() + _POPULARITY_WEIGHT * self._catalogue.popularity


def build(items: Mapping[str, Item], popularity: Mapping[str, int], services: Services = NO_SERVICES) -> Offering:  # noqa: ARG001
    """The recommender over `items`."""
    return Offering(Catalogue.of(items, popularity), Retrieval)
