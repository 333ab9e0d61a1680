"""The two long experiments: every setting before and after its search, and the whole of it for one real model.

Read `compare_settings` as a method section. Each setting is searched for (or its search found in the store); seed and pick are
played on dialogues of a split that no search has seen; humans are held against humans at the same size; one table says it all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner

from understudy.doors.events import emit
from understudy.errors import BudgetExhausted
from understudy.flows import stages
from understudy.parameters import REPORT_PANEL, Caps, Models, PanelSize, Search
from understudy.tasks.play.evaluation import settled
from understudy.tasks.play.metering import pays, spent_here
from understudy.tasks.play.models import models_open, open_models, store_held
from understudy.tasks.simulate.batch import prompt_of
from understudy.tasks.studies.compare import MORE_ROOM, Setting, carried_settings, left_of, table, transfer_of
from understudy.tasks.studies.compare import show as show_comparison
from understudy.tasks.studies.probe import probe_model
from understudy.tasks.studies.sides import Place, Side, human_side_of, keep_sides, measure, open_test, place_of
from understudy.tasks.studies.study import N_PROBED, open_study, room

Fields = dict[str, Any]


@flow(name="compare settings", task_runner=ThreadPoolTaskRunner(max_workers=2))
def compare_settings(
    dataset: str,
    settings: list[str],
    store: str = stages.STORE,
    final: bool = False,
    to_dataset: str | None = None,
    to_recommender: str | None = None,
    to_surface: str | None = None,
    surface: str = "0",
    recommender: str = "retrieval",
    seed: int = 0,
    search: Search = Search(),
    report: PanelSize = REPORT_PANEL,
    models: Models = Models(),
    caps: Caps = Caps(),
) -> Fields:
    """The fields of `understudy compare`."""
    split = "test" if final else "select"
    is_elsewhere = any(place is not None for place in (to_dataset, to_recommender, to_surface))
    common: Fields = {"store": store, "seed": seed, "models": models, "caps": caps}
    with store_held(store):
        with models_open(store, dataset, models=models, caps=caps, surface=surface) as opened:
            home = place_of(
                store, dataset, opened, split=split, recommender=recommender, surface=surface, seed=seed, report=report
            )
            found = [searched(name, dataset, search=search, surface=surface, recommender=recommender, **common) for name in settings]
            told, fields = tabled(home, found, purpose="compare"), about(home, search, models)
            spent = spent_here()
        if is_elsewhere:
            left = left_of(caps, spent)
            with models_open(store, to_dataset or dataset, models=models, caps=left, surface=to_surface or surface) as opened:
                there = place_of(
                    store, to_dataset or dataset, opened, split=split, recommender=to_recommender or recommender,
                    surface=to_surface or surface, seed=seed, report=report,
                )  # fmt: skip
                carried = tabled(there, carried_settings(there, found), purpose="compare, carried", home=told["rows"])
                told = {**carried, "home": {name: told[name] for name in ("rows", "family", "outcomes", "settings")}}
                fields["transfer"] = transfer_of(there)
                spent += spent_here()
        fields = {**fields, **told, "n_model_calls": spent.n_calls, "tokens": spent.tokens, "usd": spent.usd}
        show_comparison(fields)
        emit("compare", "comparison_done", home.profile_key)
        return fields


def searched(setting: str, dataset: str, **chosen: Any) -> Fields:
    """What the search of a setting found; one that is in the store under its key costs nothing. Raises BudgetExhausted."""
    found = stages.optimize(dataset, setting=setting, **chosen)
    if found["stopped"] == "budget":
        raise BudgetExhausted(
            f"a cap ended the search of {setting}",
            hint=MORE_ROOM,
        )
    return {**found, "setting_asked": setting}


def tabled(place: Place, found: Sequence[Fields], *, purpose: str, home: Sequence[Fields] | None = None) -> Fields:
    """The table of the settings whose searches found something, measured at one place."""
    measured = []
    for done, one in enumerate(found):
        genomes = [one["seed_digest"], one["pick"]["genome_digest"]]
        before, after = both_sides(place, genomes, purpose=purpose, done=done, of=len(found))
        measured.append(Setting(one["setting"], before, after, one))
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
        "models": {role: models.of(role) for role in ("seeker", "recommender", "critic", "judge", "verifier")},
        "search": search.model_dump(mode="json"),
        "seed": place.seed,
        "transfer": None,
    }


@flow(name="study", task_runner=ThreadPoolTaskRunner(max_workers=2))
def study(
    dataset: str,
    settings: list[str],
    store: str = stages.STORE,
    final: bool = False,
    surface: str = "0",
    recommender: str = "retrieval",
    seed: int = 0,
    search: Search = Search(),
    report: PanelSize = REPORT_PANEL,
    models: Models = Models(),
    caps: Caps = Caps(),
    n_probed: int = N_PROBED,
) -> Fields:
    """The whole experiment for one model, within caps that hold over every process that works on it."""
    common: Fields = {"recommender": recommender, "surface": surface, "seed": seed}
    with store_held(store):
        begun = open_study(store, dataset, settings=settings, search=search, report=report, models=models, **common)
        last = "test" if final else "select"
        told = begun.answered(last)
        if told is None:
            left = room(begun, caps)
            with models_open(store, dataset, models=models, caps=left, surface=surface) as opened:
                pays(store, begun.study_key)
                select, test = (
                    place_of(store, dataset, opened, split=split, report=report, **common) for split in ("select", "test")
                )
                asked: Fields = {"store": store, "search": search, "models": models, "caps": left, **common}
                begun.once("probe", lambda: probed(store, dataset, n=n_probed, seed=seed))
                for name in settings:
                    begun.once(f"seed/{name}", lambda name=name: seed_played(select, dataset, name))
                found = [begun.once(f"search/{name}", lambda name=name: searched(name, dataset, **asked)) for name in settings]
                told = begun.once("select", lambda: {**about(select, search, models), **tabled(select, found, purpose="study")})
                if final:
                    told = begun.once("test", lambda: {**about(test, search, models), **tabled(test, found, purpose="study")})
        spent = begun.spent()
        fields = {**told, "study": begun.study_key, "probe": begun.answered("probe"), "n_stages": begun.n_stages()}
        fields |= {"n_model_calls": spent.n_calls, "tokens": spent.tokens, "usd": spent.usd, "n_unknown": spent.n_unknown}
        show_comparison(fields)
        emit("study", "study_done", begun.study_key)
        return fields


def probed(store: str, dataset: str, *, n: int, seed: int) -> Fields:
    """Whether the model knows the data set from its pre-training."""
    return probe_model(store, dataset, open_models(), task="contamination", n=n, seed=seed)


def seed_played(place: Place, dataset: str, setting: str) -> Fields:
    """The hand-written prompt of a setting as it is, before any search: the objectives' values."""
    genome = prompt_of(place.store, dataset, setting=setting, genome_file=None, seed=place.seed)
    side, _ = both_sides(place, [genome], purpose="study", done=0, of=1)
    return {"genome_digest": genome, **side.evaluation.as_json()}
