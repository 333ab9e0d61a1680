"""The command `evaluate`: recommenders judged by simulated seekers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from understudy.flows.cli.arguments import OutputArguments, PromptArguments, RunArguments
from understudy.flows.cli.beforehand import Means
from understudy.flows.cli.console import answer, then
from understudy.flows.cli.options import RUN, Dataset, Surface
from understudy.flows.cli.tables import PageTable
from understudy.report.figures import REHEARSAL_WARNING, figure

if TYPE_CHECKING:
    from understudy.tasks.studies.results.judged import EvaluateFields, JudgedFigure

KS = ("1", "10", "50")


def evaluate(
    *,
    dataset: Dataset,
    recommender: Annotated[
        list[str],
        typer.Option(help="Recommender: NAME, http:FILE.toml or http:PRESET:URL. Repeat the option to compare several in pairs."),
        Means.RECOMMENDER,
    ],
    prompt: PromptArguments,
    n: Annotated[int, typer.Option(min=1, help="Number of dialogues with each recommender.")] = 200,
    surface: Surface = RUN.surface,
    run: RunArguments,
    output: OutputArguments,
) -> None:
    """Evaluate recommenders with simulated seekers: recall, success, rounds and satisfaction."""
    def work() -> EvaluateFields:
        options = run.options(surface=surface)
        from understudy.flows import api

        return api.evaluate(dataset, recommender, setting=prompt.setting, genome=prompt.genome, n=n, options=options)

    answer(work, page, as_json=output.as_json, events=output.events, verbose=output.verbose)


def page(console: Console, fields: EvaluateFields) -> None:
    """A row per recommender, the humans' own, and what differs."""
    names: tuple[JudgedFigure, ...] = ("success", "rounds", "satisfaction", "acceptance")
    table = PageTable("recommender", *names, *(f"recall@{k}" for k in KS), "missing", title="Evaluation")
    for row in fields["rows"]:
        cells = [*(figure(row[name]) for name in names), *(figure(row["recall"][k]) for k in KS)]
        table.add_row(row["recommender"], *cells, f"{row['n_missing']} of {row['n_dialogues']}")
    human = fields["human"]
    table.add_row("human recommenders", figure(human["success"]), figure(human["rounds"]), "", figure(human["acceptance"]))
    console.print(table)
    for one in fields["differences"]:
        if one["direction"] in ("higher", "lower"):
            told = f"{one['metric']}: {one['one']} {one['direction']} than {one['other']} by {figure(one['difference'])}"
            console.print(f"  {told}, p {one['p_holm']:.3g}", markup=False)
    agreement = fields["rank_agreement"]
    console.print(f"rank agreement with people: {figure(agreement)} {agreement.get('reason', '')}".rstrip(), markup=False)
    if "rehearsal" in fields["engine"] or fields["judge"].startswith("rehearsal"):
        console.print(f"[dim]{REHEARSAL_WARNING}[/]")
    then(console, "understudy evaluate with a second --recommender, to compare them on the same seekers")
