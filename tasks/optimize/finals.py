"""The end of a search: finalists measured on the split that chooses, the front by probability, the pick."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

import polars as pl
from prefect import task

from understudy.doors import folders
from understudy.doors.store import Store
from understudy.keys import key
from understudy.objectives import NAMES, constraints, proven_excess
from understudy.profile.splits import people_fields, people_named
from understudy.prompt.genome import Genome
from understudy.records import CHOOSING
from understudy.rows import played as rows
from understudy.search import picking
from understudy.search.drive import Conclusion
from understudy.tasks.names import with_prompt
from understudy.tasks.optimize import pages
from understudy.tasks.optimize.generations import Floors, Run, critic_failure, evaluation_of, front_works, latest_works, setup_of
from understudy.tasks.play.caching import PromptCacheFields, prompt_caches
from understudy.tasks.play.elsewhere import here
from understudy.tasks.play.evaluation import Done, keep, measured, stored
from understudy.tasks.play.opened import OpenRun
from understudy.tasks.play.work import Work

VERSION = 3
Fields = dict[str, Any]


class PickFields(TypedDict):
    """The pick of a search, and the file of its prompt."""

    genome_digest: str
    file: str
    dominates_seed: bool
    p_dominates_seed: float | None
    feasible: bool
    feasibility: picking.Feasibility
    violations: dict[str, float]
    proven_violations: dict[str, float]
    split: str
    part: str | None


class UnderpoweredFields(TypedDict):
    """The objectives that the search was not steered by, and those that the pick was not chosen by, for want of units."""

    search: list[str]
    choice: list[str]


class SearchFields(TypedDict):
    """The search's part of the fields of `understudy optimize`."""

    run: str
    dataset: str
    setting: str
    front_digest: str
    front: list[str]
    n_evaluations: int
    n_rejected: int
    n_dialogues: int
    n_critic_tokens: int
    n_evidence_left_out: int
    prompt_cache: list[PromptCacheFields]
    hypervolume: float
    stopped: str
    critic: str | None
    critic_given_up: str | None
    without: list[str]
    objectives_underpowered: UnderpoweredFields
    rejected: list[Fields]
    seed_digest: str
    p_dominated: dict[str, float]
    pick: PickFields


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A finalist as it was measured, with its objectives over the half-samples that all finalists share."""

    done: Done
    replicates: dict[str, tuple[float, ...]]


@task(name="confirm finalist", task_run_name=with_prompt("confirm"), persist_result=False)
@here
def confirm(work: Work, opened: OpenRun) -> Confirmed:
    """One finalist on the split that chooses, as a task that is mapped over them. What is in the store is not measured again."""
    known = opened.store.rows("optimize/evaluation", evaluation_key=work.key)
    drawn = opened.store.rows("optimize/replicates", evaluation_key=work.key)
    if drawn and (done := stored(work, known)):
        return Confirmed(done, {row["objective"]: tuple(row["replicates"]) for row in drawn})
    found = measured(opened, work)
    return Confirmed(found.done, {name: found.evaluation.objectives[name].replicates for name in NAMES})


@task(name="store finalists", persist_result=False)
def keep_confirmed(store: Store, done: Sequence[Confirmed]) -> None:
    """Writes the finalists as measured on the choosing part of `select` in one transaction, those before a cap ended it as well."""
    with store.transaction():
        keep(store, [one.done for one in done])
        store.add("optimize.replicates", _replicate_frame(done))


@task(name="pick", persist_result=False)
def keep_conclusion(opened: OpenRun, run: Run, ended: Conclusion) -> SearchFields:
    """Writes the front and the pick; the search's part of the command's fields.

    Where a cap came before all finalists were measured on the choosing part of `select`, or where there was one finalist alone, the
    pick rests on the search's own panels, which the fields say. After a cap no outcome is written: the search has not ended.
    """
    chosen = ended.pick
    store, cast = opened.store, opened.cast
    if ended.complete:
        _keep_outcome(opened, run, ended)
    totals = store.rows("optimize/totals", run_key=run.run_key)[0]
    rejected = store.rows("optimize/rejected", run_key=run.run_key)
    people, seed_digest = CHOOSING if ended.confirmed else "search", setup_of(opened, run).seeds[0].digest
    pages.show_front(ended.finalists, chosen, seed_digest=seed_digest, people=people_named(people))
    return {
        "run": run.run_key,
        "dataset": run.dataset,
        "setting": run.setting,
        "front_digest": chosen.front_digest,
        "front": list(chosen.front),
        "n_evaluations": totals["n_evaluations"],
        "n_rejected": totals["n_rejected"],
        "n_critic_tokens": totals["n_critic_tokens"],
        "n_evidence_left_out": totals["n_evidence_left_out"],
        "n_dialogues": totals["n_dialogues"],
        "prompt_cache": prompt_caches(store, {cast.seeker, cast.verifier, cast.recommender, cast.critic}),
        "hypervolume": chosen.hypervolume,
        "stopped": ended.stopped,
        "critic": run.critic or None,
        "critic_given_up": critic_failure(store, run) or None,
        "without": list(run.search.without),
        "objectives_underpowered": {
            "search": [name for name in NAMES if name not in ended.steered_by],
            "choice": [name for name in NAMES if name not in ended.chosen_by],
        },
        "rejected": rejected,
        "seed_digest": seed_digest,
        "p_dominated": dict(chosen.p_dominated),
        "pick": _pick_fields(store, ended, people),
    }


def _pick_fields(store: Store, ended: Conclusion, people: str) -> PickFields:
    """What the fields say of the pick, whose prompt is written to a file beside the store."""
    chosen = ended.pick
    picked = next(one for one in ended.finalists if one.genome_digest == chosen.genome_digest)
    return {
        "genome_digest": chosen.genome_digest,
        "file": str(_genome_file(store.path, rows.load_genome(store, chosen.genome_digest))),
        "dominates_seed": chosen.dominates_seed,
        "p_dominates_seed": chosen.p_dominates_seed,
        "feasible": chosen.feasible,
        "feasibility": picked.feasibility,
        "violations": picked.violations,
        "proven_violations": picked.proven_violations,
        **people_fields(people),
    }


def finalist(one: Confirmed, floors: Floors) -> picking.Finalist:
    """A confirmed finalist as the choice takes it."""
    found = evaluation_of(one.done.row)
    values = {name: found.objectives[name].measured for name in NAMES}
    bounds, sure = (constraints(found, floors, surely=surely) for surely in (False, True))
    return picking.Finalist(one.done.work.genome_digest, values, bounds, one.replicates, sure, proven_excess(found, floors))


def _keep_outcome(opened: OpenRun, run: Run, ended: Conclusion) -> None:
    chosen, n_generations = ended.pick, len(ended.history)
    outcome_key = key("outcome", VERSION, run=run.run_key, n=n_generations, weights=run.search.weights, front=chosen.front_digest)
    outcome = {
        "outcome_key": outcome_key, "run_key": run.run_key, "n_generations": n_generations, "stopped": ended.stopped,
        "front_digest": chosen.front_digest, "genome_digest": chosen.genome_digest, "dominates_seed": chosen.dominates_seed,
        "p_dominates_seed": chosen.p_dominates_seed, "hypervolume": chosen.hypervolume,
    }  # fmt: skip
    front = [
        {
            "outcome_key": outcome_key, "genome_digest": digest, "evaluation_key": work.key,
            "on_front": digest in chosen.front, "picked": digest == chosen.genome_digest, "p_dominated": chosen.p_dominated.get(digest),
        }
        for work in _works_of(opened, run, ended)
        for digest in [work.genome_digest]
    ]  # fmt: skip
    store = opened.store
    with store.transaction():
        store.add("optimize.outcomes", pl.DataFrame([outcome], schema_overrides={"p_dominates_seed": pl.Float64}))
        store.add("optimize.fronts", pl.DataFrame(front, schema_overrides={"p_dominated": pl.Float64}))


def _works_of(opened: OpenRun, run: Run, ended: Conclusion) -> list[Work]:
    """The evaluations that the finalists of a search that has ended were compared by."""
    genomes = [one.genome_digest for one in ended.finalists]
    return front_works(opened, run, genomes) if ended.confirmed else latest_works(opened, run, ended.history, genomes)


def _replicate_frame(done: Sequence[Confirmed]) -> pl.DataFrame:
    rows = [(one.done.work.key, name, list(values)) for one in done for name, values in one.replicates.items() if len(values)]
    schema: dict[str, Any] = {"evaluation_key": pl.String, "objective": pl.String, "replicates": pl.List(pl.Float64)}
    return pl.DataFrame(rows, schema=schema, orient="row")


def genomes_beside(store_path: Path) -> Path:
    """The folder of the genome files that searches in this store have written."""
    return store_path.parent / "genomes"


def _genome_file(store_path: Path, genome: Genome) -> Path:
    """The genome as a file beside the store, for `simulate --genome`."""
    name, text = f"{genome.digest}.json", json.dumps(genome.as_json(), indent=2, ensure_ascii=False) + "\n"
    return folders.written(genomes_beside(store_path), {name: text})[name]
