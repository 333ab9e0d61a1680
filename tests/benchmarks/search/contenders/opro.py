"""An OPRO-like loop of our own (after Yang et al. 2024): a history sorted by score is shown to the critic, which writes the next ones."""

from __future__ import annotations

from functools import partial

import numpy as np

from search.rewriting import as_text
from search.trial import N_WEIGHTS, PANEL, WEIGHTS, OutOfDialogues, Trial, pieces_of
from understudy.keys import rng_of
from understudy.prompt.genome import Genome

SHOWN, CHILDREN = 8, 4


def run_opro(trial: Trial) -> None:
    """One run a weight vector, each with its part of the budget; what was played in one is known to the others.

    The next prompts start from those of the history, better ones oftener: the critic rewrites a prompt and cannot make one of nothing.
    """
    weights = WEIGHTS[: int(trial.options.get("weights", N_WEIGHTS))]
    rng = rng_of("bench opro", trial.seed)
    for at, weight in enumerate(weights):
        upto = trial.stage.meter.budget * (at + 1) // len(weights)
        starts = trial.starts(weight, label=f"w{at}")
        history = [(trial.score(one, weight), one.genome) for one in trial.measure_all(starts, label=f"w{at}")]
        while trial.spend(upto):
            _step(trial, history, weight, rng, upto, f"w{at}")


def _step(
    trial: Trial, history: list[tuple[float, Genome]], weight: tuple[float, ...], rng: np.random.Generator, upto: int, label: str
) -> None:
    history.sort(key=lambda one: -one[0])
    told = "\n\n".join(f"score {score:.3f}\n{as_text(genome)}" for score, genome in reversed(history[:SHOWN]))
    found, parents = {one.genome.digest: one for one in trial.stage.trace}, list(history)
    n = min(CHILDREN, max(1, (upto - trial.stage.meter.n_dialogues) // pieces_of(PANEL)))
    chosen = [parents[min(len(parents) - 1, int(rng.exponential(1.5)))][1] for _ in range(n)]

    def objective(one: Genome) -> str:
        return trial.worst(found[one.digest], weight, rng)

    children = [trial.rewriter.treated(one, objective(one), material=told, then=partial(objective, one)) for one in chosen]
    measured = trial.measure_all([child for child in children if child is not None], label=label)
    history += [(trial.score(one, weight), one.genome) for one in measured]
    if not measured:
        raise OutOfDialogues("the critic has nothing more that passes the screen")
