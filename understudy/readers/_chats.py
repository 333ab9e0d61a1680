"""Functions shared by readers of JSON chats: the layouts of such files, the roles of speakers, and metadata as labels."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from understudy.doors import files
from understudy.readers._kit import Broken, Numbered, checked_text, excerpt, identifier, json_object, json_value
from understudy.records import Label, Record, Reject


def read_json(path: Path, build: Callable[[dict[str, Any], int], Iterable[Record]]) -> Iterator[Record]:
    """What `build` makes of each object of a file and its number; a reject where it raises Broken.

    A file is JSON lines, one list of objects, or a single object. Raises BadInput where a file that is one value is broken.
    """
    yield from read_objects(path, numbered(path), build)


def read_objects(path: Path, records: Numbered, build: Callable[[dict[str, Any], int], Iterable[Record]]) -> Iterator[Record]:
    """The same for numbered raw records: lines as bytes, or values of any type."""
    for number, raw in records:
        try:
            built = list(build(json_object(raw) if isinstance(raw, bytes) else _object(raw), number))
        except Broken as error:
            yield Reject(path.name, number, str(error), excerpt(raw))
        else:
            yield from built


def dialogue_id(record: Mapping[str, Any], keys: Iterable[str], path: Path, number: int) -> str:
    """The identifier under the first of `keys` that is there; without any, the file's name and the record's number."""
    key = next((key for key in keys if record.get(key) is not None), None)
    return identifier(record, key) if key else f"{stem(path)}-{number}"


def stem(path: Path) -> str:
    """The file's name without its endings, packed or not."""
    return Path(files.plain_name(path)).stem


def optional_object(record: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The object under a key, empty where there is none. Raises Broken for anything else."""
    value = record.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Broken(f"{name}: not an object")
    return value


def optional_identifier(record: Mapping[str, Any], name: str) -> str | None:
    """The identifier under a key, None where there is none. Raises Broken for what cannot be one."""
    return None if record.get(name) in (None, "") else identifier(record, name)


def scalar_labels(facts: Mapping[str, Any], *, without: Iterable[str] = ()) -> tuple[Label, ...]:
    """A label of the whole dialogue for each text, number or truth value; what is empty or nested is none."""
    skipped = set(without)
    return tuple(
        Label(name, value if isinstance(value, str) else json.dumps(value))
        for name, value in facts.items()
        if name not in skipped and isinstance(value, str | int | float) and value != ""
    )


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Broken("not an object")
    checked: dict[str, Any] = checked_text(value)
    return checked


def numbered(path: Path) -> Numbered:
    """The raw records of a file: its lines as bytes, or the values of its list, or its only value. Raises BadInput."""
    if _is_lines(path):
        return files.lines(path)
    whole = files.json_of(path)
    return enumerate(whole if isinstance(whole, list) else [whole], 1)


def _is_lines(path: Path) -> bool:
    """Whether a file is read line by line: its first line is a value and not all there is, or its name says so."""
    first = [line for _, line in islice(files.lines(path), 2)]
    if not first:
        return True
    try:
        value = json_value(first[0])
    except Broken:
        # a list on one line may be longer than any line of a log, and an object may be spread over many
        return Path(files.plain_name(path)).suffix == ".jsonl"
    return len(first) > 1 or not isinstance(value, list)
