"""Releases: what a published training set consists of, and what its digest covers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from understudy.completion import engines_in
from understudy.doors import releases as shelf
from understudy.errors import BadInput
from understudy.exports import Released, messages
from understudy.instruments.language import languages_of
from understudy.keys import canonical_json, digest, json_line
from understudy.names import checked_name
from understudy.release import card, croissant, division, layout, licences
from understudy.release.columns import COLUMNS, SCHEMA_FILE, json_schema
from understudy.release.layout import CROISSANT, FORMAT, MANIFEST, MESSAGES

# what of a manifest is not content
NAMING = ("name", "version", "digest", "content_digest", "files")
# what a release of rehearsal must not be called: nobody trains on it by mistake
_TRAINING = "training"
_LEAST_LANGUAGE = 0.05

Manifest = dict[str, Any]
Listed = Mapping[str, shelf.ListedFile]


@dataclass(frozen=True, slots=True)
class PlayedTables:
    """What was played and is released.

    `dialogues`: dialogue_id, scenario_id, source_dialogue_id, target, replicate, engine, n_turns, seeker_id. `turns`: dialogue_id,
    turn_index, role, text, item_ids, ranked_ids, reaction. `items`: item_id, title, year, genres, of those that are named or ranked.
    """

    dialogues: pl.DataFrame
    turns: pl.DataFrame
    items: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Release:
    """A release before it has a version. `tables`: name → rows; `examples` has its messages as nested values."""

    name: str
    tables: Mapping[str, pl.DataFrame]
    lines: tuple[str, ...]
    content: Manifest

    @property
    def content_digest(self) -> str:
        """SHA-256 over content and lineage: what tells whether a batch was released before, whatever libraries wrote its files."""
        return digest(self.content)

    def parquet(self) -> dict[str, pl.DataFrame]:
        """File name → rows, of the Parquet files."""
        there = [split for split in division.SPLITS if self.content["splits"][split]["n_dialogues"]]
        pieces = (layout.divided(name, frame, there) for name, frame in self.tables.items())
        return {name: rows for piece in pieces for name, rows in piece.items()}

    def texts(self) -> dict[str, str]:
        """File name → content of the texts that do not depend on name and version."""
        return {MESSAGES: "".join(f"{line}\n" for line in self.lines), SCHEMA_FILE: json_schema()}

    def sealed(self, version: int, files: Listed) -> dict[str, str]:
        """File name → content of card, Croissant description and manifest, for a folder that holds the other `files`."""
        named = {"name": self.name, "version": version, **self.content, "content_digest": self.content_digest}
        blank = {**named, "digest": ""}
        unnamed = {card.FILE: card.unnamed(card.text(blank), blank), CROISSANT: croissant.unnamed(croissant.text(blank, files))}
        manifest = {**named, "digest": bound_digest(self.content, files, unnamed)}
        told = {card.FILE: card.text(manifest), CROISSANT: croissant.text(manifest, files)}
        whole = {**manifest, "files": {**files, **{name: shelf.listed_text(text) for name, text in told.items()}}}
        return {**told, MANIFEST: manifest_text(whole)}


def manifest_text(manifest: Mapping[str, Any]) -> str:
    """The one way in which a manifest is written, so that no byte of it can be another."""
    return json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def bound_digest(content: Mapping[str, Any], files: Listed, unnamed: Mapping[str, str]) -> str:
    """SHA-256 over content, lineage and the list of files with their sizes and hashes; name, version, time and path are not part of it.

    Of the files that tell name, version and digest (`unnamed`: name → text without them) all else counts. DuckDB writes other bytes
    each time, so its file counts by its name alone, and by its rows, whose digests are part of the content.
    """
    bound: dict[str, object] = {name: one for name, one in files.items() if name not in (*unnamed, MANIFEST)}
    tables = sorted(content["tables"])
    bound |= {shelf.DATABASE: tables, **{name: shelf.listed_text(text) for name, text in unnamed.items()}}
    return digest({"content": dict(content), "files": bound})


def composed(
    name: str,
    spoken: PlayedTables,
    *,
    engine: str,
    lineage: Mapping[str, Any],
    verdicts: list[dict[str, Any]],
    figures: Mapping[str, Any],
    waiver: str = "",
) -> Release:
    """A release of what was `spoken`.

    `lineage` names sources with their licences, genome, models, seed and code version; `figures` are the objectives,
    leakage and diagnostics of the batch in the contract's forms. Raises GateFailed where the sources allow no licence, and no
    `waiver` says why they need not state one.
    """
    tables, rows = _tables(spoken)
    terms = licences.terms_of((source["licence"] for source in lineage["sources"]), waiver=waiver)
    content = {
        "format": FORMAT,
        "engine": engine,
        "licence": terms.licence,
        **({"licence_waiver": terms.waiver} if terms.waiver else {}),
        "model_licences": licences.of_models(engines_in([engine]), lineage.get("local_models", ())),
        **{f"n_{table}": tables[table].height for table in ("dialogues", "turns", "examples", "items")},
        "splits": division.sizes(tables["dialogues"]),
        "make": division.make_of(tables["dialogues"], tables["turns"]).as_json(),
        "languages": _languages(spoken.turns),
        "tables": {table: frame_digest(frame) for table, frame in tables.items()},
        "lineage": dict(lineage),
        "verdicts": verdicts,
        "figures": dict(figures),
    }
    return Release(marked(name, engine), tables, tuple(json_line(row) for row in rows), content)


def _tables(spoken: PlayedTables) -> tuple[dict[str, pl.DataFrame], list[dict[str, Any]]]:
    """Name → rows in the order of their columns, and the examples as the file of lines has them."""
    dialogues = division.divided(spoken.dialogues).sort("dialogue_id")
    of_dialogue = dialogues.select("dialogue_id", "engine", "split")
    turns = spoken.turns.sort("dialogue_id", "turn_index").join(of_dialogue, on="dialogue_id", how="left", maintain_order="left")
    said = Released(dialogues.lazy(), turns.lazy(), spoken.items.lazy(), pl.LazyFrame())
    rows = list(messages.rows(said))
    examples = pl.DataFrame(
        [(row["example_id"], row["dialogue_id"], messages.FORM, row["messages"]) for row in rows],
        schema={"example_id": pl.String, "dialogue_id": pl.String, "form": pl.String, "messages": messages.SCHEMA["messages"]},
        orient="row",
    ).join(of_dialogue, on="dialogue_id", how="left", maintain_order="left")
    tables = {"dialogues": dialogues, "turns": turns, "items": spoken.items.sort("item_id"), "examples": examples}
    return {name: frame.select(one.name for one in COLUMNS[name]) for name, frame in tables.items()}, rows


def _languages(turns: pl.DataFrame) -> dict[str, float]:
    """Language → share of the dialogues, of those languages in which a part of them is; nothing where it cannot be told."""
    shares = languages_of(turns).known_shares
    return {name: share for name, share in shares.items() if share >= _LEAST_LANGUAGE}


def marked(name: str, engine: str) -> str:
    """The name of the release; it states whether rehearsal played it.

    Raises BadInput for a name that is no plain folder name, and for one that calls what rehearsal played a training set.
    """
    checked_name(name, of="release")
    if not card.is_rehearsal(engine):
        return name
    if _TRAINING in name.casefold():
        raise BadInput(
            f"a release that rehearsal played cannot be called {name!r}, since it is no training set: rehearsal is no language model",
            hint="choose another --name, or play the batch with a language model",
        )
    return name if name.endswith("-rehearsal") else f"{name}-rehearsal"


def frame_digest(frame: pl.DataFrame) -> str:
    """SHA-256 over column names and rows in order; the same for any file format the rows went through."""
    return digest([frame.columns, [list(row) for row in frame.iter_rows()]])


def stored_examples(examples: pl.DataFrame) -> pl.DataFrame:
    """The examples as the store has them, with their messages as JSON text."""
    texts = [canonical_json(one) for one in examples["messages"].to_list()]
    return examples.with_columns(pl.Series("messages", texts, dtype=pl.String))
