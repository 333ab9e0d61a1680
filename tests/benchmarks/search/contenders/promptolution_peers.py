"""CAPO and EvoPrompt (`promptolution`): prompts as texts, a block of dialogues as a datapoint, the critic behind their meta-model."""

from __future__ import annotations

import logging
import random
from typing import Any

import numpy as np
import pandas as pd
from promptolution.llms.base_llm import BaseLLM
from promptolution.optimizers.capo import CAPO
from promptolution.optimizers.evoprompt_ga import EvoPromptGA
from promptolution.predictors.base_predictor import BasePredictor
from promptolution.tasks.base_task import BaseTask

from search.rewriting import as_genome, as_text
from search.stage import Measurement
from search.trial import N_WEIGHTS, WEIGHTS, Trial
from understudy.errors import BadInput
from understudy.keys import rng_of
from understudy.prompt.genome import Genome

POPULATION, CROSSOVERS, BLOCKS = 4, 2, 3
STEPS = 10_000
_CROSS, _MUTATE = "<<cross>>\n<mother>\n<<with>>\n<father>", "<<mutate>>\n<instruction>"
_EVOLVE = "<<cross>>\n<prompt1>\n<<with>>\n<prompt2>\n<<mutated>>"
logging.getLogger("promptolution").setLevel(logging.CRITICAL)


def run_capo(trial: Trial) -> None:
    """CAPO, once a weight vector: racing over blocks, examples from the exemplar split by its own few-shot mechanism."""

    def build(weight: tuple[float, ...], upto: int, label: str) -> Any:
        task = _Blocks(trial, weight, int(trial.options.get("blocks", BLOCKS)), upto, label, n_subsamples=1, strategy="sequential_block")
        meta = _Meta(trial, weight)
        shots = pd.DataFrame({"x": list(trial.world.pool.exemplars), "y": ""})
        return CAPO(
            _Predictor(meta, task), task, meta, initial_prompts=_starts(trial, examples=False), crossover_template=_CROSS,
            mutation_template=_MUTATE, crossovers_per_iter=int(trial.options.get("crossovers", CROSSOVERS)),
            max_n_blocks_eval=task.n_blocks,
            df_few_shots=shots, create_fs_reasoning=False, check_fs_accuracy=False,
        )  # fmt: skip

    _runs(trial, build)


def run_evoprompt(trial: Trial) -> None:
    """EvoPrompt's genetic algorithm once a weight vector, on the blocks that make one panel."""

    def build(weight: tuple[float, ...], upto: int, label: str) -> Any:
        task = _Blocks(trial, weight, 2, upto, label, n_subsamples=2, strategy="full")
        meta = _Meta(trial, weight)
        return EvoPromptGA(_Predictor(meta, task), task, meta, initial_prompts=_starts(trial), prompt_template=_EVOLVE)

    _runs(trial, build)


def _runs(trial: Trial, build: Any) -> None:
    """One run a weight vector, each with its part of the budget; what was played in one is known to the others."""
    weights = WEIGHTS[: int(trial.options.get("weights", N_WEIGHTS))]
    trial.scale()
    for at, weight in enumerate(weights):
        random.seed(trial.seed * 10 + at)
        np.random.seed(trial.seed * 10 + at)
        upto = trial.stage.meter.budget * (at + 1) // len(weights)
        optimizer = build(weight, upto, f"w{at}")
        optimizer._pre_optimization_loop()
        # their own loop swallows every exception; here a step that fails is seen, and only the budget ends a run
        try:
            for _ in range(STEPS):
                optimizer.prompts = optimizer._step()
        except _PartSpent:
            continue


def _starts(trial: Trial, *, examples: bool = True) -> list[str]:
    rewriter = trial.rewriter
    if not trial.outcome.get("starts"):
        n = int(trial.options.get("population", POPULATION))
        found = trial.starts()[:n] if trial.options.get("shipped") else rewriter.first(trial.seed_prompt, n)
        trial.outcome["starts"] = [as_text(one, examples=examples) for one in found]
    return list(trial.outcome["starts"])  # type: ignore[call-overload]


class _PartSpent(Exception):
    """The part of the budget that belongs to one weight vector is spent."""


class _Blocks(BaseTask):  # type: ignore[misc]
    """Blocks of dialogues as datapoints: their score is that of the set of dialogues, scalarised."""

    def __init__(self, trial: Trial, weight: tuple[float, ...], n: int, upto: int, label: str, *, n_subsamples: int, strategy: str) -> None:
        frame = pd.DataFrame({"x": [f"block {i}" for i in range(n)], "y": ""})
        super().__init__(frame, "x", "y", "Play a seeker.", n_subsamples=n_subsamples, eval_strategy=strategy, seed=trial.seed)
        self.task_type = "reward"
        self._trial, self._weight, self._upto, self._label = trial, weight, upto, label

    def played(self, asked: list[tuple[str, str]]) -> list[str]:
        """The score of each prompt on its block; at least a little above 0, which their wheel needs."""
        trial = self._trial
        genomes: dict[str, Genome | None] = {}
        for text, _ in asked:
            try:
                genomes[text] = _genome_of(text, trial)
            except BadInput:
                trial.lost_texts += 1
                genomes[text] = None
        scores: dict[tuple[str, str], float] = {}
        for block in dict.fromkeys(block for _, block in asked):
            if trial.stage.meter.n_dialogues >= self._upto:
                raise _PartSpent
            wanted = {text: genome for text, one in asked if one == block and (genome := genomes[text]) is not None}
            found = trial.measure_blocks(list(wanted.values()), int(block.split()[1]), label=self._label)
            scores |= {(text, block): trial.score(one, self._weight) for text, one in zip(wanted, found, strict=True)}
        return [f"{max(0.001, scores.get(one, 0.0))}" for one in asked]

    def _evaluate(self, xs: list[str], ys: list[str], preds: list[str]) -> Any:  # noqa: ARG002
        return np.array([float(one) for one in preds])


class _Predictor(BasePredictor):  # type: ignore[misc]
    def __init__(self, llm: Any, task: _Blocks) -> None:
        super().__init__(llm)
        self._task = task

    def predict(self, prompts: Any, xs: list[str], system_prompts: Any = None) -> Any:  # noqa: ARG002
        texts = [prompts] * len(xs) if isinstance(prompts, str) else list(prompts)
        found = self._task.played([(str(text), x) for text, x in zip(texts, xs, strict=True)])
        return found, [f"{x}\n{one}" for x, one in zip(xs, found, strict=True)]

    def _extract_preds(self, preds: list[str]) -> list[str]:
        return preds


class _Meta(BaseLLM):  # type: ignore[misc]
    """Their meta-model: crossing takes whole sections of both texts, mutating is the critic's rewriting."""

    def __init__(self, trial: Trial, weight: tuple[float, ...]) -> None:
        super().__init__()
        self._trial, self._weight, self._rng = trial, weight, rng_of("bench meta", trial.seed, *weight)

    def _get_response(self, prompts: list[str], system_prompts: list[str]) -> list[str]:  # noqa: ARG002
        return [f"<prompt>{self._answer(one)}</prompt>" for one in prompts]

    def _answer(self, asked: str) -> str:
        trial, told = self._trial, asked.partition("\n")[2]
        if asked.startswith("<<cross>>"):
            mother, _, father = told.replace("\n<<mutated>>", "").partition("\n<<with>>\n")
            child = trial.rewriter.crossed(_genome_of(mother, trial), _genome_of(father, trial))
            return as_text(self._mutated(child), examples=True) if asked.endswith("<<mutated>>") else as_text(child, examples=False)
        # CAPO keeps examples itself, so no text of its holds them
        return as_text(self._mutated(_genome_of(told, trial)), examples=False)

    def _mutated(self, genome: Genome) -> Genome:
        found = _nearest(self._trial, genome)

        def objective() -> str:
            return self._trial.worst(found, self._weight, self._rng)

        return self._trial.rewriter.treated(genome, objective(), then=objective) or genome


def _nearest(trial: Trial, genome: Genome) -> Measurement:
    """The last measurement of the measured prompt that shares most sections: what is known of a child before it is played."""

    def shared(one: Measurement) -> tuple[int, int]:
        return sum(one.genome.sections[name] == genome.sections[name] for name in genome.sections), one.at

    return max(trial.stage.trace, key=shared)


def _genome_of(text: str, trial: Trial) -> Genome:
    """The genome of a text of theirs, few-shot blocks included."""
    lines = text.splitlines()
    after = [lines[i + 1].strip() for i, line in enumerate(lines[:-1]) if line.strip() == "Input:"]
    shots = [one for one in after if one]
    return as_genome(text, trial.seed_prompt, more_examples=shots)
