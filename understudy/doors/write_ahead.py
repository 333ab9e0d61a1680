"""The write-ahead log beside a store, looked at for damage that DuckDB takes for the log's end.

A log that a crash has cut short ends in the middle of an entry, which was never committed. DuckDB ends the replay there, and it does
the same where the log's first bytes or the length of an entry are damaged, so that committed rows are lost without a word. The two
differ in what follows: behind a cut nothing was committed.

The format is that of DuckDB 1.5: eight bytes that say the version, then entries of length, checksum and content. The entry that ends
a commit has no content of its own, so that its checksum is always the same. tests/doors/test_write_ahead.py holds it.
"""

from __future__ import annotations

from pathlib import Path

_HEADER = bytes.fromhex("6400626500 02ffff")
# checksum and content of the entry that ends a commit; no text holds these bytes, which are not UTF-8
_COMMITTED = bytes.fromhex("e7fe7d722fed3d5e 640064ffff")
_LENGTH, _FRAME = 8, 16


def log_of(store: Path) -> Path:
    """Where the log of a store lies, whether there is one or not."""
    return store.with_name(f"{store.name}.wal")


def damage_in(log: Path) -> str:
    """What DuckDB would pass over in the log at this path; empty where it is whole, cut short by a crash, or not there."""
    try:
        raw = log.read_bytes()
    except FileNotFoundError:
        return ""
    if not raw.startswith(_HEADER[: len(raw)]):
        return "its first bytes are not those of a log"
    end = _end_of_entries(raw)
    if _COMMITTED in raw[end:]:
        return f"the length of its entry at byte {end} is not right, and committed entries follow"
    return ""


def _end_of_entries(raw: bytes) -> int:
    """The place behind the last entry that is there as a whole."""
    at = len(_HEADER)
    while at + _FRAME <= len(raw):
        after = at + _FRAME + int.from_bytes(raw[at : at + _LENGTH], "little")
        if after > len(raw):
            break
        at = after
    return at
