"""The commands `validate`, `publish` and `pull`: from a played batch to a training file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows import pages
from flows.console import Fields, answer
from flows.options import STORE, AsJson, EventsFile, Releases, StoreFile, text_of


def validate(
    batch: Annotated[str, typer.Option(help="The batch to judge.")],
    dataset: Annotated[str | None, typer.Option(help="Where two data sets have a batch of this name.")] = None,
    store: StoreFile = STORE,
    events: EventsFile = None,
    as_json: AsJson = False,
) -> None:
    """Hold a batch against the gates. Exit 3 when one fails."""

    def work() -> Fields:
        from flows import stages

        return stages.validate(batch, dataset=dataset, store=str(store))

    answer(work, pages.validate, as_json=as_json, events=events)


def publish(
    batch: Annotated[str, typer.Option(help="The batch to publish.")],
    name: Annotated[str, typer.Option(help="Name of the release.")],
    dataset: Annotated[str | None, typer.Option(help="Where two data sets have a batch of this name.")] = None,
    releases: Releases = None,
    store: StoreFile = STORE,
    events: EventsFile = None,
    as_json: AsJson = False,
) -> None:
    """Publish a batch that passed its gates."""

    def work() -> Fields:
        from flows import stages

        return stages.publish(batch, name=name, dataset=dataset, store=str(store), releases=text_of(releases))

    answer(work, pages.publish, as_json=as_json, events=events)


def pull(
    name: Annotated[str | None, typer.Argument(help="Name of the release; needed where there are several.")] = None,
    version: Annotated[int | None, typer.Option(help="Default: the newest.")] = None,
    form: Annotated[str, typer.Option("--as", help="Form of the examples.")] = "messages",
    out: Annotated[Path | None, typer.Option(help="File to write. Default: NAME-vN.FORM.jsonl here.")] = None,
    releases: Releases = None,
    store: StoreFile = STORE,
    as_json: AsJson = False,
) -> None:
    """Get a release as a training file. Reads published files, never the live store."""

    def work() -> Fields:
        from understudy.release import pull

        folder = releases or store.parent / "releases"
        return pull(folder, name, version=version, form=form, out=out)

    answer(work, pages.pull, as_json=as_json)
