"""The command `nightly`: from human logs to a published training set."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from understudy.flows.cli import auto, optimize, publish, validate
from understudy.flows.cli.arguments import LayoutArguments, LimitArguments, NightSearchArguments, OutputArguments, RunArguments
from understudy.flows.cli.beforehand import Means
from understudy.flows.cli.compare import OUTCOME_COLOURS
from understudy.flows.cli.console import answer, then
from understudy.flows.cli.options import (
    RUN,
    SETTING,
    Batch,
    NewDataset,
    RecommenderName,
    Releases,
    SettingName,
    Surface,
    Tstr,
)
from understudy.flows.cli.tables import PageTable
from understudy.report.figures import REHEARSAL_WARNING, figure

if TYPE_CHECKING:
    from understudy.flows.nightly import NightlyAnswer
    from understudy.parameters import RunOptions, Search
    from understudy.tasks.studies.asked import Asked
    from understudy.tasks.studies.report import ObjectiveRow
    from understudy.tasks.studies.results.sized import SizedFields


@dataclass(frozen=True, slots=True, kw_only=True)
class LogArguments:
    """The human logs that the night begins with."""

    dataset: NewDataset
    data: Annotated[Path, typer.Option(help="File or folder of the human logs."), Means.INPUT]
    reader: Annotated[str | None, typer.Option(help="Name of the reader. Default: the name of the data set.")] = None
    layout: LayoutArguments
    reading: LimitArguments


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseArguments:
    """The batch that the night plays, and the release that comes of it."""

    batch: Batch = None
    n: Annotated[int, typer.Option(min=1, help="Number of dialogues of the batch.")] = 800
    name: Annotated[str | None, typer.Option(help="Name of the release. Default: DATASET-seekers."), Means.NEW_RELEASE] = None
    releases: Releases = None
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Play the night although a gate must fail: too few dialogues, or an infeasible pick.")
    ] = False
    tstr: Tstr = False


def nightly(
    *,
    logs: LogArguments,
    setting: SettingName = SETTING,
    surface: Surface = RUN.surface,
    searching: NightSearchArguments,
    recommender: RecommenderName = RUN.recommender,
    release: ReleaseArguments,
    run: RunArguments,
    output: OutputArguments,
) -> None:
    """Run the whole pipeline, from human logs to a published training set, as one Prefect flow."""

    def work() -> NightlyAnswer:
        search, size, options = searching.search(), searching.table.size(), run.options(surface=surface, recommender=recommender)
        from understudy.flows import api

        sized = None
        if searching.table.searching.auto:
            from understudy.tasks.studies.asked import Asked

            asked = Asked(
                logs.dataset, setting, "nightly", search, size, release.n, recommender, run.seed, None, max_turns=run.max_turns,
                tstr=release.tstr,
            )  # fmt: skip
            search, sized = _sized_after_reading(logs, asked, options)
        fields = api.nightly(
            logs.dataset,
            logs.data,
            reader=logs.reader,
            layout=logs.layout.options(),
            setting=setting,
            batch=release.batch,
            n=release.n,
            name=release.name,
            releases=release.releases,
            anyway=release.anyway,
            tstr=release.tstr,
            search=search,
            report=size,
            limits=logs.reading.limits(),
            options=options,
        )
        return {**fields, "sized": sized}

    answer(work, page, as_json=output.as_json, events=output.events, verbose=output.verbose)


def _sized_after_reading(logs: LogArguments, asked: Asked, options: RunOptions) -> tuple[Search, SizedFields]:
    """The search at the size that `--auto` chooses, once the logs of the night are in the store."""
    from understudy.flows.cli import running
    from understudy.flows.nightly import read_logs

    running.run(
        read_logs, logs.dataset, str(logs.data), reader=logs.reader, layout=logs.layout.options(), limits=logs.reading.limits(),
        store=options.store,
    )  # fmt: skip
    # the gates need a report of the size that they were set for
    search, _, sized = auto.sized(asked, options, keeps_report=True)
    return search, sized


def page(console: Console, fields: NightlyAnswer) -> None:
    """The night: objectives before and after, the gates, the release."""
    if "pick" not in fields:
        # refused before anything was played: the error names the bounds
        return
    if fields["objectives"]:
        console.print(_objectives(fields["objectives"]))
    optimize.critic_and_pick(console, fields["pick"], critic=fields["critic"], n_critic_tokens=fields["n_critic_tokens"])
    optimize.not_used(console, fields["objectives_underpowered"])
    if fields["engine"] == "rehearsal":
        console.print(f"[dim]{REHEARSAL_WARNING}[/]")
    parts = {"search": "the search", "report": "the report", "dialogues": "the dialogues", "tstr": "the seed prompt's dialogues"}
    calls = ", ".join(f"{fields['calls'][name]} for {part}" for name, part in parts.items() if name in fields["calls"])
    console.print(f"{fields['n_model_calls']} model calls: {calls}")
    if fields["verdicts"]:
        validate.gates(console, fields)
    if fields["release"] is not None:
        publish.released(console, fields["release"], fields["figures"], fields["tstr"])
    elif not fields["verdicts"]:
        then(console, "understudy nightly with another --setting or more --generations")
    else:
        then(console, f"understudy status --store FILE, then another --batch; the dialogues of batch {fields['batch']} are kept")


def _objectives(objectives: dict[str, ObjectiveRow]) -> PageTable:
    """Seed, optimized and human floor per objective, with the difference, its interval and the outcome."""
    names = ("seed", "optimized", "floor", "difference", "n compared", "outcome")
    table = PageTable("objective", *names, title="Before and after the search (lower is better)")
    for name, row in objectives.items():
        outcome = Text(row["outcome"].replace("_", " "), style=OUTCOME_COLOURS[row["outcome"]])
        n = str(row["n"])
        cells = (figure(one) for one in (row["seed"], row["optimized"], row["floor"]))
        table.add_row(name, *cells, figure(row["difference"]), n, outcome)
    return table
