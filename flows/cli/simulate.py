"""The command `simulate`: a batch of dialogues with one prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from understudy.flows.cli.arguments import OutputArguments, PromptArguments, RunArguments
from understudy.flows.cli.console import answer, then
from understudy.flows.cli.options import RUN, Batch, Dataset, RecommenderName, Surface, text_of
from understudy.report.figures import counted, money

if TYPE_CHECKING:
    from understudy.tasks.simulate.results import SimulateFields

_N_REASONS = 8


def simulate(
    *,
    dataset: Dataset,
    prompt: PromptArguments,
    n: Annotated[int, typer.Option(min=1, help="Number of dialogues to play.")] = 800,
    recommender: RecommenderName = RUN.recommender,
    batch: Batch = None,
    surface: Surface = RUN.surface,
    run: RunArguments,
    output: OutputArguments,
) -> None:
    """Play a batch of dialogues with one prompt."""
    def work() -> SimulateFields:
        options = run.options(surface=surface, recommender=recommender)
        from understudy.flows import stages

        return stages.simulate(dataset, setting=prompt.setting, genome_file=text_of(prompt.genome), n=n, batch=batch, options=options)

    answer(work, page, as_json=output.as_json, events=output.events)


def page(console: Console, fields: SimulateFields) -> None:
    """What was played, how it ended, what was corrected in the replies, and what it cost now."""
    console.print(
        f"batch {fields['batch']}: {fields['n_dialogues']} dialogues, {fields['n_missing']} missing; "
        f"{fields['n_model_calls']} model calls, {fields['tokens']} tokens, {money(fields['usd'])}"
    )
    for status, reasons in fields["ends"].items():
        for reason, n in sorted(reasons.items(), key=lambda one: -one[1])[:_N_REASONS]:
            console.print(f"  {status} {n}: {reason}", markup=False)
    mended = (counted(n) for n in (fields["n_stripped"], fields["n_redone"], fields["n_unchecked"]))
    console.print("  {} pieces removed from the seeker's replies, {} drafts rewritten, {} verifier answers unreadable".format(*mended))
    odd = (counted(n) for n in (fields["n_cut"], fields["n_normalised"], fields["n_recounted"]))
    console.print("  {} turns cut at a limit on their length, {} characters normalised, {} replies with tokens counted here".format(*odd))
    then(console, f"understudy validate --batch {fields['batch']}")
