"""Functions shared by all readers: a record is read or rejected with a reason, names are canonical.

A reader is small: it says which files are its own, and makes of each record a dialogue, an item or a rating.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from understudy.doors import files
from understudy.records import Item, Record, Reject
from understudy.titles import tidy, titled

Numbered = Iterable[tuple[int, Any]]

_EXCERPT = 120
_DIGIT, _LETTER = re.compile(r"\d"), re.compile(r"[^\W\d_]")


class Broken(Exception):
    """Why a record cannot be read; the message becomes the reason of a reject."""


def read_records(path: Path, records: Numbered, build: Callable[[Any], Iterable[Record]]) -> Iterator[Record]:
    """What `build` makes of each numbered raw record, or its reject where `build` raises Broken.

    `build` yields nothing before it has checked the whole record: a record is read whole or refused whole.
    """
    for number, raw in records:
        try:
            built = list(build(raw))
        except Broken as error:
            yield Reject(path.name, number, str(error), excerpt(raw))
        else:
            yield from built


def excerpt(raw: Any) -> str:
    """At most 120 characters that show a record's structure only: letters read x, digits 0."""
    shown = _LETTER.sub("x", _DIGIT.sub("0", _written(raw)[:_EXCERPT]))
    return "".join(character if character.isprintable() else "?" for character in shown)


def _written(raw: Any) -> str:
    if isinstance(raw, bytes):
        return raw[: 4 * _EXCERPT].decode("utf-8", "replace").strip()
    try:
        return raw if isinstance(raw, str) else repr(raw)
    except RecursionError:
        return type(raw).__name__


def json_object(line: bytes) -> dict[str, Any]:
    """The JSON object of a line. Raises Broken."""
    value = json_value(line)
    if not isinstance(value, dict):
        raise Broken("not an object")
    return value


def json_value(line: bytes) -> Any:
    """The JSON value of a line, without NUL characters and half surrogate pairs, which no store can hold. Raises Broken."""
    if isinstance(line, files.TooLong):
        raise Broken(line.reason)
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        value = _value_that_orjson_refuses(line)
    # as raw bytes, since looking at every string of every record would cost more than reading it
    if b"\\u0000" in line and _holds(value, "\0"):
        raise Broken("NUL character")
    return value


def document(path: Path) -> tuple[Any, Callable[[Any], Any]]:
    """The JSON value of a whole file, and what each of its records has to be passed through: `checked_text`, or nothing to do.

    Raises BadInput where the file is no JSON.
    """
    raw = files.bytes_of(path)
    # an escape is the only way in which JSON can hold a NUL or half a surrogate pair
    is_clean = b"\\u0000" not in raw and b"\\ud" not in raw.lower()
    return files.json_in(raw, path), (lambda value: value) if is_clean else checked_text


def checked_text(value: Any) -> Any:
    """`value` (any JSON) unless it holds text that no store can hold. Raises Broken. For values not read by `json_value`."""
    if _holds(value, "\0"):
        raise Broken("NUL character")
    if _has_surrogate(value):
        raise Broken("half a surrogate pair")
    return value


def utf8(line: bytes) -> str:
    """The text of a line of a tab-separated file, without its line end. Raises Broken."""
    if isinstance(line, files.TooLong):
        raise Broken(line.reason)
    if b"\0" in line:
        raise Broken("NUL character")
    try:
        return line.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise Broken("not UTF-8") from None


def field(record: Mapping[str, Any], name: str, kind: type | tuple[type, ...], expected: str) -> Any:
    """The value of a key that must be there and of this kind; `expected` says what was expected. Raises Broken."""
    value = record.get(name)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise Broken(f"{name}: {'missing' if name not in record else 'not ' + expected}")
    return value


def identifier(record: Mapping[str, Any], name: str) -> str:
    """A value that names something: text or a whole number. Raises Broken."""
    value = record.get(name)
    if type(value) is int:
        return str(value)
    if isinstance(value, str) and (named := value.strip()):
        return named
    raise Broken(f"{name}: missing or not an identifier")


def item_of(item_id: str, name: str, **facts: Any) -> Item:
    """An item by its name as written; `facts` are the other fields of Item. Raises Broken for a blank name."""
    title, year = titled(name)
    if not title:
        raise Broken("an item without a name")
    return Item(item_id, title, facts.pop("year", None) or year, **facts)


def named_item(name: str) -> Item:
    """An item that a log knows by name alone: the same name, the same id."""
    item = item_of("", name)
    return Item(f"title:{item.label.casefold()}", item.title, item.year)


def names(values: Any, what: str) -> tuple[str, ...]:
    """The different names of a list, tidied, in order; None is no names. Raises Broken where it is no list of texts."""
    if values is None:
        return ()
    if not isinstance(values, list) or any(not isinstance(value, str) for value in values if value is not None):
        raise Broken(f"{what}: not a list of names")
    return tuple(dict.fromkeys(name for value in values if value and (name := tidy(value))))


def _value_that_orjson_refuses(line: bytes) -> Any:
    """The reason why a line is rejected; what only orjson rejects (NaN, deep nesting) is read by the standard library."""
    if b"\0" in line:
        raise Broken("NUL character")
    try:
        value = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError:
        raise Broken("not UTF-8") from None
    except (ValueError, RecursionError):
        raise Broken("not JSON") from None
    if _has_surrogate(value):
        raise Broken("half a surrogate pair")
    return value


def _has_surrogate(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return True
    except (RecursionError, ValueError, TypeError):
        raise Broken("nested too deep or not JSON") from None
    return False


def _holds(value: Any, character: str) -> bool:
    # not recursive: a nest that JSON can still say is deeper than Python's stack
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            if character in one:
                return True
        elif isinstance(one, dict):
            waiting.extend((*one, *one.values()))
        elif isinstance(one, list):
            waiting.extend(one)
    return False
