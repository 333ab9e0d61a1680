"""The recording of a piece of work: the ledger of its store without the text of the logs, and what plays it again."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from understudy import __version__
from understudy.completion import ROLES
from understudy.doors import folders, recordings
from understudy.doors.gateway import lengths
from understudy.doors.gateway.caller import GatewayConfig
from understudy.doors.gateway.llm import known_price
from understudy.doors.local.naming import is_local
from understudy.doors.recordings import AboutFields, LogFields, PriceFields, RecordedModel, Recording, RepliesFields, SourceFields
from understudy.doors.store import Store
from understudy.instruments.copying import CONTAINMENT
from understudy.instruments.quoting import pieces_of, quoted_places, windows_of
from understudy.instruments.text import Titles
from understudy.parameters import Models
from understudy.release.licences import of_models
from understudy.tasks.play.opened import EMBEDDED, OpenRun
from understudy.tasks.play.recorded import PIECES, pieces_as_json

LICENCES = "LICENCES.md"
_QUERIES = {
    **{name: f"recorded_{name}" for name in ("marks", "reservations", "settlements", "adaptations", "local_models")},
    "machines": "machines", "failures": "failures",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RecordedWork:
    """What was done: the words of the command, the logs that were ingested before it, and the commands that the store was given earlier."""

    command: tuple[str, ...]
    logs: tuple[LogFields, ...]
    earlier: tuple[tuple[str, ...], ...] = ()


def recorded(opened: OpenRun, work: RecordedWork, folder: Path, *, is_draft: bool) -> Recording:
    """The recording of a store's ledger in a folder, with its licences beside it. Replies that repeat the logs are kept as places."""
    completions, replies = without_logs(opened.store, opened.dataset, Titles.of(opened.humans.items))
    tables = {name: opened.store.frame(f"play/{_QUERIES[name]}") for name in recordings.TABLES if name != "completions"}
    about: AboutFields = {
        "version": recordings.VERSION, "understudy": __version__, "python": platform.python_version(), "dataset": opened.dataset,
        "logs": list(work.logs), "sources": _sources(opened.store, opened.dataset), "command": list(work.command),
        "models": models_of(opened), "replies": replies, "files": {}, "is_draft": is_draft,
    }  # fmt: skip
    if work.earlier:
        about["earlier"] = [list(one) for one in work.earlier]
    made = recordings.written(folder, about, {"completions": completions, **tables})
    folders.written(folder, {LICENCES: told_licences(made)})
    return made


def models_of(opened: OpenRun) -> list[RecordedModel]:
    """The models of the run's roles as they stand in keys, with the price and the context that decided about their calls."""
    config = GatewayConfig.of(opened.options.models, opened.options.caps)
    names = sorted({lengths.bare(opened.cast_of(role)) for role in ROLES})
    found: list[RecordedModel] = []
    for name in names:
        price = None if name.startswith(EMBEDDED) else known_price(config, name)
        told: PriceFields | None = None if price is None else {"prompt": price.prompt, "reply": price.reply}
        found.append({"name": name, "context": opened.gateway.context_of(name), "price": told})
    return found


def named_in(command: Sequence[str], models: Models, opened: OpenRun) -> tuple[str, ...]:
    """The words of a command with each local model by its name in keys, which needs no file."""
    asked = {written: lengths.bare(opened.cast_of(role)) for role in ROLES if is_local(written := models.of(role))}
    parts = [word.partition("=") for word in command]
    return tuple(asked.get(word, word) if not equals else f"{word}={asked.get(value, value)}" for word, equals, value in parts)


def without_logs(store: Store, dataset: str, titles: Titles) -> tuple[pl.DataFrame, RepliesFields]:
    """The replies of the ledger, those that repeat the logs as pieces; and how many do."""
    completions = store.frame("play/recorded_completions")
    turns = store.frame("ingest/turns", dataset=dataset).select("dialogue_id", "turn_index", "text")
    texts = completions["text"].to_list()
    places, windows = quoted_places(texts, turns, titles), windows_of(texts, titles)
    said = {(dialogue, turn): text for dialogue, turn, text in turns.iter_rows()}
    cut = [pieces_of(text, found, places, said, titles) for text, found in zip(texts, windows, strict=True)]
    n_copying = sum(sum(one in places for one in found) >= CONTAINMENT * len(found) for found in windows if found)
    kept = completions.with_columns(
        pl.Series("text", [None if pieces else text for pieces, text in zip(cut, texts, strict=True)], dtype=pl.String),
        pl.Series(PIECES, [pieces_as_json(pieces) if pieces else None for pieces in cut], dtype=pl.String),
    )
    return kept, {"n": len(texts), "n_quoting": sum(pieces is not None for pieces in cut), "n_copying": n_copying}


def told_licences(recording: Recording) -> str:
    """The page with the licences of what the recording was made from, and how many of its replies repeat the logs."""
    about, local = recording.about, recording.table("local_models")
    engines = [] if (replies := recording.table("completions")) is None else sorted(set(replies["engine"]))
    models = of_models(engines, [] if local is None else local.to_dicts())
    sources = [f"| {one['reader']} | logs, SHA-256 `{one['source_sha256']}` | {one['licence']} |" for one in about["sources"]]
    played = [f"| {one['model']} | model | {one['licence'] or 'not known'} {one['terms']} |" for one in models]
    counted = about["replies"]
    return f"""# What this recording was made from

| name | what it is | licence |
|---|---|---|
{chr(10).join([*sources, *played])}

It holds {counted['n']:,} replies of models, no prompt and no text of the logs. {counted['n_quoting']:,} replies repeat at least one stretch
of eight words of the logs; {counted['n_copying']:,} of them do so with half of their stretches, which the objectives call copied. In all
of these what stands in the logs is kept as a place (dialogue, turn, first character, length), so that they are whole only beside the logs.
"""


def _sources(store: Store, dataset: str) -> list[SourceFields]:
    rows = store.rows("ingest/sources_of", dataset=dataset)
    return [{"source_sha256": row["source_sha256"], "reader": row["reader"], "licence": row["licence"]} for row in rows]
