"""The fitted instruments: TF-IDF of words and pairs of words, with logistic regression, over masked text.

The vocabulary is sorted, idf and coefficients are rounded and fitting runs on one thread, so the same gold gives the same digest.
Nothing is pickled: a classifier is plain JSON and made again from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

from understudy.errors import BadInput
from understudy.instruments import gold as golden
from understudy.instruments import reaction, text
from understudy.instruments.language import ENGLISH
from understudy.instruments.text import Titles
from understudy.keys import digest

VERSION = 1
KIND = "fitted"
READS = ENGLISH  # gold acts are there in English alone
# the first and last word of a turn tell more than the others; marks that no text holds stand for its ends
_START, _END = "\x02", "\x03"
_TOKEN = rf"(?u)\w+|[?!{_START}{_END}]"
_MIN_TURNS_OF_A_WORD = 2
_DECIMALS = 4
# regularisation, and what a sign of the lexicon weighs beside words: by grouped 2-fold cross-validation on IARD, which fits on
# about as many dialogues as a profile does
_C = {"reaction": 1.0, "act": 2.0}
_SIGN_WEIGHT = {"reaction": 1.0, "act": 0.5}
PARAMETERS = digest([VERSION, text.VERSION, golden.DIGEST, reaction.DIGEST, _TOKEN, _MIN_TURNS_OF_A_WORD, _DECIMALS, _C, _SIGN_WEIGHT])


@dataclass(frozen=True)
class Classifier:
    """A fitted instrument. Not slotted: its vectoriser is made once and kept.

    `coefficients`: (n_classes, n_words + n_signs); `sign_weight` is 0 where the lexicon has no vote.
    """

    name: str
    classes: tuple[str, ...]
    words: tuple[str, ...]
    idf: tuple[float, ...]
    coefficients: tuple[tuple[float, ...], ...]
    intercepts: tuple[float, ...]
    sign_weight: float

    @cached_property
    def digest(self) -> str:
        """64 hex digits over the content and over all that it reads with."""
        return digest([PARAMETERS, self.as_json()])

    def predict(self, masked: pl.Series) -> pl.Series:
        """The class of each masked turn; of equal scores the first in the order of `classes`."""
        if not len(masked):
            return pl.Series(self.name, [], dtype=pl.String)
        rows = _features(self._vectoriser, masked, self.sign_weight)
        scores = np.asarray(rows @ self._weights) + np.asarray(self.intercepts)
        return pl.Series(self.name, np.asarray(self.classes, dtype=object)[scores.argmax(axis=1)].tolist(), dtype=pl.String)

    def as_json(self) -> dict[str, Any]:
        """Plain JSON from which `from_json` makes an equal value."""
        return {
            "version": VERSION,
            "name": self.name,
            "classes": list(self.classes),
            "words": list(self.words),
            "idf": list(self.idf),
            "coefficients": [list(row) for row in self.coefficients],
            "intercepts": list(self.intercepts),
            "sign_weight": self.sign_weight,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Classifier:
        """What `as_json` described. Raises BadInput for anything else."""
        try:
            if value["version"] != VERSION:
                raise BadInput(f"fitted instrument of version {value['version']}, expected {VERSION}", hint="profile again")
            found = cls(
                name=str(value["name"]),
                classes=tuple(value["classes"]),
                words=tuple(value["words"]),
                idf=tuple(float(one) for one in value["idf"]),
                coefficients=tuple(tuple(float(one) for one in row) for row in value["coefficients"]),
                intercepts=tuple(float(one) for one in value["intercepts"]),
                sign_weight=float(value["sign_weight"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BadInput(f"not a fitted instrument: {error}") from error
        width = len(found.words) + (reaction.N_SIGNS if found.sign_weight else 0)
        sizes = {len(row) for row in found.coefficients}
        if sizes != {width} or len(found.coefficients) != len(found.classes) or len(found.idf) != len(found.words):
            raise BadInput("not a fitted instrument: its parts do not fit together", hint="profile again")
        return found

    @cached_property
    def _vectoriser(self) -> Any:
        found = _unfitted(list(self.words))
        found.idf_ = np.asarray(self.idf)
        return found

    @cached_property
    def _weights(self) -> NDArray[np.float64]:
        return np.asarray(self.coefficients).T


def fit_reaction(gold: pl.DataFrame, titles: Titles, *, signs: bool = True) -> Classifier:
    """The reaction model of gold turns (columns GOLD). What is passed is all it sees: pass exemplar and search only.

    `signs=False` leaves the lexicon's votes out. Raises BadInput where fewer than two reactions occur.
    """
    return fit("reaction", _read(golden.reactions(gold), titles), classes=reaction.CLASSES, signs=signs)


def fit_acts(gold: pl.DataFrame, titles: Titles, *, signs: bool = True) -> Classifier:
    """The act tagger of gold turns (columns GOLD), over GOLD_ACTS. Raises BadInput where fewer than two acts occur."""
    return fit("act", _read(golden.acts(gold), titles), classes=golden.GOLD_ACTS, signs=signs)


def fit(
    name: str, labelled: pl.DataFrame, *, classes: Sequence[str], signs: bool = True, words: Sequence[str] | None = None
) -> Classifier:
    """The classifier of `labelled` turns (masked, truth); classes that do not occur are never predicted.

    `name` chooses the parameters: reaction or act. `words`: what it reads by, else all that occurs in two of the turns. Raises BadInput
    where fewer than two of `classes` occur.
    """
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    ordered = labelled.sort("masked", "truth")
    present = tuple(one for one in classes if one in set(ordered["truth"]))
    if len(present) < 2:
        raise BadInput(f"the {name} instrument cannot be fitted: {len(present)} of its classes among {len(ordered)} gold turns")
    weight = _SIGN_WEIGHT[name] if signs else 0.0
    vectoriser = _unfitted(sorted(words) if words is not None else vocabulary(ordered["masked"]))
    vectoriser.fit(_worded(ordered["masked"]))
    vectoriser.idf_ = np.round(vectoriser.idf_, _DECIMALS)
    places = np.array([present.index(one) for one in ordered["truth"]])
    with threadpool_limits(1):
        model = LogisticRegression(C=_C[name], class_weight="balanced", max_iter=2000, tol=1e-5)
        model.fit(_features(vectoriser, ordered["masked"], weight), places)
    rows, intercepts = model.coef_, model.intercept_
    if len(present) == 2:  # scikit-learn keeps one row for two classes
        rows, intercepts = np.vstack([-rows / 2, rows / 2]), np.concatenate([-intercepts / 2, intercepts / 2])
    return Classifier(
        name=name,
        classes=present,
        words=tuple(vectoriser.get_feature_names_out()),
        idf=tuple(vectoriser.idf_.tolist()),
        coefficients=tuple(tuple(row) for row in np.round(rows, _DECIMALS).tolist()),
        intercepts=tuple(np.round(intercepts, _DECIMALS).tolist()),
        sign_weight=weight,
    )


def _read(labelled: pl.DataFrame, titles: Titles) -> pl.DataFrame:
    return labelled.with_columns(masked=titles.masked("text"))


def vocabulary(masked: pl.Series) -> list[str]:
    """The words and pairs of words that occur in two of the masked turns, in order."""
    from sklearn.feature_extraction.text import CountVectorizer

    counter = CountVectorizer(token_pattern=_TOKEN, ngram_range=(1, 2), min_df=_MIN_TURNS_OF_A_WORD, lowercase=False)
    return sorted(counter.fit(_worded(masked)).get_feature_names_out())


def _unfitted(words: list[str]) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(token_pattern=_TOKEN, ngram_range=(1, 2), lowercase=False, sublinear_tf=True, vocabulary=words)


def _worded(masked: pl.Series) -> list[str]:
    plain = masked.alias("masked").to_frame().select(text.plain("masked")).to_series()
    return (_START + " " + plain + " " + _END).to_list()


def _features(vectoriser: Any, masked: pl.Series, sign_weight: float) -> Any:
    """Sparse (n_turns, n_words + n_signs)."""
    rows = vectoriser.transform(_worded(masked))
    if not sign_weight:
        return rows.tocsr()
    signs = reaction.signs(masked).to_numpy().astype(np.float64)
    return sparse.hstack([rows, sparse.csr_matrix(sign_weight * signs)]).tocsr()
