"""ReDial (Li et al., NeurIPS 2018): two JSON-lines files and `movies.json`, metadata of the films by ReDial id.

The initiator is the seeker, and only the initiator's form is read: it holds what the seeker said of each film.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from understudy.doors import files
from understudy.errors import BadInput
from understudy.readers import Record, excerpt
from understudy.records import Dialogue, Item, Mention, Reject, Role, Turn

VERSION = 1
LICENCE = "CC-BY-4.0"

CATALOGUE = "movies.json"
SPLITS = {"train_data.jsonl": "train", "test_data.jsonl": "test"}

_MENTION = re.compile(r"@(\d+)")
_YEAR = re.compile(r"^(.*\S)\s*\((\d{4})\)$")
_ANSWERS: dict[int, bool | None] = {0: False, 1: True, 2: None}
_OTHER_FORMATS = ((".tsv", "inspired"), ("_books.jsonl", "opendialkg"))


class _Broken(Exception):
    """Why a record cannot be read."""


def find(path: Path) -> list[Path]:
    """The dialogue files and, where it is there, the catalogue beside them. Raises BadInput that names what is missing."""
    if not path.exists():
        raise BadInput(f"there is no file or folder {path}", hint="give the ReDial folder or one of its .jsonl files")
    if path.is_file():
        if path.suffix != ".jsonl":
            raise BadInput(f"{path} is not a ReDial dialogue file", hint=_right_reader([path]))
        return [*_catalogue(path.parent), path]
    found = [path / name for name in SPLITS if (path / name).is_file()]
    if not found:
        raise BadInput(f"{path} holds none of {', '.join(SPLITS)}", hint=_right_reader(sorted(path.iterdir())))
    return [*_catalogue(path), *found]


def read(paths: Sequence[Path]) -> Iterator[Record]:
    """Items of the catalogue, then each line's dialogue or reject; a film that only a dialogue names becomes an item before it."""
    items: dict[str, Item] = {}
    for path in sorted(paths, key=lambda one: one.name != CATALOGUE):
        if path.name == CATALOGUE:
            yield from _read_catalogue(path, items)
        else:
            for number, line in files.lines(path):
                yield from _read_line(path, number, line, items)


def item_of(item_id: str, name: str, facts: Mapping[str, Any] | None = None) -> Item:
    """One film; `name` may hold double spaces, HTML entities and a year at its end."""
    plain = " ".join(html.unescape(name).split())
    dated = _YEAR.match(plain)
    title, year = (dated.group(1), int(dated.group(2))) if dated else (plain, None)
    facts = facts or {}
    return Item(
        item_id=item_id,
        title=title,
        year=year,
        genres=tuple(dict.fromkeys(genre.lower() for genre in _names(facts, "genre"))),
        people=tuple(dict.fromkeys((*_names(facts, "director"), *_names(facts, "star")))),
        plot=" ".join(html.unescape(facts.get("plot") or "").split()),
    )


def _catalogue(folder: Path) -> list[Path]:
    return [folder / CATALOGUE] if (folder / CATALOGUE).is_file() else []


def _right_reader(seen: Sequence[Path]) -> str:
    for ending, reader in _OTHER_FORMATS:
        if any(path.name.lower().endswith(ending) for path in seen):
            return f"this looks like {reader} data; ReDial has {', '.join(SPLITS)} and {CATALOGUE}"
    return f"ReDial's folder holds {', '.join(SPLITS)} and {CATALOGUE}; its dialogues are in .jsonl files"


def _read_catalogue(path: Path, items: dict[str, Item]) -> Iterator[Record]:
    whole = files.json_of(path)
    if not isinstance(whole, dict):
        raise BadInput(f"{path} is not an object of films by id", hint="restore the file from the data set's own archive")
    for number, (item_id, facts) in enumerate(whole.items(), 1):
        try:
            if not isinstance(facts, dict) or not _is_name(facts.get("name")):
                raise _Broken("a film without a name")
            if "\0" in json.dumps(facts, ensure_ascii=False) or "\\u0000" in json.dumps(facts):
                raise _Broken("NUL character")
            items[item_id] = item_of(item_id, facts["name"], facts)
        except (_Broken, AttributeError, TypeError) as error:
            reason = str(error) if isinstance(error, _Broken) else "a film's fact is of the wrong type"
            yield Reject(path.name, number, reason, excerpt(json.dumps(facts)))
        else:
            yield items[item_id]


def _read_line(path: Path, number: int, line: bytes, items: dict[str, Item]) -> Iterator[Record]:
    try:
        record = _record_of(line)
        named = _named(record, items)
        dialogue = _dialogue(record, {**items, **named}, SPLITS.get(path.name))
    except _Broken as error:
        yield Reject(path.name, number, str(error), excerpt(line.decode("utf-8", "replace").strip()))
        return
    items.update(named)
    yield from named.values()
    yield dialogue


def _record_of(line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError:
        raise _Broken("not UTF-8") from None
    except (ValueError, RecursionError):
        raise _Broken("not JSON") from None
    if not isinstance(record, dict):
        raise _Broken("not an object")
    if b"\0" in line or b"\\u0000" in line:
        raise _Broken("NUL character")
    # a lone surrogate is legal JSON but no text that could be stored
    if b"\\ud" in line.lower() and _has_surrogate(record):
        raise _Broken("half a surrogate pair")
    return record


def _named(record: Mapping[str, Any], items: Mapping[str, Item]) -> dict[str, Item]:
    named = _mapping(record, "movieMentions")
    if any(name is not None and not isinstance(name, str) for name in named.values()):
        raise _Broken("movieMentions: a name is not a string")
    return {item_id: item_of(item_id, name) for item_id, name in named.items() if item_id not in items and _is_name(name)}


def _dialogue(record: Mapping[str, Any], items: Mapping[str, Item], split: str | None) -> Dialogue:
    seeker, recommender = _identifier(record, "initiatorWorkerId"), _identifier(record, "respondentWorkerId")
    if seeker == recommender:
        raise _Broken("seeker and recommender are the same worker")
    forms = _mapping(record, "initiatorQuestions")
    return Dialogue(
        dialogue_id=_identifier(record, "conversationId"),
        turns=_turns(record, {seeker: "seeker", recommender: "recommender"}, items),
        mentions=tuple(_mention(item_id, form) for item_id, form in forms.items()),
        seeker_id=seeker,
        recommender_id=recommender,
        official_split=split,
    )


def _turns(record: Mapping[str, Any], roles: Mapping[str, Role], items: Mapping[str, Item]) -> tuple[Turn, ...]:
    messages = record.get("messages")
    if not isinstance(messages, list) or not messages:
        raise _Broken("messages: missing or empty")
    turns: list[tuple[Role, list[str]]] = []
    for message in messages:
        if not isinstance(message, dict) or not isinstance(message.get("text"), str):
            raise _Broken("messages: a text is not a string")
        role = roles.get(_identifier(message, "senderWorkerId"))
        if role is None:
            raise _Broken("messages: sent by neither of the two workers")
        if not turns or turns[-1][0] != role:
            turns.append((role, []))
        turns[-1][1].append(message["text"])
    return tuple(_turn(role, texts, items) for role, texts in turns)


def _turn(role: Role, texts: Sequence[str], items: Mapping[str, Item]) -> Turn:
    whole = " ".join(" ".join(texts).split())

    def label(match: re.Match[str]) -> str:
        item = items.get(match.group(1))
        return item.label if item else match.group(0)

    return Turn(role, _MENTION.sub(label, whole), len(texts), tuple(_MENTION.findall(whole)))


def _mention(item_id: str, form: Any) -> Mention:
    if not isinstance(form, dict):
        raise _Broken("initiatorQuestions: a form is not an object")
    return Mention(item_id, _answer(form, "suggested"), _answer(form, "seen"), _answer(form, "liked"))


def _answer(form: Mapping[str, Any], name: str) -> bool | None:
    answer = form.get(name)
    if type(answer) is not int or answer not in _ANSWERS:
        raise _Broken("initiatorQuestions: an answer is not 0, 1 or 2")
    return _ANSWERS[answer]


def _mapping(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    if name not in record:
        raise _Broken(f"{name}: missing")
    value = record[name]
    if value == []:  # how ReDial writes an empty object
        return {}
    if not isinstance(value, dict):
        raise _Broken(f"{name}: not an object")
    return value


def _identifier(record: Mapping[str, Any], name: str) -> str:
    value = record.get(name)
    if isinstance(value, bool) or not isinstance(value, (str, int)) or value == "":
        raise _Broken(f"{name}: missing or not an identifier")
    return str(value)


def _names(facts: Mapping[str, Any], name: str) -> list[str]:
    values = facts.get(name) or []
    if not isinstance(values, list):
        raise TypeError(name)
    return [" ".join(html.unescape(value).split()) for value in values if value and value.strip()]


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _has_surrogate(value: Any) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in json.dumps(value, ensure_ascii=False))
