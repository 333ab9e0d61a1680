"""The figures that papers on simulated seekers report, for a file and for its humans by the same instruments, with intervals.

Words and n-grams are those of the text as it is written, titles included. Shares and their differences are clustered by the people
behind the dialogues; means and distinct-n spread as half-samples of them do, the same ones on both sides where they share people.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from scipy import sparse

from understudy.instruments.acts import ACTS
from understudy.keys import rng_of
from understudy.measure.reference import Reference
from understudy.objectives.diversity_gap import drawing_noise
from understudy.prompt.speech import has_stop_token
from understudy.records import Item, Measured
from understudy.statistics.clustered import Clustered, rates_apart
from understudy.statistics.distances import rarefied
from understudy.statistics.halves import Floats, interval
from understudy.studies.audit.utterances import tells_a_wish

VERSION = 1
QUESTION = r"[?？؟՞፧⁇⁈]"
_N_DRAWS, _N_SAMPLES, _SHARE = 8, 60, 0.75
NO_SUGGESTION = "no turn of the recommender names a title that the seeker has not named before"
NO_WHOLE = "no dialogue is the simulator's from its start"
NO_GENRES = "the catalogue holds neither genres nor people, so that a wish could only be seen in titles"
WHAT = {
    "turns_per_dialogue": "seeker turns per dialogue",
    "words_per_turn": "words per seeker turn",
    "words_per_dialogue": "seeker words per dialogue",
    "questions": "share of seeker turns with a question mark",
    "acceptance_any": "share of turns after any suggestion that accept it",
    "negative_reactions": "share of turns after any suggestion that reject it",
    "first_turn_disclosure": "share of dialogues whose first seeker turn names a title, genre, person or decade",
    "stop_tokens": "share of dialogues with a stop token in a seeker turn",
    **{f"act_{name}": f"share of seeker turns with the act {name}" for name in ACTS},
    **{f"distinct_{n}": f"distinct-{n} of as many dialogues on both sides" for n in (1, 2, 3)},
    **{f"distinct_{n}_matched": f"distinct-{n} of as many dialogues and words on both sides" for n in (1, 2, 3)},
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of both sides and the simulator's less the humans'."""

    simulated: Measured
    human: Measured
    difference: Measured

    def as_json(self) -> dict[str, Any]:
        """The contract's form."""
        return {"simulated": self.simulated.as_json(), "human": self.human.as_json(), "difference": self.difference.as_json()}


def reported(
    ours: pl.DataFrame, humans: pl.DataFrame, reference: Reference, items: Mapping[str, Item], *, seed: int
) -> dict[str, Figure]:
    """Name (of WHAT) → both sides, given as `utterances`, and their difference."""
    one, other = (_tables(side, items) for side in (ours, humans))
    nothing = _NOTHING if _tells_wishes(items) else {**_NOTHING, "first_turn_disclosure": NO_GENRES}
    rates = {name: _rate(one[name], other[name], reference, nothing.get(name, "no turn")) for name in one}
    means = {name: _mean(table(ours), table(humans), reference, seed=seed) for name, table in _MEANS.items()}
    return {**means, **rates, **_distinct(ours, humans, reference, seed=seed)}


_NOTHING = {"acceptance_any": NO_SUGGESTION, "negative_reactions": NO_SUGGESTION, "first_turn_disclosure": NO_WHOLE}


def _tables(turns: pl.DataFrame, items: Mapping[str, Item]) -> dict[str, pl.DataFrame]:
    """Name of a share → dialogue_id, k, n."""
    after, first = turns.filter("is_after_suggestion"), turns.filter(pl.col("is_whole") & (pl.col("nth") == 0))
    stops = pl.Series([has_stop_token(one) for one in turns["text"]], dtype=pl.Boolean)
    ending = turns.with_columns(stops=stops).group_by("dialogue_id").agg(pl.col("stops").any())
    found = {
        "questions": _counted(turns, pl.col("text").str.contains(QUESTION)),
        "acceptance_any": _counted(after, pl.col("label") == "accept"),
        "negative_reactions": _counted(after, pl.col("label") == "reject"),
        "first_turn_disclosure": _counted(first.with_columns(told=tells_a_wish(first, items.values())), pl.col("told")),
        "stop_tokens": _counted(ending, pl.col("stops")),
    }
    shares = {f"act_{name}": _counted(turns, pl.col("act") == name) for name in ACTS}
    if not _tells_wishes(items):
        found["first_turn_disclosure"] = found["first_turn_disclosure"].clear()
    return found | shares


def _tells_wishes(items: Mapping[str, Item]) -> bool:
    """Whether the catalogue holds what a wish may name besides titles."""
    return any(item.genres or item.people for item in items.values())


def _rate(ours: pl.DataFrame, humans: pl.DataFrame, reference: Reference, nothing: str) -> Figure:
    one, other = (_clustered(side, reference) for side in (ours, humans))
    return Figure(one.rate(nothing), other.rate(nothing), rates_apart(one, other, nothing=nothing))


def _clustered(table: pl.DataFrame, reference: Reference) -> Clustered:
    units = reference.resampling_units(table["dialogue_id"].to_list())
    return units.clustered(*(table[name].to_numpy() for name in ("k", "n")))


def _counted(frame: pl.DataFrame, hit: pl.Expr) -> pl.DataFrame:
    counted = frame.group_by("dialogue_id").agg(k=hit.cast(pl.Float64).sum(), n=pl.len().cast(pl.Float64))
    return counted.sort("dialogue_id")


def _sizes(turns: pl.DataFrame) -> pl.DataFrame:
    """dialogue_id, n_turns, n_words of each dialogue."""
    sizes = turns.group_by("dialogue_id").agg(n_turns=pl.len().cast(pl.Float64), n_words=pl.col("words").list.len().sum().cast(pl.Float64))
    return sizes.sort("dialogue_id")


def _per_turn(turns: pl.DataFrame) -> pl.DataFrame:
    return _sizes(turns).select("dialogue_id", k="n_words", n="n_turns")


def _per_dialogue(column: str) -> Callable[[pl.DataFrame], pl.DataFrame]:
    return lambda turns: _sizes(turns.filter("is_whole")).select("dialogue_id", k=column, n=pl.lit(1.0))


_MEANS: Mapping[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
    "turns_per_dialogue": _per_dialogue("n_turns"), "words_per_turn": _per_turn, "words_per_dialogue": _per_dialogue("n_words"),
}  # fmt: skip


def _mean(ours: pl.DataFrame, humans: pl.DataFrame, reference: Reference, *, seed: int) -> Figure:
    if not len(ours) or not len(humans):
        nothing = Measured(None, reason=NO_WHOLE)
        one, other = (_ratio(side, reference, seed)[0] if len(side) else nothing for side in (ours, humans))
        return Figure(one, other, nothing)
    (one, drawn), (other, theirs) = (_ratio(side, reference, seed) for side in (ours, humans))
    assert one.value is not None
    assert other.value is not None
    return Figure(one, other, interval(one.value - other.value, drawn - theirs, n=min(one.n, other.n)))


def _ratio(table: pl.DataFrame, reference: Reference, seed: int) -> tuple[Measured, Floats]:
    """Σk / Σn with its interval, and how half-samples deviate from it."""
    weights = reference.resampling_units(table["dialogue_id"].to_list()).halves(seed=seed)
    k, n = (weights @ table[name].to_numpy() for name in ("k", "n"))
    means = k / np.maximum(n, 1e-12)
    deviations = means[1:] - means[0]
    return interval(float(means[0]), deviations, n=len(table), low=0.0), np.asarray(deviations)


def _distinct(ours: pl.DataFrame, humans: pl.DataFrame, reference: Reference, *, seed: int) -> dict[str, Figure]:
    found: dict[str, Figure] = {}
    for n in (1, 2, 3):
        sides = [_grams(side, n) for side in (ours, humans)]
        found[f"distinct_{n}"] = _share_of_different(sides, reference, seed, is_matched=False)
        found[f"distinct_{n}_matched"] = _share_of_different(sides, reference, seed, is_matched=True)
    return found


@dataclass(frozen=True, slots=True)
class _Grams:
    """How often each dialogue (a row) says each n-gram."""

    names: tuple[str, ...]
    counts: Any


def _grams(turns: pl.DataFrame, n: int) -> _Grams:
    single = turns.select("dialogue_id", "words", turn=pl.int_range(pl.len())).explode("words", empty_as_null=False)
    joined = single.with_columns(value=pl.concat_str([pl.col("words").shift(-at).over("turn") for at in range(n)], separator=" "))
    counted = joined.drop_nulls("value").group_by("dialogue_id", "value").agg(n=pl.len()).sort("dialogue_id", "value")
    names = tuple(turns["dialogue_id"].unique().sort())
    rows = counted["dialogue_id"].replace_strict({name: at for at, name in enumerate(names)} or {"": 0}, return_dtype=pl.Int64)
    columns = (counted["value"].rank("dense") - 1).cast(pl.Int64)
    width = int(columns.max() or 0) + 1 if len(columns) else 0  # type: ignore[arg-type]
    place = (rows.to_numpy(), columns.to_numpy())
    return _Grams(names, sparse.csr_array((counted["n"].to_numpy().astype(float), place), shape=(len(names), width)))


def _share_of_different(sides: Sequence[_Grams], reference: Reference, seed: int, *, is_matched: bool) -> Figure:
    """Different n-grams over all of them, of as many dialogues on both sides, a mean over draws; with as many n-grams where matched."""
    n = min(len(side.names) for side in sides)
    draws = [_draws(side, n, seed) for side in sides]
    size = int(min((draw.sum() for side in draws for draw in side), default=0))
    if size < 2:
        nothing = Measured(None, reason="the turns hold too few words")
        return Figure(nothing, nothing, nothing)
    found: list[tuple[float, Floats, int]] = []
    for side, drawn in zip(sides, draws, strict=True):
        shares = [rarefied(draw, size) if is_matched else float((draw > 0).sum() / draw.sum()) for draw in drawn]
        value = float(np.mean(shares))
        noise = drawing_noise(shares, seed=seed + len(found))
        found.append((value, value * (_deviations(side, reference, seed) + noise), len(side.names)))
    (one, ours, n_ours), (other, theirs, n_theirs) = found
    return Figure(
        interval(one, ours, n=n_ours, low=0.0, high=1.0), interval(other, theirs, n=n_theirs, low=0.0, high=1.0),
        interval(one - other, ours - theirs, n=min(n_ours, n_theirs)),
    )  # fmt: skip


def _draws(side: _Grams, n: int, seed: int) -> list[Floats]:
    order = rng_of("dialogues for distinct-n", seed)
    rows = [np.sort(order.permutation(len(side.names))[:n]) for _ in range(_N_DRAWS if len(side.names) > n else 1)]
    return [np.asarray(side.counts[taken].sum(axis=0), dtype=float).ravel() for taken in rows]


def _deviations(side: _Grams, reference: Reference, seed: int) -> Floats:
    """(_N_SAMPLES,): how ln of distinct-n at one number of n-grams deviates over samples of the people, at the spread of the whole."""
    taken = reference.resampling_units(side.names).samples(seed=seed, n=_N_SAMPLES, share=_SHARE)
    counts = taken @ side.counts
    fewer = int(counts.sum(axis=1).min())
    if fewer < 2:
        return np.zeros(_N_SAMPLES)
    logs = np.log([rarefied(row, fewer) for row in counts])
    return np.asarray((logs - logs.mean()) * np.sqrt(_SHARE / (1 - _SHARE)))
