"""Folders of releases, `<releases>/<name>/v<version>/`: each appears completely or not at all and is never changed afterwards.

The files are written into a hidden folder beside their place (`stage`), listed, described by card and manifest (`seal`), and
renamed into place at once (`put`).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import polars as pl

from understudy.doors.store import Store
from understudy.errors import BadInput, UnderstudyError

# of a Parquet file that are read and written together, which bounds the memory of a pull
ROWS_AT_ONCE = 1 << 15
_STAGING = ".staging-"
_READ_ONLY = 0o444
DATABASE = "release.duckdb"


class ListedFile(TypedDict):
    """A file of a release as its manifest lists it; `bytes` is its size."""

    bytes: int
    sha256: str


def versions(releases_dir: Path, name: str) -> dict[int, str]:
    """Version → digest of the content, of all releases with a name. A manifest of format 1 has no other digest than that."""
    folders = (releases_dir / name).glob("v*/manifest.json")
    found = {int(path.parent.name[1:]): json.loads(read_text(path)) for path in folders if path.parent.name[1:].isdigit()}
    return {version: str(one.get("content_digest", one["digest"])) for version, one in sorted(found.items())}


def find(releases_dir: Path, name: str | None, version: int | None, *, beside: Container[tuple[str, int]] = ()) -> Path:
    """The folder of a release: the only name where none is given, the newest version. Raises BadInput that lists what there is.

    `beside`: versions that are not given out. Such a one is named in the error where it is asked for, and passed over where it is not.
    """
    there = sorted(path.name for path in releases_dir.glob("*") if path.is_dir() and versions(releases_dir, path.name))
    if not there:
        raise BadInput(f"there is no release in {releases_dir}", hint="run `understudy publish` or `understudy nightly` to make one")
    if name is None and len(there) > 1:
        raise BadInput("several releases exist and none was named", hint=f"name one of {', '.join(there)}")
    chosen = name or there[0]
    if chosen not in there:
        raise BadInput(f"there is no release called {chosen!r}", hint=f"name one of {', '.join(there)}")
    found = versions(releases_dir, chosen)
    if version is not None and version not in found:
        raise BadInput(f"{chosen} has no version {version}", hint=f"its versions are {', '.join(str(one) for one in found)}")
    given = [one for one in ([version] if version is not None else found) if (chosen, one) not in beside]
    if not given:
        told = "every version" if version is None else f"version {version}"
        raise BadInput(f"{told} of {chosen} was retracted", hint="`understudy releases` says why; --retracted pulls it all the same")
    return releases_dir / chosen / f"v{max(given)}"


def folders(releases_dir: Path, name: str | None, version: int | None) -> list[Path]:
    """The folders of all versions of all releases, or of one name, or of one version of it, in order. Raises BadInput for none.

    A folder whose manifest is gone is among them: it is what somebody asks about.
    """
    found = [path for path in releases_dir.glob("*/v*") if path.is_dir() and path.name[1:].isdigit()]
    wanted = [path for path in found if name in (None, path.parent.name) and version in (None, int(path.name[1:]))]
    if not wanted:
        named = f"{name or 'release'}{'' if version is None else f' version {version}'}"
        there = ", ".join(sorted({path.parent.name for path in found}))
        raise BadInput(f"there is no {named} in {releases_dir}", hint=f"there are {there}" if there else "run `understudy publish` first")
    return sorted(wanted, key=lambda path: (path.parent.name, int(path.name[1:])))


@dataclass(frozen=True, slots=True)
class Contents:
    """What a release holds besides card and manifest: file name → text, file name → rows, and the tables of its DuckDB file."""

    texts: Mapping[str, str]
    parquet: Mapping[str, pl.DataFrame]
    tables: Mapping[str, pl.DataFrame]


def stage(place: Path, content_digest: str, contents: Contents, *, store: Store) -> Path:
    """A hidden folder in `place` with the content of a release; what an older attempt left is replaced."""
    folder = place / f"{_STAGING}{content_digest[:16]}"
    shutil.rmtree(folder, ignore_errors=True)
    with _writing(folder):
        folder.mkdir(parents=True)
        for name, frame in contents.parquet.items():
            frame.write_parquet(folder / name, row_group_size=ROWS_AT_ONCE)
        for name, text in contents.texts.items():
            (folder / name).write_text(text, encoding="utf-8")
        store.export(folder / DATABASE, contents.tables)
    return folder


def listed(folder: Path) -> dict[str, ListedFile]:
    """File name → size and SHA-256, of every plain file of a folder, in order of name. Raises UnderstudyError for one unreadable."""
    return {path.name: {"bytes": path.stat().st_size, "sha256": sha256(path)} for path in sorted(folder.iterdir()) if _is_plain(path)}


def others(folder: Path) -> list[str]:
    """What a folder holds besides plain files: folders, links, pipes; a release has none."""
    return sorted(path.name for path in folder.iterdir() if not _is_plain(path))


def listed_text(text: str) -> ListedFile:
    """Size and SHA-256 of a text as a file."""
    content = text.encode("utf-8")
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def seal(folder: Path, texts: Mapping[str, str]) -> Path:
    """The folder with its last files, made read-only and flushed to disk."""
    with _writing(folder):
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
        for path in sorted(folder.iterdir()):
            path.chmod(_READ_ONLY)
            _flush(path)
        _flush(folder)
    return folder


def discard(staged: Path) -> None:
    """Removes what was staged and will not be published."""
    shutil.rmtree(staged, ignore_errors=True)


def put(staged: Path, version: int) -> Path:
    """The final folder, after one rename. Raises UnderstudyError if it exists already."""
    final = staged.parent / f"v{version}"
    if final.exists():
        raise UnderstudyError(f"{final} already exists, and a release is never replaced")
    with _writing(final):
        staged.rename(final)
        _flush(final.parent)
    return final


def read_text(path: Path) -> str:
    """The text of a published file. Raises UnderstudyError when it is not there."""
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UnderstudyError(f"cannot read {path}: {error}") from error


def read_table(path: Path) -> pl.DataFrame:
    """The rows of a published Parquet file. Raises UnderstudyError when it cannot be read."""
    try:
        return pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise UnderstudyError(f"cannot read {path}: {error}") from error


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes. Raises UnderstudyError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UnderstudyError(f"cannot read {path}: {error}") from error


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Writes a file line by line in one step: a reader sees the old file or the new one. Raises UnderstudyError."""
    with _replacing(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        file.writelines(lines)


def write_table(path: Path, frame: pl.LazyFrame) -> int:
    """How many rows were written into a Parquet file, piece by piece and in one step. Raises UnderstudyError."""
    with _replacing(path) as part:
        frame.sink_parquet(part, row_group_size=ROWS_AT_ONCE)
        return int(pl.scan_parquet(part).select(pl.len()).collect().item())


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A file beside `path`, which takes its place at the end of the block and is removed where the block fails."""
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        _flush(part)
        part.replace(path)
    except OSError as error:
        hint = "make room, or choose another place with --out"
        raise UnderstudyError(f"{path} cannot be written: {error.strerror}", hint=hint) from error
    finally:
        part.unlink(missing_ok=True)


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """What goes wrong with the disk in the block, as an error that says what to do."""
    try:
        yield
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        hint = "make room, make it writable, or choose another folder with --releases; then run the same command again: the batch is kept"
        raise UnderstudyError(f"the release folder {folder} cannot be written: {reason}", hint=hint) from error


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
