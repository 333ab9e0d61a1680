"""The command `store`: what is done with a whole store, which is to copy it from one engine to another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console

from understudy.flows.cli.beforehand import Means
from understudy.flows.cli.console import answer, then
from understudy.flows.cli.options import AsJson

if TYPE_CHECKING:
    from understudy.doors.copies import MovedFields


def store(
    *,
    action: Annotated[Literal["move"], typer.Argument(help="What is done: move.")],  # noqa: ARG001  another word is a usage error
    source: Annotated[Path, typer.Argument(help="Store that is copied; it stays as it is."), Means.COPIED_STORE],
    target: Annotated[Path, typer.Argument(help="Store that is made: a DuckDB file, or `ducklake:…`."), Means.MADE_STORE],
    as_json: AsJson = False,
) -> None:
    """Copy a store into another one, of whatever engine. Both have one digest then."""

    def work() -> MovedFields:
        from understudy.doors.copies import moved

        return moved(source, target)

    answer(work, page, as_json=as_json)


def page(console: Console, fields: MovedFields) -> None:
    """How many rows were copied, and the digest of both stores."""
    console.print(f"{fields['n_rows']} rows copied from {fields['source']} to {fields['target']}", markup=False, soft_wrap=True)
    console.print(f"both have the store digest {fields['store_digest']}", markup=False, soft_wrap=True)
    then(console, f"understudy status --store {fields['target']}")
