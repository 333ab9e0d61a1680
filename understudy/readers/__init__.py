"""Readers: one module per format of human logs, found by file name. This is the first stage of the data flow.

A reader turns files into `Item`, `Rating`, `Dialogue` and `Reject` values and writes nothing. Each record of a file becomes
exactly one dialogue or one reject, so that the counts of an ingest close; items and ratings are counted apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from understudy import plugins
from understudy.errors import BadInput
from understudy.records import Record

# what a format may carry besides who said what
LABELS = ("items", "forms", "acts", "scores", "outcomes", "preferences", "ratings", "metadata")


@dataclass(frozen=True, slots=True)
class Options:
    """Options of the caller for the files; a reader ignores those that do not concern its format.

    `roles`: names of speakers in the files → `seeker` or `recommender`, besides those that the reader knows.
    """

    roles: Mapping[str, str] | None = None


class Reader(Protocol):
    """What a module in this folder offers."""

    VERSION: int
    """Raised when the same file would be read as other records."""

    LICENCE: str
    """SPDX identifier of the data set's licence, `unknown` where none is stated; a LICENCE file in the data's folder stands above it."""

    CARRIES: tuple[str, ...]
    """Which of LABELS the format has."""

    TAGGED: bool
    """Whether turns come with the ids of the items they name; if not, titles of the catalogue are looked for in the text."""

    HOLDS: str
    """The files of the format in its original layout, in words, for error messages."""

    def claims(self, path: Path) -> bool:
        """Whether a file is of this format, by its name and first record. Reads the head of the file only and never raises."""

    def find(self, path: Path) -> list[Path]:
        """The files to read for `path`, a file or the data set's folder in its original layout. Raises BadInput."""

    def read(self, paths: Sequence[Path], options: Options) -> Iterator[Record]:
        """The records of the files that `find` gave, in their order; items stand before the dialogues that name them."""


def load(name: str) -> Reader:
    """The reader called `name`. Raises BadInput that lists what there is."""
    return cast(Reader, plugins.load("readers", name))


def find(name: str, path: Path) -> list[Path]:
    """The files that the reader `name` reads for `path`. Raises BadInput that names the right reader where another claims them."""
    try:
        return load(name).find(path)
    except BadInput as error:
        others = claimed_by(path) - {name}
        if not others:
            raise
        told = " or ".join(f"`{other}`" for other in sorted(others))
        raise BadInput(error.message, hint=f"use the reader {told}, whose format this looks like. {error.hint}".strip()) from error


def files_of(name: str, paths: Sequence[str]) -> list[Path]:
    """The files that a reader takes from paths, each once. Raises BadInput."""
    found = {file.resolve(): file for path in paths for file in find(name, Path(path))}
    if not found:
        raise BadInput("no path was given", hint="give the data set's folder or its files")
    return list(found.values())


def claimed_by(path: Path) -> set[str]:
    """The readers that take a file, or one of the files in a folder, as their own."""
    inside = sorted(one for one in path.iterdir() if one.is_file())[:50] if path.is_dir() else [path] if path.is_file() else []
    return {name for name in plugins.names("readers") if any(load(name).claims(one) for one in inside)}
