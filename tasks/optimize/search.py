"""Stage optimize: one generation at a time, every step from rows to rows, so that a killed search goes on where it was."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
from prefect import task

from understudy.doors.events import emit
from understudy.doors.store import Store
from understudy.keys import canonical_json, key
from understudy.objectives import MIN_N, NAMES, too_few, without_units
from understudy.parameters import NAMED_WHERE_ASKED_FOR, Search
from understudy.prompt.setting import load_setting, seed_genome
from understudy.rows import played as rows
from understudy.search import critic, drive, halting, loop, operator_credit, power
from understudy.search.critic import Treated
from understudy.search.plan import History, Proposal, Selection
from understudy.tasks.optimize import pages
from understudy.tasks.optimize.criticism import commission_frame, rewriting_frame
from understudy.tasks.optimize.generations import Run, answers_before, counts_on, critic_failure
from understudy.tasks.play.evaluation import Done, keep
from understudy.tasks.play.opened import OpenRun

VERSION = 2
Fields = dict[str, Any]


@task(name="open search", task_run_name="open search of {setting}", persist_result=False)
def open_run(opened: OpenRun, *, setting: str, search: Search) -> Run:
    """The run of these parameters, new or as it was left. Generations and weights are not part of its key: it can be carried on."""
    humans, seed, model = opened.humans, opened.options.seed, opened.cast.seeker
    has_critic = bool(opened.cast.critic) and search.may_ask_critic
    critic_model = opened.cast.critic if has_critic else ""
    genome = seed_genome(load_setting(setting), sorted(humans.exemplars), seed=seed)
    config = {
        "genome": genome.digest,
        "population": search.population,
        "panel": search.panel.model_dump(),
        "seed_only": search.generations == 0,
        "recommender": opened.recommender,
        "critic": critic_model,
        "without": sorted(search.without),
        "racing": search.racing,
        "period": search.period,
        "versions": [loop.VERSION, critic.VERSION, halting.VERSION, operator_credit.VERSION],
    }
    # what was not asked for is not in the key, so that a search from before these can be carried on
    config |= search.model_dump(include=set(NAMED_WHERE_ASKED_FOR))
    if opened.verifier:
        config["verifier"] = opened.verifier
    weak = too_few(counts_on(opened, opened.humans.panel("search", search.panel, seed=seed)))
    # where nothing is chosen, few units do no harm; what has no unit is not asked of the seed
    weak = weak if search.generations else {name: n for name, n in weak.items() if not n}
    if weak:
        config["too_few"] = sorted(weak)
    run_key = key("run", VERSION, profile=humans.profile_key, algorithm=search.algorithm, seed=seed, model=model, config=config)
    row = {
        "run_key": run_key, "profile_key": humans.profile_key, "setting": Path(setting).stem, "algorithm": search.algorithm,
        "model": model, "seed": seed, "config": canonical_json(config),
    }  # fmt: skip
    with opened.store.transaction():
        rows.keep_genomes(opened.store, [genome], setting=Path(setting).stem)
        opened.store.add("optimize.runs", [row])
    if weak:
        emit("optimize", "objectives_underpowered", underpowered_told(weak))
    return Run(run_key, opened.dataset, setting, critic_model, seed, search, weak)


@task(name="store candidates", task_run_name="store candidates of generation {generation}", persist_result=False)
def keep_candidates(store: Store, run: Run, generation: int, proposals: Sequence[Proposal], treated: Sequence[Treated]) -> None:
    """Writes what was proposed for a generation in one transaction: candidates, rejected ones with their reason, and the critic's part."""
    with store.transaction():
        rows.keep_genomes(store, [one.genome for one in proposals], setting=Path(run.setting).stem)
        store.add("optimize.candidates", rows.candidate_frame(_candidates(run, generation, proposals)))
        store.add("optimize.commissions", commission_frame(run, treated))
        store.add("optimize.rewritings", rewriting_frame(run, treated))
    if treated and (failure := critic_failure(store, run)):
        emit("optimize", "critic_given_up", failure)


@task(name="store evaluations", persist_result=False)
def keep_evaluations(store: Store, done: Sequence[Done]) -> None:
    """Writes evaluations and the dialogues played for them, those of a generation that a cap cut short as well."""
    with store.transaction():
        keep(store, done)


@task(name="store generation", persist_result=False)
def keep_generation(store: Store, run: Run, history: History, selection: Selection) -> None:
    """Writes the last generation of `history` in one transaction, and shows what the search has come to."""
    history, plan = power.steered(history, run.plan)
    generation = len(history) - 1
    reference = loop.reference_point(history, plan=plan)
    bound = halting.gain_bound(history[-1], plan=plan, reference=reference, at=generation) if generation else None
    row = {
        "run_key": run.run_key, "generation": generation, "survivors": list(selection.survivors), "front": list(selection.front),
        "hypervolume": selection.hypervolume, "archive_hypervolume": loop.archive_hypervolumes(history, plan=plan)[-1],
        "gain_bound": bound, "n_dialogues": sum(each.n_dialogues for each in history[-1]),
    }  # fmt: skip
    with store.transaction():
        store.add("optimize.yields", _credit_frame(store, run, generation, history))
        store.add("optimize.generations", pl.DataFrame([row], schema_overrides={"gain_bound": pl.Float64}))
    so_far = pages.progress_of(store, run.run_key)
    brought = store.rows("optimize/yields", run_key=run.run_key)
    pages.show_generation(run, generation, history[-1], selection.front, so_far, brought, critic_failure(store, run))
    emit("optimize", "generation_told", pages.line(so_far, run.search.generations, brought))


def underpowered_told(weak: Mapping[str, int]) -> str:
    """A sentence on the objectives that a search's panel measures on too few units. `weak`: objective → its units there."""
    none = without_units(weak)
    noisy = set(power.choosable([name for name in NAMES if name not in none], weak)) & weak.keys()
    told = []
    if noisy:
        told.append(f"the panel is too small to choose by: {_named_with_n(weak, noisy)}; what the search finds on it may be noise")
    if left := weak.keys() - noisy:
        told.append(f"the panel is too small for {_named_with_n(weak, left)}; the search is not steered by them")
    return f"{'; '.join(told)}. Choose a larger --panel to change that"


def _named_with_n(weak: Mapping[str, int], names: Collection[str]) -> str:
    return ", ".join(f"{name} (n = {n} of {MIN_N[name]})" for name, n in weak.items() if name in names)


def _candidates(run: Run, generation: int, proposals: Sequence[Proposal]) -> list[Fields]:
    return [
        {
            "run_key": run.run_key, "generation": generation, "position": position, "genome_digest": one.genome.digest,
            "operator": one.operator, "parents": list(one.parents), "status": "ok" if one.ok else "rejected", "reason": one.reason,
            "n_critic_tokens": one.n_tokens, "critic_work_tokens": one.work, "place": one.place,
        }
        for position, one in enumerate(proposals)
    ]  # fmt: skip


def _credit_frame(store: Store, run: Run, generation: int, history: History) -> pl.DataFrame:
    names = ("operator", "n_children", "gain", "n_tokens", "n_dialogues", "rate", "chance")
    # the chances are those of the next generation, in which a critic that has failed has none
    plan = power.steered(history, run.plan)[1]
    credits = loop.operator_credits(history, plan=drive.plan_after(plan, answers_before(store, run, generation + 1)))
    key_of: Fields = {"run_key": run.run_key, "generation": generation}
    return pl.DataFrame([{**key_of, **{name: getattr(one, name) for name in names}} for one in credits])
