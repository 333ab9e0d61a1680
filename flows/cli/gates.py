"""The command `gates`: every bound that a batch has to keep, with its reason and its error rates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from understudy.flows.cli.beforehand import Means
from understudy.flows.cli.console import answer, snapshot_read, then
from understudy.flows.cli.options import STORE, AsJson, StoreFile
from understudy.flows.cli.tables import PageTable
from understudy.report.figures import bound, number

if TYPE_CHECKING:
    from understudy.tasks.validate.gates import BoundFields, GatesFields


def gates(
    *,
    dataset: Annotated[
        str | None,
        typer.Option(help="Data set whose human figures the bounds are taken from. Default: only what is fixed."),
        Means.PROFILED,
    ] = None,
    store: StoreFile = STORE,
    as_json: AsJson = False,
) -> None:
    """List every bound of the gates: the human figure it is taken from, its margin, false alarms and power."""

    def work() -> GatesFields:
        from understudy.tasks.validate.gates import gate_bounds

        return gate_bounds(store, dataset)

    answer(work, page, as_json=as_json)


def page(console: Console, fields: GatesFields) -> None:
    """A row for each bound, then why it is there."""
    snapshot_read(console, fields["snapshot"])
    table = PageTable("suite", "bound on", "held against", "bound", "from", "n at least", "false alarms", "power", title="Gates", n_names=2)
    for one in fields["bounds"]:
        held = bound(one["bound"], at_least=one["at_least"])
        power, alarms = one["power"].partition(" (")[0], one["false_alarm"].partition(" (")[0]
        table.add_row(one["suite"], one["expectation"], one["limit"], held, _anchor(one), str(one["min_n"]), alarms, power)
    console.print(table)
    for one in fields["bounds"]:
        console.print(f"{one['suite']}/{one['expectation']}: {one['why']}", markup=False, soft_wrap=True)
    console.print(f"suites {fields['suites_digest']}", markup=False)
    then(console, "understudy validate --batch NAME" if fields["dataset"] else "understudy gates --dataset NAME, for the human figures")


def _anchor(one: BoundFields) -> str:
    """The human figure that a bound is taken from and what is added to it; `fixed` where it is taken from none."""
    if one["anchor"] is None:
        return "fixed"
    value = "" if one["anchor_value"] is None else f" = {number(one['anchor_value'])}"
    return f"{one['anchor']}{value} + {one['margin']:g}"
