"""The command `validate`: a batch is checked against the gates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from understudy.flows.cli.beforehand import Means
from understudy.flows.cli.console import answer
from understudy.flows.cli.options import STORE, AsJson, EventsFile, OfDataset, StoreFile
from understudy.report.figures import interval_cell, number

if TYPE_CHECKING:
    from understudy.tasks.validate.batch import GateFields


def validate(
    *,
    batch: Annotated[str, typer.Option(help="Name of the batch to validate."), Means.BATCH],
    dataset: OfDataset = None,
    store: StoreFile = STORE,
    events: EventsFile = None,
    as_json: AsJson = False,
) -> None:
    """Check a batch against the quality gates. The exit code is 3 if a gate fails."""

    def work() -> GateFields:
        from understudy.flows import stages

        return stages.validate(batch, dataset=dataset, store=store)

    answer(work, page, as_json=as_json, events=events)


def page(console: Console, fields: GateFields) -> None:
    """Every bound, and every other expectation that failed; those that passed are counted."""
    table = Table("suite", "what", "observed", "95 %", "bound", "verdict", title="Gates", title_justify="left")
    shown = [verdict for verdict in fields["verdicts"] if verdict["bound"] is not None or not verdict["passed"]]
    for verdict in shown:
        passed = "[green]passed[/]" if verdict["passed"] else "[red]failed[/]"
        interval = interval_cell(*(verdict["ci"] or (None, None)))
        what = verdict.get("subject") or verdict["expectation"]
        table.add_row(verdict["suite"], what, number(verdict["observed"]), interval, number(verdict["bound"]), passed)
    console.print(table)
    console.print(f"{len(fields['verdicts']) - len(shown)} further expectations on rows and evidence passed")
    console.print(f"{fields['n_quarantined']} dialogues in quarantine")
