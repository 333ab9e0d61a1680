"""A genome's prompt out of the store or a file, for use elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NotRequired, TypedDict

from understudy.doors import folders
from understudy.doors.store import Store
from understudy.errors import BadInput
from understudy.play import portable
from understudy.prompt.genome import Genome
from understudy.prompt.template import Exemplar
from understudy.rows import humans, played

Fields = dict[str, Any]
_DIGEST = re.compile(r"[0-9a-f]{32}")


class ExportFields(TypedDict):
    """The fields of `understudy export`: the prompt itself under `content`, or its file under `path`."""

    genome_digest: str
    form: str
    n_exemplars: int
    notes: list[str]
    content: NotRequired[str]
    path: NotRequired[str]


def export_prompt(store_path: str, genome: str, *, form: str, out: str | None) -> ExportFields:
    """`genome_digest, form, notes`, and `path` or `content`. `genome` is a file or a digest in the store. Raises BadInput."""
    if form not in portable.FORMS:
        raise BadInput(f"there is no export form {form!r}", hint=f"name one of {', '.join(portable.FORMS)}")
    read = genome_of(store_path, genome)
    exemplars = _exemplars(store_path, read)
    content = (
        portable.as_text(read, exemplars)
        if form == "text"
        else json.dumps(portable.as_chat(read, exemplars), ensure_ascii=False, indent=2)
    )
    fields: ExportFields = {"genome_digest": read.digest, "form": form, "n_exemplars": len(exemplars), "notes": portable.notes(read)}
    if out is None:
        return {**fields, "content": content}
    path = Path(out)
    folders.written(path.parent, {path.name: content + "\n"})
    return {**fields, "path": str(path)}


def genome_of(store_path: str, name: str) -> Genome:
    """The genome in a file, or of a digest in the store. Raises BadInput."""
    path = Path(name)
    if _DIGEST.fullmatch(name) and not path.exists():
        with Store.open(store_path, read_only=True) as store:
            return played.load_genome(store, name)
    try:
        return Genome.from_json(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError) as error:
        hint = "give the file that `understudy optimize` reports, or the digest (32 hex digits) of a genome in the store"
        raise BadInput(f"the genome {name} cannot be read: {error}", hint=hint) from error


def _exemplars(store_path: str, genome: Genome) -> Sequence[Exemplar]:
    if not genome.exemplars:
        return ()
    with Store.open(store_path, read_only=True) as store:
        for row in store.rows("ingest/datasets"):
            if not store.rows("profile/latest", dataset=row["dataset"]):
                continue
            known = humans.load_exemplars(store, humans.current_profile(store, row["dataset"]))
            if set(genome.exemplars) <= set(known):
                return [known[name] for name in genome.exemplars]
    raise BadInput("no data set of the store holds the examples of this genome", hint="give the --store in which the genome was made")
