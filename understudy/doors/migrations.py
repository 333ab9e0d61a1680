"""The numbered migrations of the store: which of them a store lacks, and which stores are refused."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from understudy.doors import store_faults
from understudy.errors import BadInput

MIGRATIONS = Path(__file__).resolve().parents[1] / "sql" / "migrations"
_FIRST = "0001_ingest.sql"


def pending(path: Path, recorded: Mapping[str, str]) -> dict[str, str]:
    """The migrations (name → text) that the store at `path` lacks, in order; `recorded` are those it has (name → digest).

    Raises BadInput where what is recorded is of something else, of a newer version, or was edited.
    """
    texts = {one.name: one.read_text(encoding="utf-8") for one in sorted(MIGRATIONS.glob("*.sql"))}
    _refuse(path, recorded, {name: digest(text) for name, text in texts.items()})
    return {name: text for name, text in texts.items() if name not in recorded}


def digest(text: str) -> str:
    """SHA-256 of a migration's text, 64 hex digits, as it is recorded."""
    return hashlib.sha256(text.encode()).hexdigest()


def _refuse(path: Path, recorded: Mapping[str, str], shipped: Mapping[str, str]) -> None:
    """Raises BadInput where the recorded migrations (name → digest) are those of something else, of a newer version, or edited."""
    unknown = sorted(recorded.keys() - shipped.keys())
    if recorded and _FIRST not in recorded:
        raise store_faults.foreign(path)
    if unknown:
        raise BadInput(
            f"the store {path} was written by a newer version of understudy: it has the migration {unknown[-1]}, which is unknown here",
            hint="update understudy, or name another --store",
        )
    edited = sorted(name for name, digest in recorded.items() if shipped[name] != digest)
    if edited:
        raise BadInput(
            f"the migration {edited[0]} was edited after it was applied to {path}: its digest is not the recorded one",
            hint="restore the file of the installed version, and write the change as a new migration",
        )
