"""The door to files of human logs: opened, streamed and hashed here and nowhere else."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from understudy.errors import BadInput

_SPDX = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")


def lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines of a file that are not blank, each with its number from 1. The file is streamed, never held whole."""
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            if line.strip():
                yield number, line


def json_of(path: Path) -> Any:
    """The JSON value of a whole file. Raises BadInput that says where it breaks."""
    try:
        return json.loads(path.read_bytes())
    except (UnicodeDecodeError, ValueError) as error:
        raise BadInput(f"{path} is not JSON: {error}", hint="restore the file from the data set's own archive") from error


def sha256(paths: Sequence[Path]) -> str:
    """SHA-256 over the names and the content of the files, 64 hex digits; folders are not part of it."""
    total = hashlib.sha256()
    for path in sorted(paths, key=lambda one: one.name):
        with path.open("rb") as stream:
            total.update(f"{path.name}={hashlib.file_digest(stream, 'sha256').hexdigest()};".encode())
    return total.hexdigest()


def licence_beside(path: Path) -> str | None:
    """The SPDX identifier in the one-line file LICENCE of the data's folder, None where there is no such file."""
    file = (path if path.is_dir() else path.parent) / "LICENCE"
    if not file.is_file():
        return None
    text = file.read_text(encoding="utf-8", errors="replace").strip()
    if not _SPDX.fullmatch(text):
        raise BadInput(f"{file} is not one SPDX identifier", hint="write one line such as CC-BY-4.0, or remove the file")
    return text
