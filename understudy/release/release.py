"""Releases: what a published training set consists of, and what its digest covers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from understudy.doors import releases as shelf
from understudy.exports import messages
from understudy.keys import canonical_json, digest, json_line
from understudy.names import checked_name
from understudy.release import card, licences

VERSION = 2
TABLES = ("dialogues", "turns", "examples")
MESSAGES, CARD, MANIFEST = "messages.jsonl", "CARD.md", "manifest.json"
# what of a manifest is not content
NAMING = ("name", "version", "digest", "content_digest", "files")

Manifest = dict[str, Any]
Listed = Mapping[str, shelf.ListedFile]


@dataclass(frozen=True, slots=True)
class Release:
    """A release before it has a version. `examples` holds example_id, dialogue_id, form and messages as JSON text."""

    name: str
    dialogues: pl.DataFrame
    turns: pl.DataFrame
    examples: pl.DataFrame
    lines: tuple[str, ...]
    content: Manifest

    @property
    def content_digest(self) -> str:
        """SHA-256 over content and lineage: what tells whether a batch was released before, whatever libraries wrote its files."""
        return digest(self.content)

    def tables(self) -> dict[str, pl.DataFrame]:
        """Name → rows, as they stand in the Parquet files and in the DuckDB file."""
        return {name: getattr(self, name) for name in TABLES}

    def texts(self) -> dict[str, str]:
        """File name → content of the texts that do not depend on name and version."""
        return {MESSAGES: "".join(f"{line}\n" for line in self.lines)}

    def sealed(self, version: int, files: Listed) -> dict[str, str]:
        """File name → content of card and manifest, for a folder that holds the other `files`."""
        named = {"name": self.name, "version": version, **self.content, "content_digest": self.content_digest}
        unnamed = card.unnamed(card.text({**named, "digest": ""}), {**named, "digest": ""})
        manifest = {**named, "digest": bound_digest(self.content, files, unnamed)}
        told = card.text(manifest)
        whole = {**manifest, "files": {**files, CARD: shelf.listed_text(told)}}
        return {CARD: told, MANIFEST: json.dumps(whole, indent=2, sort_keys=True, ensure_ascii=False) + "\n"}


def bound_digest(content: Mapping[str, Any], files: Listed, unnamed_card: str) -> str:
    """SHA-256 over content, lineage and the list of files with their sizes and hashes; name, version, time and path are not part of it.

    Of the card all but name, version and digest counts. DuckDB writes other bytes each time, so its file counts by its name alone,
    and by its rows, whose digests are part of the content.
    """
    bound: dict[str, object] = {name: one for name, one in files.items() if name not in (CARD, MANIFEST)}
    bound |= {shelf.DATABASE: sorted(TABLES), CARD: shelf.listed_text(unnamed_card)}
    return digest({"content": dict(content), "files": bound})


def composed(
    name: str,
    dialogues: pl.DataFrame,
    turns: pl.DataFrame,
    *,
    engine: str,
    lineage: Mapping[str, Any],
    verdicts: list[dict[str, Any]],
    figures: Mapping[str, Any],
) -> Release:
    """A release of `dialogues` and `turns` (what an Export reads).

    `lineage` names sources with their licences, genome, models, seed and code version; `figures` are the objectives,
    leakage and diagnostics of the batch in the contract's forms. Raises GateFailed where the sources allow no licence.
    """
    rows = list(messages.rows(dialogues, turns))
    examples = pl.DataFrame(
        [(row["example_id"], row["dialogue_id"], messages.FORM, canonical_json(row["messages"])) for row in rows],
        schema={"example_id": pl.String, "dialogue_id": pl.String, "form": pl.String, "messages": pl.String},
        orient="row",
    )
    tables = {"dialogues": dialogues, "turns": turns, "examples": examples}
    content = {
        "format": VERSION,
        "engine": engine,
        "licence": licences.strictest(source["licence"] for source in lineage["sources"]),
        "n_dialogues": dialogues.height,
        "n_turns": turns.height,
        "n_examples": examples.height,
        "tables": {table: frame_digest(frame) for table, frame in tables.items()},
        "lineage": dict(lineage),
        "verdicts": verdicts,
        "figures": dict(figures),
    }
    return Release(marked(name, engine), dialogues, turns, examples, tuple(json_line(row) for row in rows), content)


def marked(name: str, engine: str) -> str:
    """The name of the release; it states whether rehearsal played it. Raises BadInput for a name that is no plain folder name."""
    checked_name(name, of="release")
    return f"{name}-rehearsal" if card.is_rehearsal(engine) and not name.endswith("-rehearsal") else name


def frame_digest(frame: pl.DataFrame) -> str:
    """SHA-256 over column names and rows in order; the same for any file format the rows went through."""
    return digest([frame.columns, [list(row) for row in frame.iter_rows()]])
