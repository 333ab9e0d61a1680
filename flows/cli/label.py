"""The command `label`: a blind sheet out, or labels in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from understudy.errors import BadInput
from understudy.flows.cli.beforehand import Means
from understudy.flows.cli.console import answer, then
from understudy.flows.cli.options import RUN, STORE, AsJson, Dataset, Seed, StoreFile
from understudy.flows.cli.tables import PageTable
from understudy.report.figures import figure

if TYPE_CHECKING:
    from understudy.tasks.profile.results import LabelsFields, SheetFields


def label(
    *,
    dataset: Dataset,
    out: Annotated[Path | None, typer.Option(help="File for a blind labelling sheet (CSV)."), Means.OUTPUT] = None,
    labels: Annotated[
        list[Path] | None,
        typer.Option(help="Filled-in sheet to read. Repeat the option for each annotator; the file name names the annotator."),
        Means.INPUT,
    ] = None,
    n: Annotated[int, typer.Option(min=1, help="Number of rows of the sheet.")] = 200,
    engine: Annotated[
        str | None,
        typer.Option(help="Engine whose turns are labelled beside human ones; `human` takes human turns alone. Default: all engines."),
    ] = None,
    store: StoreFile = STORE,
    seed: Seed = RUN.seed,
    as_json: AsJson = False,
) -> None:
    """Write a blind labelling sheet, or read filled-in sheets and measure the instruments with them."""

    def work() -> SheetFields | LabelsFields:
        from understudy.tasks.profile import labelling

        if (out is None) == (not labels):
            raise BadInput(
                "exactly one of --out FILE and --labels FILE is expected",
                hint="use --out to write a sheet, or --labels to read filled-in ones",
            )
        if out is not None:
            return labelling.write_sheet(str(store), dataset, str(out), n=n, engine=engine, seed=seed)
        return labelling.read_labels(str(store), dataset, [str(path) for path in labels or ()], seed=seed)

    answer(work, page, as_json=as_json)


def page(console: Console, fields: SheetFields | LabelsFields) -> None:
    """Where the sheet lies, or how far annotators agree and which registers are measured."""
    if "path" in fields:
        console.print(f"{fields['n_rows']} rows to label: {fields['path']}", markup=False)
        then(console, f"understudy label --dataset {fields['dataset']} --labels {fields['path']}, once the columns are filled in")
        return
    console.print(f"{fields['n_labels']} labels of {fields['n_annotators']} annotators, {fields['n_new']} of them new")
    for name, alpha in fields["alpha"].items():
        console.print(f"  Krippendorff's alpha, {name}: {figure(alpha)}", markup=False)
    table = PageTable("instrument", "register", "turns", "state", title="Confusion by register", n_names=2)
    for name, registers in fields["confusion_by_register"].items():
        for register, found in registers.items():
            table.add_row(name, register, str(found.get("n", "")), found.get("reason", found.get("source", "")))
    console.print(table)
    then(console, f"understudy profile --dataset {fields['dataset']}")
