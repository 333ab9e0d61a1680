"""The models that learn and are tested: a recommender of the next item and a model of the seeker's next act, with their baselines.

Small on purpose: what differs between two training sets has to come from the sets. Chosen on the split `search` of ReDial alone
(docs/decisions/0215-models-of-tstr.md). Fitting runs on one thread and draws nothing, so the same dialogues give the same figures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from understudy.statistics.halves import Floats
from understudy.studies.usefulness.examples import ActExample, ItemExample

VERSION = 1
N_NEIGHBOURS = 100
# of a score, which is a share of the neighbours' votes otherwise
POPULARITY_SHARE = 0.5
REGULARISATION = 1.0
_LEAST_DOCUMENTS = 2
_ROWS_AT_ONCE = 256
_DECIMALS = 9


@dataclass(frozen=True)
class ItemColumns:
    """The items that can be recommended, in order. Not slotted: their places are kept."""

    item_ids: tuple[str, ...]

    @cached_property
    def places(self) -> dict[str, int]:
        """Item id → column."""
        return {name: at for at, name in enumerate(self.item_ids)}

    def matrix(self, rows: Sequence[Sequence[str]]) -> sparse.csr_matrix:
        """(n_rows, n_items) ones where a row holds the item."""
        pairs = [(row, self.places[one]) for row, items in enumerate(rows) for one in dict.fromkeys(items)]
        at, columns = ([pair[side] for pair in pairs] for side in (0, 1))
        return sparse.csr_matrix((np.ones(len(pairs)), (at, columns)), shape=(len(rows), len(self.item_ids)))


def popularity_ranks(train: Sequence[ItemExample], asked: Sequence[ItemExample], catalogue: ItemColumns) -> Floats:
    """The rank of each item that is asked for, from 1, by how often it is suggested in `train`; ties share their mean rank."""
    popularity = _popularity(train, catalogue)
    return np.array([rank for one in asked for rank in _ranks(one, popularity, catalogue)])


def neighbour_ranks(train: Sequence[ItemExample], asked: Sequence[ItemExample], catalogue: ItemColumns) -> Floats:
    """The rank of each item that is asked for, from 1, by the suggestions in the most similar conversations of `train`.

    Similarity is the cosine over words plus the cosine over named items, both by TF-IDF. Half of a score is the item's popularity.
    """
    votes, popularity = catalogue.matrix([one.items for one in train]), _popularity(train, catalogue)
    words, words_asked = weighted([one.words for one in train], [one.words for one in asked])
    named, named_asked = weighted([one.named for one in train], [one.named for one in asked], least=1)
    ranks = list[float]()
    for start in range(0, len(asked), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        alike = np.asarray((words_asked[rows] @ words.T + named_asked[rows] @ named.T).todense())
        nearest = _nearest(alike)
        total = nearest.sum(axis=1, keepdims=True)
        voted = np.divide(nearest @ votes, total, out=np.zeros((len(nearest), len(catalogue.item_ids))), where=total > 0)
        scores = np.round((1 - POPULARITY_SHARE) * voted + POPULARITY_SHARE * popularity, _DECIMALS)
        ranks += [rank for one, row in zip(asked[rows], scores, strict=True) for rank in _ranks(one, row, catalogue)]
    return np.array(ranks)


def majority_acts(train: Sequence[ActExample], asked: Sequence[ActExample]) -> list[str]:
    """The most frequent act of `train`, for each that is asked about."""
    counted = Counter(one.act for one in train)
    return [min(counted, key=lambda act: (-counted[act], act))] * len(asked)


def predicted_acts(train: Sequence[ActExample], asked: Sequence[ActExample]) -> list[str]:
    """The act of each turn that is asked about, by logistic regression over TF-IDF of the signs; classes weigh alike."""
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    if len({one.act for one in train}) < 2:
        return majority_acts(train, asked)
    # in one order whatever the order of the dialogues: what is fitted depends on it in its last digits
    ordered = sorted(train, key=lambda one: (one.dialogue_id, one.signs, one.act))
    signs, signs_asked = weighted([one.signs for one in ordered], [one.signs for one in asked])
    with threadpool_limits(1):
        model = LogisticRegression(C=REGULARISATION, class_weight="balanced", max_iter=1000)
        model.fit(signs, [one.act for one in ordered])
        return [str(act) for act in model.predict(signs_asked)]


def weighted(
    train: Sequence[Sequence[str]], asked: Sequence[Sequence[str]], *, least: int = _LEAST_DOCUMENTS
) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """TF-IDF of tokens, rows of length 1, by the tokens that occur in at least `least` rows of `train`; (n_train, n), (n_asked, n)."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    counted = Counter(token for row in train for token in set(row))
    vocabulary = sorted(token for token, n in counted.items() if n >= least)
    if not vocabulary:
        return sparse.csr_matrix((len(train), 1)), sparse.csr_matrix((len(asked), 1))
    vectoriser = TfidfVectorizer(analyzer=list, vocabulary=vocabulary, sublinear_tf=True)
    return vectoriser.fit_transform(train), vectoriser.transform(asked)


def _popularity(train: Iterable[ItemExample], catalogue: ItemColumns) -> Floats:
    counts = np.asarray(catalogue.matrix([one.items for one in train]).sum(axis=0), dtype=np.float64).ravel()
    return np.asarray(counts / max(1.0, counts.sum()))


def _nearest(alike: Floats) -> Floats:
    """The similarities of each row's nearest neighbours; 0 for all others."""
    order = np.argsort(-alike, axis=1, kind="stable")[:, :N_NEIGHBOURS]
    kept = np.zeros_like(alike)
    np.put_along_axis(kept, order, np.take_along_axis(alike, order, axis=1), axis=1)
    return kept


def _ranks(asked: ItemExample, scores: Floats, catalogue: ItemColumns) -> Iterator[float]:
    """The rank of each item of a place among those that could be suggested there, without the other ones that were taken."""
    open_to = np.ones(len(scores), dtype=bool)
    open_to[[catalogue.places[one] for one in asked.named]] = False
    taken = np.array([catalogue.places[one] for one in asked.items], dtype=np.int64)
    open_to[taken] = False
    others: NDArray[np.float64] = scores[open_to]
    for place in taken:
        yield 1.0 + float((others > scores[place]).sum()) + float((others == scores[place]).sum()) / 2
