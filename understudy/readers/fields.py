"""Dialogues in any JSON layout, read by a map of its fields: `--fields FILE`, or a file `fields.toml` beside the data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from understudy.doors import files
from understudy.errors import BadInput
from understudy.readers import Options
from understudy.readers._chats import numbered, optional_identifier, optional_object, scalar_labels, stem
from understudy.readers._field_map import BESIDE, SKIPPED, FieldMap, beside, field_map, value_at
from understudy.readers._files import first_json, own_files
from understudy.readers._kit import Broken, Numbered, checked_text, identifier, json_value, read_records
from understudy.readers._speakers import Speakers
from understudy.readers._turns import Turns
from understudy.records import Dialogue, Record, Role

VERSION = 1
LICENCE = "unknown"
CARRIES = ("metadata",)
TAGGED = False
HOLDS = f"give --fields FILE, a map of the fields of .json or .jsonl files of dialogues, or lay it beside them as {BESIDE}"

_WHO: dict[str, Role] = {
    "user": "seeker", "human": "seeker", "customer": "seeker",
    "assistant": "recommender", "gpt": "recommender", "bot": "recommender", "agent": "recommender",
}  # fmt: skip
_ENDINGS = (".json", ".jsonl")


def claims(path: Path) -> bool:
    """A JSON file beside which a map of its fields lies."""
    return _is_json(path) and beside(path) is not None and first_json(path) is not None


def find(path: Path) -> list[Path]:
    """The JSON files beside which a map lies. Raises BadInput."""
    return own_files(path, [f"*{ending}" for ending in _ENDINGS], claims=claims, layout=HOLDS)


def find_mapped(path: Path) -> list[Path]:
    """The JSON files for which the caller gives a map. Raises BadInput."""
    return own_files(path, [f"*{ending}" for ending in _ENDINGS], claims=_is_json, layout=HOLDS)


def read(paths: Sequence[Path], options: Options) -> Iterator[Record]:
    """Each dialogue that the map finds, or its reject. Raises BadInput where there is no map, or it leads to nothing in a file."""
    speakers: dict[Path, Speakers] = {}
    for path in paths:
        fields = options.fields or _map_beside(path)
        told = {name: role for name, role in fields.roles.items() if role != SKIPPED}
        who = speakers.setdefault(path.parent, Speakers.of(_WHO, {**told, **(options.roles or {})}))
        for number, raw in _dialogues(path, fields):
            yield from read_records(path, [(number, raw)], partial(_built, number=number, path=path, fields=fields, who=who))
    for who in speakers.values():
        who.require_known()


def _is_json(path: Path) -> bool:
    return Path(files.plain_name(path)).suffix in _ENDINGS


def _map_beside(path: Path) -> FieldMap:
    there = beside(path)
    if there is None:
        raise BadInput(f"there is no map of the fields of {path}", hint=HOLDS)
    return field_map(there)


def _dialogues(path: Path, fields: FieldMap) -> Numbered:
    """The raw dialogues of a file, numbered from 1; a mapping of dialogues by id gives each its key as `_key`."""
    if not fields.dialogues:
        yield from numbered(path)
        return
    number = 0
    for _, raw in numbered(path):
        try:
            held = value_at(json_value(raw) if isinstance(raw, bytes) else raw, fields.dialogues)
        except Broken:
            held = [raw]
        if not isinstance(held, list | dict):
            shown = ".".join(fields.dialogues)
            raise BadInput(f"{path} has no list of dialogues under {shown!r}", hint="correct `dialogues` in the map of fields")
        for one in held if isinstance(held, list) else [_keyed(key, value) for key, value in held.items()]:
            number += 1
            yield number, one


def _keyed(key: str, value: Any) -> Any:
    return {"_key": key, **value} if isinstance(value, dict) else value


def _built(raw: Any, *, number: int, path: Path, fields: FieldMap, who: Speakers) -> list[Record]:
    value = json_value(raw) if isinstance(raw, bytes) else checked_text(raw)
    if not isinstance(value, dict | list):
        raise Broken("neither an object nor a list")
    return [_dialogue(value, number, path, fields, who)]


def _dialogue(record: Mapping[str, Any] | list[Any], number: int, path: Path, fields: FieldMap, who: Speakers) -> Dialogue:
    said = value_at(record, fields.turns)
    if not isinstance(said, list) or not said:
        raise Broken(f"turns: there is no list under {'.'.join(fields.turns)!r}")
    turns = Turns()
    for role, message in _spoken(said, fields, who):
        turns.say(role, _text(value_at(message, fields.text), fields))
    steps = {"seeker_id": fields.seeker_id, "recommender_id": fields.recommender_id, "split": fields.split, "metadata": fields.metadata}
    placed = {name: None if one is None else value_at(record, one) for name, one in steps.items()}
    return Dialogue(
        dialogue_id=_name(record, number, path, fields),
        turns=turns.done(),
        seeker_id=optional_identifier(placed, "seeker_id"),
        recommender_id=optional_identifier(placed, "recommender_id"),
        official_split=optional_identifier(placed, "split"),
        labels=scalar_labels(optional_object(placed, "metadata")),
    )


def _spoken(said: Sequence[Any], fields: FieldMap, who: Speakers) -> Iterator[tuple[Role, Any]]:
    """The messages that are turns, with the role of each."""
    if fields.speaker is None:
        roles: tuple[Role, Role] = ("seeker", "recommender") if fields.opener == "seeker" else ("recommender", "seeker")
        yield from ((roles[place % 2], message) for place, message in enumerate(said))
        return
    skipped = {name.strip().casefold() for name, role in fields.roles.items() if role == SKIPPED}
    names = [(_speaker(value_at(message, fields.speaker)), message) for message in said]
    kept = [(name, message) for name, message in names if not isinstance(name, str) or name.strip().casefold() not in skipped]
    yield from zip(who.roles_of(name for name, _ in kept), (message for _, message in kept), strict=True)


def _speaker(name: Any) -> Any:
    return str(name) if isinstance(name, int) else name


def _text(value: Any, fields: FieldMap) -> str:
    parts = value if isinstance(value, list) else [value]
    if any(not isinstance(part, str) for part in parts):
        raise Broken(f"text: {'.'.join(fields.text) or 'a turn'} is not a text")
    return " ".join(parts)


def _name(record: Mapping[str, Any] | list[Any], number: int, path: Path, fields: FieldMap) -> str:
    if fields.id is not None:
        return identifier({"id": value_at(record, fields.id)}, "id")
    return identifier(record, "_key") if isinstance(record, Mapping) and "_key" in record else f"{stem(path)}-{number}"
