"""Rows of schema `ingest` as columns: a batch is filled value by value and becomes one frame per table.

Columns, not rows: a list per column costs a third of what a mapping per row does, and an ingest is made of rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl
import pyarrow as pa

from understudy.ingest import odd_signs, personal
from understudy.records import Dialogue, Item, Rating, Reject

_TEXT, _TEXTS = pl.String, pl.List(pl.String)
_LICENSED: dict[str, Any] = {"source_sha256": _TEXT, "licence": _TEXT}
SCHEMAS: dict[str, dict[str, Any]] = {
    "dialogues": {
        "dialogue_id": _TEXT, "content_sha256": _TEXT, "seeker_id": _TEXT, "recommender_id": _TEXT, "official_split": _TEXT,
        "n_messages": pl.Int32, "n_turns": pl.Int32, "is_annotation": pl.Boolean, "is_tagged": pl.Boolean, **_LICENSED,
    },
    "turns": {
        "dialogue_id": _TEXT, "turn_index": pl.Int32, "role": _TEXT, "text": _TEXT, "n_messages": pl.Int32, "item_ids": _TEXTS,
    },
    "mentions": {"dialogue_id": _TEXT, "item_id": _TEXT, "suggested": pl.Boolean, "seen": pl.Boolean, "liked": pl.Boolean},
    "labels": {
        "dialogue_id": _TEXT, "labels_sha256": _TEXT, "position": pl.Int32, "turn_index": pl.Int32, "name": _TEXT, "value": _TEXT,
        "annotator": _TEXT, **_LICENSED,
    },
    "items": {
        "item_id": _TEXT, "title": _TEXT, "year": pl.Int32, "genres": _TEXTS, "people": _TEXTS, "plot": _TEXT, "aliases": _TEXTS,
        "licence": _TEXT,
    },
    "ratings": {"user_id": _TEXT, "item_id": _TEXT, "value": pl.Float64, "rated_at": pl.Int64, **_LICENSED, "text": _TEXT},
    "rejects": {"source_sha256": _TEXT, "file": _TEXT, "record": pl.Int64, "reason": _TEXT, "excerpt": _TEXT},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """What all the records of one ingest share. `split` overrides what the reader says, None leaves it.

    `is_tagged`: turns come with the ids of the items they name, so titles need not be looked for.
    """

    dataset: str
    sha256: str
    licence: str
    split: str | None = None
    is_tagged: bool = True


class Batch:
    """What a stretch of records adds to each table. `superseded`: ids of annotations whose dialogue has come.

    `n_normalised`: characters replaced or removed in the texts of the frames that were taken.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._columns: dict[str, dict[str, list[Any]]] = {table: {name: [] for name in schema} for table, schema in SCHEMAS.items()}
        self.superseded: list[str] = []
        self.n_normalised = 0

    def frames(self) -> Iterator[tuple[str, pl.DataFrame]]:
        """Table name and rows, for tables that have any; texts are normalised and masked here, all of a batch at once."""
        for table, columns in self._columns.items():
            if next(iter(columns.values())):
                # before masking: a sign that nobody sees could stand in an address
                frame, n = odd_signs.normalised(table, _frame(columns, SCHEMAS[table]))
                self.n_normalised += n
                if table == "turns" or (table == "ratings" and frame["text"].null_count() < len(frame)):
                    frame = frame.with_columns(personal.masked(frame["text"]))
                if table == "items":
                    frame = _once(frame)
                yield table, frame.select(pl.lit(self._source.dataset).alias("dataset"), pl.all())

    def dialogue(self, dialogue: Dialogue, content_sha256: str) -> int:
        """Adds a dialogue with its turns and forms; the number of its messages."""
        n_messages = self._turns(dialogue)
        is_tagged = self._source.is_tagged and dialogue.is_tagged
        self._add(
            "dialogues", dialogue.dialogue_id, content_sha256, dialogue.seeker_id, dialogue.recommender_id, dialogue.official_split,
            n_messages, len(dialogue.turns), dialogue.is_annotation, is_tagged, self._source.sha256, self._source.licence,
        )  # fmt: skip
        for one in dialogue.mentions:
            self._add("mentions", dialogue.dialogue_id, one.item_id, one.suggested, one.seen, one.liked)
        return n_messages

    def _turns(self, dialogue: Dialogue) -> int:
        ids, indices, roles, texts, counts, items = self._columns["turns"].values()
        turns, n = dialogue.turns, len(dialogue.turns)
        ids.extend([dialogue.dialogue_id] * n)
        indices.extend(range(n))
        roles.extend([turn.role for turn in turns])
        texts.extend([turn.text for turn in turns])
        counts.extend(lengths := [turn.n_messages for turn in turns])
        items.extend([turn.item_ids for turn in turns])
        return sum(lengths)

    def labels(self, dialogue: Dialogue, labels_sha256: str) -> None:
        """Adds what was written about a dialogue."""
        for position, one in enumerate(dialogue.labels):
            self._add(
                "labels", dialogue.dialogue_id, labels_sha256, position, one.turn_index, one.name, personal.masked_text(one.value),
                one.annotator, self._source.sha256, self._source.licence,
            )  # fmt: skip

    def item(self, item: Item) -> None:
        """Adds an item."""
        self._add(
            "items", item.item_id, item.title, item.year, item.genres, item.people, item.plot, item.aliases, self._source.licence
        )  # fmt: skip

    def rating(self, rating: Rating) -> None:
        """Adds a rating."""
        self._add(
            "ratings", rating.user_id, rating.item_id, rating.value, rating.rated_at, self._source.sha256, self._source.licence,
            rating.text,
        )  # fmt: skip

    def reject(self, reject: Reject) -> None:
        """Adds a record that could not be read."""
        self._add("rejects", self._source.sha256, reject.file, reject.record, reject.reason, reject.excerpt)

    def _add(self, table: str, *values: Any) -> None:
        for column, value in zip(self._columns[table].values(), values, strict=True):
            column.append(value)


def _frame(columns: dict[str, list[Any]], schema: dict[str, Any]) -> pl.DataFrame:
    # through Arrow, which takes a list of lists in a tenth of the time that polars needs
    types = pl.DataFrame(schema=schema).to_arrow().schema
    return pl.DataFrame(pl.from_arrow(pa.table(columns, schema=types)))


def _once(items: pl.DataFrame) -> pl.DataFrame:
    """Each item once, with its facts where one of its rows has them."""
    has_facts = pl.sum_horizontal(pl.col("genres").list.len(), pl.col("people").list.len(), pl.col("plot").str.len_chars()) > 0
    ordered = items.with_columns(has_facts=has_facts).sort("has_facts", descending=True, maintain_order=True)
    return ordered.unique("item_id", keep="first", maintain_order=True).drop("has_facts")
