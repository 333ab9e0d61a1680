"""Amazon Reviews 2023 (McAuley Lab): items of the shop as a catalogue and star ratings as preferences; there are no dialogues in it.

An item is known by its `parent_asin`, which both kinds of files have. A film's year stands among its `features`. Of a review the text
is kept, and its headline is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from understudy.doors import files
from understudy.readers import Options
from understudy.readers._files import first_json, own_files
from understudy.readers._kit import Broken, field, identifier, item_of, json_object, json_value, read_records
from understudy.records import Item, Rating, Record
from understudy.titles import tidy, titled

VERSION = 2
LICENCE = "unknown"
CARRIES = ("items", "ratings")
TAGGED = True
HOLDS = "Amazon Reviews 2023 holds meta_CATEGORY.jsonl (items by parent_asin) and CATEGORY.jsonl (reviews)"

_ITEMS = "meta_"
# as in the archive's folders, or all in one folder
_ITEM_FILES = ("meta_*.jsonl", "raw/meta_categories/meta_*.jsonl")
_REVIEW_FILES = ("*.jsonl", "raw/review_categories/*.jsonl")
_PEOPLE = ("Director", "Directors", "Actors", "Starring", "Author", "Authors", "Artist", "Contributor", "Contributors")
# a comma inside of a name does not part two
_PARTED = re.compile(r"\s*[,;]\s*+(?!(?:Jr|Sr)\b|I{2,3}\b)")
_PART = re.compile(r"\s*\([A-Z][a-z ]+\)$")  # `(Author)`
_TAG = re.compile(r"<[^<>]{1,200}>")
_YEAR = re.compile(r"(?:18|19|20)\d\d")
_MOST_MS = 10**14  # in the year 5138; a larger number is no time
_LEAST, _MOST = 1, 5


def claims(path: Path) -> bool:
    """A .jsonl file whose first record has a parent_asin and a field that only this data set has."""
    if Path(files.plain_name(path)).suffix != ".jsonl":
        return False
    record = first_json(path)
    if not isinstance(record, dict) or "parent_asin" not in record:
        return False
    return bool({"user_id", "rating", "title", "main_category", "rating_number"} & record.keys())


def find(path: Path) -> list[Path]:
    """The files of items, then those of reviews; beside a file of reviews the items of its category. Raises BadInput."""
    found = own_files(path, [*_ITEM_FILES, *_REVIEW_FILES], claims=claims, layout=HOLDS)
    if path.is_file() and not _holds_items(path):
        items = files.beside(path.parent, f"{_ITEMS}{files.plain_name(path)}")
        found += [items] if items and claims(items) else []
    return sorted(found, key=lambda one: not _holds_items(one))


def read(paths: Sequence[Path], options: Options) -> Iterator[Record]:  # noqa: ARG001
    """An item, a rating or a reject for each line; nothing is held in memory."""
    for path in paths:
        yield from read_records(path, files.lines(path), _item if _holds_items(path) else _rating)


def _holds_items(path: Path) -> bool:
    if path.name.startswith(_ITEMS):
        return True
    record = first_json(path)
    return isinstance(record, dict) and "user_id" not in record and "rating" not in record


def _rating(line: bytes) -> Iterable[Record]:
    record = json_object(line)
    given = field(record, "rating", (int, float), "a number")
    if not _LEAST <= given <= _MOST:  # NaN is refused too
        raise Broken(f"rating: outside {_LEAST} to {_MOST}")
    user_id, item_id = identifier(record, "user_id"), identifier(record, "parent_asin")
    return (Rating(user_id, item_id, float(given), _seconds(record), _review(record)),)


def _review(record: Mapping[str, Any]) -> str | None:
    """What the reviewer wrote, on one line and without tags; None where it is empty."""
    text = record.get("text")
    if not isinstance(text, str | None):
        raise Broken("text: not a text")
    return tidy(_TAG.sub(" ", text or "")) or None


def _seconds(record: Mapping[str, Any]) -> int | None:
    # the description of the data set calls it sort_timestamp, its files timestamp
    at = record.get("timestamp", record.get("sort_timestamp"))
    if at is None:
        return None
    if type(at) is not int or not 0 <= at < _MOST_MS:
        raise Broken("timestamp: not milliseconds since 1970")
    return at // 1000


def _item(line: bytes) -> Iterable[Record]:
    record = json_object(line)
    title = record.get("title")
    if not isinstance(title, str):
        raise Broken("an item without a name")
    return (_item_of(record, title),)


def _item_of(record: Mapping[str, Any], title: str) -> Item:
    return item_of(
        identifier(record, "parent_asin"),
        title,
        year=None if titled(title).year else _year(record),
        genres=_genres(record),
        people=_people(record),
        plot=tidy(_TAG.sub(" ", " ".join(_texts(record, "description") or _texts(record, "features")))),
    )


def _year(record: Mapping[str, Any]) -> int | None:
    """The year among the features of a film, such as `["IMDb 7.1", "2017", "X-Ray"]`; None where there is none, or several."""
    years = {int(one) for one in _texts(record, "features") if _YEAR.fullmatch(one)}
    return years.pop() if len(years) == 1 else None


def _genres(record: Mapping[str, Any]) -> tuple[str, ...]:
    """The categories below the shop's department, which says no more than the file; the department where there are none."""
    path = _texts(record, "categories")
    shelves = path[1:] if len(path) > 1 else path or _texts(record, "main_category")
    return tuple(dict.fromkeys(one for shelf in shelves if (one := tidy(shelf).lower())))


def _people(record: Mapping[str, Any]) -> tuple[str, ...]:
    details = record.get("details")
    if isinstance(details, str):  # tables without nested columns hold JSON text
        details = json_value(details.encode())
    if not isinstance(details, dict | None):
        raise Broken("details: not an object")
    told = [text for key in _PEOPLE for text in _texts(details or {}, key)]
    author = record.get("author")
    if isinstance(author, dict):
        told += _texts(author, "name")
    named = (_PART.sub("", tidy(name).strip(" ,;")) for text in told for name in _PARTED.split(text))
    return tuple(dict.fromkeys(name for name in named if name))


def _texts(record: Mapping[str, Any], name: str) -> list[str]:
    """The text, or the list of texts, under a key; none where it is missing. Raises Broken for anything else."""
    value = record.get(name)
    values = value if isinstance(value, list) else [] if value is None else [value]
    if any(not isinstance(one, str) for one in values):
        raise Broken(f"{name}: neither a text nor a list of texts")
    return values
