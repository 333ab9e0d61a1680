"""GEPA (`gepa`) through an adapter: reflection on, all components shown, frontiers by block and objective; the critic writes its texts."""

from __future__ import annotations

import json
from typing import Any

import gepa
from gepa.core.adapter import EvaluationBatch

from search.rewriting import as_genome, as_text
from search.stage import Measurement
from search.trial import Trial
from understudy.keys import rng_of
from understudy.objectives import NAMES
from understudy.prompt.genome import Genome

BLOCKS, MINIBATCH = 2, 1
_TEXT = "prompt"


def run_gepa(trial: Trial) -> None:
    """GEPA's own loop. Blocks for reflection are those it validates on, its own default; candidates it accepted are its hand-in."""
    trial.measure(trial.seed_prompt)
    adapter, start = _Adapter(trial), trial.starts()[0]
    trial.rewriter.known.append(trial.seed_prompt)
    gepa.optimize(
        seed_candidate={_TEXT: as_text(start)},
        trainset=list(range(int(trial.options.get("blocks", BLOCKS)))),
        adapter=adapter,
        frontier_type="hybrid",
        skip_perfect_score=False,
        reflection_minibatch_size=int(trial.options.get("minibatch", MINIBATCH)),
        module_selector="all",
        use_merge=False,
        stop_callbacks=lambda _state: trial.stage.meter.left <= 0,
        logger=_Silent(),
        cache_evaluation=True,
        seed=trial.seed,
        raise_on_exception=True,
        acceptance_criterion=str(trial.options.get("acceptance", "strict_improvement")),  # type: ignore[arg-type]
    )


class _Silent:
    def log(self, message: str) -> None:
        """Says nothing."""


class _Adapter:
    """What GEPA asks of a system: scores of a candidate on blocks, what reflection is shown, and new texts."""

    def __init__(self, trial: Trial) -> None:
        self._trial, self._rng = trial, rng_of("bench gepa", trial.seed)
        self._last: dict[str, Measurement] = {}

    def evaluate(self, batch: list[int], candidate: dict[str, str], capture_traces: bool = False) -> Any:
        """Scores of the candidate on blocks, higher better, and each objective's beside them."""
        trial, genome = self._trial, self._genome(candidate)
        found = [trial.measure_blocks([genome], block)[0] for block in batch]
        self._last[genome.digest] = found[-1]
        shares = [1 - trial.shares(one) / 2 for one in found]
        traces = [{"block": block, "values": list(one.values)} for block, one in zip(batch, found, strict=True)]
        return EvaluationBatch(
            outputs=[list(one.values) for one in found],
            scores=[trial.score(one) for one in found],
            trajectories=traces if capture_traces else None,
            objective_scores=[dict(zip(NAMES, (float(value) for value in row), strict=True)) for row in shares],
        )

    def make_reflective_dataset(self, candidate: dict[str, str], eval_batch: Any, components_to_update: list[str]) -> Any:  # noqa: ARG002
        """What was measured of the candidate, block by block."""
        told = [
            {"Inputs": {"block": str(one["block"])}, "Feedback": json.dumps(dict(zip(NAMES, one["values"], strict=True)))}
            for one in eval_batch.trajectories
        ]
        return dict.fromkeys(components_to_update, told)

    def propose_new_texts(self, candidate: dict[str, str], reflective_dataset: Any, components_to_update: list[str]) -> dict[str, str]:  # noqa: ARG002
        """The critic's rewriting of the candidate for the objective that matters most on what was just measured."""
        genome = self._genome(candidate)

        def objective() -> str:
            return self._trial.worst(self._last[genome.digest], (0.25,) * 4, self._rng)

        child = self._trial.rewriter.treated(genome, objective(), material=json.dumps(reflective_dataset), then=objective)
        return {_TEXT: as_text(child or genome)}

    def _genome(self, candidate: dict[str, str]) -> Genome:
        return as_genome(candidate[_TEXT], self._trial.seed_prompt)
