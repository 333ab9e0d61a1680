"""The command `replicate`: the experiment that the paper reports, for one model, within a budget, resumable."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from understudy.errors import BadInput
from understudy.flows.cli.arguments import OutputArguments, RunArguments
from understudy.flows.cli.beforehand import Means
from understudy.flows.cli.console import answer, then
from understudy.flows.cli.options import Dataset, text_of
from understudy.flows.cli.tables import PageTable
from understudy.report.figures import REHEARSAL_WARNING, estimated, figure

if TYPE_CHECKING:
    from understudy.parameters import Caps
    from understudy.tasks.studies.replicating.asked import ReplicateAsked
    from understudy.tasks.studies.results.estimates import CostFields, Extent
    from understudy.tasks.studies.results.replicated import ReplicateAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperGridArguments:
    """The grid of the experiment: what is told of users, how prompts are tuned, what is asked, and of how many users."""

    settings: Annotated[
        str, typer.Option(help="Prompt settings, separated by commas: plain, icl, rag, pag, summary, each also with `+persona`; or `all`.")
    ] = "plain,icl,rag,pag,summary,summary+persona"
    optimizers: Annotated[
        str, typer.Option(help="How prompts are tuned, separated by commas: none, textgrad_instance, ours, shared; or `all`.")
    ] = "none"
    tasks: Annotated[
        str,
        typer.Option(
            help="Tasks, separated by commas: ItemsTalk, BinPref, OpenPref, RecRequest, NegFeedback, or `all`; BinPref-leaky by name."
        ),
    ] = "all"
    users: Annotated[int, typer.Option(min=1, help="Number of users per task. BinPref asks about 40 titles for 100 users.")] = 100
    template_calls: Annotated[int, typer.Option(min=50, help="Calls that the search of one template may make, per task.")] = 300
    ethnicity: Annotated[bool, typer.Option("--ethnicity", help="Give the persons of `+persona` an ethnicity by their surname.")] = False

    def __post_init__(self) -> None:
        """Raises BadInput for values that cannot be used, before anything is started."""
        names = {
            "--settings": {f"{form}{end}" for form in ("plain", "icl", "rag", "pag", "summary") for end in ("", "+persona")},
            "--optimizers": {"none", "textgrad_instance", "ours", "shared"},
            "--tasks": {"ItemsTalk", "BinPref", "OpenPref", "RecRequest", "NegFeedback", "BinPref-leaky"},
        }
        for option, given in (("--settings", self.settings), ("--optimizers", self.optimizers), ("--tasks", self.tasks)):
            unknown = [name.strip() for name in given.split(",") if name.strip() not in names[option]]
            if given != "all" and unknown:
                raise BadInput(f"{option}: there is no {unknown[0]!r}", hint=f"name one of {', '.join(sorted(names[option]))}, or `all`")

    def asked(self) -> ReplicateAsked:
        """The grid. Raises BadInput."""
        from understudy.tasks.studies.replicating.asked import parsed

        return parsed(
            settings=self.settings, optimizers=self.optimizers, tasks=self.tasks, users=self.users, template_calls=self.template_calls,
            with_ethnicity=self.ethnicity,
        )  # fmt: skip


def replicate(
    *,
    dataset: Dataset,
    ratings: Annotated[str | None, typer.Option(help="Data set of the users' histories and ratings, if not --dataset.")] = None,
    grid: PaperGridArguments,
    only_estimate: Annotated[bool, typer.Option("--only-estimate", help="Print what it would take, and end.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the table, the report and the JSON fields. Default: STORE-replicate/KEY."), Means.FOLDER
    ] = None,
    run: RunArguments,
    output: OutputArguments,
) -> None:
    """Run the experiment of the paper: five tasks, prompt settings and optimizers, each figure beside the humans' own."""

    def work() -> ReplicateAnswer:
        asked, options = grid.asked(), run.options()
        from understudy.tasks.play.opened import store_open
        from understudy.tasks.studies.replicating import files
        from understudy.tasks.studies.replicating.beforehand import estimate_of
        from understudy.tasks.studies.replicating.run import replicate as replicated

        with store_open(options.store) as store:
            expected = estimate_of(store, dataset, options, ratings=ratings, asked=asked)
            _announce(Console(stderr=True, highlight=False), expected, options.caps)
            if only_estimate:
                kept = {} if out is None else files.estimate_written(expected, options.models.seeker, out=str(out))
                return {"estimate": expected, "files": kept}
            fields = replicated(store, dataset, options, ratings=ratings, asked=asked, estimate=expected)
        return {**fields, "files": files.written(fields, str(run.store), out=text_of(out))}

    answer(work, page, as_json=output.as_json, events=output.events, verbose=output.verbose)


def page(console: Console, fields: ReplicateAnswer) -> None:
    """The figures of each task, then where the whole report is."""
    if "rows" not in fields:
        console.print(_estimate_table(fields["estimate"]))
        if fields.get("files"):
            console.print(f"files: {', '.join(fields['files'].values())}", markup=False)
        then(console, "the same command without --only-estimate runs it; --calls and --usd bound what it spends")
        return
    if "rehearsal" in fields["engine"].split("+"):
        console.print(f"  {REHEARSAL_WARNING}", markup=False)
    table = PageTable("task", "setting", "optimizer", "figure", "model", "humans")
    for row in fields["rows"]:
        model = figure({"value": row["value"], "ci": row.get("ci"), "n": row["n"], "reason": row.get("reason", "")}, n="named")
        table.add_row(row["task"], row["setting"], row["optimizer"], row["figure"].replace("_", " "), model, figure(row["human"]))
    console.print(table)
    console.print(f"{fields['n_model_calls']} model calls; files: {', '.join(fields['files'].values())}", markup=False)
    then(console, "docs/paper.md says how these figures compare with the paper's; the same command again is answered from the ledger")


def _estimate_table(expected: CostFields) -> PageTable:
    table = PageTable("part", "stage", "calls", "tokens", "minutes")
    for one in expected["stages"]:
        table.add_row(one.get("part", ""), one["stage"], estimated(one["n_calls"]), estimated(one["tokens"]), estimated(one["minutes"]))
    return table


def _announce(console: Console, expected: CostFields, caps: Caps) -> None:
    """The estimate, before anything is spent."""
    names: tuple[Extent, ...] = ("n_calls", "tokens", "usd", "minutes")
    told = ", ".join(f"{name} {estimated(expected[name], reason=True)}" for name in names)
    console.print(f"estimate if nothing has been answered yet: {told}; caps: usd {caps.usd}, calls {caps.calls}", markup=False)
