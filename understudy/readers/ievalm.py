"""What iEvaLM (Wang et al., EMNLP 2023) and CONCEPT (Huang et al., 2024) write: dialogues that a simulated seeker has played.

A record is a row of their test data (`context`, `resp`, `rec`: a human dialogue up to a recommendation) with the dialogue that was
played beside it, `simulator_dialog.context`. Only the latter is read. iEvaLM begins it with the human messages of the row: the label
`n_given` says how many turns these are, so that they are not taken for the simulator's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from understudy.doors import files
from understudy.readers import Options
from understudy.readers._chats import optional_object, read_json, scalar_labels, stem
from understudy.readers._files import first_json, own_files
from understudy.readers._kit import Broken, field, identifier, names
from understudy.readers._speakers import Speakers
from understudy.readers._turns import Turns
from understudy.records import Dialogue, Label, Record, Role

VERSION = 1
LICENCE = "unknown"
CARRIES = ("metadata",)
TAGGED = False
HOLDS = "iEvaLM's and CONCEPT's .json (or .jsonl) files hold records with `simulator_dialog`, whose `context` is a list of {role, content}"

_WHO: dict[str, Role] = {"user": "seeker", "assistant": "recommender"}
_PLAYED = "simulator_dialog"
_SUCCESS = ("rec_success", "rec_success_dialogue", "rec_success_rec")
_LISTS = ("attributes", "profile")


def claims(path: Path) -> bool:
    """A JSON file whose first record has the played dialogue."""
    if Path(files.plain_name(path)).suffix not in (".json", ".jsonl"):
        return False
    record = first_json(path)
    record = record[0] if isinstance(record, list) and record else record
    return isinstance(record, dict) and isinstance(record.get(_PLAYED), dict)


def find(path: Path) -> list[Path]:
    """The files of played dialogues, in order of name. Raises BadInput."""
    return own_files(path, ["*.json", "*.jsonl"], claims=claims, layout=HOLDS)


def read(paths: Sequence[Path], options: Options) -> Iterator[Record]:
    """The played dialogue of each record, or its reject."""
    who, times = Speakers.of(_WHO, options.roles), Counter[str]()
    for path in paths:

        def build(record: dict[str, Any], number: int, path: Path = path) -> list[Record]:
            return [_dialogue(record, number, path, who, times)]

        yield from read_json(path, build)
    who.require_known()


def _dialogue(record: Mapping[str, Any], number: int, path: Path, who: Speakers, times: Counter[str]) -> Dialogue:
    played = field(record, _PLAYED, dict, "an object")
    said = played.get("context")
    if not isinstance(said, list) or any(not isinstance(one, dict) for one in said):
        raise Broken(f"{_PLAYED}.context: not a list of messages")
    given, turns, n_given, labels = _n_given(record, said), Turns(), 0, list[Label]()
    for place, (role, message) in enumerate(zip(who.roles_of(one.get("role") for one in said), said, strict=True)):
        index = turns.say(role, field(message, "content", str, "a text"))
        if place < given:
            n_given = len(turns)
        labels.extend(Label(name, str(message[name]).lower(), index) for name in _SUCCESS if isinstance(message.get(name), bool))
    about = [*_about(record, played), Label("n_given", str(n_given))]
    return Dialogue(_name(record, number, path, times), turns.done(), labels=(*about, *labels))


def _n_given(record: Mapping[str, Any], said: Sequence[Mapping[str, Any]]) -> int:
    """How many messages at the beginning are the human ones of the row; none where another dialogue begins."""
    context = record.get("context")
    human = [text for text in context if isinstance(text, str) and text] if isinstance(context, list) else []
    begins = [message.get("content") for message in said[: len(human)]]
    return len(human) if begins == human else 0


def _about(record: Mapping[str, Any], played: Mapping[str, Any]) -> Iterator[Label]:
    """The human dialogue behind it, its targets, and what the simulator was told of its person."""
    if record.get("dialog_id") is not None:
        yield Label("source_dialogue_id", identifier(record, "dialog_id"))
    yield from (Label("target", name) for name in names(record.get("rec"), "rec"))
    yield from (Label(name, "; ".join(names(played[name], name))) for name in _LISTS if isinstance(played.get(name), list))
    yield from scalar_labels({name: record.get(name) for name in ("turn_id", "persuasiveness_score")})
    yield from scalar_labels(optional_object(record, "metadata"))


def _name(record: Mapping[str, Any], number: int, path: Path, times: Counter[str]) -> str:
    """The file's name where it holds one record, as theirs do; else the row's, numbered where several were played from it."""
    parts = [identifier(record, name) for name in ("dialog_id", "turn_id") if record.get(name) is not None]
    row = "_".join(parts)
    name = stem(path) if number == 1 and row and stem(path).startswith(row) else row or f"{stem(path)}-{number}"
    times[name] += 1
    return name if times[name] == 1 else f"{name}#{times[name]}"
