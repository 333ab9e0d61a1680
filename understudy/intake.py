"""From the records of a reader to the rows of schema `ingest`: what is new, what is a duplicate, what is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from understudy.keys import digest
from understudy.readers import Record
from understudy.records import Dialogue, Item, Reject

VERSION = 1
OTHER_CONTENT = "duplicate id with other content"

_TEXTS = pl.List(pl.String)
SCHEMAS: dict[str, dict[str, Any]] = {
    "dialogues": {
        "dataset": pl.String, "dialogue_id": pl.String, "content_sha256": pl.String, "source_sha256": pl.String,
        "licence": pl.String, "seeker_id": pl.String, "recommender_id": pl.String, "official_split": pl.String,
        "n_messages": pl.Int32, "n_turns": pl.Int32,
    },
    "turns": {
        "dataset": pl.String, "dialogue_id": pl.String, "turn_index": pl.Int32, "role": pl.String, "text": pl.String,
        "n_messages": pl.Int32, "item_ids": _TEXTS,
    },
    "mentions": {
        "dataset": pl.String, "dialogue_id": pl.String, "item_id": pl.String,
        "suggested": pl.Boolean, "seen": pl.Boolean, "liked": pl.Boolean,
    },
    "items": {
        "dataset": pl.String, "item_id": pl.String, "title": pl.String, "year": pl.Int32, "genres": _TEXTS, "people": _TEXTS,
        "plot": pl.String, "aliases": _TEXTS,
    },
    "rejects": {
        "dataset": pl.String, "source_sha256": pl.String, "file": pl.String, "record": pl.Int64, "reason": pl.String,
        "excerpt": pl.String,
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """What all the records of one ingest share. `split` overrides what the reader says, None leaves it."""

    dataset: str
    sha256: str
    licence: str
    split: str | None = None


@dataclass(slots=True)
class Counts:
    """What became of the records; `n_records` = dialogues + duplicates + rejects + attached, items counted apart."""

    n_records: int = 0
    n_dialogues: int = 0
    n_turns: int = 0
    n_messages: int = 0
    n_items: int = 0
    n_duplicates: int = 0
    n_attached: int = 0
    rejects: Counter[str] = field(default_factory=Counter)

    @property
    def n_rejects(self) -> int:
        """Rejects of every reason."""
        return sum(self.rejects.values())


class Sieve:
    """Tells new records from duplicates and refused ones, row by row; `counts` grows while the rows are taken."""

    def __init__(self, source: Source, *, known: Mapping[str, str]) -> None:
        """`known` maps the dialogue ids that are in the store to the digests of their content."""
        self._source = source
        self._seen = dict(known)
        self.counts = Counts()

    def rows(self, records: Iterable[Record]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Table name and row for everything that is new."""
        for record in records:
            if isinstance(record, Item):
                self.counts.n_items += 1
                yield "items", _item_row(record, self._source)
                continue
            self.counts.n_records += 1
            if isinstance(record, Reject):
                yield self._reject(record)
            else:
                yield from self._dialogue(record)

    def _dialogue(self, read: Dialogue) -> Iterator[tuple[str, dict[str, Any]]]:
        dialogue = replace(read, official_split=self._source.split) if self._source.split else read
        content = digest(dialogue)
        there = self._seen.setdefault(dialogue.dialogue_id, "")
        if there == content:
            self.counts.n_duplicates += 1
        elif there:
            # the reader gave no position: records are counted over all files of the source
            yield self._reject(Reject("", self.counts.n_records, OTHER_CONTENT, f"dialogue {dialogue.dialogue_id}"[:120]))
        else:
            self._seen[dialogue.dialogue_id] = content
            yield from self._new(dialogue, content)

    def _reject(self, reject: Reject) -> tuple[str, dict[str, Any]]:
        self.counts.rejects[reject.reason] += 1
        shown = {"file": reject.file, "record": reject.record, "reason": reject.reason, "excerpt": reject.excerpt}
        return "rejects", {"dataset": self._source.dataset, "source_sha256": self._source.sha256, **shown}

    def _new(self, dialogue: Dialogue, content: str) -> Iterator[tuple[str, dict[str, Any]]]:
        n_messages = sum(turn.n_messages for turn in dialogue.turns)
        self.counts.n_dialogues += 1
        self.counts.n_turns += len(dialogue.turns)
        self.counts.n_messages += n_messages
        name = {"dataset": self._source.dataset, "dialogue_id": dialogue.dialogue_id}
        yield "dialogues", {
            **name,
            "content_sha256": content,
            "source_sha256": self._source.sha256,
            "licence": self._source.licence,
            "seeker_id": dialogue.seeker_id,
            "recommender_id": dialogue.recommender_id,
            "official_split": dialogue.official_split,
            "n_messages": n_messages,
            "n_turns": len(dialogue.turns),
        }
        for index, turn in enumerate(dialogue.turns):
            said = {"role": turn.role, "text": turn.text, "n_messages": turn.n_messages, "item_ids": list(turn.item_ids)}
            yield "turns", {**name, "turn_index": index, **said}
        for mention in dialogue.mentions:
            form = {"suggested": mention.suggested, "seen": mention.seen, "liked": mention.liked}
            yield "mentions", {**name, "item_id": mention.item_id, **form}


def batches(rows: Iterable[tuple[str, dict[str, Any]]], *, size: int = 20_000) -> Iterator[dict[str, pl.DataFrame]]:
    """The rows as frames by table name, at most `size` rows at a time."""
    held: dict[str, list[dict[str, Any]]] = {}
    n_held = 0
    for table, row in rows:
        held.setdefault(table, []).append(row)
        n_held += 1
        if n_held == size:
            yield _frames(held)
            held, n_held = {}, 0
    if held:
        yield _frames(held)


def _frames(held: Mapping[str, list[dict[str, Any]]]) -> dict[str, pl.DataFrame]:
    return {table: pl.DataFrame(rows, schema=SCHEMAS[table]) for table, rows in held.items()}


def _item_row(item: Item, source: Source) -> dict[str, Any]:
    return {
        "dataset": source.dataset,
        "item_id": item.item_id,
        "title": item.title,
        "year": item.year,
        "genres": list(item.genres),
        "people": list(item.people),
        "plot": item.plot,
        "aliases": list(item.aliases),
    }
