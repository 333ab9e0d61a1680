"""Which files are a format's own: by their names, and by the first record that they hold, however long it is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import orjson

from understudy.doors import files
from understudy.doors.limits import MB, limits
from understudy.errors import BadInput

_HEAD, _GROWTH = 65_536, 8
_OBJECT = 16 * MB  # an object that is longer is a mapping of records by name, whose first pair is looked at
_LINES_SEEN = 5
_BOM = b"\xef\xbb\xbf"


def own_files(path: Path, wanted: Sequence[str], *, claims: Callable[[Path], bool], layout: str) -> list[Path]:
    """The files to read for `path`: itself where it is a file of the format, or those of `wanted` (glob patterns) in the folder.

    `.gz` and `.zst` files count. Raises BadInput that says what the format has (`layout`); the right reader is named by `readers`.
    """
    if not path.exists():
        raise BadInput(f"there is no file or folder {path}", hint=layout)
    if path.is_file():
        if not files.head(path).strip():
            raise BadInput(f"{path} is empty", hint=layout)
        if not claims(path):
            raise BadInput(f"the file {path} is not in this format", hint=layout)
        return [path]
    patterns = [f"{name}{ending}" for name in wanted for ending in ("", *files.PACKED)]
    found = sorted({one for pattern in patterns for one in path.glob(pattern) if one.is_file()})
    kept = [one for one in found if claims(one)]
    if not kept:
        raise BadInput(f"{path} holds no file {' or '.join(wanted)} of this format", hint=layout)
    return kept


def first_json(path: Path) -> Any:
    """The first JSON object or array of a file; None where there is none.

    Of a .jsonl file it is that of one of its first lines; of another file the whole value or, of a list, its first element. Only as
    much is read as that takes: most often the first 64 KB, and never more than `limits` allow for a line or a document.
    """
    is_lines = files.plain_name(path).endswith(".jsonl")
    most = limits().line if is_lines else limits().document
    size = _HEAD
    while True:
        raw = files.head(path, size)
        is_all = len(raw) < size - len(_BOM) or size >= most
        found = _first_of_lines(raw) if is_lines else _first_value(raw, is_all=is_all)
        if found is not None or is_all or (is_lines and raw.count(b"\n") >= _LINES_SEEN):
            return found
        size = min(size * _GROWTH, most)


def _first_of_lines(raw: bytes) -> Any:
    return next((value for value in map(_container, raw.split(b"\n")[:_LINES_SEEN]) if value is not None), None)


def _first_value(raw: bytes, *, is_all: bool) -> Any:
    one_line = _container(raw.lstrip().split(b"\n", 1)[0])
    if one_line is not None:
        return one_line
    text = raw.decode("utf-8", "ignore").lstrip()
    try:
        value = json.JSONDecoder().raw_decode(text)[0]
        return value if isinstance(value, (dict, list)) else None
    except (ValueError, RecursionError):
        # of a list its first element tells the format; of an object that is cut, all of it has to be seen first
        return _first_part(text) if text.startswith("[") or is_all or len(raw) >= _OBJECT else None


def _container(line: bytes) -> Any:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, (dict, list)) else None


def _first_part(text: str) -> Any:
    """A list of the first element of a list, or an object of the first pair of an object; None where that is not whole."""
    start = re.match(r"\s*(\[\s*|\{\s*\"(?:[^\"\\]|\\.)*\"\s*:\s*)", text)
    if not start:
        return None
    try:
        element = json.JSONDecoder().raw_decode(text, start.end())[0]
    except (ValueError, RecursionError):
        return None
    return [element] if start.group(1).startswith("[") else {json.loads(start.group(1)[1:].rsplit(":", 1)[0]): element}
