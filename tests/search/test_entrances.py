"""The night and the benchmark search alike: one surface through both entrances, proposal by proposal."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from tests.search import plain
from understudy import objectives, rehearsal
from understudy.doors.store import Store
from understudy.objectives import NAMES
from understudy.parameters import Caps, PanelSize, Search
from understudy.prompt.genome import Genome
from understudy.records import CHOOSING
from understudy.rows.handle import Humans
from understudy.search import drive, loop, racing
from understudy.search.drive import Conclusion, Memory, Setup
from understudy.search.memory import ProcessMemory
from understudy.search.plan import SURVIVOR, Plan, Proposal
from understudy.search.power import choosable
from understudy.tasks.optimize import criticism
from understudy.tasks.optimize.memory import RowMemory

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))
from search.contenders.ours import MeteredGround
from search.meter import Meter, Provider
from search.rewriting import Rewriter
from search.stage import Stage
from search.trial import Trial, pieces_of
from search.world import DATASET, World

# the benchmark resamples by seed 0 whatever the seed of the search, so that is the seed here
SURFACE, SEED, QUALITY, GENERATIONS = "3", 0, 0.6, 2
PLENTY = 100_000
EQUAL = dict.fromkeys(NAMES, 1.0)


@dataclass(frozen=True)
class Taken:
    """The way that a search took: every proposal of every generation, what was asked, what selection made of them, and the end."""

    proposals: list[list[Proposal]]
    asked: set[tuple[str, ...]]
    survivors: list[tuple[str, ...]]
    fronts: list[tuple[str, ...]]
    ended: Conclusion

    @classmethod
    def of(cls, memory: Memory, ended: Conclusion, plan: Plan, n: int) -> Taken:
        """Read back from the memory of a search."""
        selections = [loop.judge(ended.history[: number + 1], plan=plan) for number in range(len(ended.history))]
        return cls(
            [list(memory.proposals(number)) for number in range(n + 1)],
            set(memory.asked(n + 1)),
            [one.survivors for one in selections],
            [one.front for one in selections],
            ended,
        )


def by_night(profiled: Path, folder: Path, *, n: int = GENERATIONS, caps: Caps = Caps(), **changed: Any) -> Taken:
    """The search over rows."""
    store = Path(shutil.copy(profiled, folder / "night.duckdb"))
    search = plain.small(n, weights=EQUAL, **changed)
    options: dict[str, Any] = {"surface": SURFACE, "critic": f"rehearsal@critic={QUALITY}", "seed": SEED, "caps": caps}
    # the benchmark's critic is shown no turns, which rehearsal does not read, but which its calls would take longer with
    unseen = patch.object(criticism, "evidence_for", lambda *_: {})
    with unseen, plain.run_open(store, search, **options) as (run, opened):
        return Taken.of(RowMemory(opened, run, plain.Functions()), plain.ended(opened, run), run.plan, n)


@pytest.fixture(scope="module")
def world(profiled_sample: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    """What the benchmark shares between runs: it is only read. Its constraints are held against the floors that a night chooses by."""
    world = World(str(shutil.copy(profiled_sample, tmp_path_factory.mktemp("world") / "benchmark.duckdb")))
    with Store.open(world.store) as opened:
        vars(world)["floors"] = Humans(opened, DATASET, world.profile_key).floors(CHOOSING)
    return world


def by_benchmark(world: World, *, n: int = GENERATIONS, budget: int = PLENTY, **changed: Any) -> Taken:
    """The search through the meter."""
    stage = Stage(world, Provider(rehearsal.surface(SURFACE), world.fitted, QUALITY, Meter(budget)), SEED)
    seed: Genome = world.seed_prompt(SEED)
    trial = Trial(world, stage, Rewriter(stage, world.screen(SEED), SEED), SEED, seed)
    asked: Search = plain.small(n, **changed)
    without = frozenset[str](asked.without)
    size = asked.panel
    few = objectives.too_few({"reactions": 4 * size.per_stratum, "dialogues": size.behaviour, "free_runs": size.free})
    how: dict[str, Any] = {"has_critic": True, "without": without, "racing": asked.racing, "period": asked.period}
    plan = Plan(choosable(NAMES, few), asked.population, asked.algorithm, SEED, **how)
    setup = Setup([seed], plan, n, n_front=asked.n_front, weights=EQUAL, traded=objectives.TRADED, measured=NAMES)
    memory = ProcessMemory()
    ground = MeteredGround(trial, asked.panel, front_size=plain.SMALL, n_finalists=0, split=CHOOSING)
    return Taken.of(memory, drive.search(setup, ground, memory), plan, n)


def members_of(ended: Conclusion) -> list[list[tuple[str, str, str]]]:
    return [[(each.genome.digest, each.operator, each.dropped) for each in members] for members in ended.history]


@pytest.fixture(autouse=True)
def no_evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    """The benchmark shows its critic no turns; what a night shows is read by the critic, and so is work that its operators cost."""
    monkeypatch.setattr(criticism, "evidence_for", lambda *_: {})


def compared(one: Taken, other: Taken) -> None:
    assert one.proposals == other.proposals
    assert one.asked == other.asked
    assert one.survivors == other.survivors
    assert one.fronts == other.fronts
    assert members_of(one.ended) == members_of(other.ended)
    assert [each.genome_digest for each in one.ended.finalists] == [each.genome_digest for each in other.ended.finalists]
    assert one.ended.pick == other.ended.pick
    assert (one.ended.stopped, one.ended.complete) == (other.ended.stopped, other.ended.complete)


def test_both_entrances_propose_race_select_and_pick_the_same(
    profiled_sample: Path, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # so few contexts leave nobody dominated in 95 % of the draws: who is worse in the first objective than one ahead drops out here
    monkeypatch.setattr(racing, "p_dominated", is_worse)
    # panels of one generation each, so survivors are measured anew; of half of a smaller panel not everything would be measured
    changed: dict[str, Any] = {"period": 1, "racing": True, "panel": PanelSize(per_stratum=4, behaviour=8, free=4)}
    # two generations cost a third more and show nothing else; the test below has them
    night, benchmark = by_night(profiled_sample, tmp_path, n=1, **changed), by_benchmark(world, n=1, **changed)
    compared(night, benchmark)
    assert len(night.ended.history) == 2
    assert any(each.dropped for members in night.ended.history for each in members)
    assert len(night.asked) > 1
    assert night.ended.complete


def is_worse(which: int, draws: Sequence[Any], ahead: Sequence[int]) -> float:
    """1 for who is worse in the mean of the first objective than one of those ahead."""
    means = [float(one[:, 0].mean()) for one in draws]
    return float(any(means[one] < means[which] for one in ahead))


def test_both_end_alike_where_the_budget_ends_inside_a_generation(profiled_sample: Path, world: World, tmp_path: Path) -> None:
    # what the candidates of two generations play, and a part of one more; survivors are carried. The night's cap counts free runs
    played, without = 2 * plain.small(GENERATIONS).population, ("remeasuring",)
    night = by_night(profiled_sample, tmp_path, caps=Caps(dialogues=played * plain.SMALL.free + 1), without=without)
    benchmark = by_benchmark(world, budget=played * pieces_of(plain.SMALL) + 8, without=without)
    compared(night, benchmark)
    assert (night.ended.stopped, night.ended.complete, len(night.ended.history)) == ("budget", False, 2)
    assert any(each.operator == SURVIVOR for each in night.ended.history[1])
    assert night.proposals[2]
