"""Folders of releases, `<releases>/<name>/v<version>/`: each appears completely or not at all and is never changed afterwards."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from understudy.doors.store import Store
from understudy.errors import BadInput, UnderstudyError

_STAGING = ".staging-"
_READ_ONLY = 0o444


def versions(releases_dir: Path, name: str) -> dict[int, str]:
    """Version → digest, of all releases with a name."""
    folders = (releases_dir / name).glob("v*/manifest.json")
    found = {int(path.parent.name[1:]): path for path in folders if path.parent.name[1:].isdigit()}
    return {version: str(json.loads(read_text(path))["digest"]) for version, path in sorted(found.items())}


def find(releases_dir: Path, name: str | None, version: int | None) -> Path:
    """The folder of a release: the only name where none is given, the newest version. Raises BadInput that lists what there is."""
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
    return releases_dir / chosen / f"v{version or max(found)}"


def stage(
    releases_dir: Path, manifest: Mapping[str, Any], *, texts: Mapping[str, str], tables: Mapping[str, pl.DataFrame], store: Store
) -> Path:
    """A folder beside its final place with every file of the release, written and flushed to disk; an older attempt is replaced."""
    folder = releases_dir / str(manifest["name"]) / f"{_STAGING}{str(manifest['digest'])[:16]}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, frame in tables.items():
        frame.write_parquet(folder / f"{name}.parquet")
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    store.export(folder / "release.duckdb", tables)
    files = {path.name: sha256(path) for path in sorted(folder.iterdir())}
    whole = {**manifest, "files": files}
    (folder / "manifest.json").write_text(json.dumps(whole, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    for path in sorted(folder.iterdir()):
        path.chmod(_READ_ONLY)
        _flush(path)
    _flush(folder)
    return folder


def put(staged: Path, version: int) -> Path:
    """The final folder, after one rename. Raises UnderstudyError if it exists already."""
    final = staged.parent / f"v{version}"
    if final.exists():
        raise UnderstudyError(f"{final} already exists, and a release is never replaced")
    staged.rename(final)
    _flush(final.parent)
    return final


def read_text(path: Path) -> str:
    """The text of a published file. Raises UnderstudyError when it is not there."""
    try:
        return path.read_text(encoding="utf-8")
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


def write_whole(path: Path, text: str) -> None:
    """Writes `path` in one step: a reader sees the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8")
    _flush(part)
    part.replace(path)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
