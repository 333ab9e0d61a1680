"""IARD (Cai and Chen, UMAP 2020): gold acts of seekers and recommenders on 336 ReDial dialogues, one JSON object by conversation id.

Its records are annotations: they attach to the ReDial dialogues that are there or come later; the others are dialogues of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from understudy.doors import files
from understudy.errors import BadInput
from understudy.readers import Options, Record
from understudy.readers._kit import Broken, Turns, checked_text, first_json, identifier, item_of, own_files, read_records
from understudy.records import Dialogue, Item, Label, Role

VERSION = 1
LICENCE = "LicenseRef-research-noncommercial"
CARRIES = ("items", "acts")
TAGGED = True
HOLDS = "IARD is one .json file: an object of ReDial conversation ids, each with dialogue_info and accepted_recommendation"

_ROLES: Mapping[str, Role] = {"seeker": "seeker", "recommender": "recommender"}
_NAMED = re.compile(r"@(\d+)(?:\s*<([^<>]*)>)?")


def claims(path: Path) -> bool:
    """A .json file whose first value has IARD's keys."""
    record = first_json(path) if files.plain_name(path).endswith(".json") else None
    first = next(iter(record.values()), None) if isinstance(record, dict) else None
    return isinstance(first, dict) and "dialogue_info" in first


def find(path: Path) -> list[Path]:
    """The annotation file. Raises BadInput."""
    return own_files(path, ["*.json"], claims=claims, told=HOLDS)


def read(paths: Sequence[Path], options: Options) -> Iterator[Record]:  # noqa: ARG001
    """Items as the annotations name them, then each conversation's annotation or reject."""
    for path in paths:
        whole = files.json_of(path)
        if not isinstance(whole, dict):
            raise BadInput(f"{path} is not an object of conversations", hint=HOLDS)
        seen: set[str] = set()
        yield from read_records(path, enumerate(whole.items(), 1), lambda pair, seen=seen: _built(pair, seen))


def _built(pair: tuple[str, Any], seen: set[str]) -> list[Record]:
    dialogue_id, record = checked_text(pair[0]).strip(), checked_text(pair[1])
    if not dialogue_id or not isinstance(record, dict):
        raise Broken("not an object under a conversation id")
    utterances = _utterances(record)
    items: dict[str, Item] = {}
    labels: list[Label] = []
    turns, accepted = Turns(), _accepted(record, utterances)
    for utterance in utterances:
        role, acts = _role(utterance), _acts(utterance)
        ids, text = _named(utterance["utterance_text"], items)
        turn_index = turns.say(role, text, ids)
        labels += [Label("act", act, turn_index) for act in acts]
        if utterance["utterance_pos"] in accepted:
            labels.append(Label("accepted", "recommendation", turn_index))
    dialogue = Dialogue(
        dialogue_id=dialogue_id,
        turns=turns.done(),
        seeker_id=_worker(utterances, "seeker"),
        recommender_id=_worker(utterances, "recommender"),
        labels=tuple(labels),
        is_annotation=True,
    )
    fresh = [item for item_id, item in items.items() if item_id not in seen]
    seen.update(items)
    return [*fresh, dialogue]


def _utterances(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    info = record.get("dialogue_info")
    if not isinstance(info, dict) or not info:
        raise Broken("dialogue_info: missing or empty")
    utterances = list(info.values())
    if any(not isinstance(one, dict) or type(one.get("utterance_pos")) is not int for one in utterances):
        raise Broken("dialogue_info: an utterance without its position")
    if any(not isinstance(one.get("utterance_text"), str) for one in utterances):
        raise Broken("dialogue_info: a text is not a string")
    return sorted(utterances, key=lambda one: one["utterance_pos"])


def _role(utterance: Mapping[str, Any]) -> Role:
    role = _ROLES.get(utterance["role"]) if isinstance(utterance.get("role"), str) else None
    if role is None:
        raise Broken("dialogue_info: spoken by neither seeker nor recommender")
    return role


def _acts(utterance: Mapping[str, Any]) -> list[str]:
    acts = utterance.get("sub-intent/action")
    if not isinstance(acts, list) or any(not isinstance(act, str) for act in acts):
        raise Broken("sub-intent/action: not a list of acts")
    return list(dict.fromkeys(act.strip() for act in acts if act.strip()))


def _named(text: str, items: dict[str, Item]) -> tuple[list[str], str]:
    """Ids of the items in a text, and the text with their labels in the place of `@id <name>`."""
    ids = []

    def label(match: re.Match[str]) -> str:
        item_id, name = match.group(1), match.group(2) or ""
        ids.append(item_id)
        if name.strip():
            items.setdefault(item_id, item_of(item_id, name))
        return items[item_id].label if item_id in items else match.group(0)

    return ids, _NAMED.sub(label, text)


def _accepted(record: Mapping[str, Any], utterances: Sequence[Mapping[str, Any]]) -> set[int]:
    """Positions of the seeker's utterances that the annotators marked as accepting a recommendation."""
    accepted = record.get("accepted_recommendation", [])
    positions = {one["utterance_pos"] for one in utterances}
    if not isinstance(accepted, list) or any(type(one) is not int or one not in positions for one in accepted):
        raise Broken("accepted_recommendation: not a list of positions")
    return set(accepted)


def _worker(utterances: Sequence[Mapping[str, Any]], role: str) -> str | None:
    ids = {identifier(one, "worker_id") for one in utterances if one["role"] == role}
    if len(ids) > 1:
        raise Broken(f"worker_id: more than one {role}")
    return next(iter(ids), None)
