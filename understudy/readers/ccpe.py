"""CCPE-M (Radlinski et al., SIGDIAL 2019): conversations in which an assistant asks for preferences in films and recommends nothing.

The original is one JSON list. What its annotators marked stays with the turn as labels; the films and series that they marked by name
are its items. Its flat form is a CSV with an utterance a row, without the annotations and so without items: titles of a catalogue under
the same name of the data set are looked for in its text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from understudy.doors import files
from understudy.errors import BadInput
from understudy.readers import Options
from understudy.readers._blocks import Block, blocks, csv_cells
from understudy.readers._files import first_json, own_files
from understudy.readers._kit import Broken, checked_text, field, identifier, named_item, read_records
from understudy.readers._turns import Turns
from understudy.records import Dialogue, Item, Label, Record, Role
from understudy.titles import tidy

VERSION = 3
LICENCE = "CC-BY-4.0"  # as the authors' own README says; docs/decisions/0160-licence-of-ccpe.md
CARRIES = ("items", "preferences")
TAGGED = True
HOLDS = (
    "CCPE-M is one JSON file, data.json: a list of conversations with conversationId and utterances; or a CSV with the columns "
    "dialog_id, utterance_index, speaker and text"
)

_ROLES: dict[str, Role] = {"USER": "seeker", "ASSISTANT": "recommender"}
_NAME, _FILM = "ENTITY_NAME", "MOVIE_OR_SERIES"
_COLUMNS = ("dialog_id", "utterance_index", "speaker", "text")


def claims(path: Path) -> bool:
    """A .json file that is a list of objects with conversationId and utterances, or a .csv file under the header of the flat form."""
    if _is_flat(path):
        return _is_header(files.head(path).split(b"\n")[0])
    whole = first_json(path) if files.plain_name(path).endswith(".json") else None
    return isinstance(whole, list) and any(isinstance(one, dict) and {"conversationId", "utterances"} <= one.keys() for one in whole[:5])


def find(path: Path) -> list[Path]:
    """The .json and .csv files of the format. Raises BadInput that says what the format has."""
    return own_files(path, ["*.json", "*.csv"], claims=claims, layout=HOLDS)


def read(paths: Sequence[Path], options: Options) -> Iterator[Record]:  # noqa: ARG001
    """Each conversation or its reject; a film that a conversation names becomes an item before it. Raises BadInput."""
    seen: set[str] = set()
    for path in paths:
        if _is_flat(path):
            yield from _flat(path)
            continue
        whole = files.json_of(path)
        if not isinstance(whole, list):
            raise BadInput(f"{path} does not hold a JSON list of conversations", hint=HOLDS)
        yield from read_records(path, enumerate(whole, 1), lambda raw: _built(raw, seen))


def _is_flat(path: Path) -> bool:
    return files.plain_name(path).endswith(".csv")


def _is_header(line: bytes) -> bool:
    try:
        return set(_COLUMNS) <= {cell.strip() for cell in csv_cells(line)}
    except Broken:
        return False


def _flat(path: Path) -> Iterator[Record]:
    """Each conversation of the flat form or its reject; the rows of one follow each other, numbered from 0."""
    lines = files.lines(path)
    _, header = next(lines, (0, b""))
    if not _is_header(header):
        raise BadInput(f"the first line of {path} is not a header with {', '.join(_COLUMNS)}", hint=HOLDS)
    names = [cell.strip() for cell in csv_cells(header)]
    place = names.index(_COLUMNS[0])
    yield from read_records(path, blocks((_key(line, place), line) for _, line in lines), partial(_from_rows, names=names))


def _key(line: bytes, place: int) -> str | None:
    """The dialogue of a row; None of what is no row, which breaks the dialogue that it stands in."""
    try:
        return csv_cells(line)[place].strip() or None
    except (Broken, IndexError):
        return None


def _from_rows(block: Block, names: Sequence[str]) -> list[Record]:
    rows = [_row(cells, names) for cells in block.rows(csv_cells)]
    if [row["utterance_index"].strip() for row in rows] != [str(number) for number in range(len(rows))]:
        raise Broken("utterance_index: rows are missing or not in order")
    if len({row["dialog_id"] for row in rows}) != 1 or not (dialogue_id := rows[0]["dialog_id"].strip()):
        raise Broken("dialog_id: missing")
    turns = Turns()
    for row in rows:
        turns.say(_role(row), row["text"])
    return [Dialogue(dialogue_id, turns.done(), is_tagged=False)]


def _row(cells: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    if len(cells) != len(names):
        raise Broken("a row with more or fewer columns than the header")
    return dict(zip(names, cells, strict=True))


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
