"""The door to what an instrument has read before: a file of fixed records in the user's cache folder, which may be removed at any time.

A record is the key (16 bytes), three numbers (float32), the place of the class (one byte) and three bytes that check the others. Without
the file everything is read again, which is slower and not wrong; a record that does not check is none.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from understudy.doors.local.digests import cache_folder

_RECORD = np.dtype([("key", "V16"), ("scores", "<f4", 3), ("place", "u1"), ("check", "V3")])
_CHECKED = _RECORD.itemsize - 3
# two million readings; beyond, the file begins anew
_MAX_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class ReactionRead:
    """What was read of one text: the scores of the three classes, and the place of the class that was decided."""

    scores: tuple[float, float, float]
    place: int


def key_of(*texts: str) -> bytes:
    """16 bytes over texts; what one ends with and the next begins with is told apart."""
    digest = hashlib.blake2b(digest_size=16)
    for text in texts:
        encoded = text.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "little"))
        digest.update(encoded)
    return digest.digest()


def kept(instrument: str, *, cache: Path | None = None) -> dict[bytes, ReactionRead]:
    """What the instrument of a digest has read on this machine, by key; empty where nothing is kept."""
    with suppress(OSError):
        content = _file(instrument, cache).read_bytes()
        rows = np.frombuffer(content[: len(content) // _RECORD.itemsize * _RECORD.itemsize], _RECORD)
        return dict(read for read in map(_checked, rows) if read is not None)
    return {}


def keep(instrument: str, read_by_key: Mapping[bytes, ReactionRead], *, cache: Path | None = None) -> None:
    """Adds readings in one write, so that processes that add at once do not mix theirs."""
    content = b"".join(_written(key, read) for key, read in read_by_key.items())
    path = _file(instrument, cache)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size + len(content) > _MAX_BYTES:
            path.unlink()
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, content)
        finally:
            os.close(handle)


def _file(instrument: str, cache: Path | None) -> Path:
    return (cache or cache_folder()) / "readings" / f"{instrument[:32]}.bin"


def _written(key: bytes, read: ReactionRead) -> bytes:
    content = key + np.asarray(read.scores, "<f4").tobytes() + bytes([read.place])
    return content + _check(content)


def _check(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=3).digest()


def _checked(row: np.void) -> tuple[bytes, ReactionRead] | None:
    content = row.tobytes()
    if _check(content[:_CHECKED]) != content[_CHECKED:] or row["place"] > 2:
        return None
    one, two, three = (float(score) for score in row["scores"])
    return content[:16], ReactionRead((one, two, three), int(row["place"]))
