"""The command `releases`: what has been published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

from understudy.addresses import place_of
from understudy.flows.cli.console import answer, then
from understudy.flows.cli.options import STORE, AsJson, ReleasesPlace, StoreFile
from understudy.flows.cli.tables import PageTable

if TYPE_CHECKING:
    from understudy.tasks.publish.listing import ReleasesFields


def releases(*, releases: ReleasesPlace = None, store: StoreFile = STORE, as_json: AsJson = False) -> None:
    """List the published releases from their catalogue, also while a night is at work."""

    def work() -> ReleasesFields:
        from understudy.flows import api

        return api.releases(releases or place_of(store).parent / "releases")

    answer(work, page, as_json=as_json)


def page(console: Console, fields: ReleasesFields) -> None:
    """A row for each version of a release."""
    table = PageTable("release", "version", "state", "dialogues", "engine", "licence", "digest", title="Releases", n_names=2)
    for one in fields["releases"]:
        state = f"{one['state']}: {one['retracted']}" if one["retracted"] else one["state"]
        cells = (one["name"], str(one["version"]), state, str(one["n_dialogues"]), one["engine"], one["licence"], one["digest"][:12])
        table.add_row(*cells)
    console.print(table)
    then(console, "understudy pull NAME" if fields["releases"] else "understudy nightly --dataset NAME --data PATH")
