"""The door to folders of results: small text files, written whole."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from understudy.errors import BadInput, UnderstudyError


def written(folder: Path, files: Mapping[str, str]) -> dict[str, Path]:
    """File name → where it now lies. A file is replaced as a whole, so that nobody reads half of one. Raises BadInput."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            half = folder / f".{name}.half"
            half.write_text(text, encoding="utf-8")
            os.replace(half, folder / name)
    except OSError as error:
        raise BadInput(f"the folder {folder} cannot be written: {error.strerror}", hint="choose another folder with --out") from error
    return {name: folder / name for name in files}


def made(folder: Path) -> Path:
    """The folder, created where it is not there. Raises BadInput."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"the folder {folder} cannot be created: {error.strerror}", hint="choose a folder that can be written") from error
    return folder


def put(part: Path, final: Path) -> None:
    """Puts a file that was written beside its place into it, flushed to disk first, in one step. Raises UnderstudyError."""
    try:
        handle = os.open(part, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        os.replace(part, final)
    except OSError as error:
        raise UnderstudyError(f"{final} cannot be written: {error.strerror}", hint="make room, or make its folder writable") from error


def removed(file: Path) -> None:
    """Removes a file that may be there. Raises UnderstudyError."""
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        raise UnderstudyError(f"{file} cannot be removed: {error.strerror}", hint="make its folder writable") from error


def folder_name(name: str) -> str:
    """`name` as that of one folder: what could lead elsewhere is escaped."""
    plain = quote(name, safe=" ")
    return plain.replace(".", "%2E") if not plain.strip(". ") else plain
