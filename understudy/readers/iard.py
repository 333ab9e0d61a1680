"""IARD (Cai and Chen, UMAP 2020): gold acts of seekers and recommenders on 336 ReDial dialogues, one JSON object by conversation id.

Its records are annotations: they attach to the ReDial dialogues that are there or come later; the others are dialogues of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from understudy.doors import files
from understudy.errors import BadInput
from understudy.readers import Options
from understudy.readers._files import first_json, own_files
from understudy.readers._kit import Broken, document, identifier, item_of, read_records
from understudy.readers._turns import Turns
from understudy.records import Dialogue, Item, Label, Record, Role

VERSION = 2
LICENCE = "LicenseRef-research-noncommercial"
CARRIES = ("items", "acts")
TAGGED = True
HOLDS = "IARD is one .json file: an object of ReDial conversation ids, each with dialogue_info and accepted_recommendation"

_ROLES: Mapping[str, Role] = {"seeker": "seeker", "recommender": "recommender"}
_NAMED = re.compile(r"@(\d+)(?:\s*<([^<>]*)>)?")


def claims(path: Path) -> bool:
    """A .json file whose records (the first of a large file) have IARD's keys."""
    record = first_json(path) if files.plain_name(path).endswith(".json") else None
    return isinstance(record, dict) and any(isinstance(one, dict) and "dialogue_info" in one for one in record.values())


def find(path: Path) -> list[Path]:
    """The annotation file. Raises BadInput."""
    return own_files(path, ["*.json"], claims=claims, layout=HOLDS)


def read(paths: Sequence[Path], options: Options) -> Iterator[Record]:  # noqa: ARG001
    """Each conversation's annotation or reject, behind the items that it is the first to name."""
    for path in paths:
        whole, check = document(path)
        if not isinstance(whole, dict):
            raise BadInput(f"{path} does not hold one JSON object of conversations", hint=HOLDS)
        records = ((number, {"id": key, "record": value}) for number, (key, value) in enumerate(whole.items(), 1))
        yield from read_records(path, records, partial(_built, check=check, items={}))


def _built(pair: dict[str, Any], *, check: Callable[[Any], Any], items: dict[str, Item]) -> list[Record]:
    dialogue_id, record = check(pair["id"]).strip(), check(pair["record"])
    if not dialogue_id or not isinstance(record, dict):
        raise Broken("not an object under a conversation id")
    utterances = _utterances(record)
    fresh = _fresh(utterances, items)
    known = {**items, **fresh}
    labels: list[Label] = []
    turns, accepted = Turns(), _accepted(record, utterances)
    for utterance in utterances:
        role, acts = _role(utterance), _acts(utterance)
        text = utterance["utterance_text"]
        ids = [item_id for item_id, _ in _NAMED.findall(text)]
        turn_index = turns.say(role, _NAMED.sub(partial(_label, known), text), ids)
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
    items.update(fresh)
    return [*fresh.values(), dialogue]


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


def _fresh(utterances: Sequence[Mapping[str, Any]], items: Mapping[str, Item]) -> dict[str, Item]:
    """The items that these utterances are the first to name."""
    named = (pair for one in utterances for pair in _NAMED.findall(one["utterance_text"]))
    return {item_id: item_of(item_id, name) for item_id, name in named if item_id not in items and name.strip()}


def _label(items: Mapping[str, Item], match: re.Match[str]) -> str:
    return items[match.group(1)].label if match.group(1) in items else match.group(0)


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
