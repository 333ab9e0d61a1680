"""A small file system that was mounted for it is filled to its last byte, and no other."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

MOST_FILLED = 2**28
"""Bytes; a file system that is larger was not mounted for this."""


def fill(ballast: Path) -> None:
    """Writes until the small file system of `ballast` has no byte left. Raises RuntimeError where it is not one mounted for this."""
    place = os.statvfs(ballast.parent)
    size = place.f_frsize * place.f_blocks
    if not os.path.ismount(ballast.parent) or size > MOST_FILLED:
        raise RuntimeError(f"{ballast.parent} is not a small file system of its own, so it is not filled")
    # the handle keeps to this file system, and no more is written than it has, whatever happens to the mount meanwhile
    with ballast.open("ab", buffering=0) as file:
        left = size
        for part in (2**20, 2**12, 1):
            with suppress(OSError):
                while left > 0:
                    left -= file.write(b"\0" * part)
