"""INSPIRED (Hayati et al., EMNLP 2020): tab-separated, one utterance a row, with the recommender's strategies and the outcome.

Only the columns named here are taken from a row, before anything else sees it: the surveys beside the dialogues tell what the
workers are and believe, and copies exist in which such columns stand beside the utterances.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from understudy.doors import files
from understudy.errors import BadInput
from understudy.readers import Options
from understudy.readers._blocks import Block, blocks
from understudy.readers._files import first_json, own_files
from understudy.readers._kit import Broken, document, field, named_item, names, read_records
from understudy.readers._turns import Turns
from understudy.records import Dialogue, Item, Label, Record, Role
from understudy.titles import tidy

VERSION = 3
LICENCE = "unknown"
CARRIES = ("items", "acts", "outcomes", "metadata")
TAGGED = True
HOLDS = (
    "INSPIRED's folder holds train.tsv, dev.tsv and test.tsv, one utterance a row under a header; INSPIRED2's holds train_data.json, "
    "dev_data.json and test_data.json, lists of conversations with `dialog`, or train_set.tsv and so on"
)

SPLITS = ("train", "dev", "test")

_NEEDED = ("dialog_id", "utt_id", "speaker", "text")
_STRATEGIES = ("expert_label", "first_label", "second_label")  # the first one is called either way
_OUTCOMES = ("fine_label", "coarse_label", "case")
_NAMED = {"genre": "genres", "person": "people_names"}
_COLUMNS = (*_NEEDED, "movies", *_NAMED.values(), *_STRATEGIES, *_OUTCOMES, "movie_id")

_ROLES: dict[str, Role] = {"SEEKER": "seeker", "RECOMMENDER": "recommender"}
_QUOTE = "QUOTATION_MARK"  # how the files write a quotation mark in a text
_UNEVEN = b""  # has one field, so it is no row


def claims(path: Path) -> bool:
    """A .tsv file whose header has INSPIRED's columns, or INSPIRED2's .json list of conversations."""
    name = files.plain_name(path)
    if name.endswith(".tsv"):
        return _is_header(files.head(path).split(b"\n")[0])
    record = first_json(path) if name.endswith(".json") else None
    return isinstance(record, list) and bool(record) and _is_conversation(record[0])


def find(path: Path) -> list[Path]:
    """The files of the splits, train before dev before test. Raises BadInput that names what is missing."""
    wanted = [f"*{split}{ending}" for split in SPLITS for ending in (".tsv", "_set.tsv", "_data.json")]
    found = own_files(path, wanted, claims=claims, layout=HOLDS)
    return sorted(found, key=lambda one: (SPLITS.index(split) if (split := _split(one)) else -1, one.name))


def read(paths: Sequence[Path], options: Options) -> Iterator[Record]:  # noqa: ARG001
    """Each dialogue or its reject; a film that a dialogue names becomes an item before it."""
    seen: set[str] = set()
    for path in paths:
        if files.plain_name(path).endswith(".json"):
            yield from _conversations(path, seen)
        else:
            yield from read_records(path, blocks(_rows(path)), partial(_built, seen=seen, split=_split(path)))


def _split(path: Path) -> str | None:
    stem = Path(files.plain_name(path)).stem.removesuffix("_set").removesuffix("_data")
    return next((split for split in SPLITS if stem.endswith(split)), None)


def _is_header(line: bytes) -> bool:
    return {name.encode() for name in _NEEDED} <= set(line.rstrip(b"\r\n").split(b"\t"))


def _rows(path: Path) -> Iterator[tuple[bytes | None, bytes]]:
    """The identifier of each row's dialogue and the row's fields in the order of _COLUMNS; other columns end here."""
    lines = files.lines(path)
    _, header = next(lines, (0, b""))
    if not _is_header(header):
        raise BadInput(f"the first line of {path} is not a header with {', '.join(_NEEDED)}", hint=HOLDS)
    names = header.rstrip(b"\r\n").split(b"\t")
    places = [names.index(name) if (name := column.encode()) in names else None for column in _COLUMNS]
    for _, line in lines:
        fields = line.rstrip(b"\r\n").split(b"\t")
        row = [b"" if place is None or place >= len(fields) else fields[place] for place in places]
        # a row that is no row breaks the dialogue it stands in: whose it is cannot be said
        if isinstance(line, files.TooLong):
            yield None, line
        elif len(fields) != len(names):
            yield None, _UNEVEN
        else:
            yield row[0].strip() or None, b"\t".join(row)


def _built(block: Block, seen: set[str], split: str | None) -> list[Record]:
    rows = [_row(fields) for fields in block.rows()]
    if [row["utt_id"].strip() for row in rows] != [str(number) for number in range(1, len(rows) + 1)]:
        raise Broken("utt_id: rows are missing or not in order")
    turns, labels, items = Turns(), _about_dialogue(rows), dict[str, Item]()
    for row in rows:
        named = [named_item(name) for name in _names(row["movies"])]
        items.update({one.item_id: one for one in named})
        index = turns.say(_role(row["speaker"]), row["text"].replace(_QUOTE, '"'), [one.item_id for one in named])
        labels.extend(Label(name, value, index) for name, column in _NAMED.items() for value in dict.fromkeys(_names(row[column])))
        labels.extend(Label("strategy", row[column], index, column) for column in _STRATEGIES if _is_told(row[column]))
    if not (dialogue_id := rows[0]["dialog_id"].strip()):
        raise Broken("dialog_id: missing")
    dialogue = Dialogue(dialogue_id, turns.done(), official_split=split, labels=tuple(labels))
    new = [one for item_id, one in items.items() if item_id not in seen]
    seen.update(items)
    return [*new, dialogue]


def _is_conversation(record: Any) -> bool:
    said = record.get("dialog") if isinstance(record, dict) else None
    return isinstance(said, list) and bool(said) and isinstance(said[0], dict) and {"utt_id", "role", "utterance"} <= said[0].keys()


def _conversations(path: Path, seen: set[str]) -> Iterator[Record]:
    """The conversations of one JSON list of INSPIRED2, which have no identifiers."""
    whole, check = document(path)
    if not isinstance(whole, list):
        raise BadInput(f"{path} does not hold a JSON list of conversations", hint=HOLDS)
    stem, split = Path(files.plain_name(path)).stem, _split(path)
    for number, raw in enumerate(whole, 1):
        build = partial(_conversation, check=check, dialogue_id=f"{stem}-{number}", seen=seen, split=split)
        yield from read_records(path, [(number, raw)], build)


def _conversation(
    unchecked: Any, *, check: Callable[[Any], Any], dialogue_id: str, seen: set[str], split: str | None
) -> list[Record]:
    raw = check(unchecked)
    said = raw.get("dialog") if isinstance(raw, dict) else None
    if not isinstance(said, list) or any(not isinstance(one, dict) for one in said):
        raise Broken("dialog: not a list of utterances")
    turns, items = Turns(), dict[str, Item]()
    told = {column: value for column in _OUTCOMES if isinstance(value := raw.get(column), str) and _is_told(value)}
    labels = [Label("outcome", value, None, column) for column, value in told.items()]
    for one in said:
        named = [named_item(name) for name in names(one.get("movies"), "movies")]
        items.update({item.item_id: item for item in named})
        role, text = _role(field(one, "role", str, "a text")), field(one, "utterance", str, "a text")
        index = turns.say(role, text.replace(_QUOTE, '"'), [item.item_id for item in named])
        strategy = one.get("utterance_label")
        labels.extend([Label("strategy", strategy, index, "utterance_label")] if isinstance(strategy, str) and _is_told(strategy) else [])
    dialogue = Dialogue(dialogue_id, turns.done(), official_split=split, labels=tuple(labels))
    new = [item for item_id, item in items.items() if item_id not in seen]
    seen.update(items)
    return [*new, dialogue]


def _row(fields: list[str]) -> dict[str, str]:
    if len(fields) != len(_COLUMNS):
        raise Broken("a row with more or fewer columns than the header")
    return dict(zip(_COLUMNS, fields, strict=True))


def _role(speaker: str) -> Role:
    role = _ROLES.get(speaker.strip().upper())
    if role is None:
        raise Broken("speaker: neither SEEKER nor RECOMMENDER")
    return role


def _names(cell: str) -> list[str]:
    return [name for part in cell.split(";") if (name := tidy(part))]


def _about_dialogue(rows: Sequence[dict[str, str]]) -> list[Label]:
    """What the rows of a dialogue repeat; a row may leave it out, but not say another thing."""
    labels: list[Label] = []
    for name, column in (*(("outcome", one) for one in _OUTCOMES), ("target", "movie_id")):
        told = {row[column] for row in rows if _is_told(row[column])}
        if len(told) > 1:
            raise Broken(f"{column}: rows of one dialogue differ")
        labels.extend(Label(name, value, None, column) for value in told)
    return labels


def _is_told(value: str) -> bool:
    return bool(value.strip()) and value.strip() != "nan"
