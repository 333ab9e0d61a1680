"""The catalogue of a folder of releases: one small DuckDB file that is replaced as a whole, so that readers never wait for a writer.

It is made anew from the manifests of the folder whenever a release is published or retracted. Retractions are known to it and to the
store that made them; they stand in no folder of a release, since that never changes.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypedDict

import polars as pl

from understudy.doors import folders, releases
from understudy.doors.table_files import exported, write_tables
from understudy.errors import UnderstudyError

FILE = "catalogue.duckdb"
_LOCK = ".catalogue.lock"
_VERSION = 1
Retractions = Mapping[tuple[str, int], str]

_SCHEMA = {
    "name": pl.String, "version": pl.Int32, "digest": pl.String, "engine": pl.String, "licence": pl.String, "n_dialogues": pl.Int64,
    "n_examples": pl.Int64, "path": pl.String, "retracted": pl.String,
}  # fmt: skip


class PublishedRow(TypedDict):
    """A version of a release; `retracted` is the reason of its retraction."""

    name: str
    version: int
    digest: str
    engine: str
    licence: str
    n_dialogues: int
    path: str
    retracted: str | None


class CatalogueRow(PublishedRow):
    """A version of a release in the catalogue; `path` is from the folder of the releases on."""

    n_examples: int


def rows(releases_dir: Path) -> list[CatalogueRow]:
    """Every version of every release, in order. Raises UnderstudyError for a catalogue that cannot be read.

    Where the catalogue does not hold what the folder does (a run was killed before it was renewed, or releases were copied there), the
    folder is read itself.
    """
    kept = _kept(releases_dir)
    if kept is not None and {one["path"] for one in kept} == {one.relative_to(releases_dir).as_posix() for one in _folders(releases_dir)}:
        return kept
    return _of_folders(releases_dir, retractions(releases_dir))


def retractions(releases_dir: Path) -> dict[tuple[str, int], str]:
    """Name and version of each release that was retracted → why."""
    return {(one["name"], one["version"]): one["retracted"] for one in _kept(releases_dir) or () if one["retracted"]}


def renew(releases_dir: Path, retracted: Retractions | None = None) -> Path:
    """The catalogue, made from the folder, with the retractions that it had and those that are given; in place after one rename."""
    with _alone(folders.made(releases_dir)):
        known = {**retractions(releases_dir), **(retracted or {})}
        part, final = releases_dir / f".{FILE}.part", releases_dir / FILE
        folders.removed(part)
        table = pl.DataFrame(_of_folders(releases_dir, known), schema=_SCHEMA, orient="row")
        write_tables(part, {"releases": table, "catalogue": pl.DataFrame({"version": [_VERSION]})})
        folders.put(part, final)
    return final


def _kept(releases_dir: Path) -> list[CatalogueRow] | None:
    """What the file says; None where there is none."""
    path = releases_dir / FILE
    if not path.is_file():
        return None
    tables = exported(path)
    if "releases" not in tables or list(tables["releases"].columns) != list(_SCHEMA):
        raise UnderstudyError(f"{path} is no catalogue of releases", hint="remove it; publishing makes it anew, and the releases stay")
    return tables["releases"].to_dicts()  # type: ignore[return-value]


def _of_folders(releases_dir: Path, retracted: Retractions) -> list[CatalogueRow]:
    ordered = sorted(_folders(releases_dir), key=lambda path: (path.parent.name, int(path.name[1:])))
    return [_row(json.loads(releases.read_text(path / "manifest.json")), path, releases_dir, retracted) for path in ordered]


def _folders(releases_dir: Path) -> list[Path]:
    return [path.parent for path in releases_dir.glob("*/v*/manifest.json") if path.parent.name[1:].isdigit()]


def _row(manifest: Mapping[str, Any], folder: Path, releases_dir: Path, retracted: Retractions) -> CatalogueRow:
    name, version = folder.parent.name, int(folder.name[1:])
    return {
        "name": name, "version": version, "digest": manifest["digest"], "engine": manifest["engine"], "licence": manifest["licence"],
        "n_dialogues": manifest["n_dialogues"], "n_examples": manifest["n_examples"], "path": folder.relative_to(releases_dir).as_posix(),
        "retracted": retracted.get((name, version)),
    }  # fmt: skip


@contextmanager
def _alone(releases_dir: Path) -> Iterator[None]:
    """Two that publish into one folder renew its catalogue one after the other."""
    with (releases_dir / _LOCK).open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
