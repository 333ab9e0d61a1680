"""Offers items in an order drawn from the seed: what chance alone reaches."""

from __future__ import annotations

from collections.abc import Mapping

from understudy.keys import rng_of
from understudy.recommenders import NO_SERVICES, Services
from understudy.recommenders._catalogue import Catalogue, Scores
from understudy.recommenders._offering import Offering, Talk
from understudy.records import Item

VERSION = 1


class Random(Talk):
    """One conversation with its own order of the catalogue; it does not listen, but offers nothing that the seeker names."""

    name = "random"

    def __init__(self, catalogue: Catalogue, seed: int) -> None:
        super().__init__(catalogue, seed)
        self._order: Scores = rng_of("random", VERSION, seed).random(len(catalogue.items))

    def scores(self) -> Scores:
        """A number per item that is drawn once."""
        return self._order


def build(items: Mapping[str, Item], popularity: Mapping[str, int], services: Services = NO_SERVICES) -> Offering:  # noqa: ARG001
    """The recommender over `items`."""
    return Offering(Catalogue.of(items, popularity), Random)
