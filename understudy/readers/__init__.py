"""Readers: one module per format of human logs, found by file name. The first stop of the way data flows.

A reader turns files into `Item`, `Dialogue` and `Reject` values and writes nothing. Each record of a file becomes
exactly one dialogue or one reject, so that the counts of an ingest close; items are counted apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol, cast

from understudy import plugins
from understudy.records import Dialogue, Item, Reject

Record = Item | Dialogue | Reject

_EXCERPT = 120


class Reader(Protocol):
    """What a module in this folder offers."""

    VERSION: int
    """Raised when the same file would be read as other records."""

    LICENCE: str
    """SPDX identifier of the data set's licence; a LICENCE file in the data's folder stands above it."""

    def find(self, path: Path) -> list[Path]:
        """The files to read for `path`, a file or the data set's folder in its original layout. Raises BadInput."""

    def read(self, paths: Sequence[Path]) -> Iterator[Record]:
        """The records of the files that `find` gave, in their order; items stand before the dialogues that name them."""


def load(name: str) -> Reader:
    """The reader called `name`. Raises BadInput that lists what there is."""
    return cast(Reader, plugins.load("readers", name))


def excerpt(text: str) -> str:
    """At most 120 characters of `text` that show its structure only: letters read x, digits 0."""
    shown = re.sub(r"[^\W\d_]", "x", re.sub(r"\d", "0", text[:_EXCERPT]))
    return "".join(character if character.isprintable() else "?" for character in shown)
