"""Where a file of dialogues has what: a map that the user writes, for layouts that no reader knows."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from understudy.doors import files
from understudy.errors import BadInput
from understudy.parameters import checked
from understudy.records import Role

BESIDE = "fields.toml"
SKIPPED = "skip"
_HINT = (
    'write for example: turns = "log", speaker = "who", text = "said", id = "session", and a table [roles] with CLIENT = "seeker"; '
    'for a table with one utterance a row: dialogue = "session", speaker = "who", text = "said", order = "number"'
)


def _steps(value: Any) -> Any:
    """`a.b.0` as its steps; a list of steps is for keys that hold a full stop."""
    return tuple(step for step in value.split(".") if step) if isinstance(value, str) else value


Steps = Annotated[tuple[str, ...], BeforeValidator(_steps)]


class FieldMap(BaseModel):
    """Paths into a JSON value: `a.b` is the value under b of that under a, a number is a place in a list.

    `dialogues` begins at the file's value (empty: that is the dialogue, or the list of them); `turns`, `id` and the others at a dialogue;
    `speaker` and `text` at a turn (empty: the turn itself is the text). Without `speaker`, speakers alternate from `opener`.
    `roles`: name of a speaker → seeker, recommender, or `skip` for messages that are no turns. `labels`: name of a label → path.

    With `dialogue` in the place of `turns` the file is a table with one utterance a row: all paths begin at a row, `dialogue` names the
    dialogue of a row, and `order` is what the rows of a dialogue are sorted by. `delimiter` and `quoted` are those of a CSV file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    turns: Steps | None = None
    dialogue: Steps | None = None
    order: Steps | None = None
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    quoted: bool = True
    text: Steps = ()
    speaker: Steps | None = None
    opener: Role = "seeker"
    dialogues: Steps = ()
    id: Steps | None = None
    seeker_id: Steps | None = None
    recommender_id: Steps | None = None
    split: Steps | None = None
    metadata: Steps | None = None
    labels: Mapping[str, Steps] = {}
    roles: Mapping[str, Literal["seeker", "recommender", "skip"]] = {}

    @model_validator(mode="after")
    def _one_layout(self) -> Self:
        if (self.turns is None) == (not self.dialogue):
            raise ValueError("either `turns`, the list of turns in a dialogue, or `dialogue`, the column that names it, is expected")
        if self.dialogue and not self.text:
            raise ValueError("text: the column of what is said is expected beside `dialogue`")
        if self.dialogue and self.id is not None:
            raise ValueError("id: rows are named by `dialogue`")
        if self.turns is not None and (self.order or self.delimiter or not self.quoted):
            raise ValueError("order, delimiter and quoted are of tables: they are expected beside `dialogue` alone")
        return self

    def columns(self) -> dict[str, Steps]:
        """The paths that every row of a table has to have, by their names here."""
        named = {"dialogue": self.dialogue, "speaker": self.speaker, "text": self.text, "order": self.order}
        others = {"seeker_id": self.seeker_id, "recommender_id": self.recommender_id, "split": self.split, "metadata": self.metadata}
        told = {name: steps for name, steps in {**named, **others}.items() if steps}
        return {**told, **{f"labels.{name}": steps for name, steps in self.labels.items()}}


def field_map(path: Path) -> FieldMap:
    """The map in a TOML or JSON file. Raises BadInput that says what is wrong with it."""
    raw = files.bytes_of(path)
    try:
        value = json.loads(raw) if path.suffix == ".json" else tomllib.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        kind = "JSON" if path.suffix == ".json" else "TOML"
        raise BadInput(f"the map of fields {path} is not {kind}: {error}", hint=_HINT) from error
    if not isinstance(value, dict):
        raise BadInput(f"the map of fields {path} is not an object of fields", hint=_HINT)
    try:
        return checked(FieldMap, value)
    except BadInput as error:
        raise BadInput(f"the map of fields {path}: {error.message}", hint=_HINT) from error


def beside(path: Path) -> Path | None:
    """The map that lies beside a file of dialogues, as a LICENCE does; None where there is none."""
    return files.beside(path if path.is_dir() else path.parent, BESIDE)


def value_at(value: Any, steps: tuple[str, ...]) -> Any:
    """What stands at the end of the steps, None where they lead nowhere."""
    for step in steps:
        if isinstance(value, list):
            value = value[int(step)] if step.isdecimal() and int(step) < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value
