"""Stage optimize: one generation at a time, every step from rows to rows, so that a killed search goes on where it was."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
from prefect import task

from understudy.doors.events import emit
from understudy.doors.store import Store
from understudy.keys import canonical_json, key
from understudy.parameters import Search
from understudy.prompt.setting import load_setting, seed_genome
from understudy.rows import humans
from understudy.rows import played as rows
from understudy.search import critic, halting, loop
from understudy.search.plan import Proposal
from understudy.search.yields import VERSION as YIELDS
from understudy.tasks.optimize import pages
from understudy.tasks.optimize.criticism import Treated, commission_frame, rewriting_frame
from understudy.tasks.optimize.generations import Run, finished, front_panel, history_of, material, panel_of, work_of
from understudy.tasks.play.evaluation import Done, Work, keep, second_model
from understudy.tasks.play.models import open_models

VERSION = 2
Fields = dict[str, Any]


@task(name="open search", persist_result=False)
def open_run(
    store: str, dataset: str, *, setting: str, recommender: str, seed: int, search: Search, model: str, critic_model: str = ""
) -> Run:
    """The run of these parameters, new or as it was left. Generations and weights are not part of its key: it can be carried on."""
    has_critic = bool(critic_model) and "critic" not in search.without and search.generations > 0
    with Store.open(store) as opened:
        profile_key = humans.current_profile(opened, dataset)
        genome = seed_genome(load_setting(setting), sorted(humans.load_exemplars(opened, profile_key)), seed=seed)
        config = {
            "genome": genome.digest,
            "population": search.population,
            "panel": search.panel.model_dump(),
            "seed_only": search.generations == 0,
            "recommender": recommender,
            "critic": critic_model if has_critic else "",
            "without": sorted(search.without),
            "racing": search.racing,
            "period": search.period,
            "versions": [loop.VERSION, critic.VERSION, halting.VERSION, YIELDS],
        }
        if verifier := second_model(open_models()):
            config["verifier"] = verifier
        run_key = key("run", VERSION, profile=profile_key, algorithm=search.algorithm, seed=seed, model=model, config=config)
        row = {
            "run_key": run_key, "profile_key": profile_key, "setting": Path(setting).stem, "algorithm": search.algorithm,
            "model": model, "seed": seed, "config": canonical_json(config),
        }  # fmt: skip
        with opened.transaction():
            rows.keep_genomes(opened, [genome], setting=Path(setting).stem)
            opened.add("optimize.runs", [row])
    named = critic_model if has_critic else ""
    return Run(store, run_key, profile_key, dataset, setting, recommender, model, named, seed, search)


@task(name="propose candidates", persist_result=False)
def propose(run: Run, generation: int, treated: Sequence[Treated] = ()) -> list[Work]:
    """The work of one generation: candidates that passed the screen, on the panel they share. Rejected ones are kept as rows.

    What was proposed before is not proposed anew: a search that was stopped goes on with the candidates that it had.
    """
    with Store.open(run.store) as opened:
        there = opened.rows("optimize/candidates", run_key=run.run_key, generation=generation)
        if not there:
            proposals = _proposals(opened, run, generation, treated)
            with opened.transaction():
                rows.keep_genomes(opened, [one.genome for one in proposals], setting=Path(run.setting).stem)
                opened.add("optimize.candidates", rows.candidate_frame(_candidates(run, generation, proposals)))
                opened.add("optimize.commissions", commission_frame(run, treated))
                opened.add("optimize.rewritings", rewriting_frame(run, treated))
            there = opened.rows("optimize/candidates", run_key=run.run_key, generation=generation)
    panel = panel_of(run, generation)
    played = [one for one in there if one["status"] == "ok" and (one["operator"] != loop.SURVIVOR or run.plan.has("remeasuring"))]
    return [work_of(run, one["genome_digest"], "search", panel, intervals=False) for one in played]


@task(name="store generation", persist_result=False)
def keep_generation(run: Run, generation: int, done: list[Done], capped: str) -> str:
    """Writes a generation in one transaction; why the search stops here, or an empty text.

    A generation that a cap cut short keeps its evaluations and is no generation: the same search goes on with it.
    """
    with Store.open(run.store) as opened:
        with opened.transaction():
            keep(opened, done)
        if capped:
            return capped
        history = history_of(opened, run, generation + 1)
        judged = loop.judge(history, plan=run.plan)
        reference = loop.reference_point(history, plan=run.plan)
        bound = halting.gain_bound(history[-1], plan=run.plan, reference=reference, at=generation) if generation else None
        laps = opened.rows("optimize/races", run_key=run.run_key, generation=generation)
        row = {
            "run_key": run.run_key, "generation": generation, "survivors": list(judged.survivors), "front": list(judged.front),
            "hypervolume": judged.hypervolume, "archive_hypervolume": loop.archive_hypervolumes(history, plan=run.plan)[-1],
            "gain_bound": bound,
            "n_dialogues": sum(one.row["n_dialogues"] for one in done) + sum(lap["n_dialogues"] for lap in laps if lap["dropped"]),
        }  # fmt: skip
        with opened.transaction():
            opened.add("optimize.yields", _yield_frame(run, generation, history))
            opened.add("optimize.generations", pl.DataFrame([row], schema_overrides={"gain_bound": pl.Float64}))
        told = pages.progress_of(opened, run.run_key)
        brought = opened.rows("optimize/yields", run_key=run.run_key)
    pages.show_generation(run, generation, history[-1], judged.front, told, brought)
    emit("optimize", "generation_told", pages.line(told, run.search.generations, brought))
    return loop.stop(history, plan=run.plan)


@task(name="choose finalists", persist_result=False)
def finalists(run: Run) -> list[Work]:
    """The seed and the spread members of the last front, to be measured on `select`, which the search has not seen.

    Raises BudgetExhausted where a cap left no finished generation to choose from.
    """
    with Store.open(run.store) as opened:
        history = finished(opened, run)
    chosen = loop.finalists(history, plan=run.plan, n=run.search.n_front)
    panel = front_panel(run)
    return [work_of(run, genome.digest, "select", panel, intervals=True) for genome in chosen]


def _proposals(store: Store, run: Run, generation: int, treated: Sequence[Treated]) -> list[Proposal]:
    pool, screen = material(run.store, run.profile_key, run.setting, run.seed)
    rewritings = [(one.commission, one.answer) for one in treated]
    if generation == 0:
        proposals = loop.first_generation(run.seeds, plan=run.plan, pool=pool, screen=screen, rewritings=rewritings)
        return proposals if run.search.generations else proposals[:1]
    return loop.next_generation(history_of(store, run, generation), plan=run.plan, pool=pool, screen=screen, rewritings=rewritings)


def _candidates(run: Run, generation: int, proposals: Sequence[Proposal]) -> list[Fields]:
    return [
        {
            "run_key": run.run_key, "generation": generation, "position": position, "genome_digest": one.genome.digest,
            "operator": one.operator, "parents": list(one.parents), "status": "ok" if one.ok else "rejected", "reason": one.reason,
            "n_critic_tokens": one.n_tokens, "place": one.place,
        }
        for position, one in enumerate(proposals)
    ]  # fmt: skip


def _yield_frame(run: Run, generation: int, history: loop.History) -> pl.DataFrame:
    names = ("operator", "n_children", "gain", "n_tokens", "n_dialogues", "rate", "chance")
    found = loop.yields_of(history, plan=run.plan)
    key_of: Fields = {"run_key": run.run_key, "generation": generation}
    return pl.DataFrame([{**key_of, **{name: getattr(one, name) for name in names}} for one in found])
