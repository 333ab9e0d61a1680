"""The command `simulate`: a batch of dialogues with one prompt."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from understudy.flows.cli.console import Fields, answer, usage_error
from understudy.flows.cli.model_options import model_options
from understudy.flows.cli.options import STORE, AsJson, Batch, Dataset, EventsFile, RecommenderName, Seed, StoreFile, Surface
from understudy.parameters import Caps, Models, RunOptions
from understudy.report.figures import counted, money

_N_REASONS = 8


@model_options
def simulate(
    dataset: Dataset,
    setting: Annotated[str | None, typer.Option(help="Play a setting as it is.")] = None,
    genome: Annotated[Path | None, typer.Option(help="Play a genome file, as `optimize` names it.")] = None,
    n: Annotated[int, typer.Option(min=1, help="Dialogues to play.")] = 800,
    recommender: RecommenderName = "retrieval",
    batch: Batch = None,
    surface: Surface = "0",
    seed: Seed = 0,
    models: Models = Models(),
    caps: Caps = Caps(),
    store: StoreFile = STORE,
    events: EventsFile = None,
    as_json: AsJson = False,
) -> None:
    """Play a batch of dialogues with one prompt."""
    if (setting is None) == (genome is None):
        usage_error("simulate takes either --setting or --genome", as_json=as_json)

    def work() -> Fields:
        from understudy.flows import stages

        return stages.simulate(
            dataset,
            setting=setting,
            genome_file=str(genome) if genome else None,
            n=n,
            batch=batch,
            options=RunOptions(store=store, surface=surface, recommender=recommender, seed=seed, models=models, caps=caps),
        )

    answer(work, page, as_json=as_json, events=events)


def page(console: Console, fields: Fields) -> None:
    """What was played, how it ended, what was mended in the replies, and what it cost now."""
    console.print(
        f"batch {fields['batch']}: {fields['n_dialogues']} dialogues, {fields['n_missing']} missing; "
        f"{fields['n_model_calls']} model calls, {fields['tokens']} tokens, {money(fields['usd'])}"
    )
    for status, reasons in fields["ends"].items():
        for reason, n in sorted(reasons.items(), key=lambda one: -one[1])[:_N_REASONS]:
            console.print(f"  {status} {n}: {reason}", markup=False)
    mended = (counted(fields[name]) for name in ("n_stripped", "n_redone", "n_unchecked"))
    console.print("  in the seeker's replies {} pieces taken out, {} drafts redone, {} checks unreadable".format(*mended))
