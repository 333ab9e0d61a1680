"""CCPE-M (Radlinski et al., SIGDIAL 2019): one JSON list of conversations in which an assistant asks for preferences in films.

What the annotators marked stays with the turn as labels; the films and series that they marked by name are its items.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from understudy.doors import files
from understudy.errors import BadInput
from understudy.readers import Options
from understudy.readers._kit import Broken, Turns, checked_text, field, first_json, identifier, named_item, own_files, read_records
from understudy.records import Dialogue, Item, Label, Record, Role
from understudy.titles import tidy

VERSION = 1
LICENCE = "CC-BY-SA-4.0"
CARRIES = ("items", "preferences")
TAGGED = True
HOLDS = "CCPE-M is one JSON file, data.json: a list of conversations with conversationId and utterances"

_ROLES: dict[str, Role] = {"USER": "seeker", "ASSISTANT": "recommender"}
_NAME, _FILM = "ENTITY_NAME", "MOVIE_OR_SERIES"


def claims(path: Path) -> bool:
    """A .json file that is a list of objects with conversationId and utterances."""
    whole = first_json(path) if files.plain_name(path).endswith(".json") else None
    return isinstance(whole, list) and any(isinstance(one, dict) and {"conversationId", "utterances"} <= one.keys() for one in whole[:5])


def find(path: Path) -> list[Path]:
    """The .json files of the format. Raises BadInput that says what the format has."""
    return own_files(path, ["*.json"], claims=claims, layout=HOLDS)


def read(paths: Sequence[Path], options: Options) -> Iterator[Record]:  # noqa: ARG001
    """Each conversation or its reject; a film that a conversation names becomes an item before it. Raises BadInput."""
    seen: set[str] = set()
    for path in paths:
        whole = files.json_of(path)
        if not isinstance(whole, list):
            raise BadInput(f"{path} does not hold a JSON list of conversations", hint=HOLDS)
        yield from read_records(path, enumerate(whole, 1), lambda raw: _built(raw, seen))


def _built(raw: Any, seen: set[str]) -> list[Record]:
    if not isinstance(raw, dict):
        raise Broken("not an object")
    turns, items, labels = Turns(), dict[str, Item](), list[Label]()
    for utterance in _objects(checked_text(raw), "utterances"):
        marks = [mark for segment in _objects(utterance, "segments") for mark in _marks(segment)]
        named = [named_item(text) for kind, entity, text in marks if (kind, entity) == (_NAME, _FILM)]
        items.update({one.item_id: one for one in named})
        index = turns.say(_role(utterance), field(utterance, "text", str, "a text"), [one.item_id for one in named])
        labels.extend(Label("preference", "/".join(mark), index) for mark in marks)
    dialogue = Dialogue(identifier(raw, "conversationId"), turns.done(), labels=tuple(labels))
    new = [one for item_id, one in items.items() if item_id not in seen]
    seen.update(items)
    return [*new, dialogue]


def _marks(segment: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Kind, entity type and text of each annotation of a segment."""
    text = tidy(field(segment, "text", str, "a text"))
    return [
        (field(one, "annotationType", str, "a text"), field(one, "entityType", str, "a text"), text)
        for one in _objects(segment, "annotations")
    ]


def _role(utterance: Mapping[str, Any]) -> Role:
    role = _ROLES.get(field(utterance, "speaker", str, "a text"))
    if role is None:
        raise Broken("speaker: neither USER nor ASSISTANT")
    return role


def _objects(record: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    values = record.get(name)
    if values is None:
        return []
    if not isinstance(values, list) or any(not isinstance(one, dict) for one in values):
        raise Broken(f"{name}: not a list of objects")
    return values
