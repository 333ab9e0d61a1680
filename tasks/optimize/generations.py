"""The rows of a search read back: its generations as the loop takes them, and the work that each candidate stands for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from understudy.doors.store import Store
from understudy.errors import BudgetExhausted
from understudy.measure.reference import MIN_CONTEXTS
from understudy.objectives import NAMES, Evaluation, constraints
from understudy.parameters import Search
from understudy.play.panels import Panel
from understudy.prompt.genome import Genome
from understudy.prompt.setting import load_setting, seed_genome, setting_names
from understudy.rows import humans
from understudy.search import loop
from understudy.search.genes import Screen, log_grams
from understudy.search.operators import Pool
from understudy.search.plan import Individual, Plan
from understudy.statistics.rates import Z
from understudy.tasks.play.evaluation import Work, human_side, second_model
from understudy.tasks.play.models import open_models

Fields = dict[str, Any]
Floors = Mapping[str, float | None]
RACED = "dominated with confidence after a part of the panel"


@dataclass(frozen=True, slots=True)
class Run:
    """A search: what its key stands for, and what is needed to go on with it. `critic` is empty where there is none."""

    store: str
    run_key: str
    profile_key: str
    dataset: str
    setting: str
    recommender: str
    model: str
    critic: str
    seed: int
    search: Search

    @property
    def plan(self) -> Plan:
        """What the loop needs to know of it."""
        without = frozenset[str](self.search.without)
        size = self.search.population
        return Plan(NAMES, size, self.search.algorithm, self.seed, bool(self.critic), without, self.search.racing, self.search.period)

    @property
    def seeds(self) -> list[Genome]:
        """What the search starts from."""
        exemplars = sorted(human_side(self.store, self.profile_key, self.dataset).exemplars)
        return [seed_genome(load_setting(self.setting), exemplars, seed=self.seed)]


def panel_of(run: Run, generation: int) -> Panel:
    """The panel that the candidates of a generation share."""
    side, turn = human_side(run.store, run.profile_key, run.dataset), run.plan.rotation(generation)
    return side.panel("search", run.search.panel, seed=run.seed, rotation=turn)


def front_panel(run: Run) -> Panel:
    """What finalists play on `select`; a replicate of its own, which no report sees."""
    return human_side(run.store, run.profile_key, run.dataset).panel("select", run.search.front_panel, seed=run.seed, replicate=1)


def work_of(run: Run, genome_digest: str, split: str, panel: Panel, *, intervals: bool) -> Work:
    """The evaluation of a candidate on a panel."""
    return Work(
        store=run.store, profile_key=run.profile_key, dataset=run.dataset, split=split, free_split=split, genome_digest=genome_digest,
        panel=panel, model=run.model, recommender=run.recommender, seed=run.seed, intervals=intervals,
        min_contexts=MIN_CONTEXTS if split == "select" else run.search.panel.per_stratum, verifier=second_model(open_models()),
    )  # fmt: skip


def part_of(work: Work) -> Work:
    """The first lap of a race: every second piece of the panel, so each stratum is in it by half; with resamples."""
    panel = work.panel
    part = replace(panel, reactions=panel.reactions[::2], behaviour=panel.behaviour[::2], free=panel.free[::2])
    return replace(work, panel=part, intervals=True, min_contexts=max(1, work.min_contexts // 2))


def history_of(store: Store, run: Run, n: int) -> list[list[Individual]]:
    """The first `n` generations from their rows, each in the order in which it was proposed."""
    floors = floors_of(store, run.profile_key)
    history: list[list[Individual]] = []
    for generation in range(n):
        history.append(_members(store, run, generation, history, floors))
    return history


def finished(store: Store, run: Run) -> list[list[Individual]]:
    """The generations that this search has finished, none beyond those that were asked for.

    Raises BudgetExhausted where a cap left none.
    """
    n = min(int(store.rows("optimize/n_generations", run_key=run.run_key)[0]["n"]), run.search.generations + 1)
    if n == 0:
        raise BudgetExhausted(
            "a cap ended the search before its first generation was measured",
            hint="run the same command with a higher cap; every reply so far is stored",
        )
    return history_of(store, run, n)


def evaluation_of(row: Mapping[str, Any]) -> Evaluation:
    """What a row of optimize.evaluations says."""
    return Evaluation.from_json({part: json.loads(row[part]) for part in ("objectives", "leakage", "diagnostics")})


def floors_of(store: Store, profile_key: str) -> Floors:
    """Objective → the upper bound of what worker-disjoint halves of the humans score against each other."""
    return {row["name"]: row["floor_hi"] for row in store.rows("profile/anchors", profile_key=profile_key, split="select")}


@lru_cache(maxsize=4)
def material(store: str, profile_key: str, setting: str, seed: int) -> tuple[Pool, Screen]:
    """What children are bred from and held against. The pool holds the shipped settings, so that crossover has sections to take."""
    with Store.open(store) as opened:
        exemplars = sorted(humans.load_exemplars(opened, profile_key))
        turns = humans.load_human_turns(opened, profile_key)
    prompts = [load_setting(name).genome for name in setting_names()]
    own = seed_genome(load_setting(setting), exemplars, seed=seed)
    screen = Screen.of([own], log_grams=log_grams(turns["text"]), exemplar_ids=exemplars)
    return Pool(prompts=tuple(prompts), exemplars=tuple(exemplars)), screen


def _members(store: Store, run: Run, generation: int, history: list[list[Individual]], floors: Floors) -> list[Individual]:
    panel = panel_of(run, generation)
    laps = store.rows("optimize/races", run_key=run.run_key, generation=generation)
    raced = {row["genome_digest"]: row for row in laps if row["dropped"]}
    earlier = {each.genome.digest: each for members in history for each in members}
    out = []
    for row in store.rows("optimize/candidates", run_key=run.run_key, generation=generation):
        if row["status"] != "ok":
            continue
        genome = Genome.from_json(json.loads(row["genome"]))
        if row["operator"] == loop.SURVIVOR and not run.plan.has("remeasuring"):
            known = earlier[genome.digest]
            out.append(Individual(genome, loop.SURVIVOR, known.objectives, known.constraints, known.spreads))
        elif row["genome_digest"] in raced:
            lap = raced[row["genome_digest"]]
            nothing: dict[str, float | None] = {}
            spent = lap["n_tokens"] + row["n_critic_tokens"]
            out.append(Individual(genome, row["operator"], nothing, nothing, {}, spent, lap["n_dialogues"], RACED))
        else:
            work = work_of(run, row["genome_digest"], "search", panel, intervals=False)
            out += [
                individual(genome, row, found, floors) for found in store.rows("optimize/evaluation", evaluation_key=work.key)
            ]
    return out


def individual(genome: Genome, candidate: Mapping[str, Any], row: Mapping[str, Any], floors: Floors) -> Individual:
    """A candidate's row and that of its evaluation as the loop takes them."""
    found = evaluation_of(row)
    measured = {name: found.objectives[name].measured for name in NAMES}
    spreads = {name: (one.hi - one.lo) / (2 * Z) for name, one in measured.items() if one.lo is not None and one.hi is not None}
    values = {name: one.value for name, one in measured.items()}
    n_tokens = int(row["n_tokens"]) + int(candidate["n_critic_tokens"])
    bounds = constraints(found, floors, surely=True)
    return Individual(genome, candidate["operator"], values, bounds, spreads, n_tokens, int(row["n_dialogues"]))


