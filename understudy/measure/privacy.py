"""How near synthetic dialogues are to those that were their sources, beside people who were never a source. No formal guarantee.

A record is what the seeker says in one dialogue, titles masked, as TF-IDF; the distance is 1 - cosine. Sources are the dialogues of
`exemplar` and `search`, which prompts and fitted instruments may have seen; the held-out baseline is `select`. `test` is not looked at.
The figures say whether what was played lies nearer to its sources than other people's talk does. They bound nobody's risk: there is
no differential privacy here, and a canary that did not come back proves nothing about the next one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from understudy.instruments.corpus import Vocabulary, tfidf
from understudy.keys import digest, rng_of
from understudy.records import Measured
from understudy.statistics.halves import Floats, halves, interval, unit_codes
from understudy.statistics.rates import wilson

VERSION = 2
SOURCES, HELD_OUT = ("exemplar", "search"), ("select",)
MIN_RECORDS = 20
LOW_SHARE = 0.05  # the percentile of the nearest-neighbour ratio that is reported
FIGURES = ("dcr", "dcr_share", "nndr_5")
# a canary is known by its form: three words of nine letters. One of them may be a word of somebody's (zinfandel), three in a row are not
CANARY = r"\bz[a-p]{8} z[a-p]{8} z[a-p]{8}\b"
_CANARY_WORD = re.compile(r"\bz[a-p]{8}\b")
_MOST_ASKED = 2000  # records looked up, drawn by seed: the closest of all sources is looked for, but not for all that was played
_AT_ONCE = 256


@dataclass(frozen=True)
class Sources:
    """Human dialogues as records. `turns`: seekers' turns with dialogue_id, worker, split, tokens."""

    turns: pl.DataFrame
    seed: int

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """Inverse document frequencies of the sources."""
        return Vocabulary.of(self._of(SOURCES))

    @cached_property
    def sources(self) -> Any:
        """(n, words): a row per source."""
        return self.records(self._of(SOURCES))

    @cached_property
    def held_out(self) -> Any:
        """(n, words): a row per held-out dialogue."""
        return self.records(self._of(HELD_OUT))

    @cached_property
    def human(self) -> Mapping[str, Measured]:
        """The figures of held-out people in the place of synthetic ones: for `dcr_share` of one half of the people, against the other.

        Halved by worker: what one worker says is alike from dialogue to dialogue.
        """
        owner = self._of(HELD_OUT).unique("dialogue_id").sort("dialogue_id")["worker"]
        workers = owner.unique().sort()
        order = rng_of("held out in halves", self.seed).permutation(len(workers))
        first = owner.is_in(workers.gather(order[: len(order) // 2]).to_list()).to_numpy()
        asked = self.held_out[np.flatnonzero(first)]
        return _attack_figures(self.held_out, self.sources, self.seed) | _share(
            asked, self.sources, self.held_out[np.flatnonzero(~first)], self.seed
        )

    def records(self, turns: pl.DataFrame) -> Any:
        """(n_dialogues, words): rows of length 1 in order of dialogue id. `turns`: dialogue_id, tokens."""
        rows = turns.with_columns(row=pl.col("dialogue_id").rank("dense").cast(pl.Int64) - 1)
        return tfidf(rows, self.vocabulary, turns["dialogue_id"].n_unique())[:, : self.vocabulary.size].tocsr()

    def _of(self, splits: Sequence[str]) -> pl.DataFrame:
        return self.turns.filter(pl.col("split").is_in(list(splits)))


def closeness(turns: pl.DataFrame, humans: Sources, *, seed: int) -> dict[str, Measured]:
    """`dcr`, `dcr_share`, `nndr_5` of synthetic dialogues, and the same with `_human` for held-out people.

    `turns`: dialogue_id, tokens of the seekers' turns. dcr in [0, 1]: median distance to the closest source, higher is better;
    dcr_share in [0, 1]: how many lie closer to a source than to any of as many held-out dialogues, .5 where sources are no nearer;
    nndr_5 in [0, 1]: 5th percentile of nearest over second-nearest distance, low where a dialogue copies one source alone.
    """
    n = turns["dialogue_id"].n_unique() if len(turns) else 0
    reason = _missing(n, humans)
    if reason:
        return {name: Measured(None, n=n, reason=reason) for one in FIGURES for name in (one, f"{one}_human")}
    asked = humans.records(turns)
    found = _attack_figures(asked, humans.sources, seed) | _share(asked, humans.sources, humans.held_out, seed)
    return {**found, **{f"{name}_human": value for name, value in humans.human.items()}}


def plant(turns: pl.DataFrame, *, n: int, seed: int) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """`turns` (column text) with a canary at the end of `n` of them, and the canaries: strings that nobody would write by chance."""
    rows = np.sort(rng_of("canaries", seed).permutation(len(turns))[:n])
    planted = {int(row): _canary(seed, place) for place, row in enumerate(rows)}
    texts = [f"{text} {planted[row]}" if row in planted else text for row, text in enumerate(turns["text"].to_list())]
    return turns.with_columns(text=pl.Series(texts, dtype=pl.String)), tuple(planted.values())


def exposed(canaries: Sequence[str], texts: Iterable[str]) -> Measured:
    """The share of canaries of which a word stands in any of the texts, with Wilson's interval; lower is better, 0 for people."""
    said = canary_words(texts)
    return wilson(sum(not said.isdisjoint(one.split()) for one in canaries), len(canaries), nothing="no canary was planted")


def canary_words(texts: Iterable[str]) -> set[str]:
    """What has the form of a word of a canary in the texts, in lower case, whatever stands before and after it."""
    return {word for text in texts for word in _CANARY_WORD.findall(text.casefold())}


def _canary(seed: int, place: int) -> str:
    code = digest(["canary", seed, place])
    return " ".join("z" + code[i : i + 8].translate(str.maketrans("0123456789", "ghijklmnop")) for i in (0, 8, 16))


def _missing(n: int, humans: Sources) -> str:
    if n < MIN_RECORDS:
        return f"at least {MIN_RECORDS} free runs are needed; there are {n}"
    split = {name: humans.turns.filter(pl.col("split").is_in(list(which)))["dialogue_id"].n_unique() for name, which in _SIDES.items()}
    few = [f"{count} {name}" for name, count in split.items() if count < 2 * MIN_RECORDS]
    return f"at least {2 * MIN_RECORDS} dialogues are needed; there are {' and '.join(few)} dialogues" if few else ""


_SIDES = {"source": SOURCES, "held-out": HELD_OUT}


def _attack_figures(asked: Any, sources: Any, seed: int) -> dict[str, Measured]:
    asked = asked[_drawn(asked.shape[0], seed)]
    near = 1 - _nearest(asked, sources)
    ratio = np.divide(near[:, 0], near[:, 1], out=np.ones(len(near)), where=near[:, 1] > 1e-9)
    return {"dcr": _quantile(near[:, 0], 0.5, seed), "nndr_5": _quantile(ratio, LOW_SHARE, seed)}


def _share(asked: Any, sources: Any, held_out: Any, seed: int) -> dict[str, Measured]:
    """As many of both, or the larger side would be nearer by chance."""
    asked, n = asked[_drawn(asked.shape[0], seed)], min(sources.shape[0], held_out.shape[0])
    kept = (side[np.sort(rng_of("as many", seed, name).permutation(side.shape[0])[:n])] for name, side in (("s", sources), ("h", held_out)))
    one, other = (_nearest(asked, side)[:, 0] for side in kept)
    tied = np.isclose(one, other)
    # of ties, dialogues without a word that the humans know, half count
    return {"dcr_share": wilson(int((one > other)[~tied].sum() + tied.sum() // 2), len(one))}


def _drawn(n: int, seed: int) -> Any:
    return np.sort(rng_of("records asked", seed).permutation(n)[:_MOST_ASKED])


def closest(asked: Any, sources: Any) -> Floats:
    """(n,): the largest cosine of each record with a source."""
    return np.concatenate([np.empty(0), *(near.max(axis=1).toarray().ravel() for near in _cosines(asked, sources))])


def _nearest(asked: Any, sources: Any) -> Floats:
    """(n, 2): the largest and second-largest cosine of each record with a source."""
    found = (np.sort(np.partition(near.toarray(), -2, axis=1)[:, -2:], axis=1)[:, ::-1] for near in _cosines(asked, sources))
    both: Floats = np.concatenate([np.empty((0, 2)), *found])
    return np.minimum(both, 1.0)


def _cosines(asked: Any, sources: Any) -> Iterator[Any]:
    """The cosines of a few records at a time with all sources, in order: those of all with all take gigabytes."""
    across = sources.T.tocsr()
    for start in range(0, asked.shape[0], _AT_ONCE):
        yield asked[start : start + _AT_ONCE] @ across


def _quantile(values: Floats, share: float, seed: int) -> Measured:
    whole = float(np.quantile(values, share))
    taken = halves(unit_codes([str(i) for i in range(len(values))]), seed=seed) > 0
    drawn = np.array([np.quantile(values[kept], share) for kept in taken])
    return interval(whole, drawn - drawn.mean(), n=len(values), low=0.0, high=1.0)
