"""TextGrad (`textgrad`): one prompt a weight vector as a Variable; what was measured is its gradient, the critic its engine."""

from __future__ import annotations

import json
import logging
import os
import re
import tempfile
from typing import Any

# it opens a log in the working directory when it is imported
os.environ.setdefault("TEXTGRAD_LOG_DIR", tempfile.mkdtemp(prefix="textgrad-"))

import numpy as np
import textgrad
from textgrad.engine import EngineLM

from search.rewriting import as_genome, as_text
from search.stage import Measurement
from search.trial import N_WEIGHTS, WEIGHTS, Trial
from understudy.keys import rng_of
from understudy.objectives import NAMES
from understudy.prompt.genome import Genome

logging.disable(logging.INFO)
_FEEDBACK = re.compile(r"<objective>(\w+)</objective>")


def run_textgrad(trial: Trial) -> None:
    """One trajectory a weight vector, a step of textual gradient descent at a time; a step that scores worse is taken back.

    Taking back is what its own example of prompt optimization does on validation data; without it one bad answer stays for good.
    """
    weights = WEIGHTS[: int(trial.options.get("weights", N_WEIGHTS))]
    for at, weight in enumerate(weights):
        _descend(trial, weight, trial.stage.meter.budget * (at + 1) // len(weights), f"w{at}")


def _descend(trial: Trial, weight: tuple[float, ...], upto: int, label: str) -> None:
    rng = rng_of("bench textgrad", trial.seed, label)
    start = trial.starts(weight, label=label)[0]
    prompt = textgrad.Variable(as_text(start), requires_grad=True, role_description="instructions to a simulated seeker")
    engine = _Engine(trial, weight, rng)
    optimizer = textgrad.TextualGradientDescent(parameters=[prompt], engine=engine)
    standing = trial.measure(start, label=label)
    while trial.spend(upto):
        before = prompt.value
        optimizer.zero_grad()
        prompt.gradients.add(_gradient(standing, trial.worst(standing, weight, rng)))
        engine.current, engine.standing = _genome(before, trial), standing
        optimizer.step()
        if prompt.value == before:
            return  # the critic had nothing more that passes the screen
        found = trial.measure(_genome(prompt.value, trial), label=label)
        if trial.score(found, weight) > trial.score(standing, weight):
            standing = found
        else:
            prompt.set_value(before)


def _gradient(measurement: Measurement, objective: str) -> Any:
    told = json.dumps(dict(zip(NAMES, measurement.values, strict=True)))
    return textgrad.Variable(f"<objective>{objective}</objective> measured {told}, lower is better", role_description="what was measured")


class _Engine(EngineLM):  # type: ignore[misc]
    """The optimizer's engine: its request names the variable and the feedback, the critic rewrites, the tags it expects are put around."""

    model_string = "rehearsal-critic"

    def __init__(self, trial: Trial, weight: tuple[float, ...], rng: np.random.Generator) -> None:
        self._trial, self._weight, self._rng = trial, weight, rng
        self.current: Genome = trial.seed_prompt
        self.standing: Measurement | None = None

    def generate(self, prompt: Any, system_prompt: str | None = None, **_: Any) -> str:  # noqa: ARG002
        """The improved variable."""
        objective = _FEEDBACK.findall(str(prompt))
        first, then = objective[-1] if objective else None, self._further if self.standing is not None else None
        child = self._trial.rewriter.treated(self.current, first, material=str(prompt), then=then)
        return f"<IMPROVED_VARIABLE>{as_text(child or self.current)}</IMPROVED_VARIABLE>"

    def _further(self) -> str:
        """The objective of a further rewriting of the same child, drawn as the first one was."""
        assert self.standing is not None
        return self._trial.worst(self.standing, self._weight, self._rng)

    def __call__(self, *args: Any, **keywords: Any) -> str:
        return self.generate(*args, **keywords)


def _genome(text: str, trial: Trial) -> Genome:
    return as_genome(text, trial.seed_prompt)
