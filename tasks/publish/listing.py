"""The releases of a folder, for people and scripts, from its catalogue: the store is not opened, so nobody waits for a night."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypedDict

from understudy.doors import catalogue


class PublishedFields(TypedDict):
    """A version of a release; `retracted` is the reason of its retraction."""

    name: str
    version: int
    digest: str
    engine: str
    licence: str
    n_dialogues: int
    path: str
    retracted: str | None


class ListedFields(PublishedFields):
    """A version of a release in the catalogue, with its state in a word."""

    n_examples: int
    state: Literal["published", "retracted"]


class ReleasesFields(TypedDict):
    """The fields of `understudy releases`. `snapshot` is None: the catalogue is current, whoever has the store open."""

    snapshot: None
    releases: list[ListedFields]


def listed_releases(releases_dir: Path) -> ReleasesFields:
    """The fields of `understudy releases`."""
    return {
        "snapshot": None,
        "releases": [
            {**row, "path": str(releases_dir / row["path"]), "state": "retracted" if row["retracted"] else "published"}
            for row in catalogue.rows(releases_dir)
        ],
    }
