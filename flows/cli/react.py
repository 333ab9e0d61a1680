"""The command `react`: what seekers' turns do with the recommendations before them, in a file of anybody's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from understudy.flows.cli.beforehand import Means
from understudy.flows.cli.console import answer, then
from understudy.flows.cli.options import AsJson
from understudy.flows.cli.tables import PageTable
from understudy.report.figures import figure

if TYPE_CHECKING:
    from understudy.tasks.studies.react import ReactFields


def react(
    *,
    source: Annotated[
        Path, typer.Option("--in", help="JSON lines with id, previous (the recommender's turn) and text (the seeker's turn)."), Means.INPUT
    ],
    out: Annotated[Path, typer.Option(help="JSON lines to write: id, label (accept, reject or neither), p and language."), Means.OUTPUT],
    instrument: Annotated[str, typer.Option(help="Instrument that reads: english (shipped) or lexicon (word lists).")] = "english",
    as_json: AsJson = False,
) -> None:
    """Read reactions: does a seeker's turn accept the recommendation before it, reject it, or neither? Needs no store."""

    def work() -> ReactFields:
        from understudy.tasks.studies.react import write_reactions

        return write_reactions(str(source), str(out), instrument=instrument)

    answer(work, page, as_json=as_json)


def page(console: Console, fields: ReactFields) -> None:
    """How many turns were read as what, what was not measured, and how well the instrument reads which register."""
    told = ", ".join(f"{name} {n}" for name, n in fields["labels"].items())
    console.print(f"{fields['n']} turns read by {fields['instrument']}: {told}: {fields['path']}", markup=False, soft_wrap=True)
    for reason, n in fields["not_measured"].items():
        console.print(f"{n} turns: {reason}", markup=False, soft_wrap=True)
    if fields["macro_f1"]:
        table = PageTable("register", "macro-F1 of the instrument", title="Measured error, on turns that it was not trained on")
        for name, one in fields["macro_f1"].items():
            table.add_row(name, figure(one))
        console.print(table)
    then(console, "understudy audit --dataset NAME --simulated FILE --reader messages")
