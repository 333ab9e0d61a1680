"""The command `compare`: every setting before and after its search, and what carries over to another place."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

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
    search_of,
    text_of,
)
from understudy.parameters import REPORT_PANEL, Caps, Models, PanelSize, RunOptions, Search
from understudy.report.figures import REHEARSAL_WARNING, amount, figure, money, number, p_value

Fields = dict[str, Any]
OUTCOME_COLOURS = {"better": "green", "worse": "red", "inconclusive": "yellow", "not_measured": "dim"}
Settings = Annotated[str, typer.Option(help="`all`, or names and TOML files with commas between them.")]
Report = Annotated[
    str | None, typer.Option("--report", help="What both sides play for the table: contexts a stratum, dialogues, free runs; `150,80,60`.")
]
Finalists = Annotated[
    str | None, typer.Option("--finalists", help="What finalists play on `select`, for the pick: `40,24,60`, said as --panel.")
]
Final = Annotated[bool, typer.Option("--final", help="Measure on `test`; every prompt that is measured there is written down and counted.")]


@model_options
def compare(
    dataset: Dataset,
    settings: Settings = "all",
    final: Final = False,
    to_dataset: Annotated[str | None, typer.Option(help="Measure what was tuned on another data set.")] = None,
    to_recommender: Annotated[str | None, typer.Option(help="Measure it with another recommender.")] = None,
    to_surface: Annotated[str | None, typer.Option(help="Measure it on another surface of rehearsal's.")] = None,
    algorithm: Algorithm = "unsga3",
    population: Population = 12,
    generations: Generations = 5,
    weights: Weights = None,
    panel: Panel = None,
    finalists: Finalists = None,
    report: Report = None,
    surface: Surface = "0",
    recommender: RecommenderName = "retrieval",
    html: Annotated[Path | None, typer.Option(help="File of the report with its pictures; it needs no other file.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="File of the report as Markdown.")] = None,
    seed: Seed = 0,
    models: Models = Models(),
    caps: Caps = Caps(),
    store: StoreFile = STORE,
    events: EventsFile = None,
    as_json: AsJson = False,
) -> None:
    """Compare every setting before and after its search; searches that are in the store are not made again."""

    def work() -> Fields:
        from understudy.flows.experiments import compare_settings
        from understudy.tasks.studies.compare import settings_asked, written

        fields = compare_settings(
            dataset,
            settings_asked(settings),
            final=final,
            to_dataset=to_dataset,
            to_recommender=to_recommender,
            to_surface=to_surface,
            search=searched_by(algorithm, population, generations, weights, panel, finalists),
            report=report_of(report),
            options=RunOptions(store=store, surface=surface, recommender=recommender, seed=seed, models=models, caps=caps),
        )
        return {**fields, "files": written(fields, html=text_of(html), markdown=text_of(markdown))}

    answer(work, page, as_json=as_json, events=events)


def report_of(text: str | None) -> PanelSize:
    """The size of the report. Raises BadInput."""
    return REPORT_PANEL if text is None else PanelSize.parsed(text)


def searched_by(
    algorithm: str, population: int, generations: int, weights: str | None, panel: str | None, finalists: str | None
) -> Search:
    """How the options say that prompts are searched for. Raises BadInput."""
    search = search_of(algorithm, population, generations, weights, panel)
    return search if finalists is None else search.model_copy(update={"front_panel": PanelSize.parsed(finalists)})


def page(console: Console, fields: Fields) -> None:
    """The table, what it rests on, and what it cost."""
    if "rehearsal" in fields["engine"]:
        console.print(f"[dim]{REHEARSAL_WARNING}[/]")
    console.print(_rows(fields))
    told = ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in fields["outcomes"].items() if n)
    console.print(f"{told}; Holm's correction over {fields['family']['n_tests']} tests: {fields['family']['of']}", markup=False)
    console.print(_costs(fields))
    console.print(fields["minutes_note"], markup=False)
    console.print(f"humans against humans, held-out AUC: {figure(fields['heldout']['human'])}", markup=False)
    spent = f"{fields['n_model_calls']} model calls; {money(fields['usd'])}"
    console.print(f"{spent}; test opened {fields['n_test_uses']} times", markup=False)
    for path in (fields.get("files") or {}).values():
        console.print(path, markup=False, soft_wrap=True)


def _rows(fields: Fields) -> Table:
    carries = fields["transfer"] is not None
    title = f"Before and after on {fields['split']} (lower is better)"
    names = ("objective", "before", "after", "floor", "difference", "p (Holm)", "outcome")
    columns: list[Column | str] = [Column("setting", no_wrap=True), *names]
    table = Table(*columns, *(["carried over"] if carries else []), title=title, title_justify="left")
    for row in fields["rows"]:
        figures = [figure(row[name]) for name in ("before", "after")]
        outcome = f"[{OUTCOME_COLOURS[row['outcome']]}]{row['outcome'].replace('_', ' ')}[/]"
        cells = [*figures, number(row["floor"]), figure(row["difference"]), p_value(row["p_holm"]), outcome]
        table.add_row(escape(row["setting"]), row["objective"], *cells, *([figure(row["carried"])] if carries else []))
    return table


def _costs(fields: Fields) -> Table:
    table = Table(
        "setting", "prompt tokens", "tokens a dialogue", "USD a dialogue", "search: calls", "USD", "held-out AUC", title_justify="left"
    )
    for one in fields["settings"]:
        both = [
            f"{amount(one[name]['before'])} → {amount(one[name]['after'])}"
            for name in ("prompt_tokens", "dialogue_tokens", "dialogue_usd", "heldout")
        ]
        search = one["search"]
        table.add_row(escape(one["setting"]), *both[:3], amount(search["n_calls"]), amount(search["usd"]), both[3])
    return table
