"""The door to folders of results: small text files, written whole."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from understudy.errors import BadInput


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


def folder_name(name: str) -> str:
    """`name` as that of one folder: what could lead elsewhere is escaped."""
    plain = quote(name, safe=" ")
    return plain.replace(".", "%2E") if not plain.strip(". ") else plain
