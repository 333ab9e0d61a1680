"""The figures of a TSTR with their intervals. Models answer about the same places of the same dialogues, so differences are paired.

An interval holds two things: which human dialogues are asked about (half-samples of dialogues, the same for every model), and which
dialogues there happened to be to train on (the spread between draws of a share s, times s / (1 - s); Shao and Wu 1989).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from understudy.records import FigureFields, Measured
from understudy.statistics.halves import Floats, unit_codes, whole_and_halves
from understudy.statistics.rates import Z

KS = (1, 10, 50)
RECALLS = tuple(f"recall_{k}" for k in KS)
ITEM_FIGURES = (*RECALLS, "mrr")
ACT_FIGURES = ("macro_f1",)
NAMES = (*ITEM_FIGURES, *ACT_FIGURES)
# dialogues on the smaller side, below which a figure is shown as underpowered
MIN_N = 500
# fewer are no sample of anything
MIN_DIALOGUES = 10
DECIMALS = 4


class SeededFigureFields(FigureFields):
    """A figure over several seeds; `by_seed` has its value with each of them, in their order. It is empty for what was not measured."""

    by_seed: list[float]


@dataclass(frozen=True, slots=True)
class AskedPlaces:
    """The human dialogues behind the places that models are asked about: one name for each place, in the order of the answers."""

    dialogue_ids: Sequence[str]

    @property
    def n(self) -> int:
        """How many different dialogues there are."""
        return len(set(self.dialogue_ids))

    def sums(self, values: Floats) -> Floats:
        """(1 + n_halves, …) sums over the places of all dialogues, then of each half-sample. `values`: (n_places, …)."""
        names = sorted(set(self.dialogue_ids))
        at = {name: place for place, name in enumerate(names)}
        by_dialogue = np.zeros((len(names), *values.shape[1:]))
        np.add.at(by_dialogue, [at[one] for one in self.dialogue_ids], values)
        drawn = whole_and_halves(unit_codes(names), seed=0)
        flat: Floats = drawn @ by_dialogue.reshape(len(names), -1)
        return flat.reshape(len(drawn), *values.shape[1:])


@dataclass(frozen=True, slots=True)
class Seeded:
    """A figure with every seed, over all dialogues and each half-sample: (n_seeds, 1 + n_halves).

    `spread_factor`: how many times the variance between draws is that of what was drawn from (`Pools.spread_factor`).
    """

    values: Floats
    spread_factor: float

    def measured(self, n: int, *, low: float = 0.0) -> Measured:
        """The mean over seeds with its interval, cut to [low, 1]; `n` dialogues on the smaller side."""
        by_seed, mean = self.values[:, 0], float(self.values[:, 0].mean())
        of_dialogues = float(self.values[:, 1:].mean(axis=0).var())
        of_draws = float(by_seed.var(ddof=1)) * self.spread_factor if len(by_seed) > 1 else 0.0
        radius = Z * (of_dialogues + of_draws) ** 0.5
        lowest, highest = round(max(low, mean - radius), DECIMALS), round(min(1.0, mean + radius), DECIMALS)
        return Measured(round(mean, DECIMALS), lowest, highest, n, min_n=MIN_N)

    def fields(self, n: int, *, low: float = 0.0) -> SeededFigureFields:
        """The same as the command line answers it."""
        return {**self.measured(n, low=low).as_json(), "by_seed": [round(float(one), DECIMALS) for one in self.values[:, 0]]}

    def less(self, other: Seeded) -> Seeded:
        """The difference to another model's figure, seed by seed and half-sample by half-sample."""
        # the draws of both are in the difference; the larger factor is on the safe side
        return Seeded(self.values - other.values, max(self.spread_factor, other.spread_factor))


def unmeasured(reason: str, *, n: int = 0) -> SeededFigureFields:
    """A figure that there is none of."""
    return {**Measured(None, n=n, reason=reason).as_json(), "by_seed": []}


def item_figures(asked: AskedPlaces, ranks: Sequence[Floats], *, spread_factor: float) -> dict[str, Seeded]:
    """Recall at 1, 10 and 50 and the mean reciprocal rank. `ranks`: for each seed the rank of each item that is asked for, from 1."""
    counts = asked.sums(np.ones((len(asked.dialogue_ids), 1)))
    columns = [np.stack([*(one <= k for k in KS), 1.0 / one], axis=1).astype(np.float64) for one in ranks]
    means = np.stack([asked.sums(one) / counts for one in columns])
    return {name: Seeded(means[:, :, at], spread_factor) for at, name in enumerate(ITEM_FIGURES)}


def act_figures(
    asked: AskedPlaces, truth: Sequence[str], predicted: Sequence[Sequence[str]], *, spread_factor: float
) -> dict[str, Seeded]:
    """Macro-F1 over the acts that occur among those asked about. `predicted`: for each seed an act for each of them."""
    classes = sorted(set(truth))
    place = {name: at for at, name in enumerate(classes)}
    rows = []
    for one in predicted:
        # a class that no human turn is counts as predicted nowhere among them: a miss of the true class, a false alarm of none
        cells = np.zeros((len(truth), len(classes), len(classes)))
        for at, (true, read) in enumerate(zip(truth, one, strict=True)):
            if read in place:
                cells[at, place[true], place[read]] = 1.0
        of_class = np.zeros((len(truth), len(classes)))
        of_class[np.arange(len(truth)), [place[name] for name in truth]] = 1.0
        rows.append(_macro_f1(asked.sums(cells), asked.sums(of_class)))
    return {"macro_f1": Seeded(np.stack(rows), spread_factor)}


def _macro_f1(tables: Floats, n_true: Floats) -> Floats:
    """(n,) the mean F1 of the classes. `tables`: (n, true, read); `n_true`: (n, true); a class that a half-sample lacks does not count."""
    right, read = np.diagonal(tables, axis1=1, axis2=2), tables.sum(axis=1)
    total = read + n_true
    f1 = np.divide(2 * right, total, out=np.zeros_like(right), where=total > 0)
    there = n_true > 0
    return np.asarray((f1 * there).sum(axis=1) / np.maximum(1, there.sum(axis=1)))
