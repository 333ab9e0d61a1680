"""Chats: `messages`, `conversation`, `conversations` or `history` of {role, content}, {from, value} or {speaker, text}, JSON or Parquet.

Releases of this project are in this form. Who is who is known for the usual names, and told with `Options.roles` for others.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

from understudy.doors import files
from understudy.errors import BadInput
from understudy.readers import Options
from understudy.readers._chats import (
    dialogue_id,
    optional_identifier,
    optional_object,
    read_json,
    read_objects,
    scalar_labels,
)
from understudy.readers._files import first_json, own_files
from understudy.readers._kit import Broken, json_value
from understudy.readers._speakers import Speakers
from understudy.readers._turns import Turns
from understudy.records import Dialogue, Label, Record, Role

VERSION = 3
LICENCE = "unknown"
CARRIES = ("metadata",)
TAGGED = False
HOLDS = (
    "chats are .jsonl, .json or .parquet files of records with `messages`, `conversation`, `conversations` or `history`, "
    "a list of {role, content}, {from, value} or {speaker, text}"
)

_IDS = ("dialogue_id", "conversation_id", "id")
_WHO: dict[str, Role] = {"user": "seeker", "human": "seeker", "assistant": "recommender", "gpt": "recommender", "bot": "recommender"}
_INSTRUCTIONS = {"system", "developer"}
_FORMS = ("messages", "conversations", "conversation", "history")
_KEYS = (("role", "content"), ("from", "value"), ("speaker", "text"))
# facts about the dialogue that have a place of their own; the rest of the metadata become labels
_PLACED = ("seeker_id", "recommender_id", "split")
_PARQUET = ".parquet"


def claims(path: Path) -> bool:
    """A file whose first record has messages with a role and a content, under the names that are usual."""
    if path.suffix == _PARQUET:
        return _claimed(_first_row(path))
    if Path(files.plain_name(path)).suffix not in (".json", ".jsonl"):
        return False
    record = first_json(path)
    return _claimed(record[0] if isinstance(record, list) and record else record)


def find(path: Path) -> list[Path]:
    """The files of chats, in order of name; of a release only `messages.jsonl`, whose tables hold the same. Raises BadInput."""
    release = files.beside(path, "messages.jsonl") if path.is_dir() else None
    if release and claims(release):
        return [release]
    return own_files(path, ["*.jsonl", "*.json", f"*{_PARQUET}"], claims=claims, layout=HOLDS)


def read(paths: Sequence[Path], options: Options) -> Iterator[Record]:
    """One dialogue or reject for each record of the files."""
    who = Speakers.of(_WHO, options.roles)
    for path in paths:

        def build(record: dict[str, Any], number: int, path: Path = path) -> list[Record]:
            return [_dialogue(record, number, path, who)]

        if path.suffix == _PARQUET:
            yield from read_objects(path, enumerate(map(_as_json, files.parquet_rows(path)), 1), build)
        else:
            yield from read_json(path, build)
    who.require_known()


def _dialogue(record: Mapping[str, Any], number: int, path: Path, who: Speakers) -> Dialogue:
    facts = optional_object(record, "metadata")
    turns, said = Turns(), list(_said(record))
    skipped = _INSTRUCTIONS - who.known.keys()
    spoken = [(name, content) for name, content in said if not _is_among(name, skipped)]
    n_instructions = len(said) - len(spoken)
    roles = who.roles_of(name for name, _ in spoken)
    if "recommender" not in roles:
        _require_no_reply([name for name, _ in said], skipped)
    for role, (_, content) in zip(roles, spoken, strict=True):
        turns.say(role, _text(content))
    placed = {name: record.get(name) if record.get(name) is not None else facts.get(name) for name in _PLACED}
    licence = {"licence": record.get("licence")}
    labels = (*scalar_labels(licence), *scalar_labels(facts, without=_PLACED))
    return Dialogue(
        dialogue_id=dialogue_id(record, _IDS, path, number),
        turns=turns.done(),
        seeker_id=optional_identifier(placed, "seeker_id"),
        recommender_id=optional_identifier(placed, "recommender_id"),
        official_split=optional_identifier(placed, "split"),
        labels=(*labels, Label("n_system", str(n_instructions))) if n_instructions else labels,
    )


def _is_among(name: Any, names: Set[str]) -> bool:
    return isinstance(name, str) and name.strip().casefold() in names


def _require_no_reply(speakers: Sequence[Any], instructing: Set[str]) -> None:
    """Raises Broken where nobody recommends and `system` speaks after the seeker: that is no instruction but the system's reply."""
    first = next((place for place, name in enumerate(speakers) if not _is_among(name, instructing)), len(speakers))
    name = next((one for one in speakers[first:] if _is_among(one, instructing)), None)
    if name is not None:
        raise Broken(f"nobody recommends, and {name!r} speaks after the seeker: say who it is with --roles {name}=recommender")


def _said(record: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    form = next((form for form in _FORMS if record.get(form) is not None), "messages")
    said = record.get(form)
    if isinstance(said, str):  # tables without nested columns hold JSON text
        said = json_value(said.encode())
    if not isinstance(said, list) or not said:
        raise Broken(f"{form}: missing or empty")
    role, content = next((keys for keys in _KEYS if isinstance(said[0], dict) and set(keys) <= said[0].keys()), _KEYS[0])
    for message in said:
        if not isinstance(message, dict):
            raise Broken(f"{form}: a message is not an object")
        yield message.get(role), message.get(content)


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise Broken("a message whose content is not a text")
    parts = [part.get("text") if isinstance(part, dict) else part for part in content]
    texts = [part for part in parts if isinstance(part, str)]
    if len(texts) < len(parts):
        raise Broken("a message with a part that is not a text")
    return " ".join(texts)


def _as_json(row: dict[str, Any]) -> Any:
    """A row of a table as JSON has it: times and the like are texts."""
    return json.loads(json.dumps(row, default=str))


def _first_row(path: Path) -> Any:
    try:
        return next(files.parquet_rows(path, size=1), None)
    except BadInput:
        return None


def _claimed(record: Any) -> bool:
    if not isinstance(record, dict):
        return False
    for form in _FORMS:
        said = record.get(form)
        if isinstance(said, str):
            try:
                said = json_value(said.encode())
            except (Broken, UnicodeEncodeError):
                return False
        if isinstance(said, list) and said:
            return isinstance(said[0], dict) and any(keys <= said[0].keys() for keys in map(set, _KEYS))
        if said == [] and form != "conversation":  # an empty one is DialogueKit's as well, which has more of them
            return set(record) <= {form, "metadata", "example_id", *_IDS, *_PLACED, "licence"}
    return False
