"""Whether a published folder is what was published: every file, every row, and nothing besides."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypedDict

import polars as pl

from understudy.doors import releases as shelf
from understudy.doors.table_files import exported
from understudy.errors import UnderstudyError
from understudy.keys import canonical_json, digest, lines_of
from understudy.release import card, croissant
from understudy.release.layout import CROISSANT, FORMAT, MANIFEST, MESSAGES, UNBOUND, Layout, layout_of, put_together
from understudy.release.release import NAMING, Manifest, bound_digest, frame_digest, manifest_text

_UNBOUND_NOTE = (
    "the manifest is of format 1, whose digest does not cover the list of files: the rows are bound by the digest, the card only by "
    "the manifest's own list"
)
# since this format a manifest is known to be written in one way
_ONE_WAY = 3
_FIELDS = ("name", "version", "digest", "format", "tables", "files")


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


def verify(folder: Path, *, rows: bool = True) -> Manifest:
    """The manifest of a published folder whose content is what the manifest says. Raises UnderstudyError that names what differs.

    Without `rows` each file is held against its digest, which binds what stands in Parquet files and texts, and no row is read again.
    """
    found = verified(folder, rows=rows)
    if found.mismatches:
        told = "; ".join(f"{one['file']} {one['reason']}" for one in found.mismatches)
        raise UnderstudyError(
            f"{folder} differs from what was published: {told}",
            hint="copy the release again from its source; a release must not be edited",
        )
    return found.manifest


def verified(folder: Path, *, rows: bool = True) -> Verification:
    """Everything that differs in the folder of a release. Raises UnderstudyError for a manifest of a newer format."""
    try:
        manifest = _manifest(folder)
    except (UnderstudyError, ValueError) as error:
        return Verification(folder, {}, 0, ({"file": MANIFEST, "reason": f"cannot be read: {error}"},), ())
    layout = layout_of(manifest)
    there = shelf.listed(folder)
    found = [*_written(folder, manifest), *_listing(folder, manifest, layout, there), *_digests(folder, manifest, layout, there)]
    found += _contents(folder, manifest, layout) if rows else ()
    notes = (_UNBOUND_NOTE,) if manifest["format"] == UNBOUND else ()
    each = {(one["file"], one["reason"]): one for one in found}
    return Verification(folder, manifest, len(there), tuple(each.values()), notes)


def _manifest(folder: Path) -> Manifest:
    """The manifest with the fields that the checks need. Raises ValueError where one is not there."""
    manifest = json.loads(shelf.read_text(folder / MANIFEST))
    absent = [name for name in _FIELDS if not isinstance(manifest, dict) or name not in manifest]
    if absent:
        raise ValueError(f"it has no {', '.join(absent)}")
    divided = manifest["format"] in (UNBOUND, UNBOUND + 1) or isinstance(manifest.get("splits"), dict)
    if not isinstance(manifest["format"], int) or not all(isinstance(manifest[name], dict) for name in ("tables", "files")):
        raise ValueError("format must be a number, tables and files must be objects")
    if not divided and manifest["format"] <= FORMAT:
        raise ValueError("splits must be an object")
    return dict(manifest)


def _written(folder: Path, manifest: Manifest) -> Iterator[MismatchFields]:
    """Whether the manifest is written as it was published: what is no part of its content, as its white space, has no digest."""
    if manifest["format"] >= _ONE_WAY and shelf.read_text(folder / MANIFEST) != manifest_text(manifest):
        yield {"file": MANIFEST, "reason": "is not written as it was published"}


def _listing(folder: Path, manifest: Manifest, layout: Layout, there: Mapping[str, shelf.ListedFile]) -> Iterator[MismatchFields]:
    """Files that are missing, that nobody listed, or that are not what was listed."""
    named, of_all = manifest["files"], set(layout.files)
    yield from _each_of(sorted(of_all - named.keys()), "is not listed in the manifest")
    yield from _each_of(sorted(named.keys() - there.keys()), "is missing")
    yield from _each_of(sorted(there.keys() - named.keys() - {MANIFEST} - of_all), "is not part of the release")
    yield from _each_of(shelf.others(folder), "is no plain file, and a release has no other")
    for name in sorted(named.keys() & there.keys()):
        seen: object = there[name]["sha256"] if manifest["format"] == UNBOUND else there[name]
        if seen != named[name]:
            yield {"file": name, "reason": "is not the file that the manifest lists"}


def _digests(folder: Path, manifest: Manifest, layout: Layout, there: Mapping[str, shelf.ListedFile]) -> Iterator[MismatchFields]:
    """Whether the manifest's digests are those of its content and of the files that are there."""
    content = {name: value for name, value in manifest.items() if name not in NAMING}
    if manifest["format"] == UNBOUND:
        if digest(content) != manifest["digest"]:
            yield {"file": MANIFEST, "reason": "has another content than its digest says"}
        return
    if digest(content) != manifest.get("content_digest"):
        yield {"file": MANIFEST, "reason": "has another content than its content_digest says"}
        return
    unnamed: dict[str, str] = {}
    for name, read in ((layout.card, lambda text: card.unnamed(text, manifest)), (CROISSANT, croissant.unnamed)):
        if name in layout.files and name in there:
            try:
                unnamed[name] = read(shelf.read_text(folder / name))
            except (UnderstudyError, ValueError, KeyError, TypeError, AttributeError) as error:
                yield {"file": name, "reason": f"cannot be read: {error}"}
                return
    if layout.card in there and bound_digest(content, there, unnamed) != manifest["digest"]:
        yield {"file": MANIFEST, "reason": "has a digest that is not that of its content and of the files beside it"}


def _contents(folder: Path, manifest: Manifest, layout: Layout) -> Iterator[MismatchFields]:
    """Whether the rows of the tables and the examples are those whose digests the manifest holds."""
    expected, tables = manifest["tables"], layout.tables
    if sorted(expected) != sorted(tables):
        yield {"file": MANIFEST, "reason": f"lists the tables {', '.join(sorted(expected))}; a release has {', '.join(sorted(tables))}"}
        return
    for table, names in layout.parts.items():
        yield from _checked(folder, names, partial(_table_digest, table), expected[table])
    yield from _checked(folder, (shelf.DATABASE,), _database, expected)
    if all((folder / name).is_file() for name in layout.parts["examples"]):
        yield from _checked(folder, (MESSAGES,), lambda paths: _messages(paths[0]) == _examples(folder, layout), True)


def _checked(folder: Path, names: Sequence[str], read: Callable[[list[Path]], object], expected: object) -> Iterator[MismatchFields]:
    paths = [folder / name for name in names]
    if not paths or not all(path.is_file() for path in paths):
        return  # told as missing
    try:
        if read(paths) != expected:
            yield from _each_of(names, "holds other rows than were published")
    except (UnderstudyError, ValueError, KeyError, TypeError, pl.exceptions.PolarsError) as error:
        yield from _each_of(names, f"cannot be read: {error}")


def _table(table: str, paths: Sequence[Path]) -> pl.DataFrame:
    return put_together(table, [shelf.read_table(path) for path in paths])


def _table_digest(table: str, paths: Sequence[Path]) -> str:
    return frame_digest(_table(table, paths))


def _database(paths: Sequence[Path]) -> dict[str, str]:
    return {name: frame_digest(rows) for name, rows in exported(paths[0]).items()}


def _messages(path: Path) -> list[tuple[str, str]]:
    lines = (json.loads(line) for line in lines_of(shelf.read_text(path)))
    return [(line["example_id"], canonical_json(line["messages"])) for line in lines]


def _examples(folder: Path, layout: Layout) -> list[tuple[str, str]]:
    rows = _table("examples", [folder / name for name in layout.parts["examples"]]).select("example_id", "messages").rows()
    # releases of before format 3 hold the messages as JSON text
    return [(name, said if isinstance(said, str) else canonical_json(said)) for name, said in rows]


def _each_of(names: Iterable[str], reason: str) -> Iterator[MismatchFields]:
    return ({"file": name, "reason": reason} for name in names)
