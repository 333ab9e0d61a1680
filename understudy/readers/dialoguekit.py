"""DialogueKit's JSON, which UserSimCRS and CRSArena-Dial (Bernard et al., WSDM 2025) write: annotated utterances of USER and AGENT.

Acts become labels of the turn (`act` the intent, `slot` and `annotation` as `NAME=value`), metadata labels of the dialogue.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from understudy.doors import files
from understudy.readers import Options
from understudy.readers._chats import dialogue_id, optional_identifier, optional_object, read_json, scalar_labels
from understudy.readers._files import first_json, own_files
from understudy.readers._kit import Broken
from understudy.readers._speakers import Speakers
from understudy.readers._turns import Turns
from understudy.records import Dialogue, Label, Record, Role
from understudy.titles import tidy

VERSION = 2
LICENCE = "unknown"
CARRIES = ("acts", "metadata")
TAGGED = False
HOLDS = "DialogueKit's .json (or .jsonl) files hold dialogues with `conversation` or `utterances`, a list of {participant, utterance}"

_IDS = ("conversation_id", "conversation ID")
_WHO: dict[str, Role] = {"user": "seeker", "agent": "recommender"}
# UserSimCRS writes the part instead of a person where its source names nobody
_NOBODY = {"user", "agent", "seeker", "recommender"}


def claims(path: Path) -> bool:
    """A JSON file whose first dialogue has `conversation`, or DialogueKit's spelling of the id."""
    if Path(files.plain_name(path)).suffix not in (".json", ".jsonl"):
        return False
    record = first_json(path)
    record = record[0] if isinstance(record, list) and record else record
    if not isinstance(record, dict):
        return False
    said = record.get("conversation")
    if isinstance(said, list) and said:
        return isinstance(said[0], dict) and ("participant" in said[0] or "utterance" in said[0])
    other = record.get("utterances")
    if said is None and isinstance(other, list) and other:
        return isinstance(other[0], dict) and "participant" in other[0]
    return "conversation ID" in record or isinstance(said, list)


def find(path: Path) -> list[Path]:
    """The files of dialogues, in order of name. Raises BadInput."""
    return own_files(path, ["*.json", "*.jsonl"], claims=claims, layout=HOLDS)


def read(paths: Sequence[Path], options: Options) -> Iterator[Record]:
    """One dialogue or reject for each dialogue of the files."""
    who = Speakers.of(_WHO, options.roles)
    for path in paths:

        def build(record: dict[str, Any], number: int, path: Path = path) -> list[Record]:
            return [_dialogue(record, number, path, who)]

        yield from read_json(path, build)
    who.require_known()


def _dialogue(record: Mapping[str, Any], number: int, path: Path, who: Speakers) -> Dialogue:
    said = _said(record)
    if not isinstance(said, list) or not said:
        raise Broken("conversation: missing or empty")
    if any(not isinstance(one, dict) or not isinstance(_text(one), str) for one in said):
        raise Broken("conversation: an utterance is not a text")
    turns, labels = Turns(), list(scalar_labels(optional_object(record, "metadata")))
    labels.extend(scalar_labels({"vote_result": record.get("vote_result")}))
    for role, utterance in zip(who.roles_of(map(_participant, said)), said, strict=True):
        index = turns.say(role, _text(utterance))
        labels.extend(Label(name, value, index) for name, value in _annotations(utterance))
    return Dialogue(
        dialogue_id=dialogue_id(record, _IDS, path, number),
        turns=turns.done(),
        seeker_id=_person(record, "user"),
        recommender_id=_person(record, "agent"),
        labels=tuple(labels),
    )


def _said(record: Mapping[str, Any]) -> Any:
    return record["utterances"] if record.get("conversation") is None and "utterances" in record else record.get("conversation")


def _text(utterance: Mapping[str, Any]) -> Any:
    return utterance["text"] if "utterance" not in utterance and "text" in utterance else utterance.get("utterance")


def _participant(utterance: Mapping[str, Any]) -> Any:
    name = utterance.get("participant")
    # some releases write the enumeration, `DialogueParticipant.USER`
    return name.removeprefix("DialogueParticipant.") if isinstance(name, str) else name


def _person(record: Mapping[str, Any], part: str) -> str | None:
    person = optional_identifier(optional_object(record, part), "id")
    return None if person is None or person.casefold() in _NOBODY else person


def _annotations(utterance: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Label names and values of one utterance: its acts with their slots, then its annotations."""
    acts = utterance.get("dialogue_acts")
    if acts is None:
        acts = [{"intent": utterance.get("intent"), "slots": utterance.get("slot_values") or utterance.get("slots")}]
    if not isinstance(acts, list):
        raise Broken("dialogue_acts: not a list")
    for act in acts:
        if not isinstance(act, dict) or not isinstance(intent := act.get("intent") or "", str):
            raise Broken("dialogue_acts: an act without intent")
        if intent.strip():
            yield "act", intent.strip()
        for slots in ("slots", "slot_values", "annotations"):
            yield from (("slot", pair) for pair in _pairs(act.get(slots), slots))
    yield from (("annotation", pair) for pair in _pairs(utterance.get("annotations"), "annotations"))


def _pairs(value: Any, told: str) -> Iterator[str]:
    """`NAME=value` of each pair, of lists `[name, value, start, end]`, objects `{slot, value}` or one object of values by name."""
    pairs = list(value.items()) if isinstance(value, dict) else value
    if not isinstance(pairs, list | None):
        raise Broken(f"{told}: not a list")
    for pair in pairs or ():
        name, values = _pair(pair)
        if not isinstance(name, str) or not name.strip():
            raise Broken(f"{told}: not pairs of name and value")
        for one in values if isinstance(values, list) else [values]:
            if isinstance(one, dict | list):
                raise Broken(f"{told}: a value is nested")
            yield f"{name.strip()}={tidy(str(one))}" if one is not None else name.strip()


def _pair(pair: Any) -> tuple[Any, Any]:
    if isinstance(pair, dict):
        return pair.get("slot"), pair.get("value")
    if isinstance(pair, list | tuple) and pair:
        return pair[0], pair[1] if len(pair) > 1 else None
    return None, None
