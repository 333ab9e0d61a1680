"""Dialogues in any layout, read by a map of its fields: `--fields FILE`, or a file `fields.toml` beside the data.

Dialogues are JSON values or rows of Parquet; or a table of CSV, Parquet or JSON has one utterance a row, and rows make dialogues.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from understudy.doors import files
from understudy.errors import BadInput
from understudy.readers import Options
from understudy.readers._chats import numbered, optional_identifier, optional_object, scalar_labels, stem
from understudy.readers._field_map import BESIDE, SKIPPED, FieldMap, Steps, beside, field_map, value_at
from understudy.readers._files import first_json, own_files
from understudy.readers._kit import Broken, Numbered, checked_text, identifier, json_value, read_records
from understudy.readers._rows import ENDINGS as TABLES
from understudy.readers._rows import RowsOfDialogue, cell, columns_of, dialogues_of
from understudy.readers._speakers import Speakers
from understudy.readers._turns import Turns
from understudy.records import Dialogue, Record, Role, Turn

VERSION = 1
LICENCE = "unknown"
CARRIES = ("metadata",)
TAGGED = False
HOLDS = (
    f"give --fields FILE, a map of the fields of .json, .jsonl or .parquet files of dialogues or of a table with one utterance a row, "
    f"also as .csv or .tsv, or lay it beside them as {BESIDE}"
)

_WHO: dict[str, Role] = {
    "user": "seeker", "human": "seeker", "customer": "seeker",
    "assistant": "recommender", "gpt": "recommender", "bot": "recommender", "agent": "recommender",
}  # fmt: skip
_ENDINGS = (".json", ".jsonl", *TABLES)


def claims(path: Path) -> bool:
    """A file beside which a map of its fields lies, and which has what the map tells, as far as its beginning shows."""
    there = beside(path) if _ending(path) in _ENDINGS else None
    if there is None:
        return False
    try:
        return _fits(path, field_map(there))
    except BadInput:
        return True  # reading it says what is wrong with the map


def find(path: Path) -> list[Path]:
    """The files beside which a map lies. Raises BadInput."""
    return own_files(path, [f"*{ending}" for ending in _ENDINGS], claims=claims, layout=HOLDS)


def find_mapped(path: Path, fields: FieldMap) -> list[Path]:
    """The files that fit the map that the caller gives; a single file has only to be of a kind that can. Raises BadInput."""
    is_one = path.is_file()
    return own_files(
        path, [f"*{ending}" for ending in _ENDINGS], layout=HOLDS,
        claims=lambda one: _ending(one) in _ENDINGS if is_one else _fits(one, fields),
    )  # fmt: skip


def read(paths: Sequence[Path], options: Options) -> Iterator[Record]:
    """Each dialogue that the map finds, or its reject. Raises BadInput where there is no map, or it leads to nothing in a file."""
    speakers: dict[Path, Speakers] = {}
    for path in paths:
        fields = options.fields or _map_beside(path)
        told = {name: role for name, role in fields.roles.items() if role != SKIPPED}
        who = speakers.setdefault(path.parent, Speakers.of(_WHO, {**told, **(options.roles or {})}))
        if fields.dialogue:
            yield from read_records(path, dialogues_of(path, fields), partial(_from_rows, fields=fields, who=who))
            continue
        for number, raw in _dialogues(path, fields):
            yield from read_records(path, [(number, raw)], partial(_built, number=number, path=path, fields=fields, who=who))
    for who in speakers.values():
        who.require_known()


def _fits(path: Path, fields: FieldMap) -> bool:
    """Whether a file is of a kind that the map can tell, and a table has all of its columns."""
    ending = _ending(path)
    if ending not in TABLES:
        return ending in _ENDINGS and first_json(path) is not None
    if not fields.dialogue:
        return ending == ".parquet"
    columns = columns_of(path, fields) or []
    return all(".".join(steps) in columns or steps[0] in columns for steps in fields.columns().values())


def _ending(path: Path) -> str:
    return Path(files.plain_name(path)).suffix.lower()


def _map_beside(path: Path) -> FieldMap:
    there = beside(path)
    if there is None:
        raise BadInput(f"there is no map of the fields of {path}", hint=HOLDS)
    return field_map(there)


def _dialogues(path: Path, fields: FieldMap) -> Numbered:
    """The raw dialogues of a file, numbered from 1; a mapping of dialogues by id gives each its key as `_key`."""
    ending = _ending(path)
    if ending in TABLES and ending != ".parquet":
        raise BadInput(
            f"the map of fields tells the layout of dialogues, and {path} is a table",
            hint="name the column of the dialogue with `dialogue`, without `turns`",
        )
    held_in = enumerate(files.parquet_rows(path), 1) if ending in TABLES else numbered(path)
    if not fields.dialogues:
        yield from held_in
        return
    number = 0
    for _, raw in held_in:
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
    said = value_at(record, fields.turns or ())
    if not isinstance(said, list) or not said:
        raise Broken(f"turns: there is no list under {'.'.join(fields.turns or ())!r}")
    turns = Turns()
    for role, message in _spoken(said, fields, who):
        turns.say(role, _text(value_at(message, fields.text), fields))
    return _dialogue_of(_name(record, number, path, fields), turns.done(), fields, lambda _, steps: value_at(record, steps))


def _from_rows(spoken: RowsOfDialogue, fields: FieldMap, who: Speakers) -> list[Record]:
    """The dialogue that the rows of a table make. `seeker_id` is read in the seeker's rows: each row may have the id of its speaker."""
    rows = spoken.in_order(fields.order)
    said, turns = list(_spoken(rows, fields, who)), Turns()
    for role, row in said:
        text = cell(row, fields.text)
        turns.say(role, "" if text is None else _text(text, fields))
    whose = {f"{role}_id": [row for one, row in said if one == role] for role in ("seeker", "recommender")}
    at = lambda name, steps: spoken.same(steps, of=name, rows=whose.get(name, rows))  # noqa: E731
    return [_dialogue_of(spoken.name or "", turns.done(), fields, at)]


def _dialogue_of(name: str, turns: tuple[Turn, ...], fields: FieldMap, at: Callable[[str, Steps], Any]) -> Dialogue:
    """The dialogue with what else the map tells of it; `at` gives what stands at the end of a path. Raises Broken."""
    steps = {"seeker_id": fields.seeker_id, "recommender_id": fields.recommender_id, "split": fields.split, "metadata": fields.metadata}
    placed = {field: None if one is None else at(field, one) for field, one in steps.items()}
    labels = {label: at(f"labels.{label}", one) for label, one in fields.labels.items()}
    return Dialogue(
        dialogue_id=name,
        turns=turns,
        seeker_id=optional_identifier(placed, "seeker_id"),
        recommender_id=optional_identifier(placed, "recommender_id"),
        official_split=optional_identifier(placed, "split"),
        labels=scalar_labels({**optional_object(placed, "metadata"), **labels}),
    )


def _spoken(said: Sequence[Any], fields: FieldMap, who: Speakers) -> Iterator[tuple[Role, Any]]:
    """The messages that are turns, with the role of each."""
    if fields.speaker is None:
        roles: tuple[Role, Role] = ("seeker", "recommender") if fields.opener == "seeker" else ("recommender", "seeker")
        yield from ((roles[place % 2], message) for place, message in enumerate(said))
        return
    skipped = {name.strip().casefold() for name, role in fields.roles.items() if role == SKIPPED}
    at = cell if fields.dialogue else value_at
    names = [(_speaker(at(message, fields.speaker)), message) for message in said]
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
