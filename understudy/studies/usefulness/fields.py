"""What a TSTR answers: the fields that stand in a release's manifest and in the answers of `publish` and `nightly`."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from understudy.studies.usefulness.figures import SeededFigureFields

Figures = dict[str, SeededFigureFields]


class TrainedFields(TypedDict):
    """Models that learned from one training set: their figures, and these less those of real dialogues and of the baseline.

    `n_dialogues` that were drawn with each seed; the suggestions and acts in them are averaged over seeds.
    """

    n_dialogues: int
    n_suggestions: int
    n_acts: int
    figures: Figures
    versus_real: Figures
    versus_baseline: Figures


class TstrFields(TypedDict):
    """A TSTR. `split` and `part`: the humans who were asked about; `n_train`: dialogues of each training set.

    `n_test`: figure → human dialogues behind it. `underpowered`: whether there are fewer than `min_n` dialogues on a side.
    `n_test_uses`: how often the split `test` had been opened when this was measured, where it was measured there.
    """

    split: str
    part: str | None
    n_seeds: int
    n_train: int
    n_test: dict[str, int]
    min_n: int
    underpowered: bool
    trained_on: dict[str, TrainedFields]
    baselines: dict[str, Figures]
    n_test_uses: NotRequired[int]
