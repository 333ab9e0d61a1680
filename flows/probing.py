"""The command `probe`: what a model knows or does, beside the humans of a data set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from flows.console import answer
from flows.model_options import model_options
from flows.pages import figure
from understudy.errors import BadInput
from understudy.parameters import Caps, Models

Fields = dict[str, Any]


@model_options
def probe(
    dataset: Annotated[str, typer.Option(help="Name of an ingested data set.")],
    task: Annotated[str, typer.Option(help="What is probed: `contamination`.")] = "contamination",
    n: Annotated[int, typer.Option(min=1, help="Contexts to ask about.")] = 200,
    seed: Annotated[int, typer.Option(help="Seed of the draw.")] = 0,
    models: Models = Models(),
    caps: Caps = Caps(),
    store: Annotated[Path, typer.Option("--store", help="The DuckDB file that holds everything.")] = Path("understudy.duckdb"),
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout and nothing else there.")] = False,
) -> None:
    """Probe a model: does it guess the target from the talk before it is named, more often than popularity does?"""

    def work() -> Fields:
        from tasks import probing
        from tasks.models import models_open, store_held

        if task not in probing.TASKS:
            raise BadInput(f"there is no task {task!r}", hint=f"there are: {', '.join(probing.TASKS)}")
        with store_held(str(store)), models_open(str(store), dataset, models=models, caps=caps, surface="0") as opened:
            return probing.probe_contamination(str(store), dataset, opened, n=n, seed=seed)

    answer(work, page, as_json=as_json)


def page(console: Console, fields: Fields) -> None:
    """The outcome, and the hit rates behind it."""
    console.print(f"contamination of {fields['model']} by {fields['dataset']}: {fields['outcome'].replace('_', ' ')}", markup=False)
    if fields["reason"]:
        console.print(f"  {fields['reason']}", markup=False)
    console.print(
        f"  {fields['n_contexts']} contexts of {fields['split']}: {fields['n_answered']} answered, {fields['n_missing']} missing, "
        f"{fields['n_invalid']} invalid",
        markup=False,
    )
    table = Table("target among the first", "model", "popularity", "difference")
    for k in (1, 10):
        table.add_row(str(k), *(figure(fields[f"hit_at_{k}"][side]) for side in ("model", "popularity", "difference")))
    console.print(table)
