"""From a finished run to its row: the truth of what it handed in, its own claims, what it cost."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from search import contenders
from search.indicators import FULL_PANEL, Claims, claims_of, handed_in, igd_plus, noisy_r2, on_grid, picked, share_of_front
from search.meter import Meter, OutOfDialogues, Provider
from search.rewriting import Rewriter
from search.stage import Measurement, Stage
from search.trial import Trial
from search.world import World
from understudy import rehearsal
from understudy.genome import Genome
from understudy.keys import digest
from understudy.objectives import NAMES
from understudy.objectives._compare import compare_values
from understudy.parameters import PanelSize
from understudy.rehearsal.fronts import reference_of, true_front
from understudy.rehearsal.parameters import read
from understudy.rehearsal.truth import OBJECTIVES, brief_for, true_point
from understudy.search.genes import length
from understudy.search.moo import hypervolume

VERSION = 1
BUDGET = 2000
GRID = list(range(100, BUDGET + 1, 100))
# what is handed in is measured again where no search has been, far more exactly; no optimizer's meter counts it
AGAIN = PanelSize(per_stratum=25, behaviour=25, free=25)
MAX_INVALID, MAX_ROLE_FLIPS = 0.02, 0.01
assert tuple(NAMES) == tuple(OBJECTIVES)


@dataclass(frozen=True, slots=True)
class Case:
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
            VERSION,
            self.optimizer,
            self.surface,
            self.seed,
            self.quality,
            [list(one) for one in self.options],
            self.budget,
            self.block,
        ]
        return digest(parts)[:16]


def run(case: Case, world: World) -> dict[str, Any]:
    """The row of one run."""
    surface = rehearsal.surface(case.surface)
    stage = Stage(world, Provider(surface, world.fitted, case.quality, Meter(case.budget)), case.seed)
    seed_prompt, screen = world.seed_prompt(case.seed), world.screen(case.seed)
    trial = Trial(world, stage, Rewriter(stage, screen, case.seed), case.seed, seed_prompt, dict(case.options))
    started, spent = time.perf_counter(), time.process_time()
    try:
        contenders.load(case.optimizer)(trial)
        stopped = str(trial.outcome.get("stopped", "itself"))
    except OutOfDialogues:
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
    return row | _worth(trial, surface)


@cache
def _code() -> str:
    """Over the code of the search and of rehearsal, parameters included: rows of one table should have one."""
    found = sorted(path for folder in ("search", "rehearsal") for path in (Path(rehearsal.__file__).parents[1] / folder).glob("*.*"))
    return digest([[path.name, path.read_text("utf-8")] for path in found if path.suffix in (".py", ".toml")])[:12]


def _worth(trial: Trial, surface: rehearsal.Surface) -> dict[str, Any]:
    trace = list(trial.stage.trace)
    genomes = {one.genome.digest: one.genome for one in trace}
    reference = reference_of(surface)
    front = np.array([member.point.vector for member in true_front(surface)])
    true = {name: true_point(genome, surface).vector for name, genome in genomes.items()}
    claims = _final_claims(trial, trace)
    rows = list(range(len(claims.names))) if trial.pick is not None else handed_in(claims)
    names = [claims.names[i] for i in rows]
    scale = 1.1 * np.array(trial.scale()[0])
    pick = trial.pick.digest if trial.pick is not None else claims.names[picked(claims, rows, scale)]
    F, T = claims.F[rows], np.array([true[name] for name in names])
    curve = _curve(trace, true, front, reference)
    own = float(share_of_front(T, front, reference))
    again = _again(trial, genomes[pick], claims.F[claims.names.index(pick)], reference)
    seed_true = true_point(trial.seed_prompt, surface).vector
    return {
        "hv": own, "hv_pick": share_of_front(true[pick][None, :], front, reference), "igd_plus": igd_plus(T, front, reference),
        "hv_seed": share_of_front(seed_true[None, :], front, reference),
        "hv_best_met": share_of_front(np.array(list(true.values())), front, reference),
        "r2": noisy_r2(F / scale, T / reference, np.ones(len(NAMES))), "r2_ideal": noisy_r2(front, front, reference),
        "n_true_front": len(front),
        "hv_claimed": hypervolume(F, reference), "hv_true": hypervolume(T, reference), "reference": np.round(reference, 5).tolist(),
        **again, "curve": [round(value, 4) for value in on_grid([*curve, (trial.stage.meter.n_dialogues, own)], GRID)],
        "n_handed": len(rows), "pick_true": [round(float(value), 4) for value in true[pick]], "pick": genomes[pick].as_json(),
        "handed_claimed": np.round(F, 4).tolist(), "handed_true": np.round(T, 4).tolist(),
        "violating": sum(_violates(genomes[name], surface) for name in names), "pick_violates": _violates(genomes[pick], surface),
        "length_ratio": max(length(genomes[name]) for name in names) / length(trial.seed_prompt), "advice": _advice(genomes[pick]),
        "advice_seed": _advice(trial.seed_prompt),
    }  # fmt: skip


def _final_claims(trial: Trial, trace: list[Measurement]) -> Claims:
    """What the optimizer claims of the prompts it would hand in: by its own last measurement where it has a split of its own for that."""
    known = trace
    if trial.pick is not None:
        known = [one for one in trace if one.label == "select"]
    elif trial.handed is not None:
        wanted = {genome.digest for genome in trial.handed}
        known = [one for one in trace if one.genome.digest in wanted] or trace
    found = _claims(known)
    if trial.pick is None or trial.handed is None:
        return found
    wanted = {genome.digest for genome in trial.handed}
    kept = [i for i, name in enumerate(found.names) if name in wanted]
    return Claims(tuple(found.names[i] for i in kept), found.F[kept], found.violations[kept])


def _claims(known: list[Measurement]) -> Claims:
    return claims_of(
        [one.genome.digest for one in known], [one.values for one in known], [one.violation for one in known],
        [one.n_pieces for one in known], FULL_PANEL,
    )  # fmt: skip


def _curve(trace: list[Measurement], true: dict[str, Any], front: Any, reference: Any) -> list[tuple[int, float]]:
    """(dialogues, true hypervolume share) of what the optimizer would hand in if it were stopped there, by one rule for all."""
    out = []
    for at in range(1, len(trace) + 1):
        claims = _claims(trace[:at])
        rows = handed_in(claims)
        out.append((trace[at - 1].at, share_of_front(np.array([true[claims.names[i]] for i in rows]), front, reference) if rows else 0.0))
    return out


def _again(trial: Trial, pick: Genome, claimed: Any, reference: Any) -> dict[str, Any]:
    """The pick and the seed prompt, measured again on `select`: what the claim was worth, and what a comparison would say."""
    provider = Provider(trial.stage.provider.surface, trial.world.fitted, 1.0, Meter(10**9))
    stage = Stage(trial.world, provider, trial.seed)
    panel = trial.world.panel("select", AGAIN, seed=trial.seed + 1000, replicate=7)
    after, before = (stage.measure(one, panel, split="select", intervals=True) for one in (pick, trial.seed_prompt))
    same = pick.digest == trial.seed_prompt.digest
    told = {} if same else compare_values(before.evaluation.objectives, after.evaluation.objectives, floors=trial.world.floors)
    return {
        "pick_claimed": np.round(claimed, 4).tolist(), "pick_again": np.round(after.values, 4).tolist(),
        "seed_again": np.round(before.values, 4).tolist(), "hv_pick_claimed": hypervolume(np.array([claimed]), reference),
        "hv_pick_again": hypervolume(np.array([after.values]), reference), "compared": {name: one.outcome for name, one in told.items()},
        "pick_is_seed": same,
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
