"""What of a release is pulled: its dialogues by part and by named fields, never by SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from understudy.errors import BadInput
from understudy.exports import PLAIN, Export, ExportOptions, Released
from understudy.release.columns import COLUMNS
from understudy.release.division import SPLITS
from understudy.release.layout import Layout

FIELDS = tuple(one.name for one in COLUMNS["dialogues"])


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which examples are wanted. `where`: field of a dialogue → the values that it may have; all fields have to agree."""

    form: str = "messages"
    split: str | None = None
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    options: ExportOptions = PLAIN

    @property
    def is_whole(self) -> bool:
        """Whether every dialogue of the release is wanted."""
        return self.split is None and not self.where

    def conditions(self) -> dict[str, tuple[str, ...]]:
        """`where`, with the part of the release as one more field."""
        return {**self.where, **({"split": (self.split,)} if self.split is not None else {})}


def fields_of(pairs: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Field → its values, of `FIELD=VALUE` pairs; a field that occurs again may have each of its values. Raises BadInput."""
    found: dict[str, tuple[str, ...]] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or name not in FIELDS:
            raise BadInput(f"--where {pair!r} is not FIELD=VALUE", hint=f"a field is one of {', '.join(FIELDS)}")
        found[name] = (*found.get(name, ()), value)
    return found


def read(folder: Path, layout: Layout) -> Released:
    """The rows of a release, read from its Parquet files when they are collected; a table that its format lacks is empty."""
    frames = {table: _scanned(folder, names) for table, names in layout.parts.items()}
    return Released(frames["dialogues"], frames["turns"], frames.get("items", pl.LazyFrame()), frames["examples"])


def _scanned(folder: Path, names: Sequence[str]) -> pl.LazyFrame:
    return pl.scan_parquet([folder / name for name in names])


def require_form(export: Export, wanted: Wanted, released: Released, *, release: str) -> None:
    """Raises BadInput where the release has not what the form reads, or the form cannot be made as asked; `release` names it."""
    if wanted.options.seeker_view and not export.VIEWS:
        raise BadInput(f"the form {wanted.form} has no seeker's view", hint="`messages` and `sharegpt` have one")
    there = {"items": bool(released.items.collect_schema().names()), "examples": "engine" in released.examples.collect_schema().names()}
    there |= dict.fromkeys(released.dialogues.collect_schema().names(), True) | dict.fromkeys(released.turns.collect_schema().names(), True)
    needed = [*export.NEEDS, *wanted.conditions()]
    absent = [name for name in needed if not there.get(name)]
    if absent:
        raise BadInput(
            f"{release} was published before releases had {', '.join(absent)}, which this pull reads",
            hint="pull it as `messages` and whole, or publish its batch again",
        )


def selected(released: Released, wanted: Wanted) -> Released:
    """The dialogues that are wanted, with what belongs to them. Raises BadInput for a value that a field cannot have."""
    if wanted.is_whole:
        return released
    schema = released.dialogues.collect_schema()
    keep = [pl.col(name).is_in(_values(name, values, schema[name])) for name, values in wanted.conditions().items()]
    dialogues = released.dialogues.filter(*keep)
    # in the order of the files, which a join alone does not promise
    parts = {
        name: getattr(released, name).join(dialogues.select("dialogue_id"), on="dialogue_id", how="semi", maintain_order="left")
        for name in ("turns", "examples")
    }
    return Released(dialogues, parts["turns"], released.items, parts["examples"])


def _values(name: str, values: tuple[str, ...], kind: pl.DataType) -> list[Any]:
    if name == "split" and (unknown := sorted(set(values) - set(SPLITS))):
        raise BadInput(f"there is no split {', '.join(map(repr, unknown))}", hint=f"the splits of a release are {', '.join(SPLITS)}")
    if not kind.is_integer():
        return list(values)
    try:
        return [int(one) for one in values]
    except ValueError:
        raise BadInput(f"{name} is a number, and {', '.join(map(repr, values))} is asked for", hint=f"write {name}=NUMBER") from None
