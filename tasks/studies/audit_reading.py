"""Somebody's simulated dialogues, read from a file that is never kept as human logs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from understudy import readers
from understudy.doors import files
from understudy.errors import BadInput
from understudy.ingest import personal
from understudy.measure.frequent import without_turns
from understudy.readers import Options
from understudy.records import Dialogue, Item, Reject
from understudy.studies.audit.sources import AuditedFile


@dataclass(frozen=True, slots=True)
class Read:
    """What a file holds."""

    file: AuditedFile
    dialogues: list[Dialogue]
    items: list[Item]
    rejects: Counter[str]
    sha256: str
    files: readers.FoundFiles
    n_dropped: Mapping[str, int]


def read_simulated(file: AuditedFile, options: Options, *, drop: Sequence[str] = ()) -> Read:
    """The dialogues of a file, personal data masked as in human logs, without the seeker's turns that a pattern of `drop` matches.

    Raises BadInput where there are none, with the first reason.
    """
    module = readers.load(file.reader)
    found = readers.files_of(file.reader, [file.path], fields=options.fields)
    dialogues: list[Dialogue] = []
    items: list[Item] = []
    rejects: Counter[str] = Counter()
    for record in module.read(found.read, options):
        if isinstance(record, Dialogue):
            dialogues.append(record)
        elif isinstance(record, Item):
            items.append(record)
        elif isinstance(record, Reject):
            rejects[record.reason] += 1
    dropped = without_turns(_masked(dialogues), drop)
    spoken = [one for one in dropped.dialogues if any(turn.role == "seeker" and turn.text for turn in one.turns)]
    rejects["the seeker says nothing in the dialogue"] += len(dialogues) - len(spoken)
    if not spoken:
        why = f": {rejects.most_common(1)[0][0]}" if rejects.total() else ""
        raise BadInput(
            f"{file.path} holds no dialogue that can be measured{why}", hint="give dialogues in which a seeker talks to a recommender"
        )
    return Read(file, spoken, items, +rejects, files.sha256(found.read), found, dropped.n_by_pattern)


def _masked(dialogues: Sequence[Dialogue]) -> list[Dialogue]:
    texts = iter(personal.masked(pl.Series([turn.text for one in dialogues for turn in one.turns], dtype=pl.String)).to_list())
    return [replace(one, turns=tuple(replace(turn, text=next(texts)) for turn in one.turns)) for one in dialogues]
