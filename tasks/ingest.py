"""Stage ingest: human logs, read by one of the readers, become rows of schema `ingest`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import get_run_logger, task
from prefect.exceptions import MissingContextError

from understudy import readers
from understudy.doors import files
from understudy.doors.store import Store
from understudy.errors import BadInput
from understudy.intake import Counts, Sieve, Source, batches

Fields = dict[str, Any]


@task(name="ingest logs", persist_result=False)
def ingest_logs(store_path: str, reader: str, paths: list[str], *, dataset: str, split: str | None = None) -> Fields:
    """The fields of `understudy ingest`. The same files twice add no row; all or nothing is written."""
    module = readers.load(reader)
    found = _find(reader, paths)
    licence = {files.licence_beside(path) or module.LICENCE for path in found}
    if len(licence) != 1:
        raise BadInput(f"the paths come under different licences: {', '.join(sorted(licence))}", hint="ingest them one by one")
    source = Source(dataset, files.sha256(found), licence.pop(), split)
    with Store.open(store_path) as store:
        counts = _write(store, module, found, source, reader)
    _log(f"ingest {dataset}: {counts.n_dialogues} new dialogues, {counts.n_duplicates} duplicates, {counts.n_rejects} rejects")
    return _fields(source, counts)


def _find(reader: str, paths: list[str]) -> list[Path]:
    found = {file.resolve(): file for path in paths for file in readers.find(reader, Path(path))}
    if not found:
        raise BadInput("no path was given to ingest", hint="give the data set's folder or its files")
    return list(found.values())


def _write(store: Store, module: readers.Reader, found: list[Path], source: Source, reader: str) -> Counts:
    known = {row["dialogue_id"]: row["content_sha256"] for row in store.rows("ingest/dialogue_digests", dataset=source.dataset)}
    sieve = Sieve(source, known=known)
    n_added = 0
    with store.transaction():
        for frames in batches(sieve.rows(module.read(found, readers.Options()))):
            n_added += sum(store.add(f"ingest.{table}", frame) for table, frame in frames.items())
        # files that add nothing (read before, under this or another name) leave no row either
        if n_added:
            store.add("ingest.sources", [_source_row(source, sieve.counts, reader, module.VERSION)])
    return sieve.counts


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
        "n_duplicates": counts.n_duplicates,
        "n_rejects": counts.n_rejects,
        "rejects_by_reason": dict(sorted(counts.rejects.items())),
        "n_attached": counts.n_attached,
    }


def _log(text: str) -> None:
    try:
        get_run_logger().info(text)
    except MissingContextError:  # called as a plain function, outside a flow run
        return
