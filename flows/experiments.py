"""The two long experiments: every setting before and after its search, and the whole of it for one real model.

Read `compare_settings` as a method section. Each setting is searched for (or its search found in the store); seed and pick are
played on dialogues of a split that no search has seen; humans are held against humans at the same size; one table says it all.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from prefect import flow

from understudy.completion import ModelRole
from understudy.doors.events import emit
from understudy.errors import BudgetExhausted
from understudy.flows import stages
from understudy.flows.runners import threads
from understudy.parameters import REPORT_PANEL, Models, PanelSize, RunOptions, Search
from understudy.tasks.play.evaluation import settled
from understudy.tasks.play.metering import pays, spent_here
from understudy.tasks.play.models import models_open, open_models, store_held
from understudy.tasks.simulate.batch import prompt_of
from understudy.tasks.studies.compare import ComparedSetting, carried_settings, left_of, table, transfer_of
from understudy.tasks.studies.compare import show as show_comparison
from understudy.tasks.studies.probe import probe_model
from understudy.tasks.studies.sides import MORE_ROOM, Place, Side, human_side_of, keep_sides, measure, open_test, place_of
from understudy.tasks.studies.study import N_PROBED, open_study, room

Fields = dict[str, Any]
SHOWN_ROLES: tuple[ModelRole, ...] = ("seeker", "recommender", "critic", "judge", "verifier")


@flow(name="compare settings", task_runner=threads(2))
def compare_settings(
    dataset: str,
    settings: list[str],
    final: bool = False,
    to_dataset: str | None = None,
    to_recommender: str | None = None,
    to_surface: str | None = None,
    search: Search = Search(),
    report: PanelSize = REPORT_PANEL,
    options: RunOptions = RunOptions(),
) -> Fields:
    """The fields of `understudy compare`."""
    split = "test" if final else "select"
    is_elsewhere = any(place is not None for place in (to_dataset, to_recommender, to_surface))
    with store_held(str(options.store)):
        with models_open(dataset, options) as opened:
            home = place_of(dataset, opened, options, split=split, report=report)
            found = [searched(name, dataset, search, options) for name in settings]
            told, fields = tabled(home, found, purpose="compare"), about(home, search, options.models)
            spent = spent_here()
        if is_elsewhere:
            moved = {
                "surface": to_surface or options.surface,
                "recommender": to_recommender or options.recommender,
                "caps": left_of(options.caps, spent),
            }
            elsewhere = options.model_copy(update=moved)
            with models_open(to_dataset or dataset, elsewhere) as opened:
                there = place_of(to_dataset or dataset, opened, elsewhere, split=split, report=report)
                carried = tabled(there, carried_settings(there, found), purpose="compare, carried", home=told["rows"])
                told = {**carried, "home": {name: told[name] for name in ("rows", "family", "outcomes", "settings")}}
                fields["transfer"] = transfer_of(there)
                spent += spent_here()
        fields = {**fields, **told, "n_model_calls": spent.n_calls, "tokens": spent.tokens, "usd": spent.usd}
        show_comparison(fields)
        emit("compare", "comparison_done", home.profile_key)
        return fields


def searched(setting: str, dataset: str, search: Search, options: RunOptions) -> Fields:
    """What the search of a setting found; one that is in the store under its key costs nothing. Raises BudgetExhausted."""
    found = stages.optimize(dataset, setting=setting, search=search, options=options)
    if found["stopped"] == "budget":
        raise BudgetExhausted(f"a cap ended the search of {setting}", hint=MORE_ROOM)
    return {**found, "setting_asked": setting}


def tabled(place: Place, searches: Sequence[Fields], *, purpose: str, home: Sequence[Fields] | None = None) -> Fields:
    """The table of the settings whose searches found something, measured at one place."""
    measured = []
    for done, one in enumerate(searches):
        genomes = [one["seed_digest"], one["pick"]["genome_digest"]]
        before, after = both_sides(place, genomes, purpose=purpose, done=done, of=len(searches))
        measured.append(ComparedSetting(one["setting"], before, after, one))
        emit("compare", "setting_compared", one["setting"])
    return table(measured, place, human_side_of(place), home=home)


def both_sides(place: Place, genomes: Sequence[str], *, purpose: str, done: int, of: int) -> tuple[Side, Side]:
    """Seed and pick, played side by side and kept; one that is the other is measured once."""
    if place.split == "test":
        open_test(place, genomes, purpose=purpose)
    works = [place.work(genome) for genome in dict.fromkeys(genomes)]
    sides, capped = settled(measure.map(works))
    kept = keep_sides(place.store, sides, capped, done=done, of=of)
    return kept[0], kept[-1]


def about(place: Place, search: Search, models: Models) -> Fields:
    """What was asked for."""
    return {
        "dataset": place.dataset,
        "recommender": place.recommender,
        "surface": place.surface,
        "models": {role: models.of(role) for role in SHOWN_ROLES},
        "search": search.model_dump(mode="json"),
        "seed": place.seed,
        "transfer": None,
    }


@flow(name="study", task_runner=threads(2))
def study(
    dataset: str,
    settings: list[str],
    final: bool = False,
    search: Search = Search(),
    report: PanelSize = REPORT_PANEL,
    n_probed: int = N_PROBED,
    options: RunOptions = RunOptions(),
) -> Fields:
    """The whole experiment for one model, within caps that hold over every process that works on it."""
    store = str(options.store)
    with store_held(store):
        begun = open_study(dataset, options, settings=settings, search=search, report=report)
        last = "test" if final else "select"
        told = begun.answered(last)
        if told is None:
            within = options.model_copy(update={"caps": room(begun, options.caps)})
            with models_open(dataset, within) as opened:
                pays(store, begun.study_key)
                select, test = (place_of(dataset, opened, within, split=split, report=report) for split in ("select", "test"))
                begun.once("probe", partial(probed, store, dataset, n=n_probed, seed=options.seed))
                for name in settings:
                    begun.once(f"seed/{name}", partial(seed_played, select, dataset, name))
                found = [begun.once(f"search/{name}", partial(searched, name, dataset, search, within)) for name in settings]
                told = begun.once("select", partial(reported, select, found, search, options.models))
                if final:
                    told = begun.once("test", partial(reported, test, found, search, options.models))
        spent = begun.spent()
        fields = {**told, "study": begun.study_key, "probe": begun.answered("probe"), "n_stages": begun.n_stages()}
        fields |= {"n_model_calls": spent.n_calls, "tokens": spent.tokens, "usd": spent.usd, "n_unknown": spent.n_unknown}
        show_comparison(fields)
        emit("study", "study_done", begun.study_key)
        return fields


def reported(place: Place, searches: Sequence[Fields], search: Search, models: Models) -> Fields:
    """What a study answers of one split: what was asked for, and the table."""
    return {**about(place, search, models), **tabled(place, searches, purpose="study")}


def probed(store: str, dataset: str, *, n: int, seed: int) -> Fields:
    """Whether the model knows the data set from its pre-training."""
    return probe_model(store, dataset, open_models(), task="contamination", n=n, seed=seed)


def seed_played(place: Place, dataset: str, setting: str) -> Fields:
    """The hand-written prompt of a setting as it is, before any search: the objectives' values."""
    genome = prompt_of(place.store, dataset, setting=setting, genome_file=None, seed=place.seed)
    side, _ = both_sides(place, [genome], purpose="study", done=0, of=1)
    return {"genome_digest": genome, **side.evaluation.as_json()}
