"""The command `pull`: a release as a training file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from understudy.flows.cli.beforehand import Means
from understudy.flows.cli.console import answer, then
from understudy.flows.cli.options import STORE, AsJson, Releases, StoreFile

if TYPE_CHECKING:
    from understudy.release.pulling import PullFields


def pull(
    *,
    name: Annotated[str | None, typer.Argument(help="Name of the release; required if there are several.")] = None,
    version: Annotated[int | None, typer.Option(help="Version of the release. Default: the newest.")] = None,
    form: Annotated[str, typer.Option("--as", help="Form of the training examples.")] = "messages",
    out: Annotated[
        Path | None, typer.Option(help="File to write. Default: NAME-vN.FORM.jsonl in the current folder."), Means.OUTPUT
    ] = None,
    releases: Releases = None,
    store: StoreFile = STORE,
    as_json: AsJson = False,
) -> None:
    """Write the training file of a release. Only published files are read, never the store."""

    def work() -> PullFields:
        from understudy.release.pulling import pull

        folder = releases or store.parent / "releases"
        return pull(folder, name, version=version, form=form, out=out)

    answer(work, page, as_json=as_json)


def page(console: Console, fields: PullFields) -> None:
    """Where the training file lies."""
    console.print(f"{fields['n_examples']} examples as {fields['form']}: {fields['path']}", markup=False, soft_wrap=True)
    then(console, f"train on {fields['path']}; understudy verify {fields['name']} shows that its release is what was published")
