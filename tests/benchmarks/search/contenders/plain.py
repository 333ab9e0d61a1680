"""Random search: the critic's rewriting and understudy's blind operators, from any prompt met so far, without selection."""

from __future__ import annotations

import numpy as np

from search.trial import Trial
from understudy.keys import rng_of
from understudy.objectives import NAMES
from understudy.prompt.genome import Genome

AT_ONCE = 4


def run_random(trial: Trial) -> None:
    """Half of the children are the critic's, for an objective drawn at random, as in understudy's own search."""
    known = [trial.seed_prompt]
    trial.rewriter.known.append(trial.seed_prompt)
    trial.measure(trial.seed_prompt)
    rng = rng_of("bench random", trial.seed)
    while True:
        children = [child for _ in range(AT_ONCE) if (child := _child(trial, known, rng)) is not None]
        trial.measure_all(children)
        known += children


def _child(trial: Trial, known: list[Genome], rng: np.random.Generator) -> Genome | None:
    parent, other = (known[int(rng.integers(len(known)))] for _ in range(2))
    if rng.random() < 0.5:

        def objective() -> str:
            return NAMES[int(rng.integers(len(NAMES)))]

        return trial.rewriter.treated(parent, objective(), dials=False, then=objective)
    return trial.rewriter.blind((parent, other), most_steps=4)
