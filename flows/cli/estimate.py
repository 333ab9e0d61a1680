"""The command `estimate`: what a run would cost and take, before it is made."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from understudy.flows.cli.compare import Final, Finalists, Report, report_of, searched_by
from understudy.flows.cli.console import answer
from understudy.flows.cli.model_options import model_options
from understudy.parameters import Caps, Models, Search
from understudy.report.figures import estimated

Fields = dict[str, Any]


@model_options
def estimate(
    dataset: Annotated[str, typer.Option(help="Name of a profiled data set.")],
    setting: Annotated[
        str, typer.Option(help="A shipped prompt setting, or a TOML file of your own; of compare and study several with commas, or `all`.")
    ] = "zero_shot",
    run: Annotated[
        str, typer.Option("--of", help="The command to be estimated: nightly, optimize, simulate, evaluate, compare, study or probe.")
    ] = "nightly",
    population: Annotated[int, typer.Option(help="Individuals of a generation.")] = 12,
    generations: Annotated[int, typer.Option(help="Generations after the first; 0 plays the seed as it is.")] = 5,
    panel: Annotated[str | None, typer.Option(help="What an evaluation plays: contexts a stratum, dialogues, free runs.")] = None,
    finalists: Finalists = None,
    report: Report = None,
    final: Final = False,
    n: Annotated[
        int | None, typer.Option(min=1, help="Dialogues of the batch or with the recommender, 800; what a probe asks about, 200.")
    ] = None,
    task: Annotated[str, typer.Option(help="The task of a probe, or `all` of them.")] = "contamination",
    ratings: Annotated[str | None, typer.Option(help="Data set whose ratings a probe takes for its humans, if not the same one.")] = None,
    probes: Annotated[int, typer.Option(min=1, help="Contexts that the contamination probe of a study asks about.")] = 200,
    recommender: Annotated[str, typer.Option(help="The CRS that the seekers talk to; `llm` calls a model too.")] = "retrieval",
    to_dataset: Annotated[str | None, typer.Option(help="Of compare: the other data set that what was tuned is measured on.")] = None,
    to_recommender: Annotated[str | None, typer.Option(help="Of compare: the other recommender.")] = None,
    to_surface: Annotated[str | None, typer.Option(help="Of compare: the other surface of rehearsal's.")] = None,
    latency_s: Annotated[float | None, typer.Option("--latency-s", min=0.0, help="Seconds of a call. Default: the ledger's.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the run.")] = 0,
    models: Models = Models(),
    caps: Caps = Caps(),
    store: Annotated[Path, typer.Option("--store", help="The DuckDB file that holds everything.")] = Path("understudy.duckdb"),
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout and nothing else there.")] = False,
) -> None:
    """Say what a run would cost and take. No model is called; the caps are compared with the figures."""

    def work() -> Fields:
        search = searched_by(Search().algorithm, population, generations, None, panel, finalists)
        from understudy.tasks.studies.estimate import Asked, Elsewhere, estimate_run

        many = n if n is not None else 200 if run == "probe" else 800
        asked = Asked(
            dataset, setting, run, search, report_of(report), many, recommender, seed, latency_s,
            final=final, n_probed=probes, task=task, ratings=ratings,
            to=Elsewhere(to_dataset, to_recommender, to_surface),
        )  # fmt: skip
        told = estimate_run(str(store), asked, models=models)
        return {**told, "within_caps": _within(told, caps)}

    answer(work, page, as_json=as_json, events=None)


def page(console: Console, fields: Fields) -> None:
    """The figures per stage and in all, and what they rest on."""
    names = ("n_dialogues", "n_free_runs", "n_calls", "tokens", "usd", "minutes")
    named = [f"{fields['run']} of {fields['dataset']}", *([fields["setting"]] if fields["setting"] else [])]
    table = Table("", *names, title=", ".join(named), title_justify="left")
    for row in (*fields["stages"], {"stage": "in all", **fields}):
        table.add_row(": ".join(row[name] for name in ("part", "stage") if name in row), *(estimated(row[name]) for name in names))
    console.print(table)
    known = fields["assumptions"]
    for role, one in known["calls"].items():
        prompt, reply, latency = (one[name]["value"] for name in ("prompt_tokens", "reply_tokens", "latency_s"))
        console.print(f"{role} {one['model']}: {prompt} + {reply} tokens, {latency} s a call ({one['from']})", markup=False)
    console.print(f"seeker turns of a free run from {known['seeker_turns_from']}; {known['ledger']}", markup=False)
    for name, holds in fields["within_caps"].items():
        console.print(f"cap on {name}: {holds}", markup=False)
    if fields["usd"]["value"] is None:
        console.print(fields["usd"]["reason"], markup=False)


def _within(told: Fields, caps: Caps) -> Fields:
    """Per cap that is set: `yes`, `perhaps` or `no`, or `unknown` where the figure is."""
    # a replayed turn is no dialogue: only free runs count for that cap
    named = {"usd": "usd", "tokens": "tokens", "calls": "n_calls", "dialogues": "n_free_runs", "minutes": "minutes"}
    found: Fields = {}
    for name, field in named.items():
        cap, figure = getattr(caps, name), told[field]
        if cap is None:
            continue
        if figure["value"] is None:
            found[name] = "unknown"
        else:
            lo, hi = figure["range"]
            found[name] = "yes" if hi <= cap else "no" if lo > cap else "perhaps"
    return found
