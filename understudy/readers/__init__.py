"""Readers: one module per format of human logs, found by file name. This is the first stage of the data flow.

A reader turns files into `Item`, `Rating`, `Dialogue` and `Reject` values and writes nothing. Each record of a file becomes
exactly one dialogue or one reject, so that the counts of an ingest close; items and ratings are counted apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TypedDict, cast

from understudy import plugins
from understudy.doors import files
from understudy.errors import BadInput
from understudy.readers._field_map import BESIDE, FieldMap, field_map
from understudy.readers._speakers import require_roles
from understudy.records import Record

MOST_NAMED = 20
MAPPED = "fields"  # the reader whose layout the caller tells
# what a format may carry besides who said what
LABELS = ("items", "forms", "acts", "scores", "outcomes", "preferences", "ratings", "metadata")


@dataclass(frozen=True, slots=True)
class Options:
    """Options of the caller for the files; a reader ignores those that do not concern its format.

    `roles`: names of speakers in the files → `seeker` or `recommender`, besides those that the reader knows. `fields`: where the
    files have what, for the reader `fields`.
    """

    roles: Mapping[str, str] | None = None
    fields: FieldMap | None = None

    @classmethod
    def given(cls, roles: Mapping[str, str] | None, *, fields: Path | None = None) -> Options:
        """The options with the map of fields in a file. Raises BadInput for roles or a map that cannot be used."""
        require_roles(roles)
        return cls(roles, None if fields is None else field_map(fields))

    def concerning(self, reader: str, among: Sequence[str]) -> Options:
        """The options for the files of one of several readers: where one of them takes a map of fields, the others are not given it."""
        return replace(self, fields=None) if reader != MAPPED and MAPPED in among else self


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


class _Mapped(Protocol):
    """What the reader MAPPED offers besides."""

    def find_mapped(self, path: Path, fields: FieldMap) -> list[Path]:
        """The files of which the caller tells the layout. Raises BadInput."""


def load(name: str) -> Reader:
    """The reader called `name`. Raises BadInput that lists what there is."""
    return cast(Reader, plugins.load("readers", name))


def find(name: str, path: Path, *, fields: FieldMap | None = None) -> list[Path]:
    """The files that the reader `name` reads for `path`. Raises BadInput that names the right reader where another claims them.

    `fields`: the map of their fields that the caller gives, which only the reader MAPPED takes.
    """
    if fields is not None:
        if name != MAPPED:
            raise BadInput(f"the reader `{name}` has a layout of its own and takes no map of fields", hint=f"use the reader `{MAPPED}`")
        return cast(_Mapped, load(name)).find_mapped(path, fields)
    try:
        return load(name).find(path)
    except BadInput as error:
        others = claimed_by(path) - {name}
        if not others:
            raise
        told = " or ".join(f"`{other}`" for other in sorted(others))
        raise BadInput(error.message, hint=f"use the reader {told}, whose format this looks like. {error.hint}".strip()) from error


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """The files that are read, and those beside them in the given folders that are not, each with the reason."""

    read: tuple[Path, ...]
    skipped: Mapping[Path, str]

    def as_json(self) -> FileCounts:
        """The fields of a command that reads files: every file that was seen is read or skipped with a reason."""
        reasons = dict(sorted(Counter(self.skipped.values()).items()))
        names = [path.name for path in sorted(self.skipped)[:MOST_NAMED]]
        n = len(self.read) + len(self.skipped)
        return {"n_files": n, "files_read": len(self.read), "files_skipped": reasons, "skipped_files": names}


class FileCounts(TypedDict):
    """Fields. `skipped_files`: names of the first MOST_NAMED files that were not read."""

    n_files: int
    files_read: int
    files_skipped: dict[str, int]
    skipped_files: list[str]


def files_of(name: str, paths: Sequence[str], *, fields: FieldMap | None = None) -> FoundFiles:
    """The files that a reader takes from paths, each once, and those that it leaves. Raises BadInput."""
    found = {file.resolve(): file for path in paths for file in find(name, Path(path), fields=fields)}
    if not found:
        raise BadInput("no path was given", hint="give the data set's folder or its files")
    seen = (one for path in paths if (folder := Path(path)).is_dir() for one in folder.iterdir())
    # the licence and the map of fields are read as what they are
    left = {one.resolve(): one for one in sorted(seen) if one.name not in (files.LICENCE, BESIDE)}
    skipped = {one: _why_skipped(load(name), one) for key, one in left.items() if key not in found}
    return FoundFiles(tuple(found.values()), skipped)


def _why_skipped(reader: Reader, path: Path) -> str:
    if path.is_dir():
        return "a folder in the folder: give it as a path of its own"
    if not files.head(path).strip():
        return "empty, or cannot be unpacked or read"
    return "not one of the names of this format" if reader.claims(path) else "not in this format"


def claimed_by(path: Path) -> set[str]:
    """The readers that take a file, or one of the files in a folder, as their own."""
    inside = sorted(one for one in path.iterdir() if one.is_file())[:50] if path.is_dir() else [path] if path.is_file() else []
    return {name for name in plugins.names("readers") if any(load(name).claims(one) for one in inside)}
