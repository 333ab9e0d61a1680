"""Beside control 1: the same null by intervals whose units are speakers and not dialogues, for what is said of people in general."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import reading
from declared import declared
from halves import sides
from numpy.typing import NDArray
from scratch import World, kept, sampled
from weighed import Weighed, weighed

from understudy.keys import rng_of
from understudy.measure.reference import Observed, Reference
from understudy.records import STRATA
from understudy.statistics.rates import Z

Fields = dict[str, Any]
BIASED = ("behavioural_distance.acts", "behavioural_distance.tokens", "diversity_gap.act_entropy")


def by_speaker(here: World) -> Fields:
    """Signed part → how often the interval by speakers holds 0, and its mean width; kept."""
    n = declared()["halves"]["n_by_speaker"]
    seen = kept("speakers", lambda: [_halving(here, at) for at in range(n)], by=(__file__,), on=[*sampled(), n])
    found = {}
    for name in seen[0]:
        ends = [one[name] for one in seen]
        width = float(np.mean([high - low for _, low, high in ends]))
        found[name] = {**reading.share(sum(reading.is_within(0.0, one) for one in ends), len(ends)), "width": width}
    return found


def _halving(here: World, at: int) -> dict[str, list[float]]:
    seed = declared()["first_seed"] + at
    place, humans = sides(here, here.reference, declared()["sizes"], seed)
    speaker = dict(here.reference.speakers.select("dialogue_id", "seeker_id").iter_rows())
    parts, names = weighed(place, humans), _units(place, humans)
    rng = rng_of("halves of speakers", seed)
    own = [np.array([speaker[one] for one in side.corpus.ids]) for side in (place, humans)]
    return {
        name: _interval(name, one, [np.array([speaker[unit] for unit in side]) for side in names.get(name, ())] or own, rng)
        for name, one in parts.items()
        if not name.startswith("data_leakage.")
    }


def _units(ours: Observed, humans: Reference) -> dict[str, tuple[list[str], list[str]]]:
    """The dialogues behind a stratum's rates, in the order of their weights."""
    found = {}
    for name in STRATA:
        one, other = (
            frame.filter(pl.col("stratum") == name)["dialogue_id"].unique().sort().to_list() for frame in (ours.reactions, humans.reactions)
        )
        found[f"positive_bias.{name}"] = (one, other)
    return found


def _interval(name: str, part: Weighed, speakers: list[NDArray[Any]], rng: np.random.Generator) -> list[float]:
    """Half of the speakers of either side at a time, with all that they said."""
    value = float(part.statistic(np.ones((1, part.n[0])), np.ones((1, part.n[1])))[0])
    drawn = part.statistic(*(_half_of(side, part.most, rng) for side in speakers))
    value = 2 * value - float(drawn.mean()) if name in BIASED else value
    spread = float(np.std(drawn))
    return [value, value - Z * spread, value + Z * spread]


def _half_of(speakers: NDArray[Any], most: int, rng: np.random.Generator) -> NDArray[np.float64]:
    known, code = np.unique(speakers, return_inverse=True)
    taken = rng.random((most, len(known))).argsort(axis=1).argsort(axis=1) < max(1, len(known) // 2)
    return np.asarray(taken[:, code], dtype=np.float64)
