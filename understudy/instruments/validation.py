"""How well the instruments read gold turns: cross-validated by dialogue where they are fitted, and on dialogues held out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from understudy.errors import BadInput
from understudy.instruments import chosen, fitted, gold, reaction
from understudy.instruments.chosen import Instruments
from understudy.instruments.fitted import Classifier
from understudy.instruments.text import Titles
from understudy.keys import share_of
from understudy.statistics.confusion import Confusion, confusion, scores

VERSION = 2
N_FOLDS, N_REPEATS = 5, 2
# below this an instrument is not fitted: a fold would hold a turn or two of the rarest class
MIN_TURNS_OF_A_CLASS = 20
CONTAMINATED = (
    "Half of IARD's dialogues were looked at while the lexicon was written (macro-F1 .78 on the other half, .79 on all), and its signs "
    "are features of the fitted instruments: on IARD the lexicon's figures, and the gain over words alone, are optimistic."
)


# turns (answered, text, masked) → their classes, in their order
Reading = Callable[[pl.DataFrame], pl.Series]


@dataclass(frozen=True, slots=True)
class Task:
    """One instrument's gold: `turns` with dialogue_id, split, answered, text, masked (by `titles`), truth, over `classes`."""

    name: str
    classes: tuple[str, ...]
    turns: pl.DataFrame
    titles: Titles

    def of(self, splits: tuple[str, ...], *, inside: bool) -> Task:
        """The turns inside or outside of some splits."""
        held = pl.col("split").is_in(splits)
        return replace(self, turns=self.turns.filter(held if inside else ~held))

    def rare(self) -> dict[str, int]:
        """The classes of which there are too few turns to fit on, with their number."""
        counts = Counter(self.turns["truth"])
        return {name: counts[name] for name in self.classes if counts[name] < MIN_TURNS_OF_A_CLASS}


def tasks(turns: pl.DataFrame, titles: Titles) -> dict[str, Task]:
    """reaction and act → the gold in turns with the columns GOLD."""
    found = {"reaction": (reaction.CLASSES, gold.reactions(turns)), "act": (gold.GOLD_ACTS, gold.acts(turns))}
    return {
        name: Task(name, tuple(classes), labelled.with_columns(masked=titles.masked("text")), titles)
        for name, (classes, labelled) in found.items()
    }


def cross_validated(
    task: Task, *, signs: bool = True, seed: int = 0, n_folds: int = N_FOLDS, n_repeats: int = N_REPEATS
) -> dict[str, Any]:
    """Scores where every turn is read by a classifier that saw no turn of its dialogue, `n_repeats` times over.

    Raises BadInput where the training part of a fold holds fewer than two classes.
    """
    turns, reads = _folds(task, signs=signs, seed=seed, n_folds=n_folds, n_repeats=n_repeats)
    return _scored(turns, reads, task, seed)


def out_of_sample(inside: Task, outside: Task, read: Reading, *, seed: int = 0) -> dict[str, Any]:
    """`cross_validated` on the turns inside, `held_out` on those outside, and both together as `out_of_sample`.

    In all of them every turn is read by a classifier that saw no turn of its dialogue; `read` was fitted on the turns inside.
    """
    turns, reads = _folds(inside, signs=True, seed=seed, n_folds=N_FOLDS, n_repeats=N_REPEATS)
    fresh = read(outside.turns).to_list()
    return {
        "out_of_sample": _scored(pl.concat([turns, outside.turns]), [[*one, *fresh] for one in reads], inside, seed),
        "cross_validated": _scored(turns, reads, inside, seed),
        "held_out": _scored(outside.turns, [fresh], inside, seed),
    }


def fitted_to(task: Task, *, signs: bool = True) -> Classifier:
    """The classifier of all turns of a task. Raises BadInput where fewer than two classes occur."""
    return fitted.fit(task.name, task.turns, classes=task.classes, signs=signs)


def read_as(task: Task, instruments: Instruments) -> Reading:
    """How instruments read the turns of a task in the classes of gold."""
    if task.name == "reaction":
        return lambda turns: instruments.reactions(turns, task.titles)
    return lambda turns: chosen.as_gold(instruments.acts(turns["masked"]))


def held_out(task: Task, read: Reading, *, seed: int = 0) -> dict[str, Any]:
    """Scores of a reading of turns that nothing was fitted on."""
    return _scored(task.turns, [read(task.turns).to_list()], task, seed)


def majority(task: Task, *, seed: int = 0) -> dict[str, Any]:
    """Scores of always naming the commonest class."""
    commonest = task.turns["truth"].value_counts().sort("count", "truth", descending=[True, False])["truth"]
    return held_out(task, lambda turns: pl.repeat(commonest[0], len(turns), eager=True), seed=seed)


def table(task: Task, read: Reading) -> Confusion:
    """The confusion of a reading of gold turns."""
    return confusion(task.turns["truth"].to_list(), read(task.turns).to_list(), classes=task.classes)


def _scored(turns: pl.DataFrame, reads: list[list[str]], task: Task, seed: int) -> dict[str, Any]:
    return scores(turns["truth"].to_list(), reads, turns["dialogue_id"].to_list(), classes=task.classes, seed=seed)


def _folds(task: Task, *, signs: bool, seed: int, n_folds: int, n_repeats: int) -> tuple[pl.DataFrame, list[list[str]]]:
    turns = task.turns.sort("dialogue_id", "masked", "truth")
    return turns, [_out_of_fold(task, turns, signs=signs, seed=seed, repeat=one, n_folds=n_folds) for one in range(n_repeats)]


def _out_of_fold(task: Task, turns: pl.DataFrame, *, signs: bool, seed: int, repeat: int, n_folds: int) -> list[str]:
    fold_of = {name: int(share_of("fold", seed, repeat, name) * n_folds) for name in turns["dialogue_id"].unique().to_list()}
    placed = turns.with_columns(fold=pl.col("dialogue_id").replace_strict(fold_of, return_dtype=pl.Int64)).with_row_index("at")
    found: list[str] = [""] * len(turns)
    for fold in range(n_folds):
        inside, outside = placed.filter(pl.col("fold") == fold), placed.filter(pl.col("fold") != fold)
        if not len(inside):
            continue
        if outside["truth"].n_unique() < 2:
            raise BadInput(f"the {task.name} instrument cannot be cross-validated: one class outside a fold")
        model = fitted.fit(task.name, outside, classes=task.classes, signs=signs)
        for at, said in zip(inside["at"], model.predict(inside["masked"]), strict=True):
            found[at] = said
    return found
