"""Convergence of a search: an upper bound of the hypervolume that its last generations added, which accounts for noise.

What a generation's children seem to add is partly luck. Their true values are drawn from what is known of them: each objective of
a generation is taken to vary between candidates around a mean (by more than the noise of measurement, or by nothing but that), and
a candidate's posterior lies between that mean and what was measured (empirical Bayes, Efron and Morris 1975). The gain is computed
in every draw; its upper bound is the .95 quantile.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from understudy.keys import rng_of
from understudy.search.moo import Matrix, hypervolume
from understudy.search.plan import SEED, SURVIVOR, Generation, History, Individual, Plan

VERSION = 2
STALL_GAIN, STALL_PANELS = 0.01, 3
N_DRAWS, CONFIDENCE = 60, 0.95


def stop(history: History, *, plan: Plan, reference: Sequence[float]) -> str:
    """`converged` when the gain's upper bound is below 1 % in every generation of the last three panels, else empty."""
    # two children in a generation are no evidence that there is nothing left: as many as three whole panels saw are asked for
    window = STALL_PANELS * plan.period
    recent = history[1:][-window:]
    if len(recent) < window or not plan.has("stopping"):
        return ""
    first = len(history) - window
    bounds = [gain_bound(one, plan=plan, reference=reference, at=first + at) for at, one in enumerate(recent)]
    return "converged" if all(bound is not None and bound < STALL_GAIN for bound in bounds) else ""


def gain_bound(generation: Generation, *, plan: Plan, reference: Sequence[float], at: int) -> float | None:
    """The .95 upper bound of what a generation's children add to the hypervolume of its survivors, as a share of that.

    None where no survivor dominates a part of the box: progress has no scale there, and the search is not at its end.
    """
    known = [each for each in generation if not each.not_measured(plan.objectives)]
    feasible = [each for each in known if all((value or 0.0) <= 0 for value in each.constraints.values())]
    old = np.array([each.operator in (SEED, SURVIVOR) for each in feasible], dtype=bool)
    if not old.any():
        return None
    box = np.array(reference, dtype=float)
    gains = []
    for F in _draws(feasible, plan, at):
        before = hypervolume(F[old], box)
        if before <= 0:
            return None
        gains.append(hypervolume(F, box) / before - 1)
    return float(np.quantile(gains, CONFIDENCE))


def _draws(individuals: Sequence[Individual], plan: Plan, at: int) -> list[Matrix]:
    """True values as they may be, (n_individuals, n_objectives) each; without known noise there is one draw, what was measured."""
    F = np.array([[each.objectives[name] for name in plan.objectives] for each in individuals], dtype=float)
    noise = np.array([[each.spreads.get(name, 0.0) for name in plan.objectives] for each in individuals], dtype=float) ** 2
    if not noise.any():
        return [F]
    between = np.maximum(0.0, F.var(axis=0, ddof=1 if len(F) > 1 else 0) - noise.mean(axis=0))
    kept = np.divide(between, between + noise, out=np.ones_like(noise), where=between + noise > 0)
    centre, spread = F.mean(axis=0) + kept * (F - F.mean(axis=0)), np.sqrt(kept * noise)
    rng = rng_of("gain", VERSION, plan.seed, at)
    return [np.maximum(0.0, centre + spread * rng.standard_normal(F.shape)) for _ in range(N_DRAWS)]
