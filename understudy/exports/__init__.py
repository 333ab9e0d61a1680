"""Exports: forms of training data that are made from the rows of a release, one file each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import polars as pl

Suffix = Literal["jsonl", "json"]


@dataclass(frozen=True, slots=True)
class Released:
    """The rows of a release that an export reads; they are read when they are collected.

    `dialogues`: dialogue_id, scenario_id, source_dialogue_id, target, replicate, engine, n_turns, split, seeker.
    `turns`: dialogue_id, turn_index, role, text, item_ids, ranked_ids, reaction, engine.
    `items`: item_id, title, year, genres. `examples`: example_id, dialogue_id, form, split, engine, messages.
    """

    dialogues: pl.LazyFrame
    turns: pl.LazyFrame
    items: pl.LazyFrame
    examples: pl.LazyFrame


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What can be chosen of a form. `seeker_view`: the seeker is the assistant, for who trains seekers and not recommenders."""

    seeker_view: bool = False


PLAIN = ExportOptions()


class Export(Protocol):
    """What a module of this folder offers. Raise `VERSION` when the same dialogues give other examples.

    `NEEDS`: tables and columns that the form reads and that releases of before format 3 do not have. `VIEWS`: whether the form can be
    made as the seeker sees the conversation.
    """

    VERSION: int
    SUFFIX: Literal["jsonl", "json", "parquet"]
    NEEDS: tuple[str, ...]
    VIEWS: bool


class RowExport(Export, Protocol):
    """A form that is text: one JSON object a line, or one JSON list of objects. `SCHEMA` is None where no table can hold it."""

    SCHEMA: dict[str, pl.DataType] | None

    def rows(self, released: Released, options: ExportOptions = PLAIN) -> Iterator[dict[str, Any]]:
        """One example after the other, in order of dialogue."""
        ...


class FrameExport(Export, Protocol):
    """A form that is a table, written as Parquet, and is never held as Python objects."""

    def frame(self, released: Released) -> pl.LazyFrame:
        """The rows of the table, in order of dialogue."""
        ...
