"""CRSLab's processed dialogues (`dialog[]` of utterances), and the rows that UniCRS and iEvaLM make of them.

A row holds a recommending turn (`resp`, `rec`) with all that was said before it (`context`). The rows of one dialogue are put
together again: the longest context and its answer are the dialogue, the other rows say what was recommended on the way. Speakers
alternate in a context and `resp` is the recommender's, so that the place of a text says who spoke. A row does not say which items
the seeker named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from understudy.doors import files
from understudy.readers import Options
from understudy.readers._chats import dialogue_id, optional_identifier, read_json, stem
from understudy.readers._files import first_json, own_files
from understudy.readers._kit import Broken, identifier, item_of, named_item
from understudy.readers._speakers import Speakers
from understudy.readers._turns import Turns
from understudy.records import Dialogue, Item, Label, Record, Role

VERSION = 2
LICENCE = "unknown"
CARRIES = ("items",)
TAGGED = True
HOLDS = "CRSLab's .json files hold conversations with `dialog`; UniCRS and iEvaLM .jsonl files hold rows with context, resp and rec"

_WHO: dict[str, Role] = {
    "user": "seeker", "initiator": "seeker", "assistant": "recommender", "expert": "recommender", "bot": "recommender",
}  # fmt: skip
_IDS = ("conv_id", "dialog_id")
_SAID = ("dialog", "messages")  # TG-ReDial has its utterances under the second name
_ITEMS = ("movies", "movie", "item")
_SPLITS = {"train": "train", "valid": "valid", "dev": "valid", "test": "test"}
_ROW_ID = re.compile(r"(?P<dialogue>.+)_(?P<turn>\d+)")
_RESOURCE = re.compile(r"<?https?://[^/\s]+/(?:resource/|.*/)?(?P<name>[^\s>]+)>?")
_FILM = re.compile(r"\s*\((?:(?P<year>(?:18|19|20)\d\d)\s+)?(?:\w+\s+)?(?:film|movie|TV series|miniseries|novel)\)$")


def claims(path: Path) -> bool:
    """A JSON file whose first record has utterances with a role and a text under `dialog`, or is a row with context and resp."""
    if Path(files.plain_name(path)).suffix not in (".json", ".jsonl"):
        return False
    record = first_json(path)
    record = record[0] if isinstance(record, list) and record else record
    if not isinstance(record, dict):
        return False
    return _is_row(record) or any(_is_said(record.get(name), bare=name == "dialog") for name in _SAID)


def find(path: Path) -> list[Path]:
    """The files of dialogues: train, then valid, then test, then others by name. Raises BadInput."""
    found = own_files(path, ["*.json", "*.jsonl"], claims=claims, layout=HOLDS)
    order = list(_SPLITS.values())
    return sorted(found, key=lambda one: (order.index(split) if (split := _split(one)) else len(order), one.name))


def read(paths: Sequence[Path], options: Options) -> Iterator[Record]:
    """One dialogue or reject for each conversation; for files of rows one for each dialogue, besides the rows that are refused.

    An item that a conversation names stands before it. Files of rows are held in memory one at a time.
    """
    who = Speakers.of(_WHO, options.roles)
    known: set[str] = set()
    for path in paths:
        rows: dict[str, _Rows] = {}

        def build(record: dict[str, Any], number: int, path: Path = path, rows: dict[str, _Rows] = rows) -> list[Record]:
            if _is_row(record):
                _put(record, rows)
                return []
            return _with_items(*_dialogue(record, number, path, who), known)

        yield from read_json(path, build)
        for name, held in rows.items():
            yield from _assembled(name, held, path, known)
    who.require_known()


def _is_row(record: Mapping[str, Any]) -> bool:
    # what iEvaLM plays on from such a row stands beside it, and is another format
    return "context" in record and "resp" in record and "simulator_dialog" not in record


def _is_said(said: Any, *, bare: bool) -> bool:
    if not isinstance(said, list):
        return False
    return {"role", "text"} <= said[0].keys() if said and isinstance(said[0], dict) else bare


def _split(path: Path) -> str | None:
    return _SPLITS.get(stem(path).split("_")[0].split("-")[0].casefold())


# conversations


def _dialogue(record: Mapping[str, Any], number: int, path: Path, who: Speakers) -> tuple[Dialogue, list[Item]]:
    said = next((record[name] for name in _SAID if record.get(name) is not None), None)
    if not isinstance(said, list) or not said:
        raise Broken("dialog: missing or empty")
    if any(not isinstance(utterance, dict) for utterance in said):
        raise Broken("dialog: an utterance is not an object")
    turns, items = Turns(), []
    for role, utterance in zip(who.roles_of(one.get("role") for one in said), said, strict=True):
        named = [_named(one) for name in _ITEMS for one in _list(utterance, name)]
        items += [item for _, item in named if item]
        turns.say(role, _text(utterance.get("text")), [item_id for item_id, _ in named])
    dialogue = Dialogue(
        dialogue_id=_name(record, number, path),
        turns=turns.done(),
        seeker_id=optional_identifier(record, "user_id"),
        official_split=_split(path),
    )
    return dialogue, items


def _name(record: Mapping[str, Any], number: int, path: Path) -> str:
    """The identifier; `conv_id` is told apart by the split, since the files of one data set may each number from the start."""
    split = _split(path)
    if split and record.get("conv_id") is not None:
        return f"{split}-{identifier(record, 'conv_id')}"
    return dialogue_id(record, _IDS, path, number)


def _text(value: Any) -> str:
    """A text, or the tokens of one with a space between them, as they were before they were numbered."""
    if isinstance(value, str):
        return value
    if not isinstance(value, list) or any(not isinstance(token, str) for token in value):
        raise Broken("dialog: a text is neither a text nor tokens")
    return " ".join(value)


def _list(record: Mapping[str, Any], name: str) -> list[Any]:
    value = record.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise Broken(f"{name}: not a list")
    return value


def _named(value: Any) -> tuple[str, Item | None]:
    """The id of an item as a conversation names it, and the item where its title is known: a number alone tells none."""
    if type(value) is int:
        return str(value), None
    if not isinstance(value, str) or not value.strip():
        raise Broken("an item that is neither a name nor a number")
    resource = _RESOURCE.fullmatch(value.strip())
    if resource:
        name = _FILM.sub(lambda found: f" ({found['year']})" if found["year"] else "", unquote(resource["name"]).replace("_", " "))
        item = item_of(value.strip().strip("<>"), _without_nul(name))
    else:
        item = named_item(value)
    return item.item_id, item


def _without_nul(name: str) -> str:
    if "\0" in name:
        raise Broken("NUL character")
    return name


def _with_items(dialogue: Dialogue, items: Iterable[Item], known: set[str]) -> list[Record]:
    new = {item.item_id: item for item in items if item.item_id not in known}
    known.update(new)
    return [*new.values(), dialogue]


# rows


@dataclass(slots=True)
class _Rows:
    """What the rows of one dialogue said: all texts up to the last answer, and the items recommended at each place."""

    texts: list[str]
    recommended: dict[int, list[Any]] = field(default_factory=dict)
    n_rows: int = 0


def _put(record: Mapping[str, Any], rows: dict[str, _Rows]) -> None:
    """Adds a row to its dialogue. Raises Broken, before anything is changed, for one that does not fit to the others."""
    name, context, answer = _row_id(record), _list(record, "context"), record.get("resp")
    if not isinstance(answer, str) or any(not isinstance(text, str) for text in context):
        raise Broken("context or resp: not texts")
    recommended = _list(record, "rec")
    for one in recommended:
        _named(one)
    texts, held = [*context, answer], rows.get(name)
    if held:
        shorter, longer = sorted((texts, held.texts), key=len)
        if longer[: len(shorter)] != shorter:
            raise Broken("context: another than in the other rows of the dialogue")
        if len(context) % 2 != min(held.recommended) % 2:
            raise Broken("context: the speakers do not alternate, so that nothing says who spoke")
        held.texts = longer
    else:
        held = rows[name] = _Rows(texts)
    held.n_rows += 1
    held.recommended.setdefault(len(context), recommended)


def _row_id(record: Mapping[str, Any]) -> str:
    """The dialogue of a row; iEvaLM's `conv_id` is the dialogue with the turn behind it."""
    if record.get("dialog_id") is not None or record.get("conv_id") is None:
        return identifier(record, "dialog_id")
    name = identifier(record, "conv_id")
    parted = _ROW_ID.fullmatch(name)
    return parted["dialogue"] if parted else name


def _assembled(name: str, rows: _Rows, path: Path, known: set[str]) -> list[Record]:
    turns, items, answers = Turns(), [], min(rows.recommended) % 2
    for place, text in enumerate(rows.texts):
        named = [_named(one) for one in rows.recommended.get(place, ())]
        items += [item for _, item in named if item]
        # a context that the recommender opens begins with an empty text in the seeker's place
        if text.strip() or place or len(rows.texts) == 1:
            turns.say("recommender" if place % 2 == answers else "seeker", text, [item_id for item_id, _ in named])
    labels = (Label("n_rows", str(rows.n_rows)),)
    return _with_items(Dialogue(name, turns.done(), official_split=_split(path), labels=labels), items, known)
