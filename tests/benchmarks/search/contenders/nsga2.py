"""Plain NSGA-II, pymoo's own, over genomes: understudy's blind operators, constraints, one fixed panel; no critic, no racing."""

from __future__ import annotations

from typing import Any

import numpy as np
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.core.crossover import Crossover
from pymoo.core.duplicate import ElementwiseDuplicateElimination
from pymoo.core.evaluator import Evaluator
from pymoo.core.mutation import Mutation
from pymoo.core.problem import Problem
from pymoo.core.sampling import Sampling
from pymoo.problems.static import StaticProblem

from search.stage import Measurement
from search.trial import Trial
from understudy.objectives import NAMES

POPULATION, OFFSPRING = 10, 10


class _Prompts(Problem):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__(n_var=1, n_obj=len(NAMES), n_ieq_constr=1)


class _First(Sampling):  # type: ignore[misc]
    def __init__(self, trial: Trial) -> None:
        super().__init__()
        self._trial = trial

    def _do(self, problem: Any, n_samples: int, **_: Any) -> Any:  # noqa: ARG002
        return _column(self._trial.rewriter.first(self._trial.seed_prompt, n_samples))


class _Crossing(Crossover):  # type: ignore[misc]
    """Two parents, two children: each parent with about half of the other's sections."""

    def __init__(self, trial: Trial) -> None:
        super().__init__(2, 2)
        self._trial = trial

    def _do(self, problem: Any, X: Any, **_: Any) -> Any:  # noqa: ARG002
        out = np.empty((2, X.shape[1], 1), dtype=object)
        for at in range(X.shape[1]):
            one, other = X[0, at, 0], X[1, at, 0]
            out[0, at, 0], out[1, at, 0] = self._trial.rewriter.crossed(one, other), self._trial.rewriter.crossed(other, one)
        return out


class _Mutating(Mutation):  # type: ignore[misc]
    def __init__(self, trial: Trial) -> None:
        super().__init__()
        self._trial = trial

    def _do(self, problem: Any, X: Any, **_: Any) -> Any:  # noqa: ARG002
        # what does not pass the screen stays the parent, which duplicate elimination takes out
        return _column([self._trial.rewriter.blind((one, one)) or one for one in X[:, 0]])


class _Same(ElementwiseDuplicateElimination):  # type: ignore[misc]
    def is_equal(self, a: Any, b: Any) -> bool:
        return bool(a.X[0].digest == b.X[0].digest)


def run_nsga2(trial: Trial) -> None:
    """Ask, measure on the one panel, tell, until the budget is out. Its population is what it would hand in."""
    algorithm = NSGA2(
        pop_size=int(trial.options.get("population", POPULATION)), n_offsprings=int(trial.options.get("offspring", OFFSPRING)),
        sampling=_First(trial), crossover=_Crossing(trial), mutation=_Mutating(trial), eliminate_duplicates=_Same(),
    )  # fmt: skip
    algorithm.setup(_Prompts(), seed=trial.seed, termination=("n_gen", 10_000), verbose=False)
    done: dict[str, Measurement] = {}
    while True:
        asked = algorithm.ask()
        done |= {one.genome.digest: one for one in trial.measure_all([one.X[0] for one in asked if one.X[0].digest not in done])}
        found = [done[one.X[0].digest] for one in asked]
        # what was not measured is as bad as can be: NaN must not reach pymoo
        F = np.array([np.where(np.isfinite(each.values), each.values, 1e6) for each in found])
        Evaluator().eval(StaticProblem(algorithm.problem, F=F, G=np.array([[each.violation] for each in found])), asked)
        algorithm.tell(infills=asked)
        trial.handed = [one.X[0] for one in algorithm.pop]


def _column(genomes: list[Any]) -> Any:
    out = np.empty((len(genomes), 1), dtype=object)
    out[:, 0] = genomes
    return out
