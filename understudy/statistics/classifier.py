"""How well two kinds of turns can be told apart: cross-validated by dialogue, with a ridge discriminant in closed form.

Closed form (least squares on ±1, equal weight for both kinds) because it is fitted a thousand times for one interval.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from understudy.statistics.distances import auc
from understudy.statistics.halves import Floats

N_FOLDS = 5
_RIDGE = 1.0
_DIGITS = 9


def grouped_auc(features: Floats, kind: Floats, group: NDArray[np.int64], *, folds: NDArray[np.int64]) -> float | None:
    """AUC in [0, 1] of telling `kind` 1 from 0, each turn scored by a model that saw no turn of its group.

    `features`: (n_turns, n_features); `group`: index into `folds`, which gives each group its fold in [0, N_FOLDS). AUCs are
    averaged over folds that hold both kinds, since scores of different models are not comparable. None without such a fold.
    """
    scaled = _standardised(features)
    fold = folds[group]
    found = []
    for index in range(N_FOLDS):
        inside = fold == index
        train = ~inside
        if len(np.unique(kind[inside])) < 2 or len(np.unique(kind[train])) < 2:
            continue
        weights = _discriminant(scaled[train], kind[train])
        # turns with the same features tie, wherever they stand: without rounding the order of rows decides by its last digit
        scores = np.round(scaled[inside] @ weights, _DIGITS)
        found.append((auc(scores, kind[inside]) or 0.0, int(inside.sum())))
    if not found:
        return None
    values, sizes = zip(*found, strict=True)
    return float(np.average(values, weights=sizes))


def _standardised(features: Floats) -> Floats:
    spread = features.std(axis=0)
    return np.asarray((features - features.mean(axis=0)) / np.where(spread > 1e-9, spread, 1.0))


def _discriminant(features: Floats, kind: Floats) -> Floats:
    share = kind.mean()
    weight = np.where(kind > 0.5, 0.5 / share, 0.5 / (1 - share))
    centred = features - np.average(features, axis=0, weights=weight)
    moments = (centred * weight[:, None]).T @ centred
    return np.asarray(np.linalg.solve(moments + _RIDGE * np.eye(features.shape[1]), centred.T @ (weight * (2 * kind - 1))))
