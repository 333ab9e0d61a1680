"""The command `optimize`: the search for a better prompt."""

from __future__ import annotations

from rich.console import Console

from understudy.flows.cli.console import Fields, answer
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
    Racing,
    RecommenderName,
    Seed,
    SettingName,
    StoreFile,
    Surface,
    Weights,
    Without,
    search_of,
)
from understudy.parameters import Caps, Models, RunOptions


@model_options
def optimize(
    dataset: Dataset,
    setting: SettingName = "zero_shot",
    algorithm: Algorithm = "unsga3",
    population: Population = 12,
    generations: Generations = 5,
    weights: Weights = None,
    panel: Panel = None,
    without: Without = None,
    racing: Racing = False,
    surface: Surface = "0",
    recommender: RecommenderName = "retrieval",
    seed: Seed = 0,
    models: Models = Models(),
    caps: Caps = Caps(),
    store: StoreFile = STORE,
    events: EventsFile = None,
    as_json: AsJson = False,
) -> None:
    """Search for a better prompt; a search that was stopped goes on where it was."""

    def work() -> Fields:
        # what cannot be used is said before anything heavy is imported
        search = search_of(algorithm, population, generations, weights, panel, without=without, racing=racing)
        from understudy.flows import stages

        return stages.optimize(
            dataset,
            setting=setting,
            search=search,
            options=RunOptions(store=store, surface=surface, recommender=recommender, seed=seed, models=models, caps=caps),
        )

    answer(work, page, as_json=as_json, events=events)


def page(console: Console, fields: Fields) -> None:
    """How the search ended and where the pick lies."""
    console.print(
        f"run {fields['run']}: {fields['n_evaluations']} evaluations, {fields['n_dialogues']} dialogues, "
        f"{fields['n_model_calls']} model calls; stopped: {fields['stopped']}"
    )
    console.print(f"hypervolume {fields['hypervolume']}; the pick is {fields['pick']['genome_digest']} in {fields['pick']['file']}")
    critic = fields["critic"]
    console.print(f"critic {critic}, {fields['n_critic_tokens']} tokens" if critic else "no critic: its operators are off")
    sure = fields["pick"]["p_dominates_seed"]
    if not fields["pick"]["dominates_seed"]:
        console.print("The pick does not dominate the seed on every objective.")
    elif sure is not None:
        console.print(f"The pick dominates the seed in {sure:.0%} of the resamples.")
