"""The releases of a folder, for people and scripts, from its catalogue: the store is not opened, so nobody waits for a night."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypedDict

from understudy.doors import catalogue, objects


class ListedFields(catalogue.CatalogueRow):
    """A version of a release in the catalogue, with its state in a word."""

    state: Literal["published", "retracted"]


class ReleasesFields(TypedDict):
    """The fields of `understudy releases`. `snapshot` is None: the catalogue is current, whoever has the store open."""

    snapshot: None
    releases: list[ListedFields]


def listed_releases(place: Path | str) -> ReleasesFields:
    """The fields of `understudy releases` for a folder, or for an address of an object store."""
    with objects.listed(place) as releases_dir:
        rows = catalogue.rows(releases_dir)
    at = objects.bare(str(place)) if objects.is_address(str(place)) else str(place)
    return {
        "snapshot": None,
        "releases": [{**row, "path": f"{at}/{row['path']}", "state": "retracted" if row["retracted"] else "published"} for row in rows],
    }
