"""The command `publish`: a batch that passed, as a release."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from understudy.flows.cli.arguments import OutputArguments
from understudy.flows.cli.beforehand import Means
from understudy.flows.cli.console import answer, then
from understudy.flows.cli.options import STORE, OfDataset, Releases, StoreFile, text_of
from understudy.flows.cli.tables import PageTable
from understudy.report.figures import figure

if TYPE_CHECKING:
    from understudy.tasks.publish.batch import PublishedRelease, ReleasedFigure, ReleaseFields


def publish(
    *,
    batch: Annotated[str, typer.Option(help="Name of the batch to publish."), Means.BATCH],
    name: Annotated[str, typer.Option(help="Name of the release."), Means.NEW_RELEASE],
    dataset: OfDataset = None,
    releases: Releases = None,
    store: StoreFile = STORE,
    output: OutputArguments,
) -> None:
    """Publish a batch that has passed its gates as a release."""

    def work() -> ReleaseFields:
        from understudy.flows import stages
        from understudy.flows.cli import running

        return running.run(stages.publish, batch, name=name, dataset=dataset, store=store, releases=text_of(releases))

    answer(work, page, as_json=output.as_json, events=output.events, verbose=output.verbose)


def page(console: Console, fields: ReleaseFields) -> None:
    """Where the release lies; nothing where a gate refused it."""
    if fields["release"] is not None:
        released(console, fields["release"], fields["figures"])
    else:
        then(console, "understudy validate --batch NAME, to see each bound and by how much it was missed")


def released(console: Console, release: PublishedRelease, figures: dict[str, ReleasedFigure]) -> None:
    """Where a release lies, and the objectives of its batch as its card has them."""
    table = PageTable("objective", "value", "n", "floor", title="The released batch, as its card says (lower is better)")
    for name, one in figures.items():
        table.add_row(name, figure(one), str(one["n"]), figure(one["floor"]))
    console.print(table)
    console.print(f"released {release['name']} version {release['version']}: {release['path']}", markup=False, soft_wrap=True)
    then(console, f"understudy pull {release['name']}")
