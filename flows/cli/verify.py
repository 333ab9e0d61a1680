"""The command `verify`: whether published releases are what was published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from understudy.addresses import place_of
from understudy.flows.cli.console import answer, then
from understudy.flows.cli.options import STORE, AsJson, ReleasesPlace, StoreFile
from understudy.flows.cli.tables import PageTable

if TYPE_CHECKING:
    from understudy.release.verifying import VerifyFields


def verify(
    *,
    name: Annotated[str | None, typer.Argument(help="Name of the release. Default: all releases of the folder.")] = None,
    version: Annotated[int | None, typer.Option(help="Version of the release. Default: all versions.")] = None,
    digest: Annotated[str | None, typer.Option(help="Digest that the release must have, as it was told when it was published.")] = None,
    releases: ReleasesPlace = None,
    store: StoreFile = STORE,
    as_json: AsJson = False,
) -> None:
    """Check releases file by file against their manifests and digests. The exit code is 3 if anything differs."""

    def work() -> VerifyFields:
        from understudy.flows import api

        return api.verify(name, version=version, digest=digest, releases=releases or place_of(store).parent / "releases")

    answer(work, page, as_json=as_json)


def page(console: Console, fields: VerifyFields) -> None:
    """A row for each version, then every mismatch."""
    table = PageTable("release", "version", "files", "digest", "mismatches", title="Releases", n_names=2)
    for one in fields["releases"]:
        differs = [each for each in fields["mismatches"] if (each["release"], each["version"]) == (one["name"], one["version"])]
        table.add_row(one["name"], str(one["version"]), str(one["n_files"]), one["digest"], str(len(differs)))
    console.print(table)
    for each in fields["mismatches"]:
        console.print(f"{each['release']} v{each['version']}: {each['file']} {each['reason']}", markup=False)
    for note in fields["notes"]:
        console.print(f"note: {note}", markup=False)
    then(console, "copy the releases that differ again from their source" if fields["mismatches"] else "understudy pull NAME")
