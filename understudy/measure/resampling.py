"""What is drawn when a figure is resampled: the people behind the dialogues where the logs name them, else the dialogues.

A dialogue of the humans is its seeker's. A simulated one is the seeker's whose dialogue its context or scenario is taken from: nobody
speaks there, but contexts, needs and histories of one person are alike, and what stands on the same person on both sides is paired.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from understudy.statistics.clustered import Clustered
from understudy.statistics.halves import N_HALVES, Floats, halves, unit_codes

MIN_SPEAKERS = 20  # below this half of the speakers says nothing of people, and dialogues are drawn
Kind = Literal["speaker", "dialogue"]


@dataclass(frozen=True, slots=True)
class Units:
    """The unit of each row (a dialogue), and whether they are speakers or dialogues."""

    names: tuple[str, ...]
    of: Kind

    @property
    def n(self) -> int:
        """How many different ones there are."""
        return len(set(self.names))

    def halves(self, *, seed: int) -> Floats:
        """(1 + n_halves, n_rows): a row of ones, then half-samples of the units, each with all of its rows."""
        return np.vstack([np.ones((1, len(self.names))), self.samples(seed=seed)])

    def samples(self, *, seed: int, n: int = N_HALVES, share: float = 0.5) -> Floats:
        """(n, n_rows): samples of a share of the units, each with all of its rows."""
        known, place = np.unique(np.asarray(self.names, dtype=str), return_inverse=True)
        return halves(unit_codes(known.tolist()), seed=seed, n=n, share=share)[:, place]

    def clustered(self, k: Floats, n: Floats) -> Clustered:
        """Hits and units of the rows as a rate whose clusters are these."""
        return Clustered.of(self.names, k, n)

    def described(self) -> str:
        """How many of what, in words."""
        return f"{self.n} {self.of}{'' if self.n == 1 else 's'}"


def speakers_of(turns: pl.DataFrame) -> dict[str, str]:
    """Dialogue → the first dialogue of its seeker, where the logs name one. `turns` or any frame with dialogue_id and seeker_id.

    A speaker goes by a dialogue and not by name: what is drawn may not hang on what people are called, and a worker and a dialogue
    may have the same number.
    """
    known = turns.drop_nulls("seeker_id").select("dialogue_id", "seeker_id").unique()
    # a log without names has the dialogue's own in their place (profile.splits.seeker_of)
    nameless = (pl.col("seeker_id") == pl.col("dialogue_id")) | (pl.col("seeker_id") == pl.concat_str(pl.lit("dialogue:"), "dialogue_id"))
    first = pl.col("dialogue_id").min().over("seeker_id")
    return dict(known.filter(~nameless).select("dialogue_id", first=first).iter_rows())


def units_of(dialogues: Iterable[str], speakers: dict[str, str]) -> Units:
    """The speaker of each dialogue, of one that is not known itself; all dialogues where these are fewer than MIN_SPEAKERS people."""
    rows = tuple(dialogues)
    people = {speakers[name] for name in rows if name in speakers}
    if len(people) < MIN_SPEAKERS:
        return Units(rows, "dialogue")
    return Units(tuple(speakers.get(name, name) for name in rows), "speaker")


def counted(frame: pl.DataFrame, hit: pl.Expr, speakers: dict[str, str]) -> Clustered:
    """The rate of `hit` among the rows of a frame with dialogue_id, clustered by unit."""
    table = frame.group_by("dialogue_id").agg(k=hit.cast(pl.Float64).sum(), n=pl.len().cast(pl.Float64)).sort("dialogue_id")
    return units_of(table["dialogue_id"].to_list(), speakers).clustered(*(table[name].to_numpy() for name in ("k", "n")))
