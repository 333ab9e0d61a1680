"""The countable form of seekers' turns: one row per dialogue, so that half-samples of dialogues are matrix products."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

from understudy.instruments import acts
from understudy.statistics.halves import Floats, unit_codes

VERSION = 1
MAX_TOKENS = 120
OPENING = 6


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Inverse document frequencies of words; a word that is not there counts as seen in no document."""

    idf: pl.DataFrame
    n_documents: int

    @classmethod
    def of(cls, turns: pl.DataFrame) -> Vocabulary:
        """From turns with `dialogue_id` and `tokens`; a document is one dialogue's turns. Smoothed as 1 + ln((1 + n) / (1 + df))."""
        n = turns["dialogue_id"].n_unique()
        df = _words(turns).group_by("word").agg(pl.len().alias("df"))
        ordered = df.sort("word").with_row_index("column").cast({"column": pl.Int64})
        return cls(ordered.select("word", "column", idf=1 + ((1 + n) / (1 + pl.col("df"))).log()), n)

    @property
    def size(self) -> int:
        """How many words there are; columns of a corpus from here on are words that are not in the vocabulary."""
        return len(self.idf)


@dataclass(frozen=True, slots=True)
class Corpus:
    """Counts by dialogue. `acts`: (n, before, now) act bigrams; `lengths`: (n, tokens per turn); sparse: (n, category).

    `features`: (n_turns, n_features), `owner`: which row each turn belongs to.
    """

    ids: tuple[str, ...]
    codes: NDArray[np.uint64]
    acts: Floats
    lengths: Floats
    bigrams: Any
    openings: Any
    words: Any
    features: Floats
    owner: NDArray[np.int64]

    @property
    def n(self) -> int:
        """How many dialogues there are."""
        return len(self.ids)

    @classmethod
    def of(cls, turns: pl.DataFrame, vocabulary: Vocabulary) -> Corpus:
        """From turns with dialogue_id, before, act, tokens, n_tokens and the columns of `features`; rows in order of dialogue id."""
        ids = turns["dialogue_id"].unique().sort()
        turns = turns.sort("dialogue_id", maintain_order=True)
        owner = _codes(turns["dialogue_id"], tuple(ids))
        turns = turns.with_columns(row=pl.Series(owner))
        before, now = _codes(turns["before"], acts.PREVIOUS), _codes(turns["act"], acts.ACTS)
        table, lengths = np.zeros((len(ids), len(acts.PREVIOUS), len(acts.ACTS))), np.zeros((len(ids), MAX_TOKENS + 1))
        np.add.at(table, (owner, before, now), 1.0)
        np.add.at(lengths, (owner, turns["n_tokens"].clip(0, MAX_TOKENS).to_numpy().astype(np.int64)), 1.0)
        columns = [name for name in turns.columns if name.startswith("f_")]
        return cls(
            tuple(ids),
            unit_codes(ids.to_list()),
            table,
            lengths,
            _sparse(_bigrams(turns), len(ids)),
            _sparse(_openings(turns), len(ids)),
            tfidf(turns, vocabulary, len(ids)),
            turns.select(columns).to_numpy().astype(float),
            owner,
        )

    def rows(self, index: NDArray[np.int64]) -> Corpus:
        """The corpus of some of the dialogues, in the order of `index`."""
        place = np.full(self.n, -1, dtype=np.int64)
        place[index] = np.arange(len(index))
        kept = place[self.owner] >= 0
        return Corpus(
            tuple(self.ids[i] for i in index),
            self.codes[index],
            self.acts[index],
            self.lengths[index],
            self.bigrams[index],
            self.openings[index],
            self.words[index],
            self.features[kept],
            place[self.owner[kept]],
        )


def _codes(values: pl.Series, names: tuple[str, ...]) -> NDArray[np.int64]:
    codes = values.cast(pl.String).replace_strict({name: i for i, name in enumerate(names)} or {"": 0}, return_dtype=pl.Int64)
    return np.asarray(codes.to_numpy(), dtype=np.int64)


def _words(turns: pl.DataFrame) -> pl.DataFrame:
    return turns.select("dialogue_id", word="tokens").explode("word", empty_as_null=False).unique()


def _bigrams(turns: pl.DataFrame) -> pl.DataFrame:
    single = turns.select("row", "tokens", turn=pl.int_range(pl.len())).explode("tokens", empty_as_null=False)
    following = pl.col("tokens").shift(-1).over("turn")
    return single.with_columns(value=pl.col("tokens") + " " + following).drop_nulls("value").select("row", "value")


def _openings(turns: pl.DataFrame) -> pl.DataFrame:
    long = turns.filter(pl.col("n_tokens") >= OPENING)
    return long.select("row", value=pl.col("tokens").list.head(OPENING).list.join(" "))


def _sparse(pairs: pl.DataFrame, n_rows: int) -> Any:
    counted = pairs.group_by("row", "value").agg(n=pl.len()).with_columns(column=pl.col("value").rank("dense") - 1).sort("row", "column")
    place = (counted["row"].to_numpy(), counted["column"].to_numpy().astype(np.int64))
    width = int(place[1].max()) + 1 if len(counted) else 0
    return sparse.csr_array((counted["n"].to_numpy().astype(float), place), shape=(n_rows, width))


def tfidf(turns: pl.DataFrame, vocabulary: Vocabulary, n_rows: int) -> Any:
    """(n_rows, n_words) weights of words, a row of length 1 per dialogue. `turns`: row, tokens; unknown words stand behind the known."""
    rare = 1 + float(np.log(1 + vocabulary.n_documents))
    counted = turns.select("row", word="tokens").explode("word", empty_as_null=False).group_by("row", "word").agg(n=pl.len())
    weighed = counted.join(vocabulary.idf, on="word", how="left").sort("row", "word")
    unknown = pl.when(pl.col("column").is_null()).then(pl.col("word")).rank("dense") - 1 + vocabulary.size
    weighed = weighed.with_columns(pl.coalesce("column", unknown.cast(pl.Int64)), weight=pl.col("n") * pl.col("idf").fill_null(rare))
    weighed = weighed.with_columns(pl.col("weight") / (pl.col("weight") ** 2).sum().over("row").sqrt())
    place = (weighed["row"].to_numpy(), weighed["column"].to_numpy())
    width = max(vocabulary.size, int(place[1].max()) + 1) if len(weighed) else vocabulary.size
    return sparse.csr_array((weighed["weight"].to_numpy(), place), shape=(n_rows, width))
