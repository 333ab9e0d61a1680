"""The command `pull`: the examples of a release in one of its forms, as a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from understudy.addresses import place_of
from understudy.flows.cli.beforehand import Means
from understudy.flows.cli.console import answer, then
from understudy.flows.cli.options import STORE, AsJson, ReleasesPlace, StoreFile

if TYPE_CHECKING:
    from understudy.release.pulling import PullFields


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleArguments:
    """Which examples of a release are wanted, and in which form."""

    form: Annotated[
        str,
        typer.Option(
            "--as", help="Form: messages, sharegpt, preference, redial, crslab, dialoguekit, rows (one turn a line) or parquet."
        ),
    ] = "messages"
    split: Annotated[str | None, typer.Option(help="Part of the release: train or validation. Default: both.")] = None
    where: Annotated[
        list[str] | None,
        typer.Option(help="FIELD=VALUE of the dialogues wanted; repeatable. All fields must agree, each with one of its values."),
    ] = None
    seeker_view: Annotated[
        bool, typer.Option("--seeker-view", help="Make the seeker the assistant, to train seekers (messages and sharegpt).")
    ] = False

    def __post_init__(self) -> None:
        """Raises BadInput for filters that cannot be used, before anything is read."""
        self.fields()

    def fields(self) -> dict[str, tuple[str, ...]]:
        """Field → the values that it may have. Raises BadInput."""
        if not self.where:
            return {}
        from understudy.release.selection import fields_of

        return fields_of(self.where)


def pull(
    *,
    name: Annotated[str | None, typer.Argument(help="Name of the release; required if there are several.")] = None,
    version: Annotated[int | None, typer.Option(help="Version of the release. Default: the newest that was not retracted.")] = None,
    examples: ExampleArguments,
    retracted: Annotated[bool, typer.Option("--retracted", help="Also pull a version that was retracted.")] = False,
    out: Annotated[Path | None, typer.Option(help="File to write. Default: NAME-vN.FORM in the current folder."), Means.OUTPUT] = None,
    releases: ReleasesPlace = None,
    store: StoreFile = STORE,
    as_json: AsJson = False,
) -> None:
    """Write the examples of a release in one of its forms. Only published files are read, never the store."""

    def work() -> PullFields:
        from understudy.flows import api

        return api.pull(
            name, to=out, form=examples.form, version=version, split=examples.split, where=examples.fields(),
            seeker_view=examples.seeker_view, retracted=retracted, releases=releases or place_of(store).parent / "releases",
        )  # fmt: skip

    answer(work, page, as_json=as_json)


def page(console: Console, fields: PullFields) -> None:
    """Where the file lies, and that its release was retracted where it was."""
    of = f" of {fields['n_dialogues']} dialogues"
    console.print(f"{fields['n_examples']} examples{of} as {fields['form']}: {fields['path']}", markup=False, soft_wrap=True)
    if fields["retracted"]:
        console.print(f"version {fields['version']} was retracted: {fields['retracted']}", markup=False, soft_wrap=True)
    then(console, f"train on {fields['path']}; understudy verify {fields['name']} shows that its release is what was published")
