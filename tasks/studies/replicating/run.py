"""The whole of `replicate`: the cells that are not done yet are played, within caps that hold over every process, and all told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

from understudy.completion import engine_of
from understudy.doors import word_vectors
from understudy.doors.local.weights import named_in_keys
from understudy.doors.store import Store
from understudy.instruments import wording
from understudy.keys import canonical_json, key
from understudy.parameters import RunOptions
from understudy.probes.replication import compared, evaluating, feedback_score, people, persons, prompting, settings, tastes
from understudy.probes.replication.people import PaperHumans
from understudy.probes.replication.persons import require_names
from understudy.probes.replication.playing import PlayedBy
from understudy.probes.replication.prompting import SHARED
from understudy.probes.replication.settings import PaperSetting
from understudy.probes.replication.tasks import MODULES, ON_REQUEST
from understudy.rows import humans as stock
from understudy.tasks.play.metering import pays
from understudy.tasks.play.opened import OpenRun, models_open
from understudy.tasks.studies.probe import is_asked
from understudy.tasks.studies.replicate_humans import paper_humans
from understudy.tasks.studies.replicating import cells, instances, pairs, templates
from understudy.tasks.studies.replicating.asked import OPTIMIZERS, PaperCell, PaperOptimizer, ReplicateAsked, grid, shared_tasks
from understudy.tasks.studies.replicating.templates import TemplateAsked
from understudy.tasks.studies.replicating.watched import WatchedCalls
from understudy.tasks.studies.results.estimates import CostFields
from understudy.tasks.studies.results.replicated import KeptCellFields, PaperCellFields, ReplicateFields, TemplateFields
from understudy.tasks.studies.study import Study, room

VERSION = 2
VERSIONS = (
    VERSION, compared.VERSION, evaluating.VERSION, feedback_score.VERSION, people.VERSION, persons.VERSION, prompting.VERSION,
    settings.VERSION, tastes.VERSION, instances.VERSION, templates.VERSION, pairs.VERSION,
)  # fmt: skip
CELL, TEMPLATE = "cell", "template"


@dataclass(frozen=True, slots=True)
class PaperRun:
    """An open run with its humans: what every cell is played with."""

    begun: Study
    opened: OpenRun
    humans: PaperHumans
    asked: ReplicateAsked
    by: PlayedBy
    calls: WatchedCalls


def open_replication(store: Store, dataset: str, options: RunOptions, *, ratings: str | None, asked: ReplicateAsked) -> Study:
    """The experiment of these data, models and seed, new or as it was left; the grid is no part of it, so it can be carried on.

    Raises BadInput where the data set is not profiled.
    """
    profile_key = stock.current_profile(store, dataset)
    config = {
        "replicate": list(VERSIONS), "ratings": ratings or dataset, "seed": options.seed, "ethnicity": asked.with_ethnicity,
        "models": named_in_keys(options.models).named(),
        # figures that an instrument is missing for are measured once it is there; the replies are in the ledger
        "instruments": {"textblob": wording.is_installed(), "glove": word_vectors.is_installed()},
    }  # fmt: skip
    study_key = key("replicate", VERSION, profile=profile_key, config=config)
    with store.transaction():
        store.add("optimize.studies", [{"study_key": study_key, "profile_key": profile_key, "config": canonical_json(config)}])
    return Study(store, study_key)


def replicate(
    store: Store, dataset: str, options: RunOptions, *, ratings: str | None, asked: ReplicateAsked, estimate: CostFields
) -> ReplicateFields:
    """The fields of `understudy replicate`; every cell of the experiment that is done is told, whichever run played it.

    Raises BudgetExhausted where a cap ends it; what was answered is kept.
    """
    if asked.has_persona:
        require_names()
    begun = open_replication(store, dataset, options, ratings=ratings, asked=asked)
    within = options.model_copy(update={"caps": room(begun, options.caps)})
    with models_open(dataset, within, store) as opened:
        pays(opened, begun.study_key)
        humans = paper_humans(store, opened.humans, ratings=ratings, seed=options.seed)
        by = PlayedBy(opened.cast.seeker, _judge(opened), options.seed, asked.with_ethnicity)
        run = PaperRun(begun, opened, humans, asked, by, WatchedCalls(opened.gateway, estimate))
        return _answer(run, dataset, estimate, [_cell(run, cell) for cell in grid(asked)])


def stage_of(cell: PaperCell, n_users: int) -> str:
    """The name under which a cell is kept."""
    return f"{CELL}/{cell.name}/{n_users}"


def template_of(run: PaperRun, cell: PaperCell) -> TemplateFields | None:
    """The template of a cell, searched for once; None where none is, or where the model is not asked."""
    if cell.optimizer not in ("ours", "shared") or not is_asked(run.by.model):
        return None
    is_shared = cell.optimizer == "shared"
    name, tasks = (SHARED, tuple(shared_tasks())) if is_shared else (cell.task.NAME, (cell.task,))
    wanted = TemplateAsked(name, tasks, cell.setting, run.asked.template_calls)
    stage = f"{TEMPLATE}/{name}/{cell.setting.name}/{run.asked.template_calls}"
    return run.begun.once(stage, partial(templates.searched, run.opened, run.calls.complete, run.humans, wanted, by=run.by))


def _cell(run: PaperRun, cell: PaperCell) -> KeptCellFields:
    """A cell from its row, or played. One for which something is lacking is no row: it may be there the next time."""
    stage = stage_of(cell, run.asked.n_users)
    known: KeptCellFields | None = run.begun.answered(stage)
    if known is not None:
        run.calls.ended(cell)
        return known
    template = template_of(run, cell)
    fields = cells.played(run.opened, run.calls.complete, run.humans, cell, n_users=run.asked.n_users, by=run.by, template=template)
    run.calls.ended(cell)
    return run.begun.once(stage, lambda: fields) if _is_settled(fields, template) else fields


def _is_settled(fields: KeptCellFields, template: TemplateFields | None) -> bool:
    """Whether asking again would say the same: it was measured, could not be read, or had no template by the search that is kept."""
    is_unreadable = cells.is_unreadable(fields["n_invalid"], fields["n_places"] - fields["n_missing"])
    return fields["outcome"] == "measured" or is_unreadable or bool(template and template["reason"])


def _answer(run: PaperRun, dataset: str, estimate: CostFields, asked_for: list[KeptCellFields]) -> ReplicateFields:
    stages = run.begun.stages()
    kept = [cast(KeptCellFields, fields) for name, fields in stages.items() if name.startswith(f"{CELL}/")]
    done = sorted_cells([*asked_for, *kept])
    both = (*pairs.tuning_pairs(done, kept, run.humans, by=run.by), *pairs.label_pairs(done, kept, run.humans, by=run.by))
    spent, gateway = run.begun.spent(), run.opened.gateway
    return {
        "dataset": dataset, "ratings": run.humans.ratings_from, "texts_from": run.humans.texts_from,
        "model": run.opened.shown_model("seeker"), "judge": run.opened.shown_model("judge") if run.by.judge else "",
        "critic": run.opened.shown_model("critic"), "study": run.begun.study_key, "seed": run.by.seed, "n_users": run.asked.n_users,
        "rows": [row for one in done for row in one["rows"]], "cells": [_without_replies(one) for one in done], "pairs": list(both),
        "templates": [cast(TemplateFields, fields) for name, fields in stages.items() if name.startswith(f"{TEMPLATE}/")],
        "engine": engine_of(one["engine"] for one in done), "n_model_calls": gateway.n_calls, "tokens": gateway.tokens,
        "usd": gateway.usd,
        "spent": {"n_calls": spent.n_calls, "tokens": spent.tokens, "usd": spent.usd, "n_unknown": spent.n_unknown},
        "estimate": estimate,
    }  # fmt: skip


def sorted_cells(done: Sequence[KeptCellFields]) -> list[KeptCellFields]:
    """The cells in the order of the table; of the same cell for several numbers of users that with the most places."""
    best: dict[tuple[str, str, str], KeptCellFields] = {}
    for one in sorted(done, key=lambda cell: (cell["outcome"] == "measured", cell["n_places"])):
        best[one["setting"], one["optimizer"], one["task"]] = one
    tasks = (*MODULES.values(), *ON_REQUEST.values())

    def place(one: KeptCellFields) -> tuple[int, bool, int, int]:
        setting = PaperSetting.named(one["setting"])
        optimizer = OPTIMIZERS.index(cast(PaperOptimizer, one["optimizer"]))
        return settings.FORMS.index(setting.history), setting.has_persona, optimizer, tasks.index(one["task"])

    return sorted(best.values(), key=place)


def _without_replies(cell: KeptCellFields) -> PaperCellFields:
    """A cell as the answer has it: without its replies, which stay in the store."""
    return cast(PaperCellFields, {name: value for name, value in cell.items() if name != "replies"})


def _judge(opened: OpenRun) -> str:
    """The judge's name, empty where it is rehearsal, which cannot read an answer."""
    return opened.cast.judge if is_asked(opened.cast.judge) else ""
