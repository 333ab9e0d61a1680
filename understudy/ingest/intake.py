"""From the records of a reader to the rows of schema `ingest`: what is new, what is a duplicate, what attaches, what is refused."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import orjson
import polars as pl

from understudy.ingest import personal
from understudy.ingest.columns import Batch, Source
from understudy.records import Dialogue, Item, Label, Rating, Record, Reject

VERSION = 2
_OPENERS = ("", "seeker", "recommender")
OTHER_CONTENT = "duplicate id with other content"
DOES_NOT_FIT = "annotation and dialogue of this id do not have the same turns"


class Known(NamedTuple):
    """What is known of a stored dialogue: the digest of its content, and what an annotation must fit."""

    content_sha256: str
    is_annotation: bool
    n_turns: int
    opener: str

    def packed(self) -> bytes:
        """The same in 38 bytes, since a store may hold millions."""
        flags = self.is_annotation | _OPENERS.index(self.opener) << 1
        return bytes.fromhex(self.content_sha256) + bytes([flags]) + self.n_turns.to_bytes(5)

    @classmethod
    def unpacked(cls, packed: bytes) -> Known:
        """What `packed` described."""
        flags = packed[32]
        return cls(packed[:32].hex(), bool(flags & 1), int.from_bytes(packed[33:]), _OPENERS[flags >> 1])


@dataclass(slots=True)
class Counts:
    """The counts of records by result; `n_records` = dialogues + duplicates + rejects + attached. Items and ratings count apart."""

    n_records: int = 0
    n_dialogues: int = 0
    n_turns: int = 0
    n_messages: int = 0
    n_items: int = 0
    n_ratings: int = 0
    n_duplicates: int = 0
    n_attached: int = 0
    n_normalised: int = 0
    rejects: Counter[str] = field(default_factory=Counter)

    @property
    def n_rejects(self) -> int:
        """Rejects of every reason."""
        return sum(self.rejects.values())

    @property
    def n_unreadable(self) -> int:
        """Rejects of which the reader made nothing; the others were read, and do not fit to what is in the store."""
        return self.n_rejects - self.rejects[OTHER_CONTENT] - self.rejects[DOES_NOT_FIT]


class Sieve:
    """Separates new records from duplicates and rejects; `counts` grows while the batches are taken."""

    def __init__(self, source: Source, *, known: dict[str, bytes] | None = None, labelled: Iterable[str] = ()) -> None:
        """`known`: the dialogues that are in the store, id → packed; it grows here. `labelled`: digests of the label sets there."""
        self._source = source
        self._seen = {} if known is None else known
        self._labelled = set(labelled)
        self.counts = Counts()

    def batches(self, records: Iterable[Record], *, size: int = 4_000) -> Iterator[Batch]:
        """The rows of everything that is new, of about `size` records at a time."""
        batch = Batch(self._source)
        for n, record in enumerate(records, 1):
            self._take(record, batch)
            if n % size == 0:
                yield batch
                batch = Batch(self._source)
        yield batch

    def _take(self, record: Record, batch: Batch) -> None:
        if isinstance(record, Item):
            self.counts.n_items += 1
            batch.item(record)
        elif isinstance(record, Rating):
            self.counts.n_ratings += 1
            batch.rating(record)
        else:
            self.counts.n_records += 1
            if isinstance(record, Reject):
                self._refuse(record, batch)
            else:
                self._dialogue(record, batch)

    def _dialogue(self, read: Dialogue, batch: Batch) -> None:
        dialogue = replace(read, official_split=self._source.split) if self._source.split else read
        content = content_sha256(dialogue)
        packed = self._seen.get(dialogue.dialogue_id)
        if packed is None:
            self._new(dialogue, content, batch)
            return
        there = Known.unpacked(packed)
        if dialogue.is_annotation and not there.is_annotation:
            self._attach(dialogue, there, batch)
        elif there.is_annotation and not dialogue.is_annotation:
            self._supersede(dialogue, content, there, batch)
        elif there.content_sha256 == content:
            self.counts.n_duplicates += 1
        else:
            self._refuse_dialogue(OTHER_CONTENT, dialogue, batch)

    def _new(self, dialogue: Dialogue, content: str, batch: Batch) -> None:
        self.counts.n_dialogues += 1
        self._store(dialogue, content, batch)
        self._label(dialogue, batch)

    def _attach(self, annotation: Dialogue, there: Known, batch: Batch) -> None:
        if not _fits(annotation, there):
            self._refuse_dialogue(DOES_NOT_FIT, annotation, batch)
        elif self._label(annotation, batch):
            self.counts.n_attached += 1
        else:
            self.counts.n_duplicates += 1

    def _supersede(self, dialogue: Dialogue, content: str, there: Known, batch: Batch) -> None:
        # the annotation came first and stood in for the dialogue; its labels stay and the dialogue takes its place
        if not _fits(dialogue, there):
            self._refuse_dialogue(DOES_NOT_FIT, dialogue, batch)
            return
        self.counts.n_attached += 1
        batch.superseded.append(dialogue.dialogue_id)
        self._store(dialogue, content, batch)
        self._label(dialogue, batch)

    def _store(self, dialogue: Dialogue, content: str, batch: Batch) -> None:
        known = Known(content, dialogue.is_annotation, len(dialogue.turns), dialogue.turns[0].role)
        self._seen[dialogue.dialogue_id] = known.packed()
        self.counts.n_turns += len(dialogue.turns)
        self.counts.n_messages += batch.dialogue(dialogue, content)

    def _label(self, dialogue: Dialogue, batch: Batch) -> bool:
        """Whether the labels are new."""
        if not dialogue.labels:
            return False
        labels = labels_sha256(dialogue.dialogue_id, dialogue.labels)
        if labels in self._labelled:
            return False
        self._labelled.add(labels)
        batch.labels(dialogue, labels)
        return True

    def _refuse_dialogue(self, reason: str, dialogue: Dialogue, batch: Batch) -> None:
        # the reader gave no position: records are counted over all files of the source
        self._refuse(Reject("", self.counts.n_records, reason, personal.masked_text(f"dialogue {dialogue.dialogue_id}")[:120]), batch)

    def _refuse(self, reject: Reject, batch: Batch) -> None:
        self.counts.rejects[reject.reason] += 1
        batch.reject(reject)


def content_sha256(dialogue: Dialogue) -> str:
    """SHA-256 over what was said by whom about what, and over how it is masked; labels are not part of it. 64 hex digits."""
    content = (
        dialogue.dialogue_id, dialogue.turns, dialogue.mentions, dialogue.seeker_id, dialogue.recommender_id, dialogue.official_split,
        VERSION, personal.VERSION,
    )  # fmt: skip
    return hashlib.sha256(orjson.dumps(content)).hexdigest()


def labels_sha256(dialogue_id: str, labels: tuple[Label, ...]) -> str:
    """SHA-256 over the labels of one dialogue, 64 hex digits."""
    return hashlib.sha256(orjson.dumps((dialogue_id, labels))).hexdigest()


def as_known(there: pl.DataFrame) -> dict[str, bytes]:
    """Packed known dialogues by id, from rows of dialogue_id, content_sha256, is_annotation, n_turns, opener."""
    columns = there.select("dialogue_id", "content_sha256", "is_annotation", "n_turns", pl.col("opener").fill_null(""))
    return {dialogue_id: Known(*known).packed() for dialogue_id, *known in columns.iter_rows()}


def _fits(dialogue: Dialogue, there: Known) -> bool:
    # turns alternate, so the first speaker and the number of turns say which turn is whose
    return len(dialogue.turns) == there.n_turns and dialogue.turns[0].role == there.opener
