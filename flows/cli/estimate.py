"""The command `estimate`: what a run would cost and take, before it is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from understudy.flows.cli.arguments import RunArguments, SearchArguments, report_size
from understudy.flows.cli.compare import ElsewhereArguments
from understudy.flows.cli.console import answer, snapshot_read, then
from understudy.flows.cli.options import (
    N_PROBES,
    RUN,
    SEARCH,
    SETTING,
    AsJson,
    Final,
    Finalists,
    Generations,
    Panel,
    Population,
    Probes,
    RecommenderName,
    Report,
    Tstr,
)
from understudy.flows.cli.tables import PageTable
from understudy.parameters import Caps, PanelSize, Search
from understudy.report.figures import estimated

if TYPE_CHECKING:
    from understudy.records import AmountFields
    from understudy.tasks.studies.results.estimates import EstimatedFields, EstimateFields, Extent


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedArguments:
    """The command that is to be estimated."""

    dataset: Annotated[str, typer.Option(help="Name of an ingested data set.")]
    setting: Annotated[
        str,
        typer.Option(help="Prompt setting: a shipped name or a TOML file. compare and study take several, separated by commas, or `all`."),
    ] = SETTING
    of: Annotated[str, typer.Option(help="Command to estimate: nightly, optimize, simulate, evaluate, compare, study or probe.")] = (
        "nightly"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSearchArguments:
    """The size of its search, and of what it measures."""

    population: Population = SEARCH.population
    generations: Generations = SEARCH.generations
    panel: Panel = None
    finalists: Finalists = None
    report: Report = None

    def search(self) -> Search:
        """The search of that size. Raises BadInput."""
        sized = SearchArguments(population=self.population, generations=self.generations, panel=self.panel)
        return sized.search(finalists=self.finalists)

    def size(self) -> PanelSize:
        """What both sides play. Raises BadInput."""
        return report_size(self.report)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedWorkArguments:
    """What else it does."""

    final: Final = False
    n: Annotated[
        int | None, typer.Option(min=1, help="Number of dialogues (default 800), or of contexts per probe task (default 200).")
    ] = None
    task: Annotated[str, typer.Option(help="Probe task, or `all`.")] = "contamination"
    ratings: Annotated[
        str | None, typer.Option(help="Data set whose ratings stand for the preferences of the humans, if not --dataset.")
    ] = None
    probes: Probes = N_PROBES
    tstr: Tstr = False
    recommender: RecommenderName = RUN.recommender

    def n_of(self, command: str) -> int:
        """How many dialogues `command` plays, or places it asks about."""
        return self.n if self.n is not None else N_PROBES if command == "probe" else 800


def estimate(
    *,
    planned: PlannedArguments,
    searching: PlannedSearchArguments,
    doing: PlannedWorkArguments,
    to: ElsewhereArguments,
    latency_s: Annotated[float | None, typer.Option(min=0.0, help="Seconds per model call. Default: as measured in the ledger.")] = None,
    run: RunArguments,
    as_json: AsJson = False,
) -> None:
    """Estimate the calls, cost and time of a command and compare them with the caps. Local models alone are called, to time them."""

    def work() -> EstimateFields:
        search, size, options = searching.search(), searching.size(), run.options(recommender=doing.recommender)
        from understudy.tasks.studies.asked import Asked, Elsewhere
        from understudy.tasks.studies.estimate import estimate_run

        asked = Asked(
            planned.dataset, planned.setting, planned.of, search, size, doing.n_of(planned.of), doing.recommender, run.seed, latency_s,
            final=doing.final, n_probed=doing.probes, task=doing.task, ratings=doing.ratings,
            to=Elsewhere(to.to_dataset, to.to_recommender, to.to_surface), best_shipped=True, max_turns=run.max_turns, tstr=doing.tstr,
        )  # fmt: skip
        told = estimate_run(str(run.store), asked, models=options.models)
        return {**told, "within_caps": _within(told, options.caps)}

    answer(work, page, as_json=as_json)


def page(console: Console, fields: EstimateFields) -> None:
    """The figures per stage and in all, and what they rest on."""
    snapshot_read(console, fields["snapshot"])
    names: tuple[Extent, ...] = ("n_dialogues", "n_free_runs", "n_calls", "tokens", "usd", "minutes")
    named = [f"{fields['run']} of {fields['dataset']}", *([fields["setting"]] if fields["setting"] else [])]
    table = PageTable("", *names, title=", ".join(named))
    for stage in fields["stages"]:
        named_stage = f"{stage['part']}: {stage['stage']}" if "part" in stage else stage["stage"]
        table.add_row(named_stage, *(estimated(stage[name]) for name in names))
    table.add_row("total", *(estimated(fields[name]) for name in names))
    console.print(table)
    if later := fields["later_nights"]:
        anew = ", ".join(later["stages"])
        console.print(f"each later night on the same logs: {estimated(later['n_calls'])} calls ({anew})", markup=False)
    known = fields["assumptions"]
    for role, one in known["calls"].items():
        prompt, reply, latency = (one[name]["value"] for name in ("prompt_tokens", "reply_tokens", "latency_s"))
        share = one["cached_share"]["value"]
        cached = "" if share is None else f", {share:.0%} of the prompt from the server's cache"
        console.print(f"{role} {one['model']}: {prompt} + {reply} tokens{cached}, {latency} s per call ({one['from']})", markup=False)
    console.print(f"seeker turns of a free run from {known['seeker_turns_from']}; {known['ledger']}", markup=False)
    for name, holds in fields["within_caps"].items():
        console.print(f"cap on {name}: {holds}", markup=False)
    if fields["usd"]["value"] is None:
        console.print(fields["usd"].get("reason", ""), markup=False)
    then(console, f"understudy {fields['run']} --dataset {fields['dataset']}, with the same options and caps")


def _within(told: EstimatedFields, caps: Caps) -> dict[str, str]:
    """Per cap that is set: `yes`, `perhaps` or `no`, or `unknown` where the figure is."""
    # a replayed turn is no dialogue: only free runs count for that cap
    capped = {
        "usd": (caps.usd, told["usd"]), "tokens": (caps.tokens, told["tokens"]), "calls": (caps.calls, told["n_calls"]),
        "dialogues": (caps.dialogues, told["n_free_runs"]), "minutes": (caps.minutes, told["minutes"]),
    }  # fmt: skip
    return {name: _holds(amount, cap) for name, (cap, amount) in capped.items() if cap is not None}


def _holds(amount: AmountFields, cap: float) -> str:
    if "range" not in amount:
        return "unknown"
    low, high = amount["range"]
    return "yes" if high <= cap else "no" if low > cap else "perhaps"
