"""Stage play: a genome is played on a panel and measured. The search, the report and the release batch all come through here."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from threading import Lock
from typing import Any, TypeVar

import polars as pl
from prefect import task
from prefect.futures import PrefectFuture

from understudy import objectives, plugins
from understudy.doors.store import Store
from understudy.errors import BudgetExhausted
from understudy.keys import canonical_json, key
from understudy.measure.reference import Reference
from understudy.parameters import PanelSize
from understudy.play.dialogue import MAX_TURNS, Played, Scene, free_scene, play_all, replay_scene, simulated
from understudy.play.panels import Panel, draw_panel
from understudy.prompt.template import Exemplar
from understudy.recommenders import Recommender, Services, chosen
from understudy.records import Context, Item, Scenario
from understudy.rows import humans
from understudy.rows import played as rows
from understudy.tasks.play.models import OpenModels, open_models

VERSION = 1
Fields = dict[str, Any]
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Work:
    """One evaluation to be made: whose prompt (`genome_digest`), on what (`panel`), by which model, against which humans.

    `split` is the replays' and the reference's, `free_split` that of the free runs' scenarios; `verifier` the model of the second
    look at a reply, empty where it is the seeker's own.
    """

    store: str
    profile_key: str
    dataset: str
    split: str
    free_split: str
    genome_digest: str
    panel: Panel
    model: str
    recommender: str
    seed: int
    intervals: bool
    min_contexts: int
    verifier: str = ""

    @property
    def key(self) -> str:
        """The key of the evaluation's row."""
        left_out = ("store", "panel") if self.verifier else ("store", "panel", "verifier")
        parts = {field.name: getattr(self, field.name) for field in dataclasses.fields(self) if field.name not in left_out}
        return key("evaluation", VERSION, **parts, panel=self.panel.key, objectives=objectives.VERSIONS, max_turns=MAX_TURNS)


@dataclass(frozen=True, slots=True)
class Done:
    """What a piece of work leaves: its row of optimize.evaluations, and the dialogues that were not in the store before."""

    work: Work
    row: Fields
    played: tuple[Played, ...] = ()


class HumanSide:
    """The humans of a profile, loaded once per process: contexts, scenarios, catalogue, exemplars and references by split."""

    def __init__(self, store: str, profile_key: str, dataset: str) -> None:
        self._path, self._profile_key, self._dataset = store, profile_key, dataset
        self._lock = Lock()
        self._contexts: dict[str, dict[str, Context]] = {}
        self._scenarios: dict[str, dict[str, Scenario]] = {}
        self._references: dict[tuple[str, int, int], Reference] = {}
        self._turns: dict[str, pl.DataFrame] = {}

    @cached_property
    def items(self) -> dict[str, Item]:
        """The catalogue."""
        with Store.open(self._path) as store:
            return humans.load_items(store, self._dataset)

    @cached_property
    def exemplars(self) -> dict[str, Exemplar]:
        """What prompts may show, by dialogue."""
        with Store.open(self._path) as store:
            return humans.load_exemplars(store, self._profile_key)

    def contexts(self, split: str) -> dict[str, Context]:
        """The replay contexts of a split, by id."""
        with self._lock:
            if split not in self._contexts:
                with Store.open(self._path) as store:
                    found = humans.load_contexts(store, self._profile_key, split)
                self._contexts[split] = {one.context_id: one for one in found}
            return self._contexts[split]

    def scenarios(self, split: str) -> dict[str, Scenario]:
        """The scenarios of a split, by id."""
        with self._lock:
            if split not in self._scenarios:
                with Store.open(self._path) as store:
                    found = humans.load_scenarios(store, self._profile_key, split)
                self._scenarios[split] = {one.scenario_id: one for one in found}
            return self._scenarios[split]

    def reference(self, work: Work) -> Reference:
        """The humans against which a piece of work is measured, as the objectives read them."""
        with self._lock:
            wanted = (work.split, work.seed, work.min_contexts)
            if wanted not in self._references:
                with Store.open(self._path) as store:
                    human = rows.load_human(store, self._profile_key, work.split, self._dataset)
                self._references[wanted] = Reference.build(human, seed=work.seed, min_contexts=work.min_contexts)
            return self._references[wanted]

    def context_turns(self, split: str) -> pl.DataFrame:
        """Per context of a split: context_id, dialogue_id, seeker_id, recommender_id, turn_index, previous."""
        with self._lock:
            if split not in self._turns:
                with Store.open(self._path) as store:
                    self._turns[split] = store.frame("profile/context_turns", profile_key=self._profile_key, split=split)
            return self._turns[split]

    def panel(self, split: str, size: PanelSize, *, seed: int, rotation: int = 0, replicate: int = 0) -> Panel:
        """The panel of one rotation, replays and free runs from the same split."""
        return draw_panel(
            self.contexts(split).values(), self.scenarios(split).values(), per_stratum=size.per_stratum,
            n_behaviour=size.behaviour, n_free=size.free, seed=seed, rotation=rotation, replicate=replicate,
        )  # fmt: skip

    @cached_property
    def popularity(self) -> dict[str, int]:
        """Item id → how many dialogues mention it, of the splits that fitting may see."""
        with Store.open(self._path) as store:
            return {row["item_id"]: row["n"] for row in store.rows("profile/popularity", profile_key=self._profile_key)}


@cache
def human_side(store: str, profile_key: str, dataset: str) -> HumanSide:
    """The humans of a profile; loaded once, since a profile never changes."""
    return HumanSide(store, profile_key, dataset)


def second_model(opened: OpenModels) -> str:
    """The model that takes a second look at replies; empty where it is the seeker's own."""
    return "" if opened.verifier == opened.seeker else opened.verifier


def recommender_named(written: str, opened: OpenModels) -> str:
    """The name under which the dialogues of a recommender are kept. Raises BadInput."""
    return chosen(written, model=opened.recommender).name


@lru_cache(maxsize=16)
def recommender_of(side: HumanSide, name: str, opened: OpenModels) -> Recommender:
    """The CRS of that name over a profile's catalogue; built once for the models that are open."""
    choice = chosen(name, model=opened.recommender)
    services = Services(opened.gateway.complete, opened.recommender, opened.http, choice.options)
    built: Recommender = plugins.load("recommenders", choice.module).build(side.items, side.popularity, services)
    return built


@task(name="evaluate candidate", persist_result=False)
def evaluate(work: Work) -> Done:
    """One evaluation, as a task that is mapped over candidates."""
    return evaluated(work)


def evaluated(work: Work) -> Done:
    """One evaluation. What is in the store is neither played nor measured again."""
    with Store.open(work.store) as store:
        found = store.rows("optimize/evaluation", evaluation_key=work.key)
    if found:
        return Done(work, found[0])
    played, fresh = performed(work)
    return Done(work, row_of(work, played, measured(work, played)), fresh)


def measured(work: Work, played: Sequence[Played]) -> objectives.Evaluation:
    """What the objectives say of the work's dialogues."""
    side = human_side(work.store, work.profile_key, work.dataset)
    seen = simulated(played, side.context_turns(work.split))
    return objectives.measure_all(seen, side.reference(work), seed=work.seed, intervals=work.intervals)


def performed(work: Work) -> tuple[list[Played], tuple[Played, ...]]:
    """Every dialogue of the work in the order of its panel, and those of them that had to be played now."""
    scenes = scenes_of(work)
    with Store.open(work.store) as store:
        there = rows.load_played(store, [scene.play_key for scene in scenes])
    missing = [scene for scene in scenes if scene.play_key not in there]
    fresh: list[Played] = []
    if missing:
        opened = open_models()
        gateway, side = opened.gateway, human_side(work.store, work.profile_key, work.dataset)
        crs = {work.recommender: recommender_of(side, work.recommender, opened)} if work.panel.free else {}
        fresh = gateway.run(play_all(missing, complete=gateway.complete, recommenders=crs, on_dialogue=gateway.count_dialogue))
    by_key = {**there, **{one.play_key: one for one in fresh}}
    return [by_key[scene.play_key] for scene in scenes], tuple(fresh)


def scenes_of(work: Work) -> list[Scene]:
    """What the panel of a piece of work asks to be played: reactions, then whole dialogues turn by turn, then free runs."""
    side = human_side(work.store, work.profile_key, work.dataset)
    with Store.open(work.store) as store:
        genome = rows.load_genome(store, work.genome_digest)
    shown = [side.exemplars[name] for name in genome.exemplars]
    contexts, panel = side.contexts(work.split), work.panel
    wanted = set(panel.behaviour)
    turns = [one for one in contexts.values() if one.stratum is None and one.dialogue_id in wanted]
    replays = [
        replay_scene(
            one, genome=genome, exemplars=shown, target=_target(one, side.items), model=work.model, replicate=panel.replicate,
            verifier=work.verifier,
        )
        for one in [*(contexts[name] for name in panel.reactions), *turns]
    ]  # fmt: skip
    scenarios = side.scenarios(work.free_split)
    runs = [
        free_scene(
            scenarios[name], genome=genome, exemplars=shown, target=side.items[scenarios[name].target],
            recommender=work.recommender, model=work.model, replicate=replicate, verifier=work.verifier,
        )
        for name, replicate in panel.free
    ]  # fmt: skip
    return [*replays, *runs]


def settled(futures: Iterable[PrefectFuture[Result]]) -> tuple[list[Result], str]:
    """What mapped tasks returned, in order, and `budget` where a cap stopped some of them. Any other failure is raised."""
    done: list[Result] = []
    stopped = ""
    for future in futures:
        try:
            done.append(future.result())
        except BudgetExhausted:
            stopped = "budget"
    return done, stopped


def keep(store: Store, done: Iterable[Done]) -> None:
    """Writes evaluations and the dialogues played for them; the caller opens the transaction."""
    done = list(done)
    for profile_key in sorted({one.work.profile_key for one in done}):
        fresh = [played for one in done if one.work.profile_key == profile_key for played in one.played]
        rows.keep_played(store, fresh, profile_key=profile_key)
    store.add("optimize.evaluations", [one.row for one in done])


def _target(context: Context, items: dict[str, Item]) -> Item | None:
    """What a replayed seeker may be told of its target: never the item at stake, which `Need.targets` leaves out."""
    return items[context.need.targets[0]] if context.need.targets else None


def row_of(work: Work, played: Sequence[Played], evaluation: objectives.Evaluation) -> Fields:
    """The row of optimize.evaluations."""
    told = evaluation.as_json()
    return {
        "evaluation_key": work.key,
        "genome_digest": work.genome_digest,
        "profile_key": work.profile_key,
        "split": work.split,
        "panel_key": work.panel.key,
        "model": work.model,
        **{part: canonical_json(told[part]) for part in ("objectives", "leakage", "diagnostics")},
        "n_dialogues": len(played),
        "n_missing": sum(one.status == "missing" for one in played),
        "n_tokens": sum(one.n_tokens for one in played),
    }
