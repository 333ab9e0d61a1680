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
from understudy.search import critic, halting, loop, operator_credit
from understudy.search.critic import Treated
from understudy.search.plan import History, Proposal, Selection
from understudy.tasks.optimize import pages
from understudy.tasks.optimize.criticism import commission_frame, rewriting_frame
from understudy.tasks.optimize.generations import Run
from understudy.tasks.play.evaluation import Done, keep, second_model
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
            "versions": [loop.VERSION, critic.VERSION, halting.VERSION, operator_credit.VERSION],
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


@task(name="store candidates", persist_result=False)
def keep_candidates(run: Run, generation: int, proposals: Sequence[Proposal], treated: Sequence[Treated]) -> None:
    """Writes what was proposed for a generation in one transaction: candidates, rejected ones with their reason, and the critic's part."""
    with Store.open(run.store) as opened, opened.transaction():
        rows.keep_genomes(opened, [one.genome for one in proposals], setting=Path(run.setting).stem)
        opened.add("optimize.candidates", rows.candidate_frame(_candidates(run, generation, proposals)))
        opened.add("optimize.commissions", commission_frame(run, treated))
        opened.add("optimize.rewritings", rewriting_frame(run, treated))


@task(name="store evaluations", persist_result=False)
def keep_evaluations(run: Run, done: Sequence[Done]) -> None:
    """Writes evaluations and the dialogues played for them, those of a generation that a cap cut short as well."""
    with Store.open(run.store) as opened, opened.transaction():
        keep(opened, done)


@task(name="store generation", persist_result=False)
def keep_generation(run: Run, history: History, selection: Selection) -> None:
    """Writes the last generation of `history` in one transaction, and shows what the search has come to."""
    generation, plan = len(history) - 1, run.plan
    reference = loop.reference_point(history, plan=plan)
    bound = halting.gain_bound(history[-1], plan=plan, reference=reference, at=generation) if generation else None
    row = {
        "run_key": run.run_key, "generation": generation, "survivors": list(selection.survivors), "front": list(selection.front),
        "hypervolume": selection.hypervolume, "archive_hypervolume": loop.archive_hypervolumes(history, plan=plan)[-1],
        "gain_bound": bound, "n_dialogues": sum(each.n_dialogues for each in history[-1]),
    }  # fmt: skip
    with Store.open(run.store) as opened:
        with opened.transaction():
            opened.add("optimize.yields", _credit_frame(run, generation, history))
            opened.add("optimize.generations", pl.DataFrame([row], schema_overrides={"gain_bound": pl.Float64}))
        so_far = pages.progress_of(opened, run.run_key)
        brought = opened.rows("optimize/yields", run_key=run.run_key)
    pages.show_generation(run, generation, history[-1], selection.front, so_far, brought)
    emit("optimize", "generation_told", pages.line(so_far, run.search.generations, brought))


def _candidates(run: Run, generation: int, proposals: Sequence[Proposal]) -> list[Fields]:
    return [
        {
            "run_key": run.run_key, "generation": generation, "position": position, "genome_digest": one.genome.digest,
            "operator": one.operator, "parents": list(one.parents), "status": "ok" if one.ok else "rejected", "reason": one.reason,
            "n_critic_tokens": one.n_tokens, "place": one.place,
        }
        for position, one in enumerate(proposals)
    ]  # fmt: skip


def _credit_frame(run: Run, generation: int, history: History) -> pl.DataFrame:
    names = ("operator", "n_children", "gain", "n_tokens", "n_dialogues", "rate", "chance")
    credits = loop.operator_credits(history, plan=run.plan)
    key_of: Fields = {"run_key": run.run_key, "generation": generation}
    return pl.DataFrame([{**key_of, **{name: getattr(one, name) for name in names}} for one in credits])
