"""A genome's prompt out of the store or a file, for use elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NotRequired, TypedDict

from understudy.doors import folders
from understudy.doors.reading_copy import SnapshotFields, readable
from understudy.doors.store import Store
from understudy.errors import BadInput
from understudy.play import portable
from understudy.prompt.genome import Genome
from understudy.prompt.template import Exemplar
from understudy.rows import humans, played

Fields = dict[str, Any]
_DIGEST = re.compile(r"[0-9a-f]{32}")


class ExportFields(TypedDict):
    """The fields of `understudy export`: the prompt itself under `content`, or its file under `path`.

    `snapshot` is None where nothing but a file, or the store itself, was read.
    """

    genome_digest: str
    form: str
    n_exemplars: int
    notes: list[str]
    snapshot: SnapshotFields | None
    content: NotRequired[str]
    path: NotRequired[str]


@dataclass(frozen=True, slots=True)
class _Read:
    """A genome with the examples that it shows, and the copy of a busy store that they were read from."""

    genome: Genome
    exemplars: Sequence[Exemplar]
    snapshot: SnapshotFields | None


def export_prompt(store_path: str, genome: str, *, form: str, out: str | None) -> ExportFields:
    """`genome_digest, form, notes`, and `path` or `content`. `genome` is a file or a digest in the store. Raises BadInput."""
    if form not in portable.FORMS:
        raise BadInput(f"there is no export form {form!r}", hint=f"name one of {', '.join(portable.FORMS)}")
    read = _read(Path(store_path), genome)
    content = (
        portable.as_text(read.genome, read.exemplars)
        if form == "text"
        else json.dumps(portable.as_chat(read.genome, read.exemplars), ensure_ascii=False, indent=2)
    )
    fields: ExportFields = {
        "genome_digest": read.genome.digest, "form": form, "n_exemplars": len(read.exemplars), "notes": portable.notes(read.genome),
        "snapshot": read.snapshot,
    }  # fmt: skip
    if out is None:
        return {**fields, "content": content}
    path = Path(out)
    folders.written(path.parent, {path.name: content + "\n"})
    return {**fields, "path": str(path)}


def _read(store_path: Path, name: str) -> _Read:
    """The genome in a file, or of a digest in the store, with its examples; of a busy store from the copy beside it. Raises BadInput."""
    of_file = None if _DIGEST.fullmatch(name) and not Path(name).exists() else _genome_in(Path(name))
    if of_file is not None and not of_file.exemplars:
        return _Read(of_file, (), None)
    with readable(store_path) as reading:
        genome = of_file or played.load_genome(reading.store, name)
        return _Read(genome, _exemplars(reading.store, genome), reading.snapshot)


def _genome_in(path: Path) -> Genome:
    try:
        return Genome.from_json(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError) as error:
        hint = "give the file that `understudy optimize` reports, or the digest (32 hex digits) of a genome in the store"
        raise BadInput(f"the genome {path} cannot be read: {error}", hint=hint) from error


def _exemplars(store: Store, genome: Genome) -> Sequence[Exemplar]:
    if not genome.exemplars:
        return ()
    for row in store.rows("ingest/datasets"):
        if not store.rows("profile/latest", dataset=row["dataset"]):
            continue
        known = humans.load_exemplars(store, humans.current_profile(store, row["dataset"]))
        if set(genome.exemplars) <= set(known):
            return [known[name] for name in genome.exemplars]
    raise BadInput("no data set of the store holds the examples of this genome", hint="give the --store in which the genome was made")
