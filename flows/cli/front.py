"""The command `front`: the enumerated true front of a rehearsal surface."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from understudy.flows.cli.beforehand import Means
from understudy.flows.cli.console import answer, then, usage_error
from understudy.flows.cli.options import RUN, AsJson, Surface
from understudy.flows.cli.tables import PageTable
from understudy.report.figures import REHEARSAL_WARNING, number

if TYPE_CHECKING:
    from understudy.tasks.studies.results.fronts import FrontFields

_N_SHOWN = 20


def front(
    *,
    true: Annotated[bool, typer.Option("--true", help="Enumerate the true Pareto front. The option is required.")] = False,
    surface: Surface = RUN.surface,
    svg: Annotated[Path | None, typer.Option(help="File for the plot. Default: no plot is drawn."), Means.OUTPUT] = None,
    as_json: AsJson = False,
) -> None:
    """Enumerate the true Pareto front of a rehearsal surface."""
    if not true:
        usage_error("front needs --true, since it can only enumerate the true front of a rehearsal surface", as_json=as_json)

    def work() -> FrontFields:
        from understudy.doors import folders
        from understudy.tasks.studies.fronts import front_picture, true_front

        fields = true_front(surface)
        if svg is not None:
            folders.written(svg.parent, {svg.name: front_picture(fields)})
            fields["picture"] = str(svg)
        return fields

    answer(work, page, as_json=as_json)


def page(console: Console, fields: FrontFields) -> None:
    """The points, best hypervolume first in words, and how to get there."""
    console.print(f"True Pareto front of rehearsal surface {fields['surface']}: {fields['n_points']} points, lower is better", markup=False)
    names = list(fields["reference"])
    grid = PageTable("", *names, "examples", "levers set", "found by a weighted sum")
    grid.add_row("bare prompt", *(number(fields["bare"][name]) for name in names), "0", "0", "")
    for at, point in enumerate(fields["points"][:_N_SHOWN], start=1):
        told = str(point["n_exemplars"]), str(len(point["levers"])), "yes" if point["supported"] else "no"
        grid.add_row(str(at), *(number(point["objectives"][name]) for name in names), *told)
    grid.add_row("reference", *(number(fields["reference"][name]) for name in names), "", "", "")
    console.print(grid)
    if fields["n_points"] > _N_SHOWN:
        console.print(f"… and {fields['n_points'] - _N_SHOWN} more; --json lists all points with prompts that reach them")
    lost = 1 - fields["hypervolume_supported"] / fields["hypervolume"] if fields["hypervolume"] else 0.0
    console.print(
        f"The hypervolume is {fields['hypervolume']:.4f} of the box up to the reference point. {fields['n_supported']} points are "
        f"the minimum of some weighted sum; without the other points the hypervolume is {lost:.1%} lower."
    )
    console.print(f"{REHEARSAL_WARNING} docs/rehearsal.md explains the true front.")
    then(console, f"understudy optimize --dataset NAME --surface {fields['surface']}")
