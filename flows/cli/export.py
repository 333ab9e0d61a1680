"""The command `export`: a genome's prompt for use elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from understudy.flows.cli.beforehand import Means
from understudy.flows.cli.console import answer, snapshot_read, then
from understudy.flows.cli.options import STORE, AsJson, StoreFile, text_of

if TYPE_CHECKING:
    from understudy.tasks.optimize.export import ExportFields


def export(
    *,
    genome: Annotated[str, typer.Argument(help="Genome file, or the digest of a genome in the store.")],
    form: Annotated[
        str, typer.Option("--as", help="`text` or `chat` (JSON messages). Both contain the placeholders {need} and {history}.")
    ] = "text",
    out: Annotated[Path | None, typer.Option(help="File to write. Default: standard output."), Means.OUTPUT] = None,
    store: StoreFile = STORE,
    as_json: AsJson = False,
) -> None:
    """Export the prompt of a genome as plain text or as a chat template, for use in other programs."""

    def work() -> ExportFields:
        from understudy.tasks.optimize.export import export_prompt

        return export_prompt(str(store), genome, form=form, out=text_of(out))

    answer(work, page, as_json=as_json)


def page(console: Console, fields: ExportFields) -> None:
    """The prompt itself, or where it lies; then what the template alone does not do."""
    if "content" in fields:
        # as it stands: no markup, no wrapping, and nothing else beside it
        snapshot_read(Console(stderr=True, highlight=False), fields["snapshot"])
        console.out(fields["content"], highlight=False)
        return
    snapshot_read(console, fields["snapshot"])
    console.print(f"{fields['form']} of genome {fields['genome_digest']}: {fields['path']}", markup=False)
    for note in fields["notes"]:
        console.print(f"  note: {note}", markup=False)
    then(console, "use it in a program of your own, which has to do what the notes say")
