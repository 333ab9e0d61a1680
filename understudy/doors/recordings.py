"""Folders of recordings: the ledger of a piece of work without its prompts, with which its tables are made again without a model.

`recording.json` says what was done and with what; each table of the ledger is a Parquet file beside it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NotRequired, TypedDict

import polars as pl

from understudy.doors import folders
from understudy.errors import BadInput

VERSION = 1
ABOUT = "recording.json"
TABLES = ("completions", "marks", "reservations", "settlements", "adaptations", "local_models", "machines", "failures")
"""The tables of the ledger that a recording holds; one without rows has no file."""


class PriceFields(TypedDict):
    """USD of a token of the prompt and of the reply, as they were known."""

    prompt: float
    reply: float


class RecordedModel(TypedDict):
    """A model by its name in keys, and the tokens of its context; `price` and `context` are null where they were not known."""

    name: str
    context: int | None
    price: PriceFields | None


class SourceFields(TypedDict):
    """Logs that the work was done on: the digest of their files, who read them, and their licence."""

    source_sha256: str
    reader: str
    licence: str


class LogFields(TypedDict):
    """Logs to be ingested, in this order: the reader, and where they lie in the folder with all logs.

    `dataset`: under which name, where it is another one than that of the recording.
    """

    reader: str
    path: str
    dataset: NotRequired[str]


class RepliesFields(TypedDict):
    """How many replies there are, and how many of them repeat the logs.

    `n_quoting`: with at least one stretch of eight words that stands in the logs. `n_copying`: with half of such stretches, which is what
    the objectives call copied.
    """

    n: int
    n_quoting: int
    n_copying: int


class AboutFields(TypedDict):
    """What a recording says of itself. `command`: the words of the command, `earlier`: those of the commands given to the store before it.

    `is_draft`: a call without a reply counts as missing.
    """

    version: int
    understudy: str
    python: str
    dataset: str
    logs: list[LogFields]
    sources: list[SourceFields]
    command: list[str]
    earlier: NotRequired[list[list[str]]]
    models: list[RecordedModel]
    replies: RepliesFields
    files: dict[str, str]
    is_draft: NotRequired[bool]


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording that was opened; its tables are read when they are asked for."""

    folder: Path
    about: AboutFields

    @property
    def is_draft(self) -> bool:
        """Whether it is being made, so that calls without a reply are looked for."""
        return self.about.get("is_draft", False)

    def table(self, name: str) -> pl.DataFrame | None:
        """The rows of one of TABLES; None where there are none. Raises BadInput for a file that is not the one that was written."""
        file = f"{name}.parquet"
        if file not in self.about["files"]:
            return None
        path = self.folder / file
        if not path.is_file() or sha256_of(path) != self.about["files"][file]:
            raise BadInput(f"{path} is not the file that {ABOUT} lists", hint="check out the recording again")
        return pl.read_parquet(path)


def opened(folder: Path) -> Recording:
    """The recording in a folder. Raises BadInput where there is none, or one of another version."""
    path = folder / ABOUT
    try:
        about = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(f"{folder} holds no recording: {path} cannot be read", hint="name a folder with a recording.json") from error
    if about.get("version") != VERSION:
        raise BadInput(f"{path} is of version {about.get('version')!r}, and {VERSION} is expected", hint="use the program that made it")
    return Recording(folder, about)


def written(folder: Path, about: AboutFields, tables: Mapping[str, pl.DataFrame]) -> Recording:
    """The recording that was written: its tables, then what it says of itself with their digests."""
    folders.made(folder)
    files: dict[str, str] = {}
    for name, frame in tables.items():
        path = folder / f"{name}.parquet"
        folders.removed(path)
        if not frame.is_empty():
            frame.write_parquet(path, compression="zstd", compression_level=19, statistics=False)
            files[path.name] = sha256_of(path)
    whole: AboutFields = {**about, "files": files}
    folders.written(folder, {ABOUT: json.dumps(whole, indent=2, ensure_ascii=False) + "\n"})
    return Recording(folder, whole)


def sha256_of(path: Path) -> str:
    """64 hex digits of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
