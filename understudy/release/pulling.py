"""Training data, taken from a published release in one of the forms of `understudy/exports/`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict, cast

import polars as pl

from understudy.doors import catalogue
from understudy.doors import releases as shelf
from understudy.errors import BadInput
from understudy.exports import Export, FrameExport, Released, RowExport
from understudy.keys import json_line
from understudy.plugins import load, names
from understudy.release import selection
from understudy.release.layout import UNBOUND, layout_of
from understudy.release.release import Manifest
from understudy.release.selection import Wanted
from understudy.release.verification import verify

EVERYTHING = Wanted()


class PullFields(TypedDict):
    """The fields of `understudy pull`. `retracted`: the reason for which the version was retracted, None where it was not."""

    name: str
    version: int
    engine: str
    licence: str
    n_examples: int
    n_dialogues: int
    digest: str
    path: str
    form: str
    split: str | None
    where: dict[str, list[str]]
    retracted: str | None


@dataclass(frozen=True, slots=True)
class Pulled:
    """The dialogues of a release that are wanted, before they have a form. `n_dialogues` is at least 1."""

    manifest: Manifest
    released: Released
    wanted: Wanted
    n_dialogues: int
    retracted: str | None

    @property
    def export(self) -> Export:
        """The module of the form."""
        return cast(Export, load("exports", self.wanted.form))

    @property
    def is_text(self) -> bool:
        """Whether the form is text, and no table."""
        return hasattr(self.export, "rows")

    def frame(self) -> pl.DataFrame:
        """The examples as a table. Raises BadInput for a form that no table can hold."""
        if not self.is_text:
            return cast(FrameExport, self.export).frame(self.released).collect()
        export = cast(RowExport, self.export)
        if export.SCHEMA is None:
            raise BadInput(f"the form {self.wanted.form} is no table", hint="pull it into a file, or pull another form")
        return pl.DataFrame(list(export.rows(self.released, self.wanted.options)), schema=export.SCHEMA, orient="row")

    def write(self, out: Path | None = None) -> PullFields:
        """The fields of `understudy pull`, once the examples stand in the file; it appears whole or not at all."""
        target = out if out is not None else Path(self._named())
        if self.is_text:
            export = cast(RowExport, self.export)
            counted = _Counted(export.rows(self.released, self.wanted.options))
            shelf.write_lines(target, _lines(counted) if export.SUFFIX == "jsonl" else _listed(counted))
            n = counted.n
        else:
            n = shelf.write_table(target, cast(FrameExport, self.export).frame(self.released))
        one, wanted = self.manifest, self.wanted
        return {
            "name": one["name"], "version": one["version"], "engine": one["engine"], "licence": one["licence"], "n_examples": n,
            "n_dialogues": self.n_dialogues, "digest": one["digest"], "path": str(target), "form": wanted.form, "split": wanted.split,
            "where": {name: list(values) for name, values in wanted.where.items()}, "retracted": self.retracted,
        }  # fmt: skip

    def _named(self) -> str:
        """The name of the file where none is given."""
        wanted = self.wanted
        form = "" if wanted.form == self.export.SUFFIX else f".{wanted.form}"
        view = ".seeker" if wanted.options.seeker_view else ""
        part = f".{wanted.split}" if wanted.split else ""
        return f"{self.manifest['name']}-v{self.manifest['version']}{form}{view}{part}.{self.export.SUFFIX}"


def pull(
    releases_dir: Path | str, name: str | None = None, *, version: int | None = None, wanted: Wanted = EVERYTHING, retracted: bool = False
) -> Pulled:
    """The dialogues of a release that are wanted, taken from published files alone, which are verified first.

    Each file is held against its digest and that against the digest of the release. Raises BadInput for a release, version, form,
    split or field that is not there, for a version that was retracted unless `retracted` allows it, and where no dialogue is wanted;
    UnderstudyError for files that are not what was published.
    """
    if wanted.form not in names("exports"):
        raise BadInput(f"there is no export form {wanted.form!r}", hint=f"name one of {', '.join(names('exports'))}")
    shelf_dir = Path(releases_dir)
    gone = catalogue.retractions(shelf_dir)
    folder = shelf.find(shelf_dir, name, version, beside=set() if retracted else set(gone))
    why = gone.get((folder.parent.name, int(folder.name[1:])))
    manifest = verify(folder, rows=False)
    if manifest["format"] == UNBOUND:
        # its digest binds the rows and not the files
        verify(folder)
    released = selection.read(folder, layout_of(manifest))
    export = cast(Export, load("exports", wanted.form))
    selection.require_form(export, wanted, released, release=f"{manifest['name']} version {manifest['version']}")
    chosen = selection.selected(released, wanted)
    n = int(chosen.dialogues.select(pl.len()).collect().item())
    if not n:
        told = ", ".join(f"{field} {' or '.join(values)}" for field, values in wanted.conditions().items())
        release = f"{manifest['name']} version {manifest['version']}"
        raise BadInput(f"no dialogue of {release} has {told}", hint="ask for less, or for other values")
    return Pulled(manifest, chosen, wanted, n, why)


class _Counted:
    """The rows of a form, counted as they pass."""

    def __init__(self, rows: Iterable[dict[str, Any]]) -> None:
        self._rows, self.n = rows, 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for row in self._rows:
            self.n += 1
            yield row


def _lines(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    return (f"{json_line(row)}\n" for row in rows)


def _listed(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """One JSON list, an element a line."""
    yield "["
    for at, row in enumerate(rows):
        yield f"{',' if at else ''}\n{json.dumps(row, ensure_ascii=False)}"
    yield "\n]\n"
