"""A recording in the store: the ledger of work that was done elsewhere, taken in before its command is given again."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl

from understudy.doors import recordings
from understudy.doors.gateway.budget import Price
from understudy.doors.gateway.replay import AskedModel
from understudy.doors.recordings import RecordedModel, Recording
from understudy.doors.store import Store
from understudy.errors import BadInput
from understudy.instruments.quoting import Piece, Quotation, spelled

PIECES = "pieces"
"""The column of a recorded reply that repeats the logs: its pieces, in the place of its text."""


def taken_in(store: Store, dataset: str, folder: Path) -> Recording:
    """The recording whose ledger is in the store by then. Raises BadInput where the store has other logs, or lacks what replies repeat."""
    recording = recordings.opened(folder)
    named = {one["source_sha256"] for one in recording.about["sources"]}
    there = {row["source_sha256"] for row in store.rows("ingest/sources_of", dataset=dataset)}
    if named != there:
        raise BadInput(
            f"the recording {folder} was made on the logs {_short(named)}, and {dataset} was ingested from {_short(there)}",
            hint="ingest the logs that the recording names, in a store of their own",
        )
    for name in recordings.TABLES:
        frame = recording.table(name)
        if frame is not None:
            store.add(f"play.{name}", _whole(store, dataset, frame) if name == "completions" else frame)
    return recording


def missing_of(store: Store) -> dict[str, str]:
    """Key of a call that ended without a reply → why."""
    return {row["completion_key"]: row["reason"] for row in store.rows("play/failures")}


def asked_models(models: list[RecordedModel]) -> dict[str, AskedModel]:
    """What is known of the models of a recording, by name."""
    return {one["name"]: AskedModel(None if one["price"] is None else Price(**one["price"]), one["context"]) for one in models}


def pieces_as_json(pieces: list[Piece]) -> str:
    """The pieces of a reply for the column of that name: texts, and places as `[dialogue, turn, start, length]`."""
    told = [
        one if isinstance(one, str) else [one.dialogue_id, one.turn_index, one.start, one.n_chars]
        for one in pieces
    ]  # fmt: skip
    return json.dumps(told, ensure_ascii=False)


def _whole(store: Store, dataset: str, completions: pl.DataFrame) -> pl.DataFrame:
    """The replies with their texts: those that repeat the logs are spelled out of the turns that were ingested."""
    quoting = completions.filter(pl.col(PIECES).is_not_null())
    if quoting.is_empty():
        return completions.drop(PIECES)
    said = store.frame("ingest/turns", dataset=dataset).select("dialogue_id", "turn_index", "text")
    turns = {(dialogue, turn): text for dialogue, turn, text in said.iter_rows()}
    texts = [spelled(_pieces(one), turns) for one in quoting[PIECES]]
    known = pl.DataFrame({"completion_key": quoting["completion_key"], "spelled": texts})
    joined = completions.join(known, on="completion_key", how="left", maintain_order="left")
    return joined.with_columns(text=pl.coalesce("text", "spelled")).drop(PIECES, "spelled")


def _pieces(text: str) -> list[Piece]:
    return [one if isinstance(one, str) else Quotation(*one) for one in json.loads(text)]


def _short(digests: set[str]) -> str:
    return ", ".join(sorted(one[:12] for one in digests)) or "no logs"
