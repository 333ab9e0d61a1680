"""The files of an audit: which reader each has, and a name that tells it apart from the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from understudy.errors import BadInput


@dataclass(frozen=True, slots=True)
class AuditedFile:
    """A file of simulated dialogues. `name` tells it apart from the others of the same audit."""

    name: str
    path: str
    reader: str


def audited_files(paths: Sequence[str], given: Sequence[str]) -> list[AuditedFile]:
    """The files with their names and readers: one reader for all, or one for each in their order. Raises BadInput."""
    if len(given) not in (1, len(paths)):
        raise BadInput(
            f"{len(given)} readers are named for {len(paths)} files",
            hint="give --reader once for all files, or once for each --simulated in the same order",
        )
    if len(set(map(_resolved, paths))) < len(paths):
        raise BadInput("a file is given twice with --simulated", hint="give each file once")
    each = list(given) if len(given) == len(paths) else [given[0]] * len(paths)
    return [AuditedFile(*told) for told in zip(_names(paths), paths, each, strict=True)]


def _names(paths: Sequence[str]) -> list[str]:
    """The last part of each path without its suffixes, with as many folders before it as tell all of them apart."""
    parts = [_resolved(path).parts for path in paths]
    for n in range(1, max(map(len, parts)) + 1):
        found = ["/".join((*one[-n:-1], one[-1].partition(".")[0] or one[-1])) for one in parts]
        if len(set(found)) == len(found):
            return found
    return [str(_resolved(path)) for path in paths]


def _resolved(path: str) -> Path:
    return Path(path).resolve()
