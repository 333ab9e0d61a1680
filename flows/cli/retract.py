"""The command `retract`: a release that is found to be wrong is marked, and stays where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from understudy.flows.cli.console import answer, then
from understudy.flows.cli.options import STORE, AsJson, Releases, StoreFile

if TYPE_CHECKING:
    from understudy.tasks.publish.retracting import RetractFields


def retract(
    *,
    name: Annotated[str, typer.Argument(help="Name of the release.")],
    why: Annotated[str, typer.Option(help="Reason, which everybody who lists or pulls the release is told.")],
    version: Annotated[int | None, typer.Option(help="Version of the release. Default: all versions.")] = None,
    releases: Releases = None,
    store: StoreFile = STORE,
    as_json: AsJson = False,
) -> None:
    """Mark a release as retracted. Nothing is deleted; `pull` then needs --retracted."""

    def work() -> RetractFields:
        from understudy.flows import api

        return api.retract(name, why=why, version=version, releases=releases, store=store)

    answer(work, page, as_json=as_json)


def page(console: Console, fields: RetractFields) -> None:
    """What is retracted, and why."""
    for one in fields["retracted"]:
        console.print(f"{one['name']} version {one['version']} is retracted: {one['reason']}", markup=False, soft_wrap=True)
    then(console, "understudy releases")
