"""The feature classifier does not see in which order turns stand."""

from __future__ import annotations

import numpy as np

from understudy.statistics.classifier import N_FOLDS, grouped_auc


def test_the_order_of_turns_changes_nothing() -> None:
    rng = np.random.default_rng(1)
    n, groups = 3000, 200
    kind = (np.arange(n) % 2).astype(float)
    # few different turns, as in speech, where a third are the same words
    features = rng.normal(size=(40, 18))[rng.integers(0, 40, n)] + 0.0
    group, folds = rng.integers(0, groups, n), rng.integers(0, N_FOLDS, groups)
    first = grouped_auc(features, kind, group, folds=folds)
    assert first is not None
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(n)
        assert grouped_auc(features[order], kind[order], group[order], folds=folds) == first
