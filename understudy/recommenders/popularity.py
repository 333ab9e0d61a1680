"""Offers the items that are mentioned most, whatever the wishes: the baseline of recommenders."""

from __future__ import annotations

from collections.abc import Mapping

from understudy.recommenders import NO_SERVICES, Services
from understudy.recommenders._catalogue import Catalogue, Scores
from understudy.recommenders._offering import Offering, Talk
from understudy.records import Item

VERSION = 1


class Popularity(Talk):
    """One conversation; it does not listen, but offers nothing that the seeker names."""

    name = "popularity"

    def scores(self) -> Scores:
        """How often items are mentioned."""
        return self._catalogue.popularity


def build(items: Mapping[str, Item], popularity: Mapping[str, int], services: Services = NO_SERVICES) -> Offering:  # noqa: ARG001
    """The recommender over `items`."""
    return Offering(Catalogue.of(items, popularity), Popularity)
