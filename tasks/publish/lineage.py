"""What a night tells OpenLineage: the logs that it read and the release that it made."""

from __future__ import annotations

from datetime import UTC, datetime

from understudy.doors import openlineage
from understudy.doors.openlineage import EventType, LineageDataset, NightRun
from understudy.doors.store import Store
from understudy.release.columns import COLUMNS


def tell(
    store: Store, kind: EventType, night_id: str, *, dataset: str, batch: str, release: tuple[str, int] | None = None, error: str = ""
) -> None:
    """Tells the begin or the end of a night."""
    run = NightRun(night_id, batch, _logs(store, dataset), [] if release is None else _releases(store, *release), error)
    openlineage.tell(store.path, kind, run, at=datetime.now(UTC))


def _logs(store: Store, dataset: str) -> list[LineageDataset]:
    rows = store.rows("publish/sources", dataset=dataset)
    return [LineageDataset(f"logs/{dataset}/{row['source_sha256'][:12]}", row["source_sha256"], row["licence"]) for row in rows]


def _releases(store: Store, name: str, version: int) -> list[LineageDataset]:
    """The tables of a release, each as a data set of its own."""
    found = [row for row in store.rows("publish/releases") if (row["name"], row["version"]) == (name, version)]
    return [
        LineageDataset(f"releases/{name}/{table}", f"{version}+{row['digest']}", row["licence"], {one.name: one.kind for one in columns})
        for row in found
        for table, columns in COLUMNS.items()
    ]
