"""Whether a published folder is what was published: every file, every row, and nothing besides."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

import polars as pl

from understudy.doors import releases as shelf
from understudy.doors.store import exported
from understudy.errors import UnderstudyError
from understudy.keys import canonical_json, digest, lines_of
from understudy.release import card
from understudy.release.release import CARD, MANIFEST, MESSAGES, NAMING, TABLES, VERSION, Manifest, bound_digest, frame_digest

# in format 1 the digest covered content and lineage alone, and a file was listed by its hash alone
_UNBOUND = 1
_UNBOUND_NOTE = (
    "the manifest is of format 1, whose digest does not cover the list of files: the rows are bound by the digest, the card only by "
    "the manifest's own list"
)
_FIELDS = ("name", "version", "digest", "format", "tables", "files")
_OF_ALL = (MESSAGES, CARD, shelf.DATABASE, *(f"{table}.parquet" for table in TABLES))


class MismatchFields(TypedDict):
    """A file that is not what was published, and why."""

    file: str
    reason: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found in the folder of a release. `notes`: what its format cannot show."""

    folder: Path
    manifest: Manifest
    n_files: int
    mismatches: tuple[MismatchFields, ...]
    notes: tuple[str, ...]


def verify(folder: Path) -> Manifest:
    """The manifest of a published folder whose content is what the manifest says. Raises UnderstudyError that names what differs."""
    found = verified(folder)
    if found.mismatches:
        told = "; ".join(f"{one['file']} {one['reason']}" for one in found.mismatches)
        raise UnderstudyError(
            f"{folder} differs from what was published: {told}",
            hint="copy the release again from its source; a release must not be edited",
        )
    return found.manifest


def verified(folder: Path) -> Verification:
    """Everything that differs in the folder of a release. Raises UnderstudyError for a manifest of a newer format."""
    try:
        manifest = _manifest(folder)
    except (UnderstudyError, ValueError) as error:
        return Verification(folder, {}, 0, ({"file": MANIFEST, "reason": f"cannot be read: {error}"},), ())
    if manifest["format"] > VERSION:
        raise UnderstudyError(
            f"the manifest in {folder} is of format {manifest['format']}; this version reads formats up to {VERSION}",
            hint="install the version of understudy that published it, or a newer one",
        )
    there = shelf.listed(folder)
    found = [*_listing(folder, manifest, there), *_digests(folder, manifest, there), *_contents(folder, manifest)]
    notes = (_UNBOUND_NOTE,) if manifest["format"] == _UNBOUND else ()
    each = {(one["file"], one["reason"]): one for one in found}
    return Verification(folder, manifest, len(there), tuple(each.values()), notes)


def _manifest(folder: Path) -> Manifest:
    """The manifest with the fields that the checks need. Raises ValueError where one is not there."""
    manifest = json.loads(shelf.read_text(folder / MANIFEST))
    absent = [name for name in _FIELDS if not isinstance(manifest, dict) or name not in manifest]
    if absent:
        raise ValueError(f"it has no {', '.join(absent)}")
    if not isinstance(manifest["format"], int) or not all(isinstance(manifest[name], dict) for name in ("tables", "files")):
        raise ValueError("format must be a number, tables and files must be objects")
    return dict(manifest)


def _listing(folder: Path, manifest: Manifest, there: Mapping[str, shelf.ListedFile]) -> Iterator[MismatchFields]:
    """Files that are missing, that nobody listed, or that are not what was listed."""
    named = manifest["files"]
    yield from _each_of(sorted({*_OF_ALL} - named.keys()), "is not listed in the manifest")
    yield from _each_of(sorted(named.keys() - there.keys()), "is missing")
    yield from _each_of(sorted(there.keys() - named.keys() - {MANIFEST, *_OF_ALL}), "is not part of the release")
    yield from _each_of(shelf.others(folder), "is no plain file, and a release has no other")
    for name in sorted(named.keys() & there.keys()):
        seen: object = there[name]["sha256"] if manifest["format"] == _UNBOUND else there[name]
        if seen != named[name]:
            yield {"file": name, "reason": "is not the file that the manifest lists"}


def _digests(folder: Path, manifest: Manifest, there: Mapping[str, shelf.ListedFile]) -> Iterator[MismatchFields]:
    """Whether the manifest's digests are those of its content and of the files that are there."""
    content = {name: value for name, value in manifest.items() if name not in NAMING}
    if manifest["format"] == _UNBOUND:
        if digest(content) != manifest["digest"]:
            yield {"file": MANIFEST, "reason": "has another content than its digest says"}
        return
    if digest(content) != manifest.get("content_digest"):
        yield {"file": MANIFEST, "reason": "has another content than its content_digest says"}
    if CARD in there:
        told = shelf.read_text(folder / CARD)
        if bound_digest(content, there, card.unnamed(told, manifest)) != manifest["digest"]:
            yield {"file": MANIFEST, "reason": "has a digest that is not that of its content and of the files beside it"}


def _contents(folder: Path, manifest: Manifest) -> Iterator[MismatchFields]:
    """Whether the rows of the tables and the examples are those whose digests the manifest holds."""
    expected = manifest["tables"]
    if sorted(expected) != sorted(TABLES):
        yield {"file": MANIFEST, "reason": f"lists the tables {', '.join(sorted(expected))}; a release has {', '.join(sorted(TABLES))}"}
        return
    for table in TABLES:
        yield from _checked(folder / f"{table}.parquet", lambda path: frame_digest(shelf.read_table(path)), expected[table])
    yield from _checked(folder / shelf.DATABASE, _database, expected)
    if (folder / "examples.parquet").is_file():
        yield from _checked(folder / MESSAGES, lambda path: _messages(path) == _examples(folder), True)


def _checked(path: Path, read: Callable[[Path], object], expected: object) -> Iterator[MismatchFields]:
    name = path.name
    if not path.is_file():
        return  # told as missing
    try:
        if read(path) != expected:
            yield {"file": name, "reason": "holds other rows than were published"}
    except (UnderstudyError, ValueError, KeyError, TypeError, pl.exceptions.PolarsError) as error:
        yield {"file": name, "reason": f"cannot be read: {error}"}


def _database(path: Path) -> dict[str, str]:
    return {name: frame_digest(rows) for name, rows in exported(path).items()}


def _messages(path: Path) -> list[tuple[str, str]]:
    lines = (json.loads(line) for line in lines_of(shelf.read_text(path)))
    return [(line["example_id"], canonical_json(line["messages"])) for line in lines]


def _examples(folder: Path) -> list[Any]:
    return shelf.read_table(folder / "examples.parquet").select("example_id", "messages").rows()


def _each_of(names: Iterable[str], reason: str) -> Iterator[MismatchFields]:
    return ({"file": name, "reason": reason} for name in names)
