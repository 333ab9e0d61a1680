"""The command `probe`: what a model knows or does, beside the humans of a data set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from understudy.flows.cli.arguments import RunArguments
from understudy.flows.cli.console import answer, then
from understudy.flows.cli.options import N_PROBES, AsJson, Dataset
from understudy.flows.cli.tables import PageTable
from understudy.names import shown_model
from understudy.parameters import LOCAL
from understudy.report.figures import REHEARSAL_WARNING, figure

if TYPE_CHECKING:
    from understudy.tasks.studies.results.probes import HitFields, ProbedFields, ProbeFields, TaskFields

_COLOURS = {"above": "yellow", "below": "yellow", "not_apart": "green", "not_measured": "dim"}


def probe(
    *,
    dataset: Dataset,
    task: Annotated[
        str,
        typer.Option(
            help="Probe task: contamination, items_talked_about, binary_preference, open_preference, requests, feedback, "
            "negative_feedback, or all."
        ),
    ] = "contamination",
    n: Annotated[int, typer.Option(min=1, help="Number of contexts per task.")] = N_PROBES,
    ratings: Annotated[str | None, typer.Option(help="Data set whose ratings `binary_preference` compares with, if not --dataset.")] = None,
    run: RunArguments,
    as_json: AsJson = False,
) -> None:
    """Ask a model outside of dialogues whether it knows the logs, and compare its preferences and texts with those of the humans."""

    def work() -> ProbeFields:
        options = run.options()
        from understudy.tasks.play.opened import joined
        from understudy.tasks.studies import probe as probing

        probing.tasks_named(task)
        with joined(dataset, options) as opened:
            return probing.probe_model(opened, task=task, n=n, ratings=ratings)

    answer(work, page, as_json=as_json)


def page(console: Console, fields: ProbeFields) -> None:
    """Each task's outcome and its figures beside the humans' own."""
    console.print(
        f"{shown_model(fields['model'])} compared with the humans of {fields['dataset']} ({fields['split']}); "
        f"{fields['n_model_calls']} model calls",
        markup=False,
    )
    tasks: dict[str, TaskFields] = fields["tasks"] if "tasks" in fields else {fields["task"]: fields}
    for name, told in tasks.items():
        _task(console, name, told)
    # a local model is written as a path or a package, which its name does not say
    written = "local/…" if fields["model"].startswith(LOCAL) else fields["model"]
    then(console, f"understudy study --dataset {fields['dataset']} --model {written} --usd N")


def _task(console: Console, name: str, told: TaskFields) -> None:
    console.print(Text.assemble("\n", (name.replace("_", " "), "bold"), f": {told['outcome'].replace('_', ' ')}"))
    if told["reason"]:
        console.print(f"  {told['reason']}", markup=False)
    console.print(f"  humans: {told['human']}", markup=False)
    asked = told.get("n_questions", told.get("n_contexts", 0))
    console.print(
        f"  {asked} questions: {told['n_answered']} answered, {told['n_missing']} missing, {told['n_invalid']} invalid", markup=False
    )
    if told.get("engine") == "rehearsal":
        console.print(f"  {REHEARSAL_WARNING}", markup=False)
    if "hit_at_1" in told and "hit_at_10" in told:
        console.print(_hits({1: told["hit_at_1"], 10: told["hit_at_10"]}))
    if told.get("figures"):
        console.print(_figures_table(told["figures"]))


def _hits(hits: dict[int, HitFields]) -> PageTable:
    table = PageTable("target among the first k", "model", "popularity", "difference")
    for k, hit in hits.items():
        table.add_row(str(k), figure(hit["model"]), figure(hit["popularity"]), figure(hit["difference"]))
    return table


def _figures_table(figures: dict[str, ProbedFields]) -> PageTable:
    table = PageTable("figure", "model", "humans", "difference", "outcome")
    for name, one in figures.items():
        human = f"chance {one['chance']:g}" if "chance" in one else figure(one["human"])
        outcome = one.get("outcome", "")
        beside = " the plain question" if one.get("against") == "plain" and outcome in ("above", "below") else ""
        colour = _COLOURS.get(outcome, "default")
        told = Text(f"{outcome.replace('_', ' ')}{beside}" if outcome else "", style=colour)
        table.add_row(name.replace("_", " "), figure(one["model"]), human, figure(one.get("difference")), told)
    return table
