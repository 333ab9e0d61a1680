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

VERSION = 3
FLOOR = 0.25
"""The share of its prior chance that no operator falls below."""
PATIENCE = 10.0
"""Average candidates' worth of cost."""
JOIN = "+"


@dataclass(frozen=True, slots=True)
class OperatorCredit:
    """An operator in one generation: its children, what they added to the hypervolume (a share in [0, 1]), and what they cost.

    `rate`: gain per unit of cost, where 1 is what an average candidate of the generation costs: the work of its dialogues and of the
    critic's calls behind it. `chance`: how often it is drawn in the next generation.
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
    gained, spent = dict.fromkeys(shares, 0.0), dict.fromkeys(shares, 0.0)
    for generation in history:
        for name, one in _earned(generation, plan, reference).items():
            if name in shares:
                gained[name] += one.gain
                spent[name] += one.cost
    if sum(gained.values()) <= 0:
        return shares
    # until it has been tried as often as PATIENCE, an operator counts for the most part as what all have brought together
    usual = sum(gained.values()) / sum(spent.values())
    quality = {name: share * (PATIENCE * usual + gained[name]) / (PATIENCE + spent[name]) for name, share in shares.items()}
    whole = sum(quality.values())
    return {name: FLOOR * shares[name] + (1 - FLOOR) * value / whole for name, value in quality.items()}


def credits_of(history: History, *, plan: Plan, prior: Mapping[str, float], reference: Sequence[float]) -> list[OperatorCredit]:
    """What the operators brought in the last generation, by name, with their chances in the next one."""
    after = chances(history, plan=plan, prior=prior, reference=reference)
    earned = _earned(history[-1], plan, reference)
    # what has no chance any more has brought something all the same
    credited = {name: earned.get(name, _Earned()) for name in sorted({*after, *earned})}
    return [_credit(name, one, after.get(name, 0.0)) for name, one in credited.items()]


def gains(generation: Generation, *, plan: Plan, reference: Sequence[float]) -> dict[str, float]:
    """Genome → what a child adds to the hypervolume of its generation's survivors and seeds, a share in [0, 1].

    Feasible or not: leaking less is an objective as well, and a search that starts infeasible must learn what helps.
    """
    old, children = _parted(generation, plan)
    box = np.array(reference, dtype=float)
    known = _vectors(old, plan)
    before = hypervolume(known, box)
    return {each.genome.digest: hypervolume(np.vstack([known, _vectors([each], plan)]), box) - before for each in children}


@dataclass(slots=True)
class _Earned:
    """What an operator earned in a generation; `cost` in average candidates."""

    n_children: float = 0.0
    gain: float = 0.0
    n_tokens: float = 0.0
    n_dialogues: float = 0.0
    cost: float = 0.0


def _credit(operator: str, one: _Earned, chance: float) -> OperatorCredit:
    rate = one.gain / one.cost if one.cost > 0 else 0.0
    return OperatorCredit(operator, one.n_children, one.gain, one.n_tokens, one.n_dialogues, rate, chance)


def _earned(generation: Generation, plan: Plan, reference: Sequence[float]) -> dict[str, _Earned]:
    """What each operator earned; a child made in several steps counts for each of them in part."""
    added = gains(generation, plan=plan, reference=reference)
    children = [each for each in generation if each.operator not in (SEED, SURVIVOR)]
    if not children:
        return {}
    costs = _costs(children)
    out: dict[str, _Earned] = {}
    for at, each in enumerate(children):
        steps = each.operator.split(JOIN)
        part = 1 / len(steps)
        for step in steps:
            one = out.setdefault(step, _Earned())
            one.n_children += part
            one.gain += part * added.get(each.genome.digest, 0.0)
            one.n_tokens += part * each.n_tokens
            one.n_dialogues += part * each.n_dialogues
            one.cost += part * costs[at]
    return out


def _costs(children: Sequence[Individual]) -> list[float]:
    """The work of each by the mean; 1 for all where there was none, or where that of one was not counted: then nobody is dearer."""
    work = [each.work for each in children if each.work is not None]
    mean = sum(work) / len(children)
    return [one / mean for one in work] if mean and len(work) == len(children) else [1.0] * len(children)


def _parted(generation: Generation, plan: Plan) -> tuple[list[Individual], list[Individual]]:
    known = [each for each in generation if not each.not_measured(plan.objectives)]
    old = [each for each in known if each.operator in (SEED, SURVIVOR)]
    return old, [each for each in known if each.operator not in (SEED, SURVIVOR)]


def _vectors(individuals: Sequence[Individual], plan: Plan) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    rows = [[each.objectives[name] for name in plan.objectives] for each in individuals]
    return np.array(rows, dtype=float).reshape(len(individuals), len(plan.objectives))
