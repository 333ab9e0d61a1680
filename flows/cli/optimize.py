"""The command `optimize`: the search for a better prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

from understudy.flows.cli import auto
from understudy.flows.cli.arguments import MechanismArguments, OutputArguments, RunArguments, SearchArguments
from understudy.flows.cli.console import answer, then
from understudy.flows.cli.options import RUN, SETTING, Dataset, RecommenderName, SettingName, Surface
from understudy.flows.cli.tables import cached_share
from understudy.parameters import REPORT_PANEL
from understudy.report.figures import number, unused_objectives

if TYPE_CHECKING:
    from understudy.flows.stages import OptimizeAnswer
    from understudy.tasks.optimize.finals import PickFields, UnderpoweredFields


def optimize(
    *,
    dataset: Dataset,
    setting: SettingName = SETTING,
    searching: SearchArguments,
    mechanisms: MechanismArguments,
    surface: Surface = RUN.surface,
    recommender: RecommenderName = RUN.recommender,
    run: RunArguments,
    output: OutputArguments,
) -> None:
    """Search for a better prompt. A search that was stopped is continued."""

    def work() -> OptimizeAnswer:
        # what cannot be used is said before anything heavy is imported
        search = searching.search(mechanisms=mechanisms)
        options, sized = run.options(surface=surface, recommender=recommender), None
        if searching.auto:
            from understudy.tasks.studies.asked import Asked

            asked = Asked(dataset, setting, "optimize", search, REPORT_PANEL, 1, recommender, run.seed, None, max_turns=run.max_turns)
            search, _, sized = auto.sized(asked, options, keeps_report=False)
        from understudy.flows import api

        return {**api.optimize(dataset, setting=setting, search=search, options=options), "sized": sized}

    answer(work, page, as_json=output.as_json, events=output.events, verbose=output.verbose)


def page(console: Console, fields: OptimizeAnswer) -> None:
    """How the search ended and where the pick lies."""
    console.print(
        f"run {fields['run']}: {fields['n_evaluations']} evaluations, {fields['n_dialogues']} dialogues, "
        f"{fields['n_model_calls']} model calls; stopped: {fields['stopped']}"
    )
    console.print(f"hypervolume {number(fields['hypervolume'])}; the pick is {fields['pick']['genome_digest']}", markup=False)
    console.print(f"in {fields['pick']['file']}", markup=False, soft_wrap=True)
    critic_and_pick(console, fields["pick"], critic=fields["critic"], n_critic_tokens=fields["n_critic_tokens"])
    if n_left_out := fields["n_evidence_left_out"]:
        console.print(f"{n_left_out} turns were not shown to the critic, because its context has no room for them")
    for one in fields["prompt_cache"]:
        console.print(f"prompts of {cached_share(one)}", markup=False)
    not_used(console, fields["objectives_underpowered"])
    if fields["critic_given_up"]:
        console.print(fields["critic_given_up"], markup=False)
    for refused in fields["rejected"]:
        console.print(f"rejected: {refused['n']} of {refused['operator']}, because: {refused['reason']}", markup=False)
    then(console, f"understudy simulate --dataset NAME --genome {fields['pick']['file']}")


def critic_and_pick(console: Console, pick: PickFields, *, critic: str | None, n_critic_tokens: int) -> None:
    """What the critic used, whether the pick dominates the seed prompt, and whether it keeps the bounds of the gates."""
    console.print(f"critic {critic}, {n_critic_tokens} tokens" if critic else "no critic: the operators that need one are off")
    sure = pick["p_dominates_seed"]
    if not pick["dominates_seed"]:
        console.print("The pick does not dominate the seed prompt.")
    elif sure is not None:
        console.print(f"The pick dominates the seed prompt in {sure:.0%} of the resamples.")
    if pick["feasibility"] != "feasible":
        console.print(_beyond(pick))


def not_used(console: Console, underpowered: UnderpoweredFields) -> None:
    """Which objectives did not steer the search, or did not enter the choice, for want of units."""
    for told in unused_objectives({"search": underpowered["search"], "choice": underpowered["choice"]}):
        console.print(told)


def _beyond(pick: PickFields) -> str:
    """A sentence on the bounds of the gates that the pick exceeds."""
    if pick["feasibility"] == "infeasible":
        told = ", ".join(f"{name} by {number(excess)}" for name, excess in pick["proven_violations"].items())
        return f"The pick breaks bounds of the gates: even the favourable ends of its intervals exceed {told}."
    told = ", ".join(f"{name} by {number(excess)}" for name, excess in pick["violations"].items())
    return f"Whether the pick keeps the bounds of the gates is not decided: its values exceed {told}, its intervals do not."
