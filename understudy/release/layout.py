"""Which files a release has, by the format of its manifest, and what each holds.

Formats 1 and 2 had a Parquet file for each of three tables and the card in CARD.md. Since format 3 each table that people divide into
parts has one file for each part, and the card is README.md, where hubs of data sets look for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from understudy.doors.releases import DATABASE
from understudy.errors import UnderstudyError
from understudy.release.columns import SCHEMA_FILE
from understudy.release.columns import TABLES as TABLES_NOW
from understudy.release.division import SPLITS

FORMAT = 3
MANIFEST, MESSAGES, CROISSANT = "manifest.json", "messages.jsonl", "croissant.json"
# in format 1 the digest covered content and lineage alone, and a file was listed by its hash alone
UNBOUND = 1
_DIVIDED = ("dialogues", "turns", "examples")
_BEFORE = ("dialogues", "turns", "examples")
_ORDER: Mapping[str, tuple[str, ...]] = {
    "dialogues": ("dialogue_id",), "turns": ("dialogue_id", "turn_index"), "items": ("item_id",), "examples": ("dialogue_id",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Layout:
    """`parts`: table → the Parquet files whose rows together are it, in the order of the splits. `texts`: the other files."""

    card: str
    parts: Mapping[str, tuple[str, ...]]
    texts: tuple[str, ...]

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables of the release."""
        return tuple(self.parts)

    @property
    def files(self) -> tuple[str, ...]:
        """Every file that such a release has besides its manifest and its bill of materials."""
        return (*self.texts, self.card, DATABASE, *(name for names in self.parts.values() for name in names))


def layout_of(manifest: Mapping[str, Any]) -> Layout:
    """The files of the release that a manifest describes. Raises UnderstudyError for a format that this version does not know."""
    if manifest["format"] > FORMAT:
        raise UnderstudyError(
            f"the manifest is of format {manifest['format']}; this version reads formats up to {FORMAT}",
            hint="install the version of understudy that published it, or a newer one",
        )
    if manifest["format"] < FORMAT:
        return Layout("CARD.md", {name: (f"{name}.parquet",) for name in _BEFORE}, (MESSAGES,))
    there = [split for split in SPLITS if manifest["splits"].get(split, {}).get("n_dialogues")]
    return Layout("README.md", parts(there), (MESSAGES, SCHEMA_FILE, CROISSANT))


def parts(splits: list[str]) -> dict[str, tuple[str, ...]]:
    """Table → its files, for a release of format 3 that has these splits."""
    return {name: tuple(f"{name}-{split}.parquet" for split in splits) if name in _DIVIDED else (f"{name}.parquet",) for name in TABLES_NOW}


def divided(table: str, frame: pl.DataFrame, splits: list[str]) -> dict[str, pl.DataFrame]:
    """File → rows, of one table."""
    names = parts(splits)[table]
    if table not in _DIVIDED:
        return {names[0]: frame}
    return {name: frame.filter(pl.col("split") == split) for name, split in zip(names, splits, strict=True)}


def put_together(table: str, pieces: list[pl.DataFrame]) -> pl.DataFrame:
    """The table whose files hold the `pieces`, in the order in which it was made."""
    return pieces[0] if len(pieces) == 1 else pl.concat(pieces).sort(*_ORDER[table])
