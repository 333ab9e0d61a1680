"""The command `validate`: a batch is checked against the gates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from understudy.flows.cli.beforehand import Means
from understudy.flows.cli.console import answer, then
from understudy.flows.cli.options import STORE, AsJson, EventsFile, OfDataset, StoreFile
from understudy.flows.cli.tables import PageTable
from understudy.report.figures import bound, interval_cell, number

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
    """The gates, and what can be done now."""
    gates(console, fields)
    then(console, "understudy publish --batch NAME --name RELEASE" if fields["passed"] else "understudy simulate --batch ANOTHER")


def gates(console: Console, fields: GateFields) -> None:
    """Every bound, and every other expectation that failed; those that passed are counted."""
    table = PageTable("suite", "what", "observed", "95 %", "bound", "n", "verdict", title="Gates", n_names=2)
    shown = [verdict for verdict in fields["verdicts"] if verdict["bound"] is not None or not verdict["passed"]]
    for verdict in shown:
        passed = Text("passed", style="green") if verdict["passed"] else Text("failed", style="red")
        interval = interval_cell(*(verdict["ci"] or (None, None)))
        what = verdict.get("subject") or verdict["expectation"]
        held = bound(verdict["bound"], at_least=verdict["at_least"])
        table.add_row(verdict["suite"], what, number(verdict["observed"]), interval, held, str(verdict["n"]), passed)
    console.print(table)
    console.print(f"{len(fields['verdicts']) - len(shown)} further expectations on rows and evidence passed")
    console.print(f"{fields['n_quarantined']} dialogues in quarantine")
