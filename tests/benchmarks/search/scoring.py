"""From a finished run to its row: the truth of what it handed in, its own claims, what it cost."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from search import contenders
from search.handing import Claim, claims_of, handed_in, picked
from search.indicators import igd_plus, noisy_r2, on_grid, share_of_front
from search.meter import Meter, Provider
from search.rewriting import Rewriter
from search.stage import Measurement, Stage
from search.trial import Trial
from search.world import World
from understudy import rehearsal
from understudy.errors import BudgetExhausted
from understudy.keys import digest
from understudy.measure.comparison import compare_values
from understudy.objectives import NAMES
from understudy.parameters import LONGEST_CHAIN, PanelSize
from understudy.prompt.genome import Genome
from understudy.rehearsal.fronts import reference_of, true_front
from understudy.rehearsal.parameters import read
from understudy.rehearsal.truth import OBJECTIVES, brief_for, true_point
from understudy.search.genes import length
from understudy.search.moo import hypervolume

VERSION = 2
# blocks whose rows a version did not change: nobody but ours is played there
VERSIONS = {"null": 1, "adverse": 1, "equal": 3, "equal_nonconvex": 3, "equal_quality": 3, "ahead": 4, "ahead_nonconvex": 4}
BUDGET = 2000
GRID = list(range(100, BUDGET + 1, 100))
# what is handed in is measured again where no search has been, far more exactly; no optimizer's meter counts it
AGAIN = PanelSize(per_stratum=25, behaviour=25, free=25)
COMPARED = ("null", "adverse")
MAX_INVALID, MAX_ROLE_FLIPS = 0.02, 0.01
assert tuple(NAMES) == tuple(OBJECTIVES)


@dataclass(frozen=True, slots=True)
class BenchmarkRun:
    """What is to be run: an optimizer on a surface with a seed, its critic's quality, its own dials."""

    optimizer: str
    surface: str
    seed: int
    quality: float
    options: tuple[tuple[str, float | int | str], ...] = ()
    budget: int = BUDGET
    block: str = "main"

    @property
    def key(self) -> str:
        """What a row is found by when a run goes on."""
        parts = [
            VERSIONS.get(self.block, VERSION),
            self.optimizer,
            self.surface,
            self.seed,
            self.quality,
            [list(one) for one in self.options],
            self.budget,
            self.block,
        ]
        return digest(parts)[:16]


def run(case: BenchmarkRun, world: World) -> dict[str, Any]:
    """The row of one run."""
    surface = rehearsal.surface(case.surface)
    stage = Stage(world, Provider(surface, world.fitted, case.quality, Meter(case.budget)), case.seed)
    trial = trial_on(stage, case)
    started, spent = time.perf_counter(), time.process_time()
    try:
        contenders.load(case.optimizer)(trial)
        stopped = str(trial.outcome.get("stopped", "itself"))
    except BudgetExhausted:
        stopped = "budget"
    seconds, cpu = time.perf_counter() - started, time.process_time() - spent
    meter = stage.meter
    row = {
        "key": case.key, "block": case.block, "optimizer": case.optimizer, "surface": case.surface, "seed": case.seed,
        "code": _code(), "quality": case.quality, "options": dict(case.options), "budget": case.budget, "stopped": stopped,
        "n_dialogues": meter.n_dialogues, "n_calls": meter.n_calls,
        "n_critic_calls": meter.n_critic_calls, "tokens": meter.tokens, "critic_tokens": meter.critic_tokens, "seconds": round(seconds, 2),
        "cpu_s": round(cpu, 2), "n_measured": len({one.genome.digest for one in stage.trace}), "lost_texts": trial.lost_texts,
        "screened": trial.rewriter.n_screened, "outcome": {name: value for name, value in trial.outcome.items() if name != "starts"},
    }  # fmt: skip
    return row | _worth(case, trial, surface)


def trial_on(stage: Stage, case: BenchmarkRun) -> Trial:
    """What the optimizer of a run is given on a stage."""
    world, options = stage.world, dict(case.options)
    chains, longest = bool(options.get("chains", 0)), int(options.get("chain", LONGEST_CHAIN))
    rewriter = Rewriter(stage, world.screen(case.seed), case.seed, chains=chains, longest=longest)
    return Trial(world, stage, rewriter, case.seed, world.seed_prompt(case.seed), options)


@cache
def _code() -> str:
    """Over the code of the search and of rehearsal, parameters included: rows of one table should have one."""
    found = sorted(path for folder in ("search", "rehearsal") for path in (Path(rehearsal.__file__).parents[1] / folder).glob("*.*"))
    return digest([[path.name, path.read_text("utf-8")] for path in found if path.suffix in (".py", ".toml")])[:12]


def _worth(case: BenchmarkRun, trial: Trial, surface: rehearsal.Surface) -> dict[str, Any]:
    trace = list(trial.stage.trace)
    reference = reference_of(surface)
    front = np.array([member.point.vector for member in true_front(surface)])
    true = {name: true_point(genome, surface).vector for name, genome in {one.genome.digest: one.genome for one in trace}.items()}
    scale = 1.1 * np.array(trial.scale()[0])
    handed, pick = handed_and_pick(trial, scale)
    F, T = (np.array(of) for of in ([one.values for one in handed], [true[one.genome.digest] for one in handed]))
    own = float(share_of_front(T, front, reference))
    curve = [*_curve(trace, true, front, reference, scale), (trial.stage.meter.n_dialogues, own)]
    seed_true = true_point(trial.seed_prompt, surface).vector
    return {
        "hv": own, "hv_pick": share_of_front(true[pick.genome.digest][None, :], front, reference),
        "igd_plus": igd_plus(T, front, reference),
        "hv_seed": share_of_front(seed_true[None, :], front, reference),
        "hv_best_met": share_of_front(np.array(list(true.values())), front, reference),
        "r2": noisy_r2(F / scale, T / reference, np.ones(len(NAMES))), "r2_ideal": noisy_r2(front, front, reference),
        "n_true_front": len(front),
        "hv_claimed": hypervolume(F, reference), "hv_true": hypervolume(T, reference), "reference": np.round(reference, 5).tolist(),
        **_again(case, trial, pick, reference), "curve": [round(value, 4) for value in on_grid(curve, GRID)],
        "n_handed": len(handed), "pick_true": np.round(true[pick.genome.digest], 4).tolist(), "pick": pick.genome.as_json(),
        "handed_claimed": np.round(F, 4).tolist(), "handed_true": np.round(T, 4).tolist(),
        "violating": sum(_violates(one.genome, surface) for one in handed), "pick_violates": _violates(pick.genome, surface),
        "length_ratio": max(length(one.genome) for one in handed) / length(trial.seed_prompt), "advice": _advice(pick.genome),
        "advice_seed": _advice(trial.seed_prompt),
        # all that was claimed and its truth, so that another rule of handing in can be tried without playing anything
        "met": {name[:8]: np.round(vector, 4).tolist() for name, vector in true.items()},
        "trace": [[one.genome.digest[:8], one.at, one.n_pieces, *np.round([*one.values, one.violation], 4).tolist()] for one in trace],
    }  # fmt: skip


def handed_and_pick(trial: Trial, scale: Any) -> tuple[list[Claim], Claim]:
    """What is handed in and the pick: a search that measures its nominees on a split of its own has chosen, the others choose here."""
    trace, wanted = trial.stage.trace, {genome.digest for genome in trial.handed or ()}
    if trial.pick is not None:
        confirmed = claims_of([one.claim for one in trace if one.label == "select" and one.genome.digest in wanted])
        return confirmed, next(one for one in confirmed if one.genome.digest == trial.pick.digest)
    known = [one.claim for one in trace if one.genome.digest in wanted] or [one.claim for one in trace]
    handed = handed_in(claims_of(known), scale)
    return handed, picked(handed, trial.seed_prompt, scale)


def _curve(trace: list[Measurement], true: dict[str, Any], front: Any, reference: Any, scale: Any) -> list[tuple[int, float]]:
    """(dialogues, true hypervolume share) of what the optimizer would hand in if it were stopped there, by one rule for all."""
    out = []
    for at in GRID:
        handed = handed_in(claims_of([one.claim for one in trace if one.at <= at]), scale)
        worth = share_of_front(np.array([true[one.genome.digest] for one in handed]), front, reference) if handed else 0.0
        out.append((at, float(worth)))
        if trace[-1].at <= at:
            break
    return out


def _again(case: BenchmarkRun, trial: Trial, pick: Claim, reference: Any) -> dict[str, Any]:
    """The pick and the seed prompt, measured again on `select`: what the claim was worth, and what a comparison would say.

    Comparing needs the intervals, which take longer than the dialogues; it is asked for where claims are what is counted.
    """
    provider = Provider(trial.stage.provider.surface, trial.world.fitted, 1.0, Meter(10**9))
    stage, compares = Stage(trial.world, provider, trial.seed), case.block in COMPARED
    panel = trial.world.panel("select", AGAIN, seed=trial.seed + 1000, replicate=7)
    prompts = (pick.genome, trial.seed_prompt)
    after, before = (stage.measure(one, panel, split="select", intervals=compares) for one in prompts)
    is_seed = pick.genome.digest == trial.seed_prompt.digest
    told: dict[str, Any] = {}
    if compares and not is_seed:
        told = compare_values(before.evaluation.objectives, after.evaluation.objectives, floors=trial.world.floors)
    return {
        "pick_claimed": np.round(pick.values, 4).tolist(), "pick_again": np.round(after.values, 4).tolist(),
        "seed_again": np.round(before.values, 4).tolist(), "hv_pick_claimed": hypervolume(np.array([pick.values]), reference),
        "hv_pick_again": hypervolume(np.array([after.values]), reference), "compared": {name: one.outcome for name, one in told.items()},
        "pick_is_seed": is_seed,
    }  # fmt: skip


def _violates(genome: Genome, surface: rehearsal.Surface) -> bool:
    """Whether a prompt truly breaks a bound: leaks above a cap, invalid replies or role flips."""
    point = true_point(genome, surface)
    faults = point.faults
    return point.objectives["data_leakage"] > 0 or faults["invalid"] > MAX_INVALID or faults["role_flip"] > MAX_ROLE_FLIPS


def _advice(genome: Genome) -> float:
    """How far a prompt follows the usual advice: the sum of the levers that work the other way on `adverse`, each from -1 to 1."""
    levers = brief_for(genome).instructions.levers
    return round(float(sum(levers[name] for name in read("surfaces.toml")["adverse"]["levers"])), 3)
