"""A quick stand-in for playing: what a prompt would be measured at is drawn from what prompts of a similar truth were measured at.

For trying out what an optimizer does on the surfaces of tuning: a run takes seconds. Every raw row of the benchmark holds what each prompt
was measured at beside its truth, panel by panel, so that the stand-in has the noise of real panels, all objectives together, and what
measuring adds to a truth. It knows nothing of constraints but their sum. What it says is no result.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from search import contenders
from search.indicators import share_of_front
from search.meter import Meter, Provider
from search.scoring import BenchmarkRun, handed_and_pick, trial_on
from search.stage import Measurement, Stage
from search.world import World
from understudy import rehearsal
from understudy.errors import BudgetExhausted
from understudy.keys import rng_of
from understudy.objectives import NAMES, Evaluation
from understudy.play.panels import Panel
from understudy.prompt.genome import Genome
from understudy.records import Measured
from understudy.rehearsal.fronts import reference_of, true_front
from understudy.rehearsal.truth import true_point
from understudy.statistics.rates import Z

Floats = NDArray[np.float64]
SIMILAR, LEAST, N_REPLICATES = 40, 200, 200
_N = len(NAMES)
Recorded = Mapping[int, Floats]
"""Dialogues of a panel → its recorded measurements, (n, 9): the truth of the prompt, what was measured, the sum of what it exceeded."""


def recorded(rows: Sequence[Mapping[str, Any]]) -> Recorded:
    """The measurements in raw rows of protocol 3, by the size of the panel; a size that was rarely played is left out."""
    found: dict[int, list[list[float]]] = {}
    for row in rows:
        if not str(row["block"]).startswith("equal"):
            continue
        for name, _, n_pieces, *values in row["trace"]:
            if np.isfinite(values).all():
                found.setdefault(int(n_pieces), []).append([*row["met"][name], *values])
    return {size: np.array(of) for size, of in found.items() if len(of) >= LEAST}


@dataclass(slots=True)
class QuickStage(Stage):
    """A stage on which nothing is played; the meter counts as if it were."""

    measurements: Recorded = field(default_factory=dict)

    def measure(self, genome: Genome, panel: Panel, *, split: str = "search", label: str = "", intervals: bool = False) -> Measurement:
        """What the genome would be measured at."""
        return self.measure_all([genome], panel, split=split, label=label, intervals=intervals)[0]

    def measure_all(
        self, genomes: Sequence[Genome], panel: Panel, *, split: str = "search", label: str = "", intervals: bool = False
    ) -> list[Measurement]:
        """The same of several. Raises OutOfDialogues where the budget ends among them."""
        return [self._measured(one, panel, split, label, intervals=intervals) for one in genomes]

    def _measured(self, genome: Genome, panel: Panel, split: str, label: str, *, intervals: bool) -> Measurement:
        pieces = [f"{kind}/{one}" for kind in ("reactions", "behaviour", "free") for one in getattr(panel, kind)]
        for piece in pieces:
            self.meter.open(f"{genome.digest}/{split}/{piece}")
        similar = self._similar(genome, len(pieces))
        rng = rng_of("bench quick", genome.digest, split, *pieces, self.seed)
        drawn, spread = similar[int(rng.integers(len(similar)))], similar[:, _N : 2 * _N].std(axis=0)
        values, violation = drawn[_N : 2 * _N], float(drawn[2 * _N])
        replicates = np.maximum(0.0, values + spread * rng.standard_normal((N_REPLICATES, _N))) if intervals else np.empty((0, _N))
        objectives = {
            name: SimpleNamespace(
                measured=_measured(values[at], spread[at], len(pieces), intervals=intervals), replicates=tuple(replicates[:, at].tolist())
            )
            for at, name in enumerate(NAMES)
        }
        done = Measurement(
            genome, tuple(float(one) for one in values), violation, {"all": violation}, {"all": 0.0}, len(pieces), 0, None,
            self.meter.n_dialogues, label, cast(Evaluation, SimpleNamespace(objectives=objectives)),
        )  # fmt: skip
        self.trace.append(done)
        return done

    def _similar(self, genome: Genome, n_pieces: int) -> Floats:
        known = self.measurements[min(self.measurements, key=lambda size: abs(size - n_pieces))]
        truth = np.array(true_point(genome, self.provider.surface).vector)
        apart = (((known[:, :_N] - truth) / (known[:, :_N].std(axis=0) + 1e-9)) ** 2).sum(axis=1)
        return known[np.argpartition(apart, SIMILAR)[:SIMILAR]]


def run_quick(case: BenchmarkRun, world: World, measurements: Recorded) -> dict[str, Any]:
    """The row of one run: what was handed in, picked and met, as shares of the true front's hypervolume, and what it took."""
    surface, meter = rehearsal.surface(case.surface), Meter(case.budget)
    stage = QuickStage(world, Provider(surface, world.fitted, case.quality, meter), case.seed, measurements=measurements)
    trial = trial_on(stage, case)
    spent = time.process_time()
    with suppress(BudgetExhausted):
        contenders.load(case.optimizer)(trial)
    cpu = time.process_time() - spent
    front, reference = np.array([member.point.vector for member in true_front(surface)]), reference_of(surface)
    handed, pick = handed_and_pick(trial, 1.1 * np.array(trial.scale()[0]))
    met = {one.genome.digest: one.genome for one in stage.trace}

    def share(genomes: Sequence[Genome]) -> float:
        return float(share_of_front(np.array([true_point(one, surface).vector for one in genomes]), front, reference))

    return {
        "key": case.key, "block": case.block, "optimizer": case.optimizer, "surface": case.surface, "seed": case.seed,
        "options": trial.options, "hv": share([one.genome for one in handed]), "hv_pick": share([pick.genome]),
        "hv_best_met": share(list(met.values())), "r2": float("nan"), "n_measured": len(met), "n_critic_calls": meter.n_critic_calls,
        "n_dialogues": meter.n_dialogues, "quality": case.quality, "seconds": round(cpu, 2),
    }  # fmt: skip


def _measured(value: float, spread: float, n: int, *, intervals: bool) -> Measured:
    if not intervals:
        return Measured(float(value), n=n)
    return Measured(float(value), max(0.0, float(value - Z * spread)), float(value + Z * spread), n)
