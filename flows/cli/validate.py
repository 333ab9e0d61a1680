"""The command `validate`: a batch is checked against the gates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from understudy.flows.cli.arguments import OutputArguments
from understudy.flows.cli.beforehand import Means
from understudy.flows.cli.console import answer, then
from understudy.flows.cli.model_arguments import CapArguments, ModelArguments
from understudy.flows.cli.options import RUN, STORE, OfDataset, StoreFile, Surface
from understudy.flows.cli.tables import PageTable
from understudy.parameters import RunOptions
from understudy.report.figures import bound, interval_cell, number, overlapping, read_by, underpowered, without_misreading

if TYPE_CHECKING:
    from understudy.release.verdicts import Outcome
    from understudy.tasks.validate.batch import ValidateFields
    from understudy.tasks.validate.results import GateFields


def validate(
    *,
    batch: Annotated[str, typer.Option(help="Name of the batch to validate."), Means.BATCH],
    dataset: OfDataset = None,
    again: Annotated[
        bool, typer.Option("--again", help="Judge a batch anew whose suites have changed since. What they said before stays in the store.")
    ] = False,
    surface: Surface = RUN.surface,
    models: ModelArguments,
    caps: CapArguments,
    store: StoreFile = STORE,
    output: OutputArguments,
) -> None:
    """Check a batch against the quality gates; a report that was left out is played first. The exit code is 3 if a gate fails."""

    def work() -> ValidateFields:
        options = RunOptions(store=store, surface=surface, models=models.models(), caps=caps.caps())
        from understudy.flows import api

        return api.validate(batch, dataset=dataset, again=again, store=store, options=options)

    answer(work, page, as_json=output.as_json, events=output.events, verbose=output.verbose)


_STYLES: dict[Outcome, str] = {"passed": "green", "failed": "red", "not_applicable": "yellow"}


def page(console: Console, fields: GateFields) -> None:
    """The gates, and what can be done now."""
    gates(console, fields)
    then(console, "understudy publish --batch NAME --name RELEASE" if fields["passed"] else "understudy simulate --batch ANOTHER")


def gates(console: Console, fields: GateFields) -> None:
    """Every bound, and every other expectation that failed; those that passed are counted."""
    table = PageTable("suite", "what", "observed", "95 %", "bound", "n", "verdict", title="Gates", n_names=2)
    shown = [verdict for verdict in fields["verdicts"] if verdict["bound"] is not None or verdict["outcome"] != "passed"]
    for verdict in shown:
        outcome = Text(verdict["outcome"].replace("_", " "), style=_STYLES[verdict["outcome"]])
        interval = interval_cell(*(verdict["ci"] or (None, None)))
        what = verdict.get("subject") or verdict["expectation"]
        held = bound(verdict["bound"], at_least=verdict["at_least"])
        table.add_row(verdict["suite"], what, number(verdict["observed"]), interval, held, str(verdict["n"]), outcome)
    console.print(table)
    for verdict in (one for one in shown if one["outcome"] == "not_applicable"):
        console.print(f"{verdict['suite']}, {verdict['expectation']}: {verdict['detail']}", markup=False)
    console.print(f"{len(fields['verdicts']) - len(shown)} further expectations on rows and evidence passed")
    console.print(f"{fields['n_quarantined']} dialogues in quarantine; judgement {fields['judgement']['number']} of this batch")
    if fields["data_docs"]:
        console.print(f"Data Docs: {fields['data_docs']}", markup=False, soft_wrap=True)
    console.print(overlapping(fields["overlap"]), markup=False)
    console.print(read_by(fields["instruments"]), markup=False)
    console.print(without_misreading(fields["corrected"]), markup=False)
    if fields["underpowered"]:
        console.print(underpowered(fields["underpowered"]), markup=False)
