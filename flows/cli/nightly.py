"""The command `nightly`: from human logs to a published training set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from understudy.flows.cli import publish, validate
from understudy.flows.cli.compare import OUTCOME_COLOURS
from understudy.flows.cli.console import Fields, answer
from understudy.flows.cli.model_options import model_options
from understudy.flows.cli.options import (
    STORE,
    Algorithm,
    AsJson,
    Batch,
    Dataset,
    EventsFile,
    Generations,
    Panel,
    Population,
    RecommenderName,
    Releases,
    Seed,
    SettingName,
    StoreFile,
    Surface,
    Weights,
    search_of,
    text_of,
)
from understudy.parameters import Caps, Models, RunOptions
from understudy.report.figures import REHEARSAL_WARNING, figure, number


@model_options
def nightly(
    dataset: Dataset,
    data: Annotated[Path, typer.Option(help="The human logs: a file or the data set's folder.")],
    reader: Annotated[str | None, typer.Option(help="Default: the reader with the data set's name.")] = None,
    setting: SettingName = "zero_shot",
    surface: Surface = "0",
    algorithm: Algorithm = "unsga3",
    population: Population = 12,
    generations: Generations = 5,
    weights: Weights = None,
    panel: Panel = None,
    recommender: RecommenderName = "retrieval",
    batch: Batch = None,
    n: Annotated[int, typer.Option(min=1, help="Dialogues of the batch.")] = 800,
    name: Annotated[str | None, typer.Option(help="Name of the release. Default: DATASET-seekers.")] = None,
    releases: Releases = None,
    seed: Seed = 0,
    models: Models = Models(),
    caps: Caps = Caps(),
    store: StoreFile = STORE,
    events: EventsFile = None,
    as_json: AsJson = False,
) -> None:
    """From human logs to a published training set, as one Prefect flow."""

    def work() -> Fields:
        search = search_of(algorithm, population, generations, weights, panel)
        from understudy.flows.nightly import nightly

        return nightly(
            dataset,
            str(data),
            reader=reader,
            setting=setting,
            batch=batch,
            n=n,
            name=name,
            releases=text_of(releases),
            search=search,
            options=RunOptions(store=store, surface=surface, recommender=recommender, seed=seed, models=models, caps=caps),
        )

    answer(work, page, as_json=as_json, events=events)


def page(console: Console, fields: Fields) -> None:
    """The night: objectives before and after, the gates, the release."""
    console.print(_objectives(fields["objectives"]))
    critic = fields["critic"]
    console.print(f"critic {critic}, {fields['n_critic_tokens']} tokens" if critic else "no critic: its operators are off")
    sure = fields["pick"]["p_dominates_seed"]
    if not fields["pick"]["dominates_seed"]:
        console.print("The pick does not dominate the seed on every objective.")
    elif sure is not None:
        console.print(f"The pick dominates the seed in {sure:.0%} of the resamples.")
    if fields["engine"] == "rehearsal":
        console.print(f"[dim]{REHEARSAL_WARNING}[/]")
    validate.page(console, fields)
    if fields["release"]:
        publish.page(console, fields)


def _objectives(objectives: Fields) -> Table:
    """Seed, optimized and human floor per objective, with the difference, its interval and the outcome."""
    table = Table(
        Column("objective", no_wrap=True), "seed", "optimized", "humans", "floor", "difference", "n", "outcome",
        title="Before and after (lower is better)", title_justify="left",
    )  # fmt: skip
    for name, row in objectives.items():
        colour = OUTCOME_COLOURS[row["outcome"]]
        outcome = row["outcome"].replace("_", " ")
        n = str(row["n"])
        cells = (figure(row[column]) for column in ("seed", "optimized", "human"))
        table.add_row(name, *cells, number(row["floor"]), figure(row["difference"]), n, f"[{colour}]{outcome}[/]")
    return table
