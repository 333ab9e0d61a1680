"""What each column of a release means: the data dictionary, from which the JSON Schema of its tables is made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

SCHEMA_FILE = "schema.json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"

Kind = Literal["text", "integer", "texts", "messages"]
TABLES = ("dialogues", "turns", "items", "examples")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, what its values are, whether they may be missing, and what they mean."""

    name: str
    kind: Kind
    about: str
    nullable: bool = False
    values: tuple[str, ...] = ()


_DIALOGUE_ID = Column("dialogue_id", "text", "Identifier of the dialogue, derived from its content.")
_SPLIT = Column("split", "text", "Part of the release; no seeker is in both.", values=("train", "validation"))
_ENGINE = Column("engine", "text", "Model that played the seeker, as it reported itself; `rehearsal` is no language model.")

COLUMNS: Mapping[str, tuple[Column, ...]] = {
    "dialogues": (
        _DIALOGUE_ID,
        Column("scenario_id", "text", "Identifier of the scenario: the information need that the seeker was given."),
        Column("source_dialogue_id", "text", "Identifier of the human dialogue that the scenario was cut from."),
        Column("target", "text", "Item that the seeker of the human dialogue came to like; the simulated seeker knew it or not.", True),
        Column("replicate", "integer", "Number of the repetition of the scenario within the batch."),
        _ENGINE,
        Column("n_turns", "integer", "Number of turns of both speakers."),
        _SPLIT,
        Column("seeker", "integer", "Number of the human seeker within this release; it says which dialogues share one, not who it is."),
    ),
    "turns": (
        _DIALOGUE_ID,
        Column("turn_index", "integer", "Place of the turn in its dialogue, from 0."),
        Column("role", "text", "Who speaks.", values=("seeker", "recommender")),
        Column("text", "text", "What was said, as it was said."),
        Column("item_ids", "texts", "Items that the turn names."),
        Column("ranked_ids", "texts", "Items that the recommender ranked for this turn, the best first; empty for the seeker."),
        Column(
            "reaction", "text", "Reaction of the seeker to items that the recommender has just named, as the instrument named in the "
            "manifest reads it; missing where there is nothing to react to, or where it was not read.",
            True, ("accept", "reject", "neither"),
        ),
        _ENGINE,
        _SPLIT,
    ),
    "items": (
        Column("item_id", "text", "Identifier of an item that the dialogues name, rank or aim at."),
        Column("title", "text", "Title without the year."),
        Column("year", "integer", "Year of publication.", True),
        Column("genres", "texts", "Genres, in lower case."),
    ),
    "examples": (
        Column("example_id", "text", "Identifier of the example."),
        _DIALOGUE_ID,
        Column("form", "text", "Form of the example.", values=("messages",)),
        Column("messages", "messages", "The dialogue as a chat: the seeker is `user`, the recommender is `assistant`."),
        _ENGINE,
        _SPLIT,
    ),
}  # fmt: skip

_TEXTS = {"type": "array", "items": {"type": "string"}}
_MESSAGES = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"role": {"enum": ["user", "assistant"]}, "content": {"type": "string"}},
        "required": ["role", "content"],
        "additionalProperties": False,
    },
}
_KINDS: Mapping[Kind, Mapping[str, object]] = {
    "text": {"type": "string"}, "integer": {"type": "integer"}, "texts": _TEXTS, "messages": _MESSAGES,
}  # fmt: skip


def json_schema() -> str:
    """The JSON Schema (draft 2020-12) of a row of each table, under `$defs`, with what each column means."""
    tables = {name: _table(columns) for name, columns in COLUMNS.items()}
    whole = {"$schema": DIALECT, "title": "Tables of a release", "$defs": tables}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _table(columns: tuple[Column, ...]) -> dict[str, object]:
    return {
        "type": "object",
        "properties": {one.name: _property(one) for one in columns},
        "required": [one.name for one in columns],
        "additionalProperties": False,
    }


def _property(one: Column) -> dict[str, object]:
    kind: dict[str, object] = {"enum": list(one.values)} if one.values else dict(_KINDS[one.kind])
    return {"description": one.about, **({"anyOf": [kind, {"type": "null"}]} if one.nullable else kind)}
