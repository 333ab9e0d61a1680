"""The truth of a surface: what a prompt's objectives are there in expectation, in closed form. Seekers never see it.

A prompt leads to fault levels (surfaces.py); each level alone leads to an excess of each objective above what a faultless
rehearsal scores (truth.toml, measured once on a large sample), and excesses are joined without letting two faults cancel.
docs/rehearsal.md says what that leaves out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from understudy.prompt import template
from understudy.prompt.genome import Genome
from understudy.prompt.template import Exemplar
from understudy.records import Item, Need, Turn
from understudy.rehearsal.agenda import unmoved
from understudy.rehearsal.parameters import read
from understudy.rehearsal.reading import Brief, brief_of
from understudy.rehearsal.surfaces import Surface, levels

Floats = NDArray[np.float64]
OBJECTIVES = ("behavioural_distance", "data_leakage", "diversity_gap", "positive_bias")
TARGET_TOLD = "attribute_leak_of_target"
DRIVERS = ("positivity", "title_leak", "attribute_leak", TARGET_TOLD, "sameness", "wordiness", "drift", "parroting")
"""The faults that drive an objective; telling the attributes of the target itself is apart, for only that leaks it."""

# the seeker of the truth: everything that a brief can tell is known, so that only the prompt decides what is told
NEED = Need(
    liked=("Paper Lanterns (2003)", "Nine Ferries (1999)"),
    disliked=("Cold Engine (2011)",),
    seen=("Paper Lanterns (2003)", "Cold Engine (2011)"),
    genres=("drama", "comedy"),
    disliked_genres=("horror",),
    people=("Ada Quill",),
)
TARGET = Item("true-target", "The Salt Road", 1987, ("drama", "romance"), ("Ada Quill",))
_LEAST_WEIGHT = 1e-4
_SHOWN = (Turn("recommender", "Hi, what do you like?"), Turn("seeker", "hello"))


@dataclass(frozen=True, slots=True)
class TruePoint:
    """Where a prompt truly stands on a surface: objectives in natural units, lower better, and the fault levels behind them."""

    objectives: Mapping[str, float]
    faults: Mapping[str, float]

    @property
    def vector(self) -> Floats:
        """The objectives in the order of OBJECTIVES."""
        return np.array([self.objectives[name] for name in OBJECTIVES])


def true_point(genome: Genome, surface: Surface) -> TruePoint:
    """Where a genome truly stands on a surface, for the seeker NEED and the target TARGET; its exemplars count by their number."""
    controls = genome.controls
    return point_of(brief_for(genome), surface, temperature=controls.temperature, top_p=controls.top_p)


def brief_for(genome: Genome) -> Brief:
    """The brief that a genome gives the seeker of the truth."""
    shown = [Exemplar(name, _SHOWN) for name in genome.exemplars]
    return brief_of(template.system_prompt(genome, NEED, exemplars=shown, target=TARGET))


def point_of(brief: Brief, surface: Surface, *, temperature: float, top_p: float) -> TruePoint:
    """Where a brief stands on a surface."""
    known = unmoved(brief) if surface.flat else brief
    level = levels(known, surface=surface, temperature=temperature, top_p=top_p)
    told = {**level, TARGET_TOLD: level["attribute_leak"] if known.wishes.suits else 0.0}
    values = objectives_of(np.array([[told[name] for name in DRIVERS]]))[0]
    return TruePoint({name: float(value) for name, value in zip(OBJECTIVES, values, strict=True)}, level)


def objectives_of(level: Floats) -> Floats:
    """(n, len(OBJECTIVES)): the objectives at the levels of DRIVERS. level: (n, len(DRIVERS)), in [0, 1]."""
    return np.column_stack([_objective(name, level) for name in OBJECTIVES])


def harmless_levels() -> Floats:
    """The level of each of DRIVERS up to which it does nothing to any objective. (len(DRIVERS),)"""
    out = np.ones(len(DRIVERS))
    for at, fault in enumerate(DRIVERS):
        for responses in _responses().values():
            knots, excess = responses.get(fault, (np.array([1.0]), np.array([0.0])))
            out[at] = min(out[at], knots[excess <= 0].max())
    # level 1 is reached at no logit; nothing is lost by calling a little less than it harmless
    return np.minimum(out, 0.99)


def share_of_fault(objective: str, fault: str, level: float) -> float:
    """How far one fault alone raises an objective above its base."""
    knots, excess = _responses()[objective].get(fault, (np.array([0.0]), np.array([0.0])))
    return float(np.interp(level, knots, excess))


def _objective(name: str, level: Floats) -> Floats:
    spec = read("truth.toml")[name]
    alone = [np.interp(level[:, DRIVERS.index(fault)], *response) for fault, response in _responses()[name].items()]
    if not spec["most"]:  # kinds of leakage add up
        return np.asarray(spec["base"] + np.sum(alone, axis=0), dtype=np.float64)
    left = np.prod([1 - excess / spec["most"] for excess in alone], axis=0)
    return np.asarray(spec["base"] + spec["most"] * (1 - left), dtype=np.float64)


@cache
def _responses() -> Mapping[str, Mapping[str, tuple[Floats, Floats]]]:
    """Objective → fault → (levels, excess at them)."""
    spec = read("truth.toml")
    knots = np.array(spec["levels"])
    return {name: {fault: (knots, np.array(excess)) for fault, excess in spec[name]["excess"].items()} for name in OBJECTIVES}


def supported(points: Floats) -> list[int]:
    """The points that are lowest for some weighted sum with weights above 0, in order. points: (n, n_objectives).

    What is left out lies in a part of the front that is not convex: no weighted sum finds it. By linear programming.
    """
    from scipy.optimize import linprog

    if len(points) < 2:
        return list(range(len(points)))
    # an objective that is the same everywhere prefers none
    differing = points[:, np.ptp(points, axis=0) > 0]
    scaled = (differing - differing.min(axis=0)) / np.ptp(differing, axis=0)
    kept = []
    for at, point in enumerate(scaled):
        # some w of sum 1 with w·(point - other) <= 0 for every other
        found = linprog(
            np.zeros(scaled.shape[1]), A_ub=point - scaled, b_ub=np.full(len(scaled), 1e-12), A_eq=np.ones((1, scaled.shape[1])),
            b_eq=[1.0], bounds=(_LEAST_WEIGHT, None), method="highs",
        )  # fmt: skip
        if found.status == 0:
            kept.append(at)
    return kept
