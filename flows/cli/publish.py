"""The command `publish`: a batch that passed, as a release."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from understudy.errors import BadInput
from understudy.flows.cli.arguments import OutputArguments
from understudy.flows.cli.beforehand import Means
from understudy.flows.cli.console import answer, then
from understudy.flows.cli.model_arguments import CapArguments, ModelArguments
from understudy.flows.cli.options import RUN, STORE, Final, OfDataset, Releases, StoreFile, Surface, Tstr
from understudy.flows.cli.tables import PageTable
from understudy.parameters import RunOptions
from understudy.release import usefulness
from understudy.report.figures import NOT_MEASURED, figure

if TYPE_CHECKING:
    from understudy.tasks.publish.batch import PublishedRelease, ReleasedFigure, ReleaseFields
    from understudy.tasks.publish.usefulness import Usefulness


@dataclass(frozen=True, slots=True, kw_only=True)
class TermArguments:
    """Under what a release is published, and where else."""

    without_licence: Annotated[
        str | None,
        typer.Option(help="Reason for publishing although a source states no licence; it stands in the card. Default: it is refused."),
    ] = None
    to: Annotated[
        str | None,
        typer.Option(
            help="Place that gets the release too: a repository of the Hugging Face hub, hf:OWNER/NAME (a new one is private), or an "
            "address on an object store, s3://BUCKET/PREFIX."
        ),
    ] = None

    def __post_init__(self) -> None:
        """Raises BadInput for a reason without words, and for what is no place of releases, before anything is started."""
        self.waiver()
        if self.to is not None:
            from understudy.doors.hub_upload import HubPlace, require_client
            from understudy.doors.objects import ObjectShelf, is_address

            if is_address(self.to):
                ObjectShelf.at(self.to)
            else:
                HubPlace.of(self.to)
                require_client()

    def waiver(self) -> str:
        """The reason for which a source need not state a licence; empty where none is given. Raises BadInput for one without words."""
        if self.without_licence is not None and not self.without_licence.strip():
            raise BadInput("--without-licence is empty", hint="write the reason, which the card tells everybody")
        return (self.without_licence or "").strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class UsefulnessArguments:
    """Whether models learn from the release, on whom they are tested, and who plays the seed prompt for that."""

    tstr: Tstr = False
    final: Final = False
    surface: Surface = RUN.surface
    models: ModelArguments
    caps: CapArguments

    def __post_init__(self) -> None:
        """Raises BadInput where the split `test` is asked for without a measurement, before anything is started."""
        if self.final and not self.tstr:
            raise BadInput("--final measures on the split `test`, and nothing is measured without --tstr", hint="give --tstr too")

    def options(self, store: Path) -> RunOptions:
        """The options of the run that plays the seed prompt. Raises BadInput."""
        return RunOptions(store=store, surface=self.surface, models=self.models.models(), caps=self.caps.caps())


def publish(
    *,
    batch: Annotated[str, typer.Option(help="Name of the batch to publish."), Means.BATCH],
    name: Annotated[str, typer.Option(help="Name of the release."), Means.NEW_RELEASE],
    dataset: OfDataset = None,
    terms: TermArguments,
    measuring: UsefulnessArguments,
    releases: Releases = None,
    store: StoreFile = STORE,
    output: OutputArguments,
) -> None:
    """Publish a batch that has passed its gates as a release."""

    def work() -> ReleaseFields:
        from understudy.flows import api

        return api.publish(
            batch, name, dataset=dataset, releases=releases, without_licence=terms.waiver(), to=terms.to, tstr=measuring.tstr,
            final=measuring.final, store=store, options=measuring.options(store),
        )  # fmt: skip

    answer(work, page, as_json=output.as_json, events=output.events, verbose=output.verbose)


def page(console: Console, fields: ReleaseFields) -> None:
    """Where the release lies; nothing where a gate refused it."""
    if fields["release"] is not None:
        if "hub" in fields:
            hub = fields["hub"]
            private = " (new, and private until its owner says otherwise)" if hub["is_new"] else ""
            console.print(f"on the hub{private}: {hub['url']}, tag {hub['tag']}", markup=False, soft_wrap=True)
        if "stored" in fields:
            stored = fields["stored"]
            told = "" if stored["is_new"] else " (it was there)"
            console.print(f"on the object store{told}: {stored['address']}", markup=False, soft_wrap=True)
        released(console, fields["release"], fields["figures"], fields["tstr"])
    else:
        then(console, "understudy validate --batch NAME, to see each bound and by how much it was missed")


def released(console: Console, release: PublishedRelease, figures: dict[str, ReleasedFigure], tstr: Usefulness) -> None:
    """Where a release lies, the objectives of its batch and its usefulness as its card has them."""
    table = PageTable("objective", "value", "n", "floor", title="The released batch, as its card says (lower is better)")
    for name, one in figures.items():
        table.add_row(name, figure(one), str(one["n"]), figure(one["floor"]))
    console.print(table)
    learned(console, tstr)
    console.print(f"released {release['name']} version {release['version']}: {release['path']}", markup=False, soft_wrap=True)
    then(console, f"understudy pull {release['name']}")


def learned(console: Console, tstr: Usefulness) -> None:
    """What models learned from the release and from human dialogues, or that it is not measured."""
    if "trained_on" not in tstr:
        console.print(f"TSTR: {NOT_MEASURED}, since {tstr['reason']}", markup=False)
        return
    for title, rows in (("TSTR (higher is better)", usefulness.rows(tstr)), ("Less human dialogues", usefulness.differences(tstr))):
        table = PageTable("trained on", *usefulness.COLUMNS.values(), title=title)
        for row in rows:
            table.add_row(*row)
        console.print(table)
    for sentence in (usefulness.described(tstr), *usefulness.reasons(tstr), *usefulness.checks(tstr)):
        console.print(sentence, markup=False)
