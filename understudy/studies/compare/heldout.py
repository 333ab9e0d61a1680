"""The held-out evaluator: a classifier that no search or objective uses and that distinguishes simulated from human text.

It sees the order of function words alone, in stretches of equal length. Titles are masked and every other word is one and the
same mark, so it shares no feature with the objectives (words, acts, lengths, punctuation), and what an optimized prompt gains on
them it need not gain here.

Control 5 (tests/controls/held_out.py) has an evaluator of its own, on purpose: its batches are human text with faults in it, where
words and spelling may be read; text of a model is told by its words alone, which would hide everything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.instruments.text import plain, tokens
from understudy.keys import rng_of, share_of
from understudy.measure.reference import Reference
from understudy.profile.anchors import disjoint_halves
from understudy.records import Measured
from understudy.statistics.distances import auc
from understudy.statistics.halves import Floats, central_95, halves, interval, unit_codes

VERSION = 1
MIN_SEEKERS = 20
N_HALVINGS = 20
_N_FOLDS = 5
_N_HALVES = 100
_N_FEATURES = 2**14
_CONTENT = "·"
_N_WORDS = 12
# words this short are of closed classes or are noises that people make
_SHORT = 3


def told_apart(human: pl.DataFrame, simulated: pl.DataFrame, *, seed: int) -> Measured:
    """AUC in [0, 1] of telling simulated text from human text, .5 being chance; cross-validated by seeker, lower is better.

    Frames with seeker_id, dialogue_id, turn_index and `text` (titles masked). What a seeker said, and what was said in its place,
    is scored by a model that saw none of either. The interval is over seekers (half-samples) for the classifiers as fitted.
    """
    n = min(human["seeker_id"].n_unique(), simulated["seeker_id"].n_unique())
    if n < MIN_SEEKERS:
        return Measured(None, n=n, reason=f"at least {MIN_SEEKERS} seekers are needed on each side; there are {n}")
    read = _ScoredStretches.of(human, simulated, seed)
    whole = read.mean_auc(np.ones(len(read.kind), dtype=bool))
    if whole is None:
        return Measured(None, n=n, reason="no fold holds turns of both classes")
    halved = halves(unit_codes(read.seekers), seed=seed, n=_N_HALVES)
    kept = np.array([one for one in (read.mean_auc(row[read.owner] > 0) for row in halved) if one is not None])
    return interval(whole, kept - kept.mean(), n=n, low=0.0, high=1.0)


def human_floor(reference: Reference, human: pl.DataFrame, *, n_dialogues: int, seed: int) -> Measured:
    """The same AUC between humans who share no worker, at most `n_dialogues` a side: the mean over halvings.

    `human`: the split's turns as above, with dialogue_id. The interval ends at the 2.5 % and 97.5 % points of the halvings;
    `n` is their number.
    """
    found = []
    for halving in range(N_HALVINGS):
        chosen = [_some(sorted(side), n_dialogues, seed + halving) for side in disjoint_halves(reference, seed=seed + halving)]
        one, other = (human.filter(pl.col("dialogue_id").is_in(side)) for side in chosen)
        if min(one["seeker_id"].n_unique(), other["seeker_id"].n_unique()) < MIN_SEEKERS:
            continue
        read = _ScoredStretches.of(one, other, seed + halving)
        value = read.mean_auc(np.ones(len(read.kind), dtype=bool))
        if value is not None:
            found.append(value)
    if not found:
        return Measured(None, reason=f"no two halves of the humans that share no worker have {MIN_SEEKERS} seekers each")
    low, high = central_95(found)
    return Measured(float(np.mean(found)), low, high, len(found))


@dataclass(frozen=True, slots=True)
class _ScoredStretches:
    """Stretches of both kinds as scored: `kind` 1 is simulated, `owner` the place of a stretch's seeker among `seekers`."""

    scores: Floats
    kind: Floats
    fold: NDArray[np.int64]
    owner: NDArray[np.int64]
    seekers: list[str]

    @classmethod
    def of(cls, human: pl.DataFrame, simulated: pl.DataFrame, seed: int) -> _ScoredStretches:
        """Both sides, cut and scored."""
        parts = pl.concat([_stretches(side).with_columns(kind=pl.lit(kind)) for kind, side in ((0.0, human), (1.0, simulated))])
        parts = parts.sort("seeker_id", "kind", "text")
        units = parts["seeker_id"].unique().sort().to_list()
        owner = (parts["seeker_id"].rank("dense") - 1).to_numpy().astype(np.int64)
        fold = np.array([int(_N_FOLDS * share_of("held out", VERSION, seed, name)) for name in units], dtype=np.int64)[owner]
        kind = parts["kind"].to_numpy()
        return cls(_scores(parts["text"].to_list(), kind, fold), kind, fold, owner, units)

    def mean_auc(self, kept: NDArray[np.bool_]) -> float | None:
        """Over folds that hold both kinds: scores of different models are not comparable."""
        values, sizes = [], []
        for index in range(_N_FOLDS):
            inside = kept & (self.fold == index) & ~np.isnan(self.scores)
            value = auc(self.scores[inside], self.kind[inside])
            if value is not None:
                values.append(value)
                sizes.append(int(inside.sum()))
        return float(np.average(values, weights=sizes)) if values else None


def _some(ids: Sequence[str], n: int, seed: int) -> list[str]:
    order = rng_of("held-out floor", seed).permutation(len(ids))
    return [ids[int(place)] for place in order[:n]]


def _stretches(turns: pl.DataFrame) -> pl.DataFrame:
    """seeker_id, text: what a seeker said in a dialogue, turn after turn, as function words in their order, cut to equal lengths.

    Every other word is one and the same mark. What is left at the end is dropped.
    """
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    word = pl.element()
    known = word.is_in(sorted(ENGLISH_STOP_WORDS)) | (word.str.len_chars() <= _SHORT)
    words = turns.sort("dialogue_id", "turn_index").with_columns(plain=plain("text")).with_columns(words=tokens("plain"))
    marked = words.with_columns(words=pl.col("words").list.eval(pl.when(known).then(word).otherwise(pl.lit(_CONTENT))))
    whole = marked.group_by("dialogue_id", "seeker_id", maintain_order=True).agg(pl.col("words").explode(empty_as_null=False))
    cut = [
        (seeker, " ".join(said[at : at + _N_WORDS]))
        for seeker, said in whole.select("seeker_id", "words").iter_rows()
        for at in range(0, len(said) - _N_WORDS + 1, _N_WORDS)
    ]
    return pl.DataFrame(cut, schema={"seeker_id": pl.String, "text": pl.String}, orient="row")


def _scores(texts: Sequence[str], kind: Floats, fold: NDArray[np.int64]) -> Floats:
    """How much each stretch looks simulated to a model that saw none of its fold; NaN where none could be fitted."""
    from sklearn.feature_extraction.text import HashingVectorizer
    from sklearn.linear_model import LogisticRegression

    reader = HashingVectorizer(
        n_features=_N_FEATURES, ngram_range=(1, 3), token_pattern=r"\S+", lowercase=False, alternate_sign=False, binary=True
    )
    features = reader.transform(texts)
    scores = np.full(len(texts), np.nan)
    for index in range(_N_FOLDS):
        inside = fold == index
        if not inside.any() or len(np.unique(kind[~inside])) < 2:
            continue
        model = LogisticRegression(solver="liblinear", class_weight="balanced", random_state=0)
        model.fit(features[~inside], kind[~inside])
        scores[inside] = model.decision_function(features[inside])
    return scores
