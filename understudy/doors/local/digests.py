"""The SHA-256 of weights, which takes seconds to compute: it is kept by path, and computed anew when the file has changed."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path

from understudy.doors.folders import written
from understudy.errors import BadInput

_CACHE = "understudy"


def sha256_of(path: Path, *, cache: Path | None = None) -> str:
    """64 hex digits. `cache` is the folder of what was computed before, by default the user's; it may be removed at any time."""
    place = path.resolve()
    before, kept = _state(place), _kept(place, cache)
    if (known := known_sha256(place, cache=cache)) is not None:
        return known
    with place.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if _state(place) != before:
        raise BadInput(f"{path} changed while it was read", hint="wait until it is written, then run the same command again")
    # without the cache the digest is computed each time, which is slower and not wrong
    with suppress(BadInput):
        written(kept.parent, {kept.name: json.dumps({"state": before, "sha256": digest})})
    return digest


def known_sha256(path: Path, *, cache: Path | None = None) -> str | None:
    """The digest as it was computed before of a file that has not changed since; None where it has to be computed."""
    place = path.resolve()
    with suppress(OSError, ValueError, TypeError, KeyError):
        known = json.loads(_kept(place, cache).read_text("utf-8"))
        if known["state"] == _state(place) and len(known["sha256"]) == 64:
            return str(known["sha256"])
    return None


def _kept(place: Path, cache: Path | None) -> Path:
    return (cache or cache_folder()) / "weights" / f"{hashlib.sha256(str(place).encode()).hexdigest()[:32]}.json"


def cache_folder() -> Path:
    """The folder in which the user's programs keep what can be computed again."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(named) if os.path.isabs(named) else Path.home() / ".cache") / _CACHE


def _state(path: Path) -> list[int]:
    """What changes with the content: size, times in nanoseconds, and which file it is."""
    seen = path.stat()
    return [seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino, seen.st_dev]
