"""A training file, taken from a published release."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict

from understudy.doors import releases as shelf
from understudy.errors import BadInput
from understudy.plugins import names
from understudy.release.verification import verify


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
