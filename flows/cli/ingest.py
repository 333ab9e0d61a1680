"""The command `ingest`: human logs into the store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from understudy.flows.cli.arguments import LayoutArguments, LimitArguments, OutputArguments
from understudy.flows.cli.beforehand import Means
from understudy.flows.cli.console import answer, then
from understudy.flows.cli.files import print_files
from understudy.flows.cli.options import STORE, StoreFile

if TYPE_CHECKING:
    from understudy.tasks.ingest.logs import IngestFields


def ingest(
    *,
    reader: Annotated[str, typer.Argument(help="Name of the reader for the format of the logs.")],
    paths: Annotated[list[Path], typer.Argument(help="Files, or the folder of the data set in its original layout."), Means.INPUT],
    dataset: Annotated[
        str | None, typer.Option(help="Name of the data set in the store. Default: the reader's name."), Means.NEW_DATASET
    ] = None,
    split: Annotated[str | None, typer.Option(help="Official split of the files, if their names do not state it.")] = None,
    layout: LayoutArguments,
    reading: LimitArguments,
    store: StoreFile = STORE,
    output: OutputArguments,
) -> None:
    """Read human dialogues into the store."""

    def work() -> IngestFields:
        from understudy.flows import api

        return api.ingest_logs(reader, paths, dataset=dataset, split=split, layout=layout.options(), limits=reading.limits(), store=store)

    answer(work, page, as_json=output.as_json, events=output.events, verbose=output.verbose)


def page(console: Console, fields: IngestFields) -> None:
    """Counts of what was read, and why records were rejected."""
    console.print(
        f"{fields['dataset']}: {fields['n_dialogues']} new dialogues, {fields['n_duplicates']} duplicates, "
        f"{fields['n_attached']} annotations, {fields['n_rejects']} rejected; {fields['n_turns']} turns, {fields['n_messages']} messages"
    )
    print_files(console, fields)
    if fields["n_normalised"]:
        console.print(f"  {fields['n_normalised']} characters were replaced or removed, since they cannot be stored or shown")
    for reason, n in fields["rejects_by_reason"].items():
        console.print(f"  rejected {n}: {reason}", markup=False)
    then(console, f"understudy profile --dataset {fields['dataset']}")
