"""The command `study`: the whole experiment for one real model, within a budget, resumable."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from understudy.flows.cli import compare
from understudy.flows.cli.compare import Final, Finalists, Report, Settings, report_of, searched_by
from understudy.flows.cli.console import answer
from understudy.flows.cli.model_options import model_options
from understudy.flows.cli.options import (
    STORE,
    Algorithm,
    AsJson,
    Dataset,
    EventsFile,
    Generations,
    Panel,
    Population,
    RecommenderName,
    Seed,
    StoreFile,
    Surface,
    Weights,
    text_of,
)
from understudy.parameters import Caps, Models, RunOptions
from understudy.report.figures import estimated

Fields = dict[str, Any]


@model_options
def study(
    dataset: Dataset,
    settings: Settings = "all",
    final: Final = False,
    algorithm: Algorithm = "unsga3",
    population: Population = 12,
    generations: Generations = 5,
    weights: Weights = None,
    panel: Panel = None,
    finalists: Finalists = None,
    report: Report = None,
    probes: Annotated[int, typer.Option(min=1, help="Contexts that the contamination probe asks about.")] = 200,
    surface: Surface = "0",
    recommender: RecommenderName = "retrieval",
    out: Annotated[Path | None, typer.Option(help="Folder of the table, report and fields. Default: STORE-study/KEY.")] = None,
    seed: Seed = 0,
    models: Models = Models(),
    caps: Caps = Caps(),
    store: StoreFile = STORE,
    events: EventsFile = None,
    as_json: AsJson = False,
) -> None:
    """Run the whole experiment for one model; its caps hold over every process that works on it."""

    def work() -> Fields:
        from understudy.flows import experiments
        from understudy.tasks.studies import study as tasks_study
        from understudy.tasks.studies.compare import settings_asked

        names, size = settings_asked(settings), report_of(report)
        search = searched_by(algorithm, population, generations, weights, panel, finalists)
        options = RunOptions(store=store, surface=surface, recommender=recommender, seed=seed, models=models, caps=caps)
        expected = tasks_study.estimate(
            dataset, options, settings=names, search=search, report=size, final=final, n_probed=probes
        )
        _announce(Console(stderr=True, highlight=False), expected, caps)
        fields = experiments.study(dataset, names, final=final, search=search, report=size, n_probed=probes, options=options)
        fields = {**fields, "estimate": expected}
        return {**fields, "files": tasks_study.written(fields, str(store), out=text_of(out))}

    answer(work, page, as_json=as_json, events=events)


def page(console: Console, fields: Fields) -> None:
    """What the probe said, then the table."""
    probe = fields["probe"]
    console.print(f"contamination: {probe['outcome'].replace('_', ' ')} {probe['reason']}", markup=False)
    compare.page(console, fields)


def _announce(console: Console, expected: Fields, caps: Caps) -> None:
    """The estimate, before anything is spent."""
    figures = {name: expected[name] for name in ("n_dialogues", "n_calls", "tokens", "usd", "minutes")}
    told = ", ".join(f"{name} {estimated(figure, reason=True)}" for name, figure in figures.items())
    console.print(f"expected, if none of it has been played: {told}; caps: usd {caps.usd}, tokens {caps.tokens}", markup=False)
