"""OpenDialKG (Moon et al., ACL 2019): the original csv with its JSON column, and the form with one list of messages a line.

The csv has, between the messages, the paths through a knowledge graph from which the next message was written; a path belongs to
its sender's next message. Works are told from people and genres by the relation they stand in, and tagged where a message holds
their title. The files have no identifiers: a dialogue is called by its file and its line, so the same file gives the same names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from understudy.doors import files
from understudy.errors import BadInput
from understudy.readers import Options
from understudy.readers._blocks import csv_cells
from understudy.readers._files import first_json, own_files
from understudy.readers._kit import Broken, field, json_value, named_item, names, read_records
from understudy.readers._turns import Turns
from understudy.records import Dialogue, Item, Label, Record, Role

VERSION = 2
LICENCE = "CC-BY-NC-4.0"
CARRIES = ("items", "scores", "metadata")
TAGGED = True
HOLDS = "OpenDialKG's folder holds opendialkg.csv, or dialog_*.jsonl with one list of messages a line"

Hop = tuple[str, str, str]

_ROLES: dict[str, Role] = {"user": "seeker", "assistant": "recommender"}
_MESSAGES = "Messages"
_RATINGS = {"User Rating": "user", "Assistant Rating": "assistant"}
_BETWEEN_WORKERS = "meta_thread/send_meta_message"  # what the workers told each other about the task: no part of the dialogue
_PATH = "kgwalk/choose_path"
_OF_A_WORK = frozenset({"directed_by", "written_by", "starred_actors", "has_genre", "release_year", "music_by"})
_REMARK = re.compile(r"\s*\([^()]*\)$")
_NAMED = re.compile(r"dialog_\w+\.jsonl")


def claims(path: Path) -> bool:
    """A .csv file under OpenDialKG's header, or .jsonl lines that are lists of its messages; without a whole line, the name decides."""
    name = files.plain_name(path)
    if name.endswith(".csv"):
        return {_MESSAGES, *_RATINGS} <= set(_header(files.head(path).split(b"\n")[0]))
    record = first_json(path) if name.endswith(".jsonl") else {}
    if record is None:
        return _NAMED.fullmatch(name) is not None
    return isinstance(record, list) and any(isinstance(one, dict) and {"role", "text_template"} <= one.keys() for one in record)


def find(path: Path) -> list[Path]:
    """The files of either form. Raises BadInput that names what is missing."""
    return own_files(path, ["dialog_*.jsonl", "opendialkg*.csv"], claims=claims, layout=HOLDS)


def read(paths: Sequence[Path], options: Options) -> Iterator[Record]:  # noqa: ARG001
    """Each line's dialogue or reject; a work that a dialogue names becomes an item before it."""
    seen: set[str] = set()
    for path in paths:
        lines, stem = files.lines(path), Path(files.plain_name(path)).stem
        build: Callable[[bytes, str], tuple[Dialogue, dict[str, Item]]] = _listed
        if files.plain_name(path).endswith(".csv"):
            _, first = next(lines, (0, b""))
            build = partial(_tabled, columns=_header(first))
            if _MESSAGES not in _header(first):
                raise BadInput(f"the first line of {path} is not a header with the column {_MESSAGES}", hint=HOLDS)
        for number, line in lines:
            yield from read_records(path, [(number, line)], partial(_built, build=build, dialogue_id=f"{stem}-{number}", seen=seen))


def _built(line: bytes, build: Callable[[bytes, str], tuple[Dialogue, dict[str, Item]]], dialogue_id: str, seen: set[str]) -> list[Record]:
    dialogue, items = build(line, dialogue_id)
    new = [one for item_id, one in items.items() if item_id not in seen]
    seen.update(items)
    return [*new, dialogue]


def _listed(line: bytes, dialogue_id: str) -> tuple[Dialogue, dict[str, Item]]:
    """A dialogue as one list of messages with their entities and items."""
    turns, items, labels = Turns(), dict[str, Item](), list[Label]()
    for message in _objects(json_value(line)):
        named = [named_item(name) for name in names(message.get("item"), "item")]
        items.update({one.item_id: one for one in named})
        index = turns.say(_role(message, "role"), field(message, "text", str, "a text"), [one.item_id for one in named])
        labels.extend(Label("entity", name, index) for name in names(message.get("entity"), "entity"))
    return Dialogue(dialogue_id, turns.done(), labels=tuple(labels)), items


def _tabled(line: bytes, dialogue_id: str, columns: Sequence[str]) -> tuple[Dialogue, dict[str, Item]]:
    """A dialogue as a row of the csv."""
    row = csv_cells(line)
    if len(row) != len(columns):
        raise Broken("a row with more or fewer columns than the header")
    cells = dict(zip(columns, row, strict=True))
    messages = _objects(json_value(cells[_MESSAGES].encode()))
    paths = [_path(message) for message in messages]
    works = _works(hop for path in paths for hop in path)
    turns, waiting = Turns(), dict[Role, list[Label]]()
    labels = [Label("score", score, None, who) for column, who in _RATINGS.items() if (score := cells.get(column, "").strip())]
    for message, path in zip(messages, paths, strict=True):
        sender = _role(message, "sender")
        if path:
            waiting.setdefault(sender, []).append(Label("path", json.dumps(path, ensure_ascii=False)))
        elif message.get("type") == "chat":
            text = field(message, "message", str, "a text")
            index = turns.say(sender, text, [one.item_id for one, pattern in works if pattern.search(text)])
            labels.extend(Label(one.name, one.value, index) for one in waiting.pop(sender, ()))
    labels.extend(label for left in waiting.values() for label in left)  # nobody wrote from it: it says something of the dialogue only
    return Dialogue(dialogue_id, turns.done(), labels=tuple(labels)), {one.item_id: one for one, _ in works}


def _path(message: Mapping[str, Any]) -> list[Hop]:
    """The steps of an action that chose a path, none for a message. Raises Broken for any other action."""
    kind, action = message.get("type"), message.get("action_id")
    if kind == "chat" or (kind == "action" and action == _BETWEEN_WORKERS):
        return []
    if kind != "action" or action != _PATH:
        raise Broken("neither a chat message nor an action that is known")
    path = field(message, "metadata", dict, "an object").get("path")
    hops = path[1] if isinstance(path, list) and len(path) > 1 else None
    if not isinstance(hops, list) or not hops:
        raise Broken("metadata.path: not a score and a list of steps")
    return [_hop(hop) for hop in hops]


def _hop(hop: Any) -> Hop:
    if not isinstance(hop, list) or len(hop) != 3 or any(not isinstance(one, str) or not one.strip() for one in hop):
        raise Broken("metadata.path: a step is not subject, relation and object")
    return hop[0], hop[1], hop[2]


def _works(hops: Iterator[Hop]) -> list[tuple[Item, re.Pattern[str]]]:
    """The works on the paths of a dialogue, each with the pattern that finds its title in a message."""
    found = {}
    for start, relation, end in hops:
        if relation.removeprefix("~") in _OF_A_WORK:
            item = named_item(end if relation.startswith("~") else start)
            # a title that others share carries a remark that nobody says: `Name (Crime Fiction Film)`
            title = re.escape(_REMARK.sub("", item.title) or item.title)
            found[item.item_id] = (item, re.compile(rf"(?<!\w){title}(?!\w)", re.IGNORECASE))
    return list(found.values())


def _header(line: bytes) -> list[str]:
    try:
        return [cell.strip() for cell in csv_cells(line)]
    except Broken:
        return []


def _objects(messages: Any) -> list[dict[str, Any]]:
    if not isinstance(messages, list) or any(not isinstance(one, dict) for one in messages):
        raise Broken("not a list of messages")
    return messages


def _role(message: Mapping[str, Any], name: str) -> Role:
    role = _ROLES.get(field(message, name, str, "a text"))
    if role is None:
        raise Broken(f"{name}: neither user nor assistant")
    return role
