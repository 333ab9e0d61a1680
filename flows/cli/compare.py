"""The command `compare`: every setting before and after its search, and what carries over to another place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from understudy.flows.cli import auto
from understudy.flows.cli.arguments import (
    OutputArguments,
    PlaceArguments,
    RunArguments,
    SettingsArguments,
    TableArguments,
)
from understudy.flows.cli.beforehand import Means
from understudy.flows.cli.console import answer, then
from understudy.flows.cli.options import Dataset, text_of
from understudy.flows.cli.tables import Cell, PageTable
from understudy.report.figures import REHEARSAL_WARNING, amount, figure, money, number, p_value, read_by

if TYPE_CHECKING:
    from understudy.tasks.studies.results.tables import BestShippedFields, CompareAnswer, CompareFields, PooledRow

OUTCOME_COLOURS = {"better": "green", "worse": "red", "inconclusive": "yellow", "not_measured": "dim"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ElsewhereArguments:
    """The other place that what was tuned is measured at too."""

    to_dataset: Annotated[str | None, typer.Option(help="Also measure the tuned prompts on this data set."), Means.PROFILED] = None
    to_recommender: Annotated[str | None, typer.Option(help="Also measure the tuned prompts with this recommender."), Means.RECOMMENDER] = (
        None
    )
    to_surface: Annotated[str | None, typer.Option(help="Also measure the tuned prompts on this rehearsal surface."), Means.SURFACE] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportArguments:
    """Over how many seeds the table is made, and the files of the report."""

    seeds: Annotated[
        int, typer.Option(min=1, help="Number of seeds, from --seed on, that the table is made with. With several, the rows are pooled.")
    ] = 1
    html: Annotated[Path | None, typer.Option(help="File for the report as one self-contained HTML page."), Means.OUTPUT] = None
    markdown: Annotated[Path | None, typer.Option(help="File for the report as Markdown."), Means.OUTPUT] = None


def compare(
    *,
    dataset: Dataset,
    asked: SettingsArguments,
    to: ElsewhereArguments,
    table: TableArguments,
    place: PlaceArguments,
    files: ReportArguments,
    run: RunArguments,
    output: OutputArguments,
) -> None:
    """Compare every prompt setting before and after its search. Searches that are in the store are reused."""

    def work() -> CompareAnswer:
        search, size = table.search(), table.size()
        options, sized = run.options(surface=place.surface, recommender=place.recommender), None
        if table.searching.auto:
            from understudy.tasks.studies.asked import Asked, Elsewhere

            planned = Asked(
                dataset, asked.settings, "compare", search, size, 1, place.recommender, run.seed, latency_s=None, final=asked.final,
                to=Elsewhere(to.to_dataset, to.to_recommender, to.to_surface), best_shipped=asked.best_shipped, n_seeds=files.seeds,
                max_turns=run.max_turns,
            )  # fmt: skip
            search, size, sized = auto.sized(planned, options, keeps_report=table.report is not None)
        from understudy.flows.cli import running
        from understudy.flows.experiments import compare_settings
        from understudy.tasks.studies.compare import settings_asked, written

        fields = running.run(
            compare_settings,
            dataset,
            settings_asked(asked.settings),
            final=asked.final,
            to_dataset=to.to_dataset,
            to_recommender=to.to_recommender,
            to_surface=to.to_surface,
            best_shipped=asked.best_shipped,
            n_seeds=files.seeds,
            search=search,
            report=size,
            options=options,
        )
        return {**fields, "files": written(fields, html=text_of(files.html), markdown=text_of(files.markdown)), "sized": sized}

    answer(work, page, as_json=output.as_json, events=output.events, verbose=output.verbose)


def page(console: Console, fields: CompareAnswer) -> None:
    """The table, what it rests on, and what it cost."""
    if "rehearsal" in fields["engine"]:
        console.print(f"[dim]{REHEARSAL_WARNING}[/]")
    console.print(_rows(fields))
    if (best := fields["best_shipped"]) is not None:
        console.print(_versus(fields, best))
    if (pooled := fields["over_seeds"]) is not None:
        for what, rows in (("before and after", pooled["rows"]), ("best shipped and pick", pooled["versus_best_shipped"])):
            if rows:
                console.print(_over_seeds(what, rows, pooled["seeds"]))
    told = ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in fields["outcomes"].items() if n)
    console.print(f"{told}; Holm's correction over {fields['family']['n_tests']} tests: {fields['family']['of']}", markup=False)
    console.print(_costs(fields))
    console.print(fields["minutes_note"], markup=False)
    console.print(read_by(fields["instruments"]), markup=False)
    console.print(f"held-out AUC of humans against humans: {figure(fields['heldout']['human'])}", markup=False)
    spent = f"{fields['n_model_calls']} model calls; {money(fields['usd'])}"
    console.print(f"{spent}; the test split has been opened {fields['n_test_uses']} times", markup=False)
    for path in (fields.get("files") or {}).values():
        console.print(path, markup=False, soft_wrap=True)
    then(console, f"understudy show {fields['settings'][0]['run']}" if fields["settings"] else "understudy status")


def _rows(fields: CompareFields) -> PageTable:
    carries = fields["transfer"] is not None
    title = f"Before and after on {fields['split']} (lower is better)"
    names = ("objective", "before", "after", "floor", "difference", "p (Holm)", "outcome")
    table = PageTable("setting", *names, *(["share kept"] if carries else []), title=title, n_names=2)
    for row in fields["rows"]:
        figures = [figure(row["before"]), figure(row["after"])]
        outcome = Text(row["outcome"].replace("_", " "), style=OUTCOME_COLOURS[row["outcome"]])
        cells: list[Cell] = [*figures, figure(row["floor"]), figure(row["difference"]), p_value(row["p_holm"]), outcome]
        table.add_row(row["setting"], row["objective"], *cells, *([figure(row["carried"])] if carries else []))
    return table


def _versus(fields: CompareFields, best: BestShippedFields) -> PageTable:
    """Every pick beside the best of the shipped prompts, for as many dialogues as a search plays."""
    names = ("objective", "best shipped", "pick", "difference", "p (Holm)", "outcome")
    played = f"{best['n_dialogues']} dialogues on {len(best['settings'])} prompts, a search has {best['n_dialogues_of_a_search']:.0f}"
    table = PageTable("setting", *names, title=f"Picks and the best shipped prompt, {best['setting']} ({played})", n_names=2)
    for row in fields["versus_best_shipped"]:
        outcome = Text(row["outcome"].replace("_", " "), style=OUTCOME_COLOURS[row["outcome"]])
        cells: list[Cell] = [figure(row["before"]), figure(row["after"]), figure(row["difference"]), p_value(row["p_holm"]), outcome]
        table.add_row(row["setting"], row["objective"], *cells)
    return table


def _over_seeds(what: str, rows: Sequence[PooledRow], seeds: Sequence[int]) -> PageTable:
    title = f"Over the seeds {', '.join(map(str, seeds))}: {what}, differences pooled"
    table = PageTable("setting", "objective", "difference", "at each seed", "p (Holm)", "outcome", title=title, n_names=2)
    for row in rows:
        outcome = Text(row["outcome"].replace("_", " "), style=OUTCOME_COLOURS[row["outcome"]])
        each = ", ".join(number(value, missing="–") for value in row["values"])
        cells: list[Cell] = [figure(row["difference"]), each, p_value(row["p_holm"]), outcome]
        table.add_row(row["setting"], row["objective"], *cells)
    return table


def _costs(fields: CompareFields) -> PageTable:
    table = PageTable(
        "setting", "prompt tokens", "tokens per dialogue", "USD per dialogue", "search: calls", "USD", "held-out AUC"
    )
    for one in fields["settings"]:
        costs = (one["prompt_tokens"], one["dialogue_tokens"], one["dialogue_usd"], one["heldout"])
        both = [f"{amount(cost['before'])} → {amount(cost['after'])}" for cost in costs]
        search = one["search"]
        table.add_row(one["setting"], *both[:3], amount(search["n_calls"]), amount(search["usd"]), both[3])
    return table
