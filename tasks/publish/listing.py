"""The releases of a store, for people and scripts."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypedDict, cast

from understudy.doors.reading_copy import SnapshotFields, readable


class PublishedFields(TypedDict):
    """A release in the store; `retracted` is the reason of its retraction."""

    name: str
    version: int
    digest: str
    engine: str
    licence: str
    n_dialogues: int
    path: str
    retracted: str | None


class ListedFields(PublishedFields):
    """A release with its state in a word."""

    state: Literal["published", "retracted"]


class ReleasesFields(TypedDict):
    """The fields of `understudy releases`; `snapshot` is None where the store itself was read."""

    snapshot: SnapshotFields | None
    releases: list[ListedFields]


def store_releases(path: Path) -> ReleasesFields:
    """The fields of `understudy releases`."""
    with readable(path) as reading:
        rows = cast(list[PublishedFields], reading.store.rows("publish/releases"))
        listed: list[ListedFields] = [{**row, "state": "retracted" if row["retracted"] else "published"} for row in rows]
        return {"snapshot": reading.snapshot, "releases": listed}
