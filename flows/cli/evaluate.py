"""The command `evaluate`: recommenders judged by simulated seekers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from understudy.flows.cli.console import answer, usage_error
from understudy.flows.cli.model_options import model_options
from understudy.parameters import Caps, Models, RunOptions
from understudy.report.figures import REHEARSAL_WARNING, figure

Fields = dict[str, Any]
KS = ("1", "10", "50")


@model_options
def evaluate(
    dataset: Annotated[str, typer.Option(help="Name of an ingested data set.")],
    recommender: Annotated[list[str], typer.Option(help="NAME, http:FILE.toml or http:PRESET:URL; several are compared in pairs.")],
    setting: Annotated[str | None, typer.Option(help="Seekers of a setting as it is.")] = None,
    genome: Annotated[Path | None, typer.Option(help="Seekers of a genome file, as `optimize` names it.")] = None,
    n: Annotated[int, typer.Option(min=1, help="Dialogues with each recommender.")] = 200,
    surface: Annotated[str, typer.Option(help="Rehearsal's response surface.")] = "0",
    seed: Annotated[int, typer.Option(help="Seed of every draw on our side.")] = 0,
    models: Models = Models(),
    caps: Caps = Caps(),
    store: Annotated[Path, typer.Option("--store", help="The DuckDB file that holds everything.")] = Path("understudy.duckdb"),
    events: Annotated[Path | None, typer.Option("--events", help="Append one JSON line per event to this file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout and nothing else there.")] = False,
) -> None:
    """Judge recommenders by simulated seekers: recall, success, rounds, satisfaction."""
    if (setting is None) == (genome is None):
        usage_error("evaluate takes either --setting or --genome", as_json=as_json)

    def work() -> Fields:
        from understudy.flows import stages

        return stages.evaluate(
            dataset,
            recommender,
            setting=setting,
            genome_file=str(genome) if genome else None,
            n=n,
            options=RunOptions(store=store, surface=surface, seed=seed, models=models, caps=caps),
        )

    answer(work, page, as_json=as_json, events=events)


def page(console: Console, fields: Fields) -> None:
    """A row per recommender, the humans' own, and what differs."""
    names = ("success", "rounds", "satisfaction", "acceptance")
    table = Table("recommender", *names, *(f"recall@{k}" for k in KS), "missing", title="Judged by simulated seekers", title_justify="left")
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
