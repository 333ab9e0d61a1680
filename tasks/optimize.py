"""Stage optimize: one generation at a time, every step from rows to rows, so that a killed search goes on where it was."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from prefect import task

from tasks.artifacts import page, progress, table
from tasks.models import open_models
from tasks.play import Done, Work, human_side, keep, second_model
from understudy import rows, stock
from understudy.doors.store import Store
from understudy.drawing import FrontPoint, front_svg
from understudy.errors import BudgetExhausted
from understudy.evidence import MIN_CONTEXTS
from understudy.genome import Genome
from understudy.keys import canonical_json, key
from understudy.objectives import NAMES, Evaluation, constraints
from understudy.parameters import Search
from understudy.records import Measured
from understudy.search import loop, picking
from understudy.search.genes import Screen, log_grams
from understudy.search.operators import Pool
from understudy.setting import load_setting, seed_genome, setting_names

VERSION = 1
Fields = dict[str, Any]
Floors = dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Run:
    """A search: what its key stands for, and what is needed to go on with it."""

    run_key: str
    profile_key: str
    dataset: str
    setting: str
    recommender: str
    model: str
    seed: int
    search: Search

    @property
    def plan(self) -> loop.Plan:
        """What the loop needs to know of it."""
        return loop.Plan(NAMES, self.search.population, self.search.algorithm, self.seed)


@task(name="open search", persist_result=False)
def open_run(store: str, dataset: str, *, setting: str, recommender: str, seed: int, search: Search, model: str) -> Run:
    """The run of these parameters, new or as it was left. Generations and weights are not part of its key: it can be carried on."""
    with Store.open(store) as opened:
        profile_key = stock.current_profile(opened, dataset)
        genome = seed_genome(load_setting(setting), sorted(stock.load_exemplars(opened, profile_key)), seed=seed)
        config = {
            "genome": genome.digest,
            "population": search.population,
            "panel": search.panel.model_dump(),
            "seed_only": search.generations == 0,
            "recommender": recommender,
            "loop": loop.VERSION,
        }
        if verifier := second_model(open_models()):
            config["verifier"] = verifier
        run_key = key(
            "run", VERSION, profile=profile_key, algorithm=search.algorithm, seed=seed, model=model, config=config
        )
        row = {
            "run_key": run_key, "profile_key": profile_key, "setting": Path(setting).stem, "algorithm": search.algorithm,
            "model": model, "seed": seed, "config": canonical_json(config),
        }  # fmt: skip
        with opened.transaction():
            rows.keep_genomes(opened, [genome], setting=Path(setting).stem)
            opened.add("optimize.runs", [row])
    return Run(run_key, profile_key, dataset, setting, recommender, model, seed, search)


@task(name="propose candidates", persist_result=False)
def propose(store: str, run: Run, generation: int) -> list[Work]:
    """The work of one generation: candidates that passed the screen, on the panel they share. Rejected ones are kept as rows."""
    with Store.open(store) as opened:
        pool, screen = _material(store, run.profile_key, run.setting, run.seed)
        if generation == 0:
            seeds = [seed_genome(load_setting(run.setting), pool.exemplars, seed=run.seed)]
            proposals = loop.first_generation(seeds, plan=run.plan, pool=pool, screen=screen)
            proposals = proposals if run.search.generations else proposals[:1]
        else:
            proposals = loop.next_generation(_history(opened, run, generation), plan=run.plan, pool=pool, screen=screen)
        candidates = [
            {
                "run_key": run.run_key, "generation": generation, "position": position, "genome_digest": one.genome.digest,
                "operator": one.operator, "parents": list(one.parents), "status": "ok" if one.ok else "rejected", "reason": one.reason,
            }
            for position, one in enumerate(proposals)
        ]  # fmt: skip
        with opened.transaction():
            rows.keep_genomes(opened, [one.genome for one in proposals], setting=Path(run.setting).stem)
            opened.add("optimize.candidates", rows.candidate_frame(candidates))
    panel = human_side(store, run.profile_key, run.dataset).panel("search", run.search.panel, seed=run.seed, rotation=generation)
    return [_work(store, run, one.genome.digest, "search", panel, intervals=False) for one in proposals if one.ok]


@task(name="keep generation", persist_result=False)
def keep_generation(store: str, run: Run, generation: int, done: list[Done], capped: str) -> str:
    """Writes a generation in one transaction; why the search stops here, or an empty text.

    A generation that a cap cut short keeps its evaluations and is no generation: the same search goes on with it.
    """
    with Store.open(store) as opened:
        with opened.transaction():
            keep(opened, done)
        if capped:
            return capped
        history = _history(opened, run, generation + 1)
        judged = loop.judge(history, plan=run.plan)
        row = {
            "run_key": run.run_key, "generation": generation, "survivors": list(judged.survivors), "front": list(judged.front),
            "hypervolume": judged.hypervolume, "n_dialogues": sum(one.row["n_dialogues"] for one in done),
        }  # fmt: skip
        opened.add("optimize.generations", [row])
    _show_generation(run, generation, history[-1], judged.front)
    progress(generation + 1, run.search.generations + 1, key=f"search-{run.run_key[:8]}", description="Generations of the search")
    return loop.stop(history, plan=run.plan)


@task(name="choose finalists", persist_result=False)
def finalists(store: str, run: Run) -> list[Work]:
    """The seed and the spread members of the last front, to be measured on `select`, which the search has not seen.

    Raises BudgetExhausted where a cap left no finished generation to choose from.
    """
    with Store.open(store) as opened:
        history = _finished(opened, run)
        chosen = loop.finalists(history, plan=run.plan, n=run.search.n_front)
    panel = human_side(store, run.profile_key, run.dataset).panel("select", run.search.front_panel, seed=run.seed, replicate=1)
    return [_work(store, run, genome.digest, "select", panel, intervals=True) for genome in chosen]


@task(name="pick", persist_result=False)
def conclude(store: str, run: Run, done: list[Done], n_finalists: int, stopped: str) -> Fields:
    """Writes the front as measured on `select` and the pick; the search's part of the command's fields.

    Where a cap came before all finalists were measured there, the pick rests on the search's own panels, which the fields
    say, and no outcome is written: the search has not ended.
    """
    with Store.open(store) as opened:
        with opened.transaction():
            keep(opened, done)
        history, floors = _finished(opened, run), _floors(opened, run.profile_key)
        complete = len(done) == n_finalists
        compared = [_finalist(one, floors) for one in done] if complete else _on_search(history, run)
        chosen = picking.pick(
            compared,
            objectives=NAMES,
            seed_digest=history[0][0].genome.digest,
            reference=loop.reference_point(history, plan=run.plan),
            weights=run.search.weights,
        )
        if complete:
            _keep_outcome(opened, run, done, chosen, n_generations=len(history), stopped=stopped)
        totals = opened.rows("optimize/totals", run_key=run.run_key)[0]
        genome = rows.load_genome(opened, chosen.genome_digest)
    _show_front(compared, chosen, seed_digest=history[0][0].genome.digest, split="select" if complete else "search")
    return {
        "run": run.run_key,
        "dataset": run.dataset,
        "setting": run.setting,
        "front_digest": chosen.front_digest,
        "front": list(chosen.front),
        **totals,
        "hypervolume": chosen.hypervolume,
        "stopped": stopped,
        "seed_digest": history[0][0].genome.digest,
        "pick": {
            "genome_digest": chosen.genome_digest,
            "file": str(_genome_file(Path(store), genome)),
            "dominates_seed": chosen.dominates_seed,
            "feasible": chosen.feasible,
            "split": "select" if complete else "search",
        },
    }


def _keep_outcome(store: Store, run: Run, done: list[Done], chosen: picking.Pick, *, n_generations: int, stopped: str) -> None:
    outcome_key = key("outcome", VERSION, run=run.run_key, n=n_generations, weights=run.search.weights, front=chosen.front_digest)
    outcome = {
        "outcome_key": outcome_key, "run_key": run.run_key, "n_generations": n_generations, "stopped": stopped,
        "front_digest": chosen.front_digest, "genome_digest": chosen.genome_digest,
        "dominates_seed": chosen.dominates_seed, "hypervolume": chosen.hypervolume,
    }  # fmt: skip
    members = [
        {
            "outcome_key": outcome_key, "genome_digest": one.work.genome_digest, "evaluation_key": one.work.key,
            "on_front": one.work.genome_digest in chosen.front, "picked": one.work.genome_digest == chosen.genome_digest,
        }
        for one in done
    ]  # fmt: skip
    with store.transaction():
        store.add("optimize.outcomes", [outcome])
        store.add("optimize.fronts", members)


def _finished(store: Store, run: Run) -> list[list[loop.Individual]]:
    """The generations that this search has finished, none beyond those that were asked for."""
    n = min(int(store.rows("optimize/n_generations", run_key=run.run_key)[0]["n"]), run.search.generations + 1)
    if n == 0:
        raise BudgetExhausted("a cap ended the search before its first generation was measured", hint="raise the cap; nothing is lost")
    return _history(store, run, n)


def _on_search(history: list[list[loop.Individual]], run: Run) -> list[picking.Finalist]:
    """The seed and the last front by the search's own panels, without intervals."""
    genomes = loop.finalists(history, plan=run.plan, n=run.search.n_front)
    seen = {each.genome.digest: each for generation in history for each in generation}
    chosen = [seen[genome.digest] for genome in genomes]
    return [
        picking.Finalist(each.genome.digest, {name: Measured(value) for name, value in each.objectives.items()}, each.constraints)
        for each in chosen
    ]


def _show_generation(run: Run, generation: int, members: list[loop.Individual], front: tuple[str, ...]) -> None:
    """The picture of a generation's candidates and front, for the UI."""
    kinds = dict.fromkeys(front, "front")
    points = [
        FrontPoint(each.operator, "seed" if each.operator == loop.SEED else kinds.get(each.genome.digest, "candidate"), values)  # type: ignore[arg-type]
        for each in members
        if None not in (values := {name: each.objectives[name] for name in NAMES}).values()
    ]
    title = f"Generation {generation} on the search split"
    text = f"{len(members)} candidates, {len(front)} on the front; lower is better.\n"
    page(text, key=f"front-{run.run_key[:8]}-{generation}", description=title, svg=front_svg(points, title=title) if points else None)


def _show_front(compared: list[picking.Finalist], chosen: picking.Pick, *, seed_digest: str, split: str) -> None:
    """The picture and the table of the finalists."""
    points, cells = [], []
    for one in compared:
        values = {name: one.objectives[name].value for name in NAMES}
        kind = "pick" if one.genome_digest == chosen.genome_digest else "seed" if one.genome_digest == seed_digest else "front"
        violated = sum(max(0.0, value or 0.0) for value in one.constraints.values())
        cells.append([one.genome_digest[:12], kind, *(_number(value) for value in values.values()), f"{violated:.3f}"])
        if None not in values.values():
            points.append(FrontPoint(kind, kind, values))  # type: ignore[arg-type]
    title = f"Finalists on {split}"
    told = table(["genome", "", *NAMES, "above the gates' bounds"], cells)
    if not chosen.dominates_seed:
        told += "\nThe pick does not dominate the seed on every objective.\n"
    page(told, key="front", description=title, svg=front_svg(points, title=title) if points else None)


def _number(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.3f}"


@lru_cache(maxsize=4)
def _material(store: str, profile_key: str, setting: str, seed: int) -> tuple[Pool, Screen]:
    """What children are bred from and held against. The pool holds the shipped settings, so that crossover has sections to take."""
    with Store.open(store) as opened:
        exemplars = sorted(stock.load_exemplars(opened, profile_key))
        turns = stock.load_human_turns(opened, profile_key)
    prompts = [load_setting(name).genome for name in setting_names()]
    own = seed_genome(load_setting(setting), exemplars, seed=seed)
    screen = Screen.of([own], log_grams=log_grams(turns["text"]), exemplar_ids=exemplars)
    return Pool(prompts=tuple(prompts), exemplars=tuple(exemplars)), screen


def _work(store: str, run: Run, genome_digest: str, split: str, panel: Any, *, intervals: bool) -> Work:
    return Work(
        store=store, profile_key=run.profile_key, dataset=run.dataset, split=split, free_split=split, genome_digest=genome_digest,
        panel=panel, model=run.model, recommender=run.recommender, seed=run.seed, intervals=intervals,
        min_contexts=MIN_CONTEXTS if split == "select" else run.search.panel.per_stratum, verifier=second_model(open_models()),
    )  # fmt: skip


def _history(store: Store, run: Run, n: int) -> list[list[loop.Individual]]:
    """The first `n` generations from their rows, each in the order in which it was proposed."""
    side = human_side(run_store := str(store.path), run.profile_key, run.dataset)
    generations: list[list[loop.Individual]] = []
    floors = _floors(store, run.profile_key)
    for generation in range(n):
        panel = side.panel("search", run.search.panel, seed=run.seed, rotation=generation)
        members = []
        for row in store.rows("optimize/candidates", run_key=run.run_key, generation=generation):
            work = _work(run_store, run, row["genome_digest"], "search", panel, intervals=False)
            found = store.rows("optimize/evaluation", evaluation_key=work.key)
            if found:
                members.append(_individual(Genome.from_json(json.loads(row["genome"])), row["operator"], found[0], floors))
        generations.append(members)
    return generations


def _individual(genome: Genome, operator: str, row: Fields, floors: Floors) -> loop.Individual:
    found = _evaluation(row)
    values = {name: found.objectives[name].measured.value for name in NAMES}
    return loop.Individual(genome, operator, values, constraints(found, floors))


def _finalist(done: Done, floors: Floors) -> picking.Finalist:
    found = _evaluation(done.row)
    return picking.Finalist(done.work.genome_digest, {name: found.objectives[name].measured for name in NAMES}, constraints(found, floors))


def _evaluation(row: Fields) -> Evaluation:
    return Evaluation.from_json({part: json.loads(row[part]) for part in ("objectives", "leakage", "diagnostics")})


def _floors(store: Store, profile_key: str) -> Floors:
    """Objective → the upper bound of what worker-disjoint halves of the humans score against each other."""
    return {row["name"]: row["floor_hi"] for row in store.rows("profile/anchors", profile_key=profile_key, split="select")}


def _genome_file(store: Path, genome: Genome) -> Path:
    """The genome as a file beside the store, for `simulate --genome`."""
    path = store.parent / "genomes" / f"{genome.digest}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(genome.as_json(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
