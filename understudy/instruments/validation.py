"""How well the instruments read gold turns: cross-validated by dialogue where they are fitted, and on dialogues held out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl

from understudy.errors import BadInput
from understudy.instruments import chosen, fitted, gold, reaction
from understudy.instruments.chosen import Instruments
from understudy.instruments.fitted import Classifier
from understudy.instruments.text import Titles
from understudy.keys import share_of
from understudy.statistics.confusion import Confusion, confusion, scores

VERSION = 1
N_FOLDS, N_REPEATS = 5, 2
# below this an instrument is not fitted: a fold would hold a turn or two of the rarest class
MIN_TURNS_OF_A_CLASS = 20
CONTAMINATED = (
    "The lexicon was written with IARD's kind of turns in view, and its signs are features of the fitted reaction model: read the "
    "lexicon's figures, and the gain over words alone, as optimistic on IARD."
)


@dataclass(frozen=True, slots=True)
class Task:
    """One instrument's gold: `turns` with dialogue_id, split, masked, truth, over `classes`."""

    name: str
    classes: tuple[str, ...]
    turns: pl.DataFrame

    def of(self, splits: tuple[str, ...], *, inside: bool) -> Task:
        """The turns inside or outside of some splits."""
        held = pl.col("split").is_in(splits)
        return Task(self.name, self.classes, self.turns.filter(held if inside else ~held))

    def rare(self) -> dict[str, int]:
        """The classes of which there are too few turns to fit on, with their number."""
        counts = Counter(self.turns["truth"])
        return {name: counts[name] for name in self.classes if counts[name] < MIN_TURNS_OF_A_CLASS}


def tasks(turns: pl.DataFrame, titles: Titles) -> dict[str, Task]:
    """reaction and act → the gold in turns with the columns GOLD."""
    found = {"reaction": (reaction.CLASSES, gold.reactions(turns)), "act": (gold.GOLD_ACTS, gold.acts(turns))}
    return {
        name: Task(name, tuple(classes), labelled.with_columns(masked=titles.masked("text")))
        for name, (classes, labelled) in found.items()
    }


def cross_validated(task: Task, *, signs: bool = True, seed: int = 0, n_folds: int = N_FOLDS, n_repeats: int = N_REPEATS) -> dict[str, Any]:
    """Scores where every turn is read by a classifier that saw no turn of its dialogue, `n_repeats` times over.

    Raises BadInput where the training part of a fold holds fewer than two classes.
    """
    turns = task.turns.sort("dialogue_id", "masked", "truth")
    reads = [_out_of_fold(task, turns, signs=signs, seed=seed, repeat=repeat, n_folds=n_folds) for repeat in range(n_repeats)]
    return scores(turns["truth"].to_list(), reads, turns["dialogue_id"].to_list(), classes=task.classes, seed=seed)


def fitted_to(task: Task, *, signs: bool = True) -> Classifier:
    """The classifier of all turns of a task. Raises BadInput where fewer than two classes occur."""
    return fitted.fit(task.name, task.turns, classes=task.classes, signs=signs)


def read_as(name: str, instruments: Instruments) -> Callable[[pl.Series], pl.Series]:
    """How instruments read masked turns in the classes of gold."""
    if name == "reaction":
        return lambda masked: instruments.read(masked)["label"]
    return lambda masked: chosen.as_gold(instruments.read(masked)["act"])


def held_out(task: Task, read: Callable[[pl.Series], pl.Series], *, seed: int = 0) -> dict[str, Any]:
    """Scores of a reading of turns that nothing was fitted on."""
    truth, units = (task.turns[column].to_list() for column in ("truth", "dialogue_id"))
    return scores(truth, [read(task.turns["masked"]).to_list()], units, classes=task.classes, seed=seed)


def majority(task: Task, *, seed: int = 0) -> dict[str, Any]:
    """Scores of always naming the commonest class."""
    commonest = task.turns["truth"].value_counts().sort("count", "truth", descending=[True, False])["truth"]
    return held_out(task, lambda masked: pl.repeat(commonest[0], len(masked), eager=True), seed=seed)


def table(task: Task, read: Callable[[pl.Series], pl.Series]) -> Confusion:
    """The confusion of a reading of gold turns."""
    return confusion(task.turns["truth"].to_list(), read(task.turns["masked"]).to_list(), classes=task.classes)


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
