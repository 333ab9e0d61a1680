"""The feature classifier knows nothing of what it scores: neither the turns, nor their dialogue, nor the order in which they stand."""

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


def chance(n_dialogues: int, n_turns: int, *, own: bool) -> float:
    """The mean AUC over ten draws where there is nothing to be learned: kinds are dealt out to dialogues by lot.

    There are enough features to learn by heart what was seen. With `own` all turns of a dialogue have the same ones.
    """
    found = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        group = np.repeat(np.arange(n_dialogues), n_turns)
        kind = rng.permutation(n_dialogues) % 2.0
        features = rng.normal(size=(n_dialogues, 40))[group] if own else rng.normal(size=(len(group), 40))
        found.append(grouped_auc(features, kind[group], group, folds=rng.permutation(n_dialogues) % N_FOLDS))
    return float(np.mean([one for one in found if one is not None]))


def test_a_classifier_is_scored_on_dialogues_it_has_not_seen() -> None:
    assert chance(60, 1, own=False) < 0.6


def test_a_dialogue_is_not_known_by_its_other_turns() -> None:
    assert chance(60, 4, own=True) < 0.6
