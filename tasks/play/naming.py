"""What a run calls its batch and where it puts its releases when nothing is said."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path


def default_batch(batch: str | None) -> str:
    """The name of the batch: the date where none is given."""
    return batch or datetime.now(UTC).date().isoformat()


def releases_of(store_path: Path, releases: str | None) -> str:
    """The folder of the releases: beside the store where none is given."""
    return releases or str(store_path.resolve().parent / "releases")
