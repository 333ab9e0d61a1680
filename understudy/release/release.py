"""Releases: what a published training set consists of, what its digest covers, and how a training file is written from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

import polars as pl

from understudy.doors import releases as shelf
from understudy.errors import BadInput, UnderstudyError
from understudy.exports import messages
from understudy.keys import canonical_json, digest
from understudy.plugins import names
from understudy.release import card, licences

VERSION = 1
TABLES = ("dialogues", "turns", "examples")


@dataclass(frozen=True, slots=True)
class Release:
    """A release before it has a version. `examples` holds example_id, dialogue_id, form and messages as JSON text."""

    name: str
    dialogues: pl.DataFrame
    turns: pl.DataFrame
    examples: pl.DataFrame
    lines: tuple[str, ...]
    manifest: dict[str, Any]

    @property
    def digest(self) -> str:
        """SHA-256 over the manifest without itself; name, version, time and path are not part of it."""
        return str(self.manifest["digest"])

    def tables(self) -> dict[str, pl.DataFrame]:
        """Name → rows, as they stand in the Parquet files and in the DuckDB file."""
        return {name: getattr(self, name) for name in TABLES}

    def versioned(self, version: int) -> dict[str, Any]:
        """The manifest with the release's name and version."""
        return {"name": self.name, "version": version, **self.manifest}

    def texts(self, version: int) -> dict[str, str]:
        """File name → content of everything that is text."""
        return {"messages.jsonl": "".join(f"{line}\n" for line in self.lines), "CARD.md": card.text(self.versioned(version))}


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
    lines = tuple(json.dumps(row, ensure_ascii=False, sort_keys=True) for row in rows)
    return Release(marked(name, engine), dialogues, turns, examples, lines, {"digest": digest(content), **content})


def marked(name: str, engine: str) -> str:
    """The name of the release; it states whether rehearsal played it. Raises BadInput for a name that is no plain folder name."""
    if not name or not all(letter.isalnum() or letter in "-_." for letter in name) or name.startswith((".", "-")):
        raise BadInput(f"{name!r} cannot be the name of a release", hint="use only letters, digits, `-`, `_` and `.`")
    return f"{name}-rehearsal" if card.is_rehearsal(engine) and not name.endswith("-rehearsal") else name


def frame_digest(frame: pl.DataFrame) -> str:
    """SHA-256 over column names and rows in order; the same for any file format the rows went through."""
    return digest([frame.columns, [list(row) for row in frame.iter_rows()]])


class PullFields(TypedDict):
    """The fields of `understudy pull`."""

    name: str
    version: int
    engine: str
    licence: str
    n_examples: int
    digest: str
    path: str
    form: str


def pull(
    releases_dir: Path | str, name: str | None = None, *, version: int | None = None, form: str = "messages", out: Path | str | None = None
) -> PullFields:
    """The fields of `understudy pull`: a training file is written to `out`, taken from published files alone.

    Everything is verified first: manifest against its digest, tables and examples against the manifest. Raises BadInput for a
    release, version or form that is not there, UnderstudyError for files that are not what was published.
    """
    if form not in names("exports"):
        raise BadInput(f"there is no export form {form!r}", hint=f"name one of {', '.join(names('exports'))}")
    folder = shelf.find(Path(releases_dir), name, version)
    manifest = verify(folder)
    lines = shelf.read_text(folder / f"{form}.jsonl")
    target = Path(out) if out is not None else Path(f"{manifest['name']}-v{manifest['version']}.{form}.jsonl")
    shelf.write_whole(target, lines)
    return {
        "name": manifest["name"],
        "version": manifest["version"],
        "engine": manifest["engine"],
        "licence": manifest["licence"],
        "n_examples": manifest["n_examples"],
        "digest": manifest["digest"],
        "path": str(target),
        "form": form,
    }


def verify(folder: Path) -> dict[str, Any]:
    """The manifest of a published folder whose content is what the manifest says. Raises UnderstudyError where it is not."""
    manifest: dict[str, Any] = json.loads(shelf.read_text(folder / "manifest.json"))
    content = {name: value for name, value in manifest.items() if name not in ("name", "version", "digest", "files")}
    if digest(content) != manifest.get("digest"):
        raise _changed(folder, "manifest.json")
    for table, expected in manifest["tables"].items():
        if frame_digest(shelf.read_table(folder / f"{table}.parquet")) != expected:
            raise _changed(folder, f"{table}.parquet")
    for name, expected in manifest["files"].items():
        if shelf.sha256(folder / name) != expected:
            raise _changed(folder, name)
    examples = shelf.read_table(folder / "examples.parquet").select("example_id", "messages").rows()
    lines = [json.loads(line) for line in shelf.read_text(folder / "messages.jsonl").splitlines()]
    if examples != [(line["example_id"], canonical_json(line["messages"])) for line in lines]:
        raise _changed(folder, "messages.jsonl")
    return manifest


def _changed(folder: Path, name: str) -> UnderstudyError:
    return UnderstudyError(
        f"{folder / name} differs from what was published", hint="copy the release again from its source; a release must not be edited"
    )
