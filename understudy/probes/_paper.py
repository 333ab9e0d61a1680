"""The paper's figures under its names, the same for models and humans, each over the same units and at equal n.

Both sides of an entropy hold equally many names, unit by unit, since an entropy grows with n; texts are cut to the length of the
shorter one before their types are counted. What an instrument that is not installed would read is *not measured*.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from understudy.doors.word_vectors import PACKAGE
from understudy.errors import BadInput
from understudy.instruments import embedding, wording
from understudy.probes._figures import ProbeFigure, Statistic, counts_of, entropy_of, means, over_sets
from understudy.probes._texts import cut_alike
from understudy.records import Measured
from understudy.statistics.halves import Floats

VERSION = 1
Named = Sequence[Sequence[str]]
Words = Sequence[Sequence[str]]


def unknown(reason: str) -> ProbeFigure:
    """A figure of which nothing is known on either side."""
    nothing = Measured(None, reason=reason)
    return ProbeFigure(nothing, nothing, nothing)


def names_entropy(ours: Named | None, theirs: Named, clusters: Sequence[str], *, seed: int) -> ProbeFigure:
    """Entropy in bits of what is named, with equally many names of both sides in every unit; of the humans alone without `ours`."""
    pairs = [(one[: len(other)], other[: len(one)]) for one, other in zip(theirs if ours is None else ours, theirs, strict=True)]
    places = {name: at for at, name in enumerate(sorted({name for pair in pairs for side in pair for name in side}))}
    left, right = (entropy_of(counts_of([pair[at] for pair in pairs], places)) for at in (0, 1))
    return over_sets(None if ours is None else left, right, clusters, seed=seed, low=0.0)


def aspect_entropy(ours: Sequence[str] | None, theirs: Sequence[str], clusters: Sequence[str], *, seed: int) -> ProbeFigure:
    """Entropy in bits of aspects by the packaged tagger (wording.noun_phrases)."""
    return _read_by(wording.noun_phrases, ours, theirs, clusters, seed=seed)


def corpus_aspect_entropy(ours: Sequence[str] | None, theirs: Sequence[str], clusters: Sequence[str], *, seed: int) -> ProbeFigure:
    """Entropy in bits of the paper's own aspects, which need corpora that no package holds; not measured without them."""
    if not wording.is_installed():
        return unknown(wording.NOT_INSTALLED)
    if wording.corpus_noun_phrases("a plot") is None:
        return unknown(wording.NO_CORPORA)
    return _read_by(lambda text: wording.corpus_noun_phrases(text) or [], ours, theirs, clusters, seed=seed)


def sentiment_entropy(ours: Sequence[str] | None, theirs: Sequence[str], clusters: Sequence[str], *, seed: int) -> ProbeFigure:
    """Entropy in bits of positive, neutral and negative sentences; at most log2 3 = 1.585."""
    return _read_by(wording.sentiments, ours, theirs, clusters, seed=seed)


def type_token_ratio(ours: Words | None, theirs: Words, clusters: Sequence[str], *, seed: int) -> ProbeFigure:
    """Different words / words over all texts joined, after both texts of a unit are cut to the shorter one."""

    def ratio(counts: Floats, _: Sequence[str]) -> Statistic:
        def share(weights: Floats) -> float:
            held = weights @ counts
            return float((held > 0).sum() / held.sum()) if held.sum() else math.nan

        return share

    left, right = _word_statistics(ours, theirs, ratio)
    return over_sets(left, right, clusters, seed=seed, low=0.0, high=1.0)


def word_diversity(ours: Words | None, theirs: Words, clusters: Sequence[str], *, seed: int) -> ProbeFigure:
    """1 − mean cosine between the GloVe vectors (50 numbers) of the different words used, of texts cut alike."""
    try:
        names = sorted({word for side in (ours or (), theirs) for words in side for word in words})
        known, table = embedding.word_rows(names)
    except BadInput:
        return unknown(f"GloVe's word vectors are not installed (the package {PACKAGE}, extra `paper`)")
    rows = dict(zip(known, table, strict=True))

    def spread(counts: Floats, columns: Sequence[str]) -> Statistic:
        kept = [at for at, word in enumerate(columns) if word in rows]
        own = np.array([rows[columns[at]] for at in kept]).reshape(len(kept), -1)

        def diversity(weights: Floats) -> float:
            return _mean_distance(own[(weights @ counts[:, kept]) > 0])

        return diversity

    left, right = _word_statistics(ours, theirs, spread)
    return over_sets(left, right, clusters, seed=seed, low=0.0, high=2.0)


def sentence_diversity(ours: Sequence[str] | None, theirs: Sequence[str], clusters: Sequence[str], *, seed: int) -> ProbeFigure:
    """1 − mean cosine between the all-MiniLM-L6-v2 vectors of the texts."""
    try:
        human, model = embedding.sentence_vectors(theirs), None if ours is None else embedding.sentence_vectors(ours)
    except BadInput as error:
        return unknown(error.message)

    def diversity_of(rows: Floats) -> Statistic:
        return lambda weights: _mean_distance(rows[weights > 0])

    return over_sets(None if model is None else diversity_of(model), diversity_of(human), clusters, seed=seed, low=0.0, high=2.0)


def lengths(ours: Sequence[str] | None, theirs: Sequence[str], clusters: Sequence[str], *, seed: int) -> ProbeFigure:
    """Characters of a text, on average."""
    own = None if ours is None else [float(len(one)) for one in ours]
    return means(own, [float(len(one)) for one in theirs], clusters, seed=seed)


def _read_by(
    read: Callable[[str], Sequence[str]], ours: Sequence[str] | None, theirs: Sequence[str], clusters: Sequence[str], *, seed: int
) -> ProbeFigure:
    if not wording.is_installed():
        return unknown(wording.NOT_INSTALLED)
    human = [read(one) for one in theirs]
    return names_entropy(None if ours is None else [read(one) for one in ours], human, clusters, seed=seed)


def _word_statistics(
    ours: Words | None, theirs: Words, make: Callable[[Floats, Sequence[str]], Statistic]
) -> tuple[Statistic | None, Statistic]:
    """The statistic that `make` gives for the word counts of each side, after both texts of a unit are cut alike."""
    cut = [cut_alike(one, other) for one, other in zip(theirs if ours is None else ours, theirs, strict=True)]
    made: list[Statistic] = []
    for at in (0, 1):
        columns = sorted({word for pair in cut for word in pair[at]})
        counts = counts_of([pair[at] for pair in cut], {word: place for place, word in enumerate(columns)})
        made.append(make(counts, columns))
    return None if ours is None else made[0], made[1]


def _mean_distance(rows: Floats) -> float:
    """1 − the mean cosine of different rows of length one; NaN for fewer than two."""
    n = len(rows)
    if n < 2:
        return math.nan
    total = rows.sum(axis=0)
    return 1.0 - float(total @ total - (rows * rows).sum()) / (n * (n - 1))
