"""The two long experiments: every setting before and after its search, and the whole of it for one real model.

Read `compare_settings` as a method section. Each setting is searched for (or its search found in the store); seed and pick are
played on dialogues of a split that no search has seen; humans are held against humans at the same size; one table says it all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from prefect import flow

from understudy.completion import ModelRole
from understudy.doors.events import emit
from understudy.errors import MORE_ROOM, BudgetExhausted
from understudy.flows import stages
from understudy.flows.runners import threads
from understudy.flows.searching import Tasks
from understudy.flows.searching import best_shipped as best_of_shipped
from understudy.parameters import REPORT_PANEL, PanelSize, RunOptions, Search
from understudy.records import REPORTING
from understudy.tasks.artifacts import gathered
from understudy.tasks.optimize.shipped import ShippedFields
from understudy.tasks.play.metering import pays, spent_by
from understudy.tasks.play.opened import OpenRun, models_open, store_open
from understudy.tasks.simulate.batch import prompt_of
from understudy.tasks.studies.compare import (
    ComparedSetting,
    Rival,
    carried_settings,
    dialogues_of_a_search,
    left_of,
    pooled,
    table,
    transfer_of,
)
from understudy.tasks.studies.compare import show as show_comparison
from understudy.tasks.studies.places import Place
from understudy.tasks.studies.probe import probe_model
from understudy.tasks.studies.results.probes import ProbeFields
from understudy.tasks.studies.results.tables import (
    AskedFields,
    CompareFields,
    HomeFields,
    ReportedFields,
    RowFields,
    SearchedFields,
    StudyFields,
    TableFields,
)
from understudy.tasks.studies.sides import Side, human_side_of, keep_sides, measure, open_test, play_sides
from understudy.tasks.studies.study import N_PROBED, Study, open_study, room
from understudy.tasks.studies.usage import usage

SHOWN_ROLES: tuple[ModelRole, ...] = ("seeker", "recommender", "critic", "judge", "verifier")


@flow(name="compare settings", flow_run_name="compare settings on {dataset}", task_runner=threads(2))
def compare_settings(
    dataset: str,
    settings: list[str],
    final: bool = False,
    to_dataset: str | None = None,
    to_recommender: str | None = None,
    to_surface: str | None = None,
    best_shipped: bool = True,
    n_seeds: int = 1,
    search: Search = Search(),
    report: PanelSize = REPORT_PANEL,
    options: RunOptions = RunOptions(),
) -> CompareFields:
    """The fields of `understudy compare`, without its files.

    `best_shipped`: the dialogues of a search are also spent on playing every shipped prompt, and each pick is held against the best.
    `n_seeds`: how many seeds the table is made with, from that of the options on; the fields are the first one's, and the pooled rows.
    """
    split = "test" if final else REPORTING
    with store_open(options.store) as store, gathered():
        with models_open(dataset, options, store) as opened:
            tables = [
                compared(Place(opened.seeded(options.seed + more), split, report), settings, search, best_shipped=best_shipped)
                for more in range(n_seeds)
            ]
            found, told = tables[0]
            spent = spent_by(opened.gateway)
        if any(place is not None for place in (to_dataset, to_recommender, to_surface)):
            elsewhere = options.elsewhere(recommender=to_recommender, surface=to_surface, caps=left_of(options.caps, spent))
            with models_open(to_dataset or dataset, elsewhere, store, humans=opened.humans) as there:
                told = carried(Place(there, split, report), found, home=told)
                spent += spent_by(there.gateway)
        over_seeds = pooled([table for _, table in tables])
        fields: CompareFields = {
            **told, "over_seeds": over_seeds, "usage": usage(store, dataset, options.models), "n_model_calls": spent.n_calls,
            "tokens": spent.tokens, "usd": spent.usd,
        }  # fmt: skip
        show_comparison(fields)
        emit("compare", "comparison_done", opened.humans.profile_key)
        return fields


def compared(
    place: Place, settings: Sequence[str], search: Search, *, best_shipped: bool
) -> tuple[list[SearchedFields], ReportedFields]:
    """The searches of the settings at one place, and its table. Raises BudgetExhausted."""
    found = [searched(name, place.opened, search) for name in settings]
    chosen = rival_of(place.opened, search, found) if best_shipped else None
    return found, reported(place, found, search, purpose="compare", chosen=chosen)


def searched(setting: str, opened: OpenRun, search: Search) -> SearchedFields:
    """What the search of a setting found; one that is in the store under its key costs nothing. Raises BudgetExhausted."""
    found = stages.optimize(opened.dataset, setting=setting, search=search, options=opened)
    if found["stopped"] == "budget":
        raise BudgetExhausted(f"a cap ended the search of {setting}", hint=MORE_ROOM)
    return {**found, "setting_asked": setting}


def carried(there: Place, searches: Sequence[SearchedFields], *, home: ReportedFields) -> ReportedFields:
    """The table of the same prompts at another place, beside what they were worth at `home`."""
    rows = tabled(there, carried_settings(there, searches), purpose="compare, carried", home=home["rows"])
    at_home: HomeFields = {"rows": home["rows"], "family": home["family"], "outcomes": home["outcomes"], "settings": home["settings"]}
    # the best shipped prompt is compared with the picks at home, where it was chosen
    return {
        **home, **rows, "best_shipped": home["best_shipped"], "versus_best_shipped": home["versus_best_shipped"],
        "versus_best_shipped_family": home["versus_best_shipped_family"], "home": at_home, "transfer": transfer_of(there),
    }  # fmt: skip


def rival_of(opened: OpenRun, search: Search, searches: Sequence[SearchedFields]) -> ShippedFields | None:
    """The best shipped prompt for the dialogues of a search; None where nothing was searched for. Raises BudgetExhausted."""
    if not search.generations:
        return None
    return best_of_shipped(opened, search, n_dialogues=dialogues_of_a_search(searches))


def tabled(
    place: Place, searches: Sequence[SearchedFields], *, purpose: str, home: Sequence[RowFields] | None = None,
    chosen: ShippedFields | None = None,
) -> TableFields:  # fmt: skip
    """The table of the settings whose searches found something, measured at one place, beside the shipped prompt that was chosen."""
    measured = []
    for done, one in enumerate(searches):
        genomes = [one["seed_digest"], one["pick"]["genome_digest"]]
        before, after = both_sides(place, genomes, purpose=purpose, done=done, of=len(searches))
        measured.append(ComparedSetting(one["setting"], before, after, one))
        emit("compare", "setting_compared", one["setting"])
    rival = None
    if chosen is not None:
        side, _ = both_sides(place, [chosen["genome_digest"]], purpose=purpose, done=len(searches), of=len(searches) + 1)
        rival = Rival(chosen, side)
    return table(measured, place, human_side_of(place), home=home, rival=rival)


def both_sides(place: Place, genomes: Sequence[str], *, purpose: str, done: int, of: int) -> tuple[Side, Side]:
    """Seed and pick, played side by side and kept; one that is the other is measured once."""
    if place.split == "test":
        open_test(place, genomes, purpose=purpose)
    works, stopped = play_sides(place.opened, [place.work(genome) for genome in dict.fromkeys(genomes)])
    sides, capped = Tasks(place.opened.workers).mapped(measure, works, place.opened)
    kept = keep_sides(place.opened.store, sides, stopped or capped, done=done, of=of)
    return kept[0], kept[-1]


def about(place: Place, search: Search) -> AskedFields:
    """What was asked for."""
    options = place.opened.options
    return {
        "dataset": place.opened.dataset,
        "recommender": place.opened.recommender,
        "surface": options.surface,
        "models": {role: place.opened.shown_model(role) for role in SHOWN_ROLES},
        "search": search.model_dump(mode="json"),
        "seed": options.seed,
        "transfer": None,
    }


@flow(name="study", flow_run_name="study of {dataset}", task_runner=threads(2))
def study(
    dataset: str,
    settings: list[str],
    final: bool = False,
    search: Search = Search(),
    report: PanelSize = REPORT_PANEL,
    n_probed: int = N_PROBED,
    best_shipped: bool = True,
    options: RunOptions = RunOptions(),
) -> StudyFields:
    """The whole experiment for one model, within caps that hold over every process that works on it."""
    with store_open(options.store) as store, gathered():
        begun = open_study(store, dataset, options, settings=settings, search=search, report=report)
        table_of_it: ReportedFields | None = begun.answered("test" if final else "select")
        if table_of_it is None:
            within = options.model_copy(update={"caps": room(begun, options.caps)})
            with models_open(dataset, within, store) as opened:
                pays(opened, begun.study_key)
                table_of_it = experiment(
                    begun, opened, settings, search, report, final=final, n_probed=n_probed, best_shipped=best_shipped
                )
        spent = begun.spent()
        fields: StudyFields = {
            **table_of_it, "over_seeds": None, "study": begun.study_key, "probe": begun.answered("probe"),
            "usage": usage(store, dataset, options.models), "n_stages": begun.n_stages(), "n_model_calls": spent.n_calls,
            "tokens": spent.tokens, "usd": spent.usd, "n_unknown": spent.n_unknown,
        }  # fmt: skip
        show_comparison(fields)
        emit("study", "study_done", begun.study_key)
        return fields


def experiment(
    begun: Study, opened: OpenRun, settings: Sequence[str], search: Search, report: PanelSize, *, final: bool, n_probed: int,
    best_shipped: bool,
) -> ReportedFields:  # fmt: skip
    """The last table of a study; each of its stages that is done already is answered from its row.

    The model is asked what it knows of the data set; every hand-written prompt is played as it is; each is searched from; the best
    shipped prompt is chosen for as many dialogues; seed and pick are held against each other, and the picks against that prompt, on the
    reporting part of `select`, and on `test` where the study is final.
    """
    select, test = Place(opened, REPORTING, report), Place(opened, "test", report)
    begun.once("probe", partial(probed, opened, n_probed))
    for name in settings:
        begun.once(f"seed/{name}", partial(seed_played, select, name))
    found = [begun.once(f"search/{name}", partial(searched, name, opened, search)) for name in settings]
    chosen = None
    if best_shipped and search.generations:
        choice = partial(best_of_shipped, opened, search, n_dialogues=dialogues_of_a_search(found))
        chosen = begun.once("best shipped", choice)
    on_select = begun.once("select", partial(reported, select, found, search, purpose="study", chosen=chosen))
    return begun.once("test", partial(reported, test, found, search, purpose="study", chosen=chosen)) if final else on_select


def probed(opened: OpenRun, n: int) -> ProbeFields:
    """Whether the model knows the data set from its pre-training."""
    return probe_model(opened, task="contamination", n=n)


def seed_played(place: Place, setting: str) -> Mapping[str, object]:
    """The hand-written prompt of a setting as it is, before any search: the objectives' values."""
    genome = prompt_of(place.opened, setting=setting, genome_file=None)
    side, _ = both_sides(place, [genome], purpose="study", done=0, of=1)
    return {"genome_digest": genome, **side.evaluation.as_json()}


def reported(
    place: Place, searches: Sequence[SearchedFields], search: Search, *, purpose: str, chosen: ShippedFields | None = None
) -> ReportedFields:
    """What was asked for, and the table of one place."""
    return {**about(place, search), **tabled(place, searches, purpose=purpose, chosen=chosen)}
