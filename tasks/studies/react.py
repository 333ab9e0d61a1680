"""Reactions in a file of anybody's: JSON lines in, JSON lines out, by the shipped instrument. No store and no data set is needed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

import orjson
import polars as pl

from understudy.doors import files, folders
from understudy.doors.files import TooLong
from understudy.errors import BadInput
from understudy.instruments import language, reaction
from understudy.instruments.shipped import figures, model
from understudy.instruments.text import Titles
from understudy.keys import json_line
from understudy.records import FigureFields

LEXICON = "lexicon"
INSTRUMENTS = (model.NAME, LEXICON)
# share of a file below which a language is taken for a mistake, and the first letter behind the Latin ones
_FEW, _AFTER_LATIN = 0.05, "\u0250"
_FORM = 'each line is a JSON object {"id": …, "previous": the recommender\'s turn, "text": the seeker\'s turn}'


class ReactFields(TypedDict):
    """What `understudy react` answers; `macro_f1` by register is the instrument's measured error, {} where none was measured."""

    n: int
    instrument: str
    digest: str
    reads: list[str]
    languages: dict[str, int]
    labels: dict[str, int]
    n_not_measured: int
    not_measured: dict[str, int]
    macro_f1: dict[str, FigureFields]
    path: str


@dataclass(frozen=True, slots=True)
class _ReplyGiven:
    """One line: its id as it was given, the recommender's turn and the seeker's."""

    id: Any
    previous: str
    text: str


def write_reactions(source: str, out: str, *, instrument: str = model.NAME) -> ReactFields:
    """The fields of `understudy react`; the file at `out` holds a line for each line read, in their order. Raises BadInput."""
    if instrument not in INSTRUMENTS:
        raise BadInput(f"there is no instrument {instrument!r}", hint=f"name one of {', '.join(INSTRUMENTS)}")
    asked = _read(Path(source))
    languages = _languages(asked)
    read = [told in model.READS or (told == language.UNKNOWN and _is_latin(one.text)) for one, told in zip(asked, languages, strict=True)]
    readable = [one for one, is_read in zip(asked, read, strict=True) if is_read]
    found = iter(_by_lexicon(readable) if instrument == LEXICON else _by_shipped(readable))
    rows = [
        {"id": one.id, "language": told, **(next(found) if is_read else _unread(told))}
        for one, told, is_read in zip(asked, languages, read, strict=True)
    ]
    path = Path(out)
    folders.written(path.parent, {path.name: "".join(f"{json_line(row)}\n" for row in rows)})
    return _fields(rows, instrument, str(path))


def _fields(rows: list[dict[str, Any]], instrument: str, path: str) -> ReactFields:
    shipped = instrument == model.NAME
    missing = Counter(row["reason"] for row in rows if row["label"] is None)
    return {
        "n": len(rows), "instrument": instrument, "digest": model.shipped().digest if shipped else reaction.DIGEST,
        "reads": list(model.READS), "languages": dict(Counter(row["language"] for row in rows).most_common()),
        "labels": {name: sum(row["label"] == name for row in rows) for name in reaction.CLASSES},
        "n_not_measured": missing.total(), "not_measured": dict(missing),
        "macro_f1": figures.macro_f1() if shipped else {}, "path": path,
    }  # fmt: skip


def _by_shipped(asked: list[_ReplyGiven]) -> list[dict[str, Any]]:
    previous, texts = (pl.Series(name, [getattr(one, name) for one in asked], dtype=pl.String) for name in ("previous", "text"))
    return [
        {"label": reaction.CLASSES[read.place], "p": model.probabilities(read.scores)}
        for read in model.shipped().read(previous, texts)
    ]


def _by_lexicon(asked: list[_ReplyGiven]) -> list[dict[str, Any]]:
    """The word lists know no probability."""
    masked = pl.DataFrame({"text": [one.text for one in asked]}, schema={"text": pl.String}).select(Titles.of({}).masked("text"))
    return [{"label": label, "p": None} for label in reaction.reaction(masked.to_series())]


def _unread(told: str) -> dict[str, Any]:
    return {"label": None, "p": None, "reason": f"not measured: language {told}"}


def _read(path: Path) -> list[_ReplyGiven]:
    found = [_asked(line, number, path) for number, line in files.lines(path)]
    if not found:
        raise BadInput(f"{path} holds no line", hint=_FORM)
    return found


def _asked(line: bytes, number: int, path: Path) -> _ReplyGiven:
    where = f"{path}, line {number}"
    if isinstance(line, TooLong):
        raise BadInput(f"{where}: {line.reason}", hint=_FORM)
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise BadInput(f"{where} is not JSON: {error}", hint=_FORM) from error
    if not isinstance(value, dict) or "id" not in value:
        raise BadInput(f"{where} has no id", hint=_FORM)
    said = {name: value.get(name) for name in ("previous", "text")}
    if not isinstance(said["text"], str) or not isinstance(said["previous"], str | None):
        raise BadInput(f"{where}: text and previous have to be strings, and text has to be there", hint=_FORM)
    return _ReplyGiven(value["id"], said["previous"] or "", said["text"])


def _languages(asked: list[_ReplyGiven]) -> list[str]:
    """The language of each turn. What is told of few turns, in the script of the file's own language, is taken for that.

    A short turn with a title in it looks like many languages.
    """
    told = language.language_of_each(one.text for one in asked)
    counted = Counter(told)
    own = next((name for name, _ in counted.most_common() if name != language.UNKNOWN), language.UNKNOWN)
    scripts = [_is_latin(one.text) for one in asked]
    latin = [one for one, name in zip(scripts, told, strict=True) if name == own]
    own_script = 2 * sum(latin) >= len(latin)
    rare = {name for name, n in counted.items() if name == language.UNKNOWN or n < _FEW * len(asked)}
    return [own if name in rare and script == own_script else name for name, script in zip(told, scripts, strict=True)]


def _is_latin(text: str) -> bool:
    letters = [letter for letter in text if letter.isalpha()]
    return 2 * sum(letter < _AFTER_LATIN for letter in letters) >= len(letters)
