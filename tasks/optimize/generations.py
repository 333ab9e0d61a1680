"""The rows of a search read back as the driver takes them, and the work that each candidate stands for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import itemgetter
from typing import Any

from understudy.doors.store import Store
from understudy.measure.reference import MIN_CHOOSING
from understudy.objectives import NAMES, TRADED, Evaluation, constraints, too_few, without_units
from understudy.parameters import Search
from understudy.play.panels import Panel
from understudy.prompt.genome import Genome
from understudy.prompt.setting import load_setting, seed_genome, setting_names, shipped_beside
from understudy.records import CHOOSING, DECOY
from understudy.search import members
from understudy.search.critic_record import is_given_up, n_failed
from understudy.search.drive import Material, Setup
from understudy.search.genes import Screen, log_grams
from understudy.search.operators import Pool
from understudy.search.plan import History, Individual, Plan, Proposal
from understudy.search.power import choosable
from understudy.search.racing import RaceOutcome, dropped_out
from understudy.tasks.play.opened import OpenRun
from understudy.tasks.play.work import Work

Fields = dict[str, Any]
Floors = Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Run:
    """A search: what its key stands for, and what is needed to go on with it. `critic` is empty where there is none.

    `too_few`: objectives for which its panel is too small, with the number of units that they would have there.
    """

    run_key: str
    dataset: str
    setting: str
    critic: str
    seed: int
    search: Search
    too_few: Mapping[str, int] = field(default_factory=dict)

    @property
    def played(self) -> tuple[str, ...]:
        """The objectives of which its panel has any unit, in their order."""
        return tuple(name for name in NAMES if name not in without_units(self.too_few))

    @property
    def plan(self) -> Plan:
        """What selection and proposing need to know of it."""
        without = frozenset[str](self.search.without)
        size = self.search.population
        names = choosable(self.played, self.too_few)
        return Plan(
            names, size, self.search.algorithm, self.seed, bool(self.critic), without, self.search.racing, self.search.period,
            self.search.critic_share, self.search.longest_chain,
        )  # fmt: skip


def setup_of(opened: OpenRun, run: Run) -> Setup:
    """What is fixed for a search before it begins."""
    seeds = [seed_genome(load_setting(run.setting), sorted(opened.humans.exemplars), seed=run.seed)]
    n_front, weights = n_nominated(run.search), run.search.weights
    starts = starts_of(opened, run) if run.search.from_shipped else ()
    return Setup(seeds, run.plan, run.search.generations, n_front, weights, TRADED, run.played, on_finals(opened, run), starts)


def starts_of(opened: OpenRun, run: Run) -> tuple[Genome, ...]:
    """The shipped prompts beside the seed of a search."""
    exemplars, names = sorted(opened.humans.exemplars), shipped_beside(load_setting(run.setting).genome)
    return tuple(seed_genome(load_setting(name), exemplars, seed=run.seed) for name in names)


def on_finals(opened: OpenRun, run: Run) -> tuple[str, ...]:
    """The objectives of which the panels of the search and of its finalists both have units: a pick may be chosen by these."""
    none = without_units(too_few(counts_on(opened, front_panel(opened, run), CHOOSING)))
    return tuple(name for name in run.played if name not in none)


def counts_on(opened: OpenRun, panel: Panel, split: str = "search") -> dict[str, int]:
    """What a panel has for each objective to count: reactions, dialogues and, where they have targets, free runs."""
    contexts, targets = opened.humans.contexts(split), opened.humans.scenarios(split)
    counts = {"reactions": sum(contexts[one].stratum != DECOY for one in panel.reactions), "dialogues": len(panel.behaviour)}
    n_runs = sum(bool(targets[name].target) for name, _ in panel.free)
    return {**counts, "free_runs": n_runs} if n_runs else counts


def n_nominated(search: Search) -> int:
    """How many are nominated beside the seed: of a population of two, not three."""
    return min(search.n_front, search.population - 1)


def panel_of(opened: OpenRun, run: Run, rotation: int) -> Panel:
    """The panel that the candidates of some generations share (Plan.rotation)."""
    return opened.humans.panel("search", run.search.panel, seed=run.seed, rotation=rotation)


def front_panel(opened: OpenRun, run: Run) -> Panel:
    """What finalists play, on the choosing part of `select`: no report sees its seekers."""
    return opened.humans.panel(CHOOSING, run.search.front_panel, seed=run.seed)


def work_of(opened: OpenRun, run: Run, genome_digest: str, split: str, panel: Panel, *, intervals: bool) -> Work:
    """The evaluation of a candidate on a panel."""
    least = MIN_CHOOSING if split == CHOOSING else run.search.panel.per_stratum
    return opened.work(genome_digest, panel, split=split, intervals=intervals, min_contexts=least)


def search_work(opened: OpenRun, run: Run, proposal: Proposal, panel: Panel) -> Work:
    """The evaluation of a proposal on the panel of its generation."""
    return work_of(opened, run, proposal.genome.digest, "search", panel, intervals=False)


def front_works(opened: OpenRun, run: Run, genomes: Sequence[str]) -> list[Work]:
    """The evaluations of finalists, given by their digests, on the choosing part of `select`, which the search has not seen."""
    panel = front_panel(opened, run)
    return [work_of(opened, run, genome, CHOOSING, panel, intervals=True) for genome in genomes]


def latest_works(opened: OpenRun, run: Run, history: History, genomes: Sequence[str]) -> list[Work]:
    """The evaluations of genomes, given by their digests, on the panels on which the search measured them last."""
    latest = {each.genome.digest: number for number, members_of in enumerate(history) for each in members_of}
    panels = {genome: panel_of(opened, run, run.plan.rotation(latest[genome])) for genome in genomes}
    return [work_of(opened, run, genome, "search", panel, intervals=False) for genome, panel in panels.items()]


def part_of(work: Work) -> Work:
    """The first lap of a race: every second piece of the panel, so each stratum is in it by half; with resamples."""
    panel = work.panel
    part = replace(panel, reactions=panel.reactions[::2], behaviour=panel.behaviour[::2], free=panel.free[::2])
    return replace(work, panel=part, intervals=True, min_contexts=max(1, work.min_contexts // 2))


def history_of(opened: OpenRun, run: Run, n: int) -> list[list[Individual]]:
    """The first `n` generations from their rows, as far as they are finished, each in the order in which it was proposed."""
    store = opened.store
    history: list[list[Individual]] = []
    for number in range(min(n, int(store.rows("optimize/n_generations", run_key=run.run_key)[0]["n"]))):
        proposals = proposals_of(store, run, number)
        played = _played(opened, run, number, members.to_play(proposals, plan=run.plan))
        history.append(members.generation_of(history, proposals, plan=run.plan, played=played))
    return history


def proposals_of(store: Store, run: Run, generation: int) -> list[Proposal]:
    """What was proposed for a generation, in its order; empty where nothing was yet."""
    return [
        Proposal(
            Genome.from_json(json.loads(row["genome"])), row["operator"], tuple(row["parents"]), row["status"] == "ok", row["reason"],
            int(row["n_critic_tokens"]), row["place"], row["critic_work_tokens"],
        )
        for row in store.rows("optimize/candidates", run_key=run.run_key, generation=generation)
    ]  # fmt: skip


def critic_failure(store: Store, run: Run) -> str:
    """Why the critic of a search is not asked any more; empty where it is."""
    rows = store.rows("optimize/answered", run_key=run.run_key, generation=run.search.generations + 1)
    record = answers_before(store, run, run.search.generations + 1)
    if not is_given_up(record):
        return ""
    return (
        f"The critic gave no usable answer to {n_failed(record)} requests in a row. It is not asked any more, and its places go to the "
        f"other operators. The last reason: {rows[-1]['reason']}"
    )


def answers_before(store: Store, run: Run, generation: int) -> list[list[bool]]:
    """Which answers of the critic were usable, in each generation before one in which it was asked."""
    rows = store.rows("optimize/answered", run_key=run.run_key, generation=generation)
    return [[row["is_usable"] for row in same] for _, same in groupby(rows, key=itemgetter("generation"))]


def race_of(store: Store, run: Run, generation: int) -> list[RaceOutcome]:
    """How the race of a generation went; empty where there was none yet."""
    return [
        RaceOutcome(row["genome_digest"], row["p_dominated"], row["n_tokens"], row["n_dialogues"], row["work_tokens"])
        for row in store.rows("optimize/races", run_key=run.run_key, generation=generation)
    ]


def evaluation_of(row: Mapping[str, Any]) -> Evaluation:
    """What a row of optimize.evaluations says."""
    return Evaluation.from_json({part: json.loads(row[part]) for part in ("objectives", "leakage", "diagnostics")})


def material(opened: OpenRun, run: Run) -> Material:
    """What new candidates are made from and checked with. The pool holds the shipped settings, so that crossover has sections to take."""
    exemplars = sorted(opened.humans.exemplars)
    prompts = [load_setting(name).genome for name in setting_names()]
    own = seed_genome(load_setting(run.setting), exemplars, seed=run.seed)
    grams = opened.humans.once("log grams", lambda: log_grams(opened.humans.turns()["text"]))
    return Material(Pool(tuple(prompts), tuple(exemplars)), Screen.of([own], log_grams=grams, exemplar_ids=exemplars))


def individual(proposal: Proposal, row: Mapping[str, Any], floors: Floors) -> Individual:
    """A proposal and the row of its evaluation as the search takes them."""
    evaluation = evaluation_of(row)
    measured, bounds = {name: evaluation.objectives[name].measured for name in NAMES}, constraints(evaluation, floors, surely=True)
    n_tokens, n_dialogues, work = int(row["n_tokens"]), int(row["n_dialogues"]), row["work_tokens"]
    return Individual.played(proposal, measured, bounds, n_tokens=n_tokens, n_dialogues=n_dialogues, work=work)


def _played(opened: OpenRun, run: Run, generation: int, playing: Sequence[Proposal]) -> dict[str, Individual]:
    """Genome → its individual, of what was played to the end of the panel or dropped by a race."""
    store, floors = opened.store, opened.humans.floors(CHOOSING)
    panel, out = panel_of(opened, run, run.plan.rotation(generation)), dropped_out(race_of(store, run, generation), playing)
    works = {each.genome.digest: search_work(opened, run, each, panel) for each in playing if each.genome.digest not in out}
    return out | {
        digest: individual(each, row, floors)
        for each in playing
        if (digest := each.genome.digest) in works
        for row in store.rows("optimize/evaluation", evaluation_key=works[digest].key)
    }
