"""A release whose way to an address is ended before its manifest is there, for the file systems in memory and for S3."""

from __future__ import annotations

from pathlib import Path

import pytest

from understudy.doors.objects import ObjectShelf
from understudy.tasks.publish.uploading import store_release


def stored_without_its_manifest(folder: Path, address: str) -> None:
    """Stores a release and is ended when all of it but the manifest is there."""
    with pytest.MonkeyPatch.context() as killed:
        killed.setattr(ObjectShelf, "_write_at_once", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            store_release.fn(str(folder), address)
