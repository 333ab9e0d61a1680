"""Stage ingest: human logs, read by one of the readers, become rows of schema `ingest`, all of them or none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import polars as pl
from prefect import get_run_logger, task
from prefect.exceptions import MissingContextError

from understudy import readers
from understudy.doors import files
from understudy.doors.limits import ReadingLimits, reading_within
from understudy.doors.store import Store
from understudy.errors import BadInput
from understudy.ingest.columns import Batch, Source
from understudy.ingest.intake import Counts, Sieve, as_known
from understudy.readers import Options
from understudy.tasks.ingest.links import link_titles

Fields = dict[str, Any]
LIMITS, AS_KNOWN = ReadingLimits(), Options()
_MOST_REASONS = 3
KEYLESS = ("turns", "mentions", "ratings")


class IngestFields(readers.FileCounts):
    """The fields of `understudy ingest`."""

    dataset: str
    source_sha256: str
    licence: str
    n_records: int
    n_dialogues: int
    n_turns: int
    n_messages: int
    n_items: int
    n_ratings: int
    n_duplicates: int
    n_rejects: int
    rejects_by_reason: dict[str, int]
    n_attached: int
    n_normalised: int


@task(name="ingest logs", task_run_name="ingest {dataset} as {reader}", persist_result=False)
def ingest_logs(
    store: Store,
    reader: str,
    paths: list[str],
    *,
    dataset: str,
    split: str | None = None,
    options: Options = AS_KNOWN,
    limits: ReadingLimits = LIMITS,
) -> IngestFields:
    """The fields of `understudy ingest`. The same files twice add no row; all or nothing is written."""
    module, found = readers.load(reader), readers.files_of(reader, paths, fields=options.fields)
    licence = {files.licence_beside(path) or module.LICENCE for path in found.read}
    if len(licence) != 1:
        raise BadInput(
            f"the files have different licences: {', '.join(sorted(licence))}", hint="ingest the files of each licence on their own"
        )
    source = Source(dataset, files.sha256(found.read), licence.pop(), split, module.TAGGED)
    with reading_within(limits), store.transaction():
        counts, n_changed = _write(store, module, found.read, source, options)
        if "ratings" not in module.CARRIES:  # of a catalogue the records are its rejects alone
            _require_readable(counts)
        # files that add nothing (read before, under this or another name) leave no row either
        if n_changed:
            store.add("ingest.sources", [_source_row(source, counts, reader, module.VERSION)])
            link_titles(store, dataset)
    _log(f"ingest {dataset}: {counts.n_dialogues} new dialogues, {counts.n_duplicates} duplicates, {counts.n_rejects} rejects")
    return cast(IngestFields, {**_fields(source, counts), **found.as_json()})


def _write(store: Store, module: readers.Reader, found: Sequence[Path], source: Source, options: Options) -> tuple[Counts, int]:
    known = as_known(store.frame("ingest/known_dialogues", dataset=source.dataset))
    labelled = (row["labels_sha256"] for row in store.rows("ingest/label_sets", dataset=source.dataset))
    sieve = Sieve(source, known=known, labelled=labelled)
    n_changed = 0
    for batch in sieve.batches(module.read(found, options)):
        n_changed += _write_batch(store, batch, source)
        sieve.counts.n_normalised += batch.n_normalised
    if sieve.counts.n_ratings:
        n_changed -= store.apply("ingest/drop_repeated_ratings", dataset=source.dataset, source_sha256=source.sha256)
    return sieve.counts, n_changed


def _require_readable(counts: Counts) -> None:
    """Raises BadInput where every record was refused by the reader; nothing is kept then, so that the answer is no success."""
    if counts.n_records and counts.n_unreadable == counts.n_records:
        told = "; ".join(f"{reason} ({n})" for reason, n in counts.rejects.most_common(_MOST_REASONS))
        raise BadInput(f"none of the {counts.n_records} records can be read: {told}", hint="correct the files, or take another reader")


def _write_batch(store: Store, batch: Batch, source: Source) -> int:
    """How many rows the batch added or changed."""
    if batch.superseded:
        for table in ("dialogues", "turns", "mentions"):
            store.apply(f"ingest/supersede_{table}", dataset=source.dataset, dialogue_ids=batch.superseded)
    return sum(_write_table(store, table, frame, source) for table, frame in batch.frames())


def _write_table(store: Store, table: str, frame: pl.DataFrame, source: Source) -> int:
    if table == "items":
        return store.apply("ingest/complete_items", incoming=frame) + store.add("ingest.items", frame)
    if table == "ratings" and store.rows("ingest/source", dataset=source.dataset, source_sha256=source.sha256):
        return 0  # ratings have no key, so the same files again are known by their digest
    return store.append(f"ingest.{table}", frame) if table in KEYLESS else store.add(f"ingest.{table}", frame)


def _source_row(source: Source, counts: Counts, reader: str, version: int) -> Fields:
    return {
        "source_sha256": source.sha256,
        "dataset": source.dataset,
        "reader": reader,
        "reader_version": version,
        "licence": source.licence,
        "n_records": counts.n_records,
        "n_dialogues": counts.n_dialogues,
        "n_items": counts.n_items,
        "n_messages": counts.n_messages,
        "n_duplicates": counts.n_duplicates,
        "n_rejects": counts.n_rejects,
        "n_attached": counts.n_attached,
        "n_normalised": counts.n_normalised,
    }


def _fields(source: Source, counts: Counts) -> Fields:
    return {
        "dataset": source.dataset,
        "source_sha256": source.sha256,
        "licence": source.licence,
        "n_records": counts.n_records,
        "n_dialogues": counts.n_dialogues,
        "n_turns": counts.n_turns,
        "n_messages": counts.n_messages,
        "n_items": counts.n_items,
        "n_ratings": counts.n_ratings,
        "n_duplicates": counts.n_duplicates,
        "n_rejects": counts.n_rejects,
        "rejects_by_reason": dict(sorted(counts.rejects.items())),
        "n_attached": counts.n_attached,
        "n_normalised": counts.n_normalised,
    }


def _log(text: str) -> None:
    try:
        get_run_logger().info(text)
    except MissingContextError:  # called as a plain function, outside a flow run
        return
