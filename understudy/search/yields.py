"""What each operator has brought in, and how often it is drawn for that: probability matching with a floor (Thierens 2005).

An operator earns what its children add to the hypervolume of the survivors that were measured on the same panel, per unit of
cost. All of it is computed from the rows of the generations, so a resumed search draws as an undisturbed one would have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from understudy.search.moo import hypervolume
from understudy.search.plan import SEED, SURVIVOR, Generation, History, Individual, Plan

VERSION = 1
FLOOR = 0.25
"""The share of its equal part that no operator falls below: 0.25 / number of operators."""
LEARNING = 0.3
JOIN = "+"


@dataclass(frozen=True, slots=True)
class Yield:
    """An operator in one generation: its children, what they added to the hypervolume (a share in [0, 1]), and what they cost.

    `rate`: gain per unit of cost, where 1 is what an average candidate of the generation costs (half by tokens, half by
    dialogues). `chance`: how often it is drawn in the next generation.
    """

    operator: str
    n_children: float
    gain: float
    n_tokens: float
    n_dialogues: float
    rate: float
    chance: float


def chances(history: History, *, plan: Plan, prior: Mapping[str, float], reference: Sequence[float] | None) -> dict[str, float]:
    """How often each operator of `prior` is drawn after these generations; the prior where nothing is adapted or known yet."""
    shares = {name: value / sum(prior.values()) for name, value in prior.items()}
    if reference is None or not plan.has("adaptation"):
        return shares
    quality = dict(shares)
    for generation in history:
        rates = {name: one[4] for name, one in _earned(generation, plan, reference).items() if name in quality}
        best = max(rates.values(), default=0.0)
        if best <= 0:
            continue
        # a prior share stands for what is expected, so what was found is put on the same scale before it is mixed in
        total = sum(quality[name] for name in rates)
        earned = {name: total * rate / sum(rates.values()) for name, rate in rates.items()}
        for name, value in earned.items():
            quality[name] += LEARNING * (value - quality[name])
    least = FLOOR / len(quality)
    whole = sum(quality.values())
    return {name: least + (1 - FLOOR) * value / whole for name, value in quality.items()}


def yields(history: History, *, plan: Plan, prior: Mapping[str, float], reference: Sequence[float]) -> list[Yield]:
    """What the operators brought in the last generation, by name, with their chances in the next one."""
    after = chances(history, plan=plan, prior=prior, reference=reference)
    earned = _earned(history[-1], plan, reference)
    nothing = (0.0, 0.0, 0.0, 0.0, 0.0)
    return [Yield(name, *earned.get(name, nothing), chance=after[name]) for name in sorted(after)]


def gains(generation: Generation, *, plan: Plan, reference: Sequence[float]) -> dict[str, float]:
    """Genome → what a child adds to the hypervolume of its generation's survivors and seeds, a share in [0, 1].

    Feasible or not: leaking less is an objective as well, and a search that starts infeasible must learn what helps.
    """
    old, children = _parted(generation, plan)
    box = np.array(reference, dtype=float)
    known = _vectors(old, plan)
    before = hypervolume(known, box)
    return {each.genome.digest: hypervolume(np.vstack([known, _vectors([each], plan)]), box) - before for each in children}


def _earned(generation: Generation, plan: Plan, reference: Sequence[float]) -> dict[str, tuple[float, float, float, float, float]]:
    """Operator → children, gain, tokens, dialogues, rate; a child made in several steps counts for each of them in part."""
    added = gains(generation, plan=plan, reference=reference)
    children = [each for each in generation if each.operator not in (SEED, SURVIVOR)]
    if not children:
        return {}
    tokens, dialogues = (max(1e-9, float(np.mean([getattr(each, name) for each in children]))) for name in ("n_tokens", "n_dialogues"))
    out: dict[str, list[float]] = {}
    for each in children:
        steps = each.operator.split(JOIN)
        for step in steps:
            counted = out.setdefault(step, [0.0, 0.0, 0.0, 0.0])
            for at, value in enumerate((1.0, added.get(each.genome.digest, 0.0), each.n_tokens, each.n_dialogues)):
                counted[at] += value / len(steps)
    return {
        name: (n, gain, spent, played, gain / max(1e-9, 0.5 * spent / tokens + 0.5 * played / dialogues))
        for name, (n, gain, spent, played) in out.items()
    }


def _parted(generation: Generation, plan: Plan) -> tuple[list[Individual], list[Individual]]:
    known = [each for each in generation if not each.not_measured(plan.objectives)]
    old = [each for each in known if each.operator in (SEED, SURVIVOR)]
    return old, [each for each in known if each.operator not in (SEED, SURVIVOR)]


def _vectors(individuals: Sequence[Individual], plan: Plan) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    rows = [[each.objectives[name] for name in plan.objectives] for each in individuals]
    return np.array(rows, dtype=float).reshape(len(individuals), len(plan.objectives))
