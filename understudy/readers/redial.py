"""ReDial (Li et al., NeurIPS 2018): two JSON-lines files and `movies.json`, metadata of the films by ReDial id.

The initiator is the seeker, and only the initiator's form is read: it holds what the seeker said of each film.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from understudy.doors import files
from understudy.errors import BadInput
from understudy.readers import Options
from understudy.readers._files import first_json, own_files
from understudy.readers._kit import Broken, document, identifier, item_of, json_object, names, read_records
from understudy.readers._turns import Turns
from understudy.records import Dialogue, Item, Mention, Record, Role, Turn
from understudy.titles import tidy

VERSION = 3
LICENCE = "CC-BY-4.0"
CARRIES = ("items", "forms")
TAGGED = True
HOLDS = "ReDial's folder holds train_data.jsonl, test_data.jsonl and movies.json; its dialogues are in .jsonl files"

CATALOGUE = "movies.json"
SPLITS = {"train_data.jsonl": "train", "test_data.jsonl": "test"}

_MENTION = re.compile(r"@(\d+)")
_ANSWERS: dict[int, bool | None] = {0: False, 1: True, 2: None}


def claims(path: Path) -> bool:
    """A .jsonl file whose first record has ReDial's keys; where there is no whole record, the name decides."""
    name = files.plain_name(path)
    record = first_json(path) if name.endswith(".jsonl") else None
    if isinstance(record, dict):
        return "initiatorWorkerId" in record or "movieMentions" in record
    return name in SPLITS


def find(path: Path) -> list[Path]:
    """The dialogue files and, where it is there, the catalogue beside them. Raises BadInput that names what is missing."""
    found = own_files(path, list(SPLITS), claims=claims, layout=HOLDS)
    catalogue = files.beside(path if path.is_dir() else path.parent, CATALOGUE)
    # train before test, as the data set counts
    return [*([catalogue] if catalogue else []), *sorted(found, key=lambda one: files.plain_name(one), reverse=True)]


def read(paths: Sequence[Path], options: Options) -> Iterator[Record]:  # noqa: ARG001
    """Items of the catalogue, then each line's dialogue or reject; a film that only a dialogue names becomes an item before it."""
    items: dict[str, Item] = {}
    for path in sorted(paths, key=lambda one: files.plain_name(one) != CATALOGUE):
        if files.plain_name(path) == CATALOGUE:
            yield from _read_catalogue(path, items)
        else:
            split = SPLITS.get(files.plain_name(path))
            yield from read_records(path, files.lines(path), partial(_built, items=items, split=split))


def _read_catalogue(path: Path, items: dict[str, Item]) -> Iterator[Record]:
    whole, check = document(path)
    if not isinstance(whole, dict):
        raise BadInput(f"{path} does not hold one JSON object of films by id", hint="restore the file from the data set's own archive")

    def build(pair: tuple[str, Any]) -> list[Record]:
        item_id, facts = check(pair[0]), check(pair[1])
        if not isinstance(facts, dict) or not _is_name(facts.get("name")):
            raise Broken("a film without a name")
        items[item_id] = _film(item_id, facts)
        return [items[item_id]]

    yield from read_records(path, enumerate(whole.items(), 1), build)


def _film(item_id: str, facts: Mapping[str, Any]) -> Item:
    plot = facts.get("plot") or ""
    if not isinstance(plot, str):
        raise Broken("plot: not a text")
    return item_of(
        item_id,
        facts["name"],
        genres=tuple(dict.fromkeys(genre.lower() for genre in names(facts.get("genre"), "genre"))),
        people=tuple(dict.fromkeys((*names(facts.get("director"), "director"), *names(facts.get("star"), "star")))),
        plot=tidy(plot),
    )


def _built(line: bytes, *, items: dict[str, Item], split: str | None) -> list[Record]:
    record = json_object(line)
    named = _named(record, items)
    dialogue = _dialogue(record, {**items, **named} if named else items, split)
    items.update(named)
    return [*named.values(), dialogue]


def _named(record: Mapping[str, Any], items: Mapping[str, Item]) -> dict[str, Item]:
    named = _mapping(record, "movieMentions")
    if any(name is not None and not isinstance(name, str) for name in named.values()):
        raise Broken("movieMentions: a name is not a string")
    return {item_id: item_of(item_id, name) for item_id, name in named.items() if item_id not in items and _is_name(name)}


def _dialogue(record: Mapping[str, Any], items: Mapping[str, Item], split: str | None) -> Dialogue:
    seeker, recommender = identifier(record, "initiatorWorkerId"), identifier(record, "respondentWorkerId")
    if seeker == recommender:
        raise Broken("seeker and recommender are the same worker")
    forms = _mapping(record, "initiatorQuestions")
    return Dialogue(
        dialogue_id=identifier(record, "conversationId"),
        turns=_turns(record, {seeker: "seeker", recommender: "recommender"}, items),
        mentions=tuple(_mention(item_id, form) for item_id, form in forms.items()),
        seeker_id=seeker,
        recommender_id=recommender,
        official_split=split,
    )


def _turns(record: Mapping[str, Any], roles: Mapping[str, Role], items: Mapping[str, Item]) -> tuple[Turn, ...]:
    messages = record.get("messages")
    if not isinstance(messages, list) or not messages:
        raise Broken("messages: missing or empty")

    def label(match: re.Match[str]) -> str:
        item = items.get(match.group(1))
        return item.label if item else match.group(0)

    turns = Turns()
    for message in messages:
        if not isinstance(message, dict) or not isinstance(text := message.get("text"), str):
            raise Broken("messages: a text is not a string")
        sender = message.get("senderWorkerId")
        role = roles.get(sender if type(sender) is str else identifier(message, "senderWorkerId"))
        if role is None:
            raise Broken("messages: sent by neither of the two workers")
        ids = _MENTION.findall(text) if "@" in text else ()
        turns.say(role, _MENTION.sub(label, text) if ids else text, ids)
    return turns.done()


def _mention(item_id: str, form: Any) -> Mention:
    if not isinstance(form, dict):
        raise Broken("initiatorQuestions: a form is not an object")
    return Mention(item_id, _answer(form, "suggested"), _answer(form, "seen"), _answer(form, "liked"))


def _answer(form: Mapping[str, Any], name: str) -> bool | None:
    answer = form.get(name)
    if type(answer) is not int or answer not in _ANSWERS:
        raise Broken("initiatorQuestions: an answer is not 0, 1 or 2")
    return _ANSWERS[answer]


def _mapping(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    if name not in record:
        raise Broken(f"{name}: missing")
    value = record[name]
    if value == []:  # how ReDial writes an empty object
        return {}
    if not isinstance(value, dict):
        raise Broken(f"{name}: not an object")
    return value


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())
