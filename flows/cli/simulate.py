"""The command `simulate`: a batch of dialogues with one prompt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from understudy.flows.cli.arguments import OutputArguments, PromptArguments, RunArguments
from understudy.flows.cli.console import answer, then
from understudy.flows.cli.options import RUN, Batch, Dataset, RecommenderName, Surface
from understudy.report.figures import counted, money, overlapping

if TYPE_CHECKING:
    from understudy.tasks.simulate.results import SimulateFields

_N_REASONS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchArguments:
    """The batch that is played."""

    n: Annotated[int, typer.Option(min=1, help="Number of dialogues to play.")] = 800
    batch: Batch = None
    no_report: Annotated[
        bool, typer.Option("--no-report", help="Play the dialogues alone and leave the report that the gates read to `validate`.")
    ] = False


def simulate(
    *,
    dataset: Dataset,
    prompt: PromptArguments,
    played: BatchArguments,
    recommender: RecommenderName = RUN.recommender,
    surface: Surface = RUN.surface,
    run: RunArguments,
    output: OutputArguments,
) -> None:
    """Play a batch of dialogues with one prompt, and the report that its gates read."""
    def work() -> SimulateFields:
        options = run.options(surface=surface, recommender=recommender)
        from understudy.flows import api

        return api.simulate(
            dataset, setting=prompt.setting, genome=prompt.genome, n=played.n, batch=played.batch, with_report=not played.no_report,
            options=options,
        )  # fmt: skip

    answer(work, page, as_json=output.as_json, events=output.events, verbose=output.verbose)


def page(console: Console, fields: SimulateFields) -> None:
    """What was played, how it ended, what was corrected in the replies, and what it cost now."""
    console.print(
        f"batch {fields['batch']}: {fields['n_dialogues']} dialogues, {fields['n_missing']} missing; "
        f"{fields['n_model_calls']} model calls, {fields['tokens']} tokens, {money(fields['usd'])}"
    )
    calls, report = fields["calls"], "" if fields["is_reported"] else " (left to `understudy validate`)"
    console.print(f"  model calls now: {calls['dialogues']['made']} for the dialogues, {calls['report']['made']} for the report{report}")
    console.print(f"  {overlapping(fields['overlap'])}", markup=False)
    for status, reasons in fields["ends"].items():
        for reason, n in sorted(reasons.items(), key=lambda one: -one[1])[:_N_REASONS]:
            console.print(f"  {status} {n}: {reason}", markup=False)
    console.print("  ended by, simulated and human: " + ", ".join(
        f"{name} {one['simulated']} and {one['human']}" for name, one in fields["endings"].items() if one["simulated"] or one["human"]
    ), markup=False)
    again = ", ".join(f"{reason} {n}" for reason, n in (fields["asked_again"] or {}).items())
    console.print(f"  {counted(fields['n_asked_again'])} replies asked for once more{f': {again}' if again else ''}", markup=False)
    mended = (counted(n) for n in (fields["n_stripped"], fields["n_redone"], fields["n_unchecked"]))
    console.print("  {} pieces removed from the seeker's replies, {} drafts rewritten, {} turns not checked".format(*mended))
    odd = (counted(n) for n in (fields["n_cut"], fields["n_normalised"], fields["n_recounted"]))
    console.print("  {} turns cut at a limit on their length, {} characters normalised, {} replies with tokens counted here".format(*odd))
    if fields["n_prompts_cut"]:
        console.print(f"  at least {fields['n_prompts_cut']} prompts were cut by the server; raise the model's context")
    then(console, f"understudy validate --batch {fields['batch']}")
