"""What humans do, with intervals, and how far humans are from humans: the figures that stand beside every simulator's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from understudy.evidence import Observed, Reference
from understudy.keys import rng_of, share_of
from understudy.objectives import MODULES
from understudy.objectives.data_leakage import leakage_rates
from understudy.objectives.diversity_gap import collisions, distinct_2, entropy, similarity
from understudy.objectives.positive_bias import rate
from understudy.records import STRATA, Measured
from understudy.statistics.halves import Floats, debiased, interval

VERSION = 1
N_HALVINGS = 40
SIZES: Mapping[str, int] = {"per_stratum": 150, "behaviour": 80, "free": 200}


@dataclass(frozen=True, slots=True)
class Anchor:
    """One row of `profile.anchors`.

    `value`, `lo`, `hi`, `n`: the human figure. `floor`: the mean over halvings of the distance between humans who share no
    worker; `floor_lo`, `floor_hi`: its 2.5 and 97.5 percent points; `n_floor`: halvings that could be measured.
    """

    name: str
    split: str
    value: float | None = None
    lo: float | None = None
    hi: float | None = None
    n: int = 0
    floor: float | None = None
    floor_lo: float | None = None
    floor_hi: float | None = None
    n_floor: int = 0
    reason: str = ""


def human_anchors(
    reference: Reference, *, split: str, sizes: Mapping[str, int] = SIZES, seed: int, n_halvings: int = N_HALVINGS
) -> list[Anchor]:
    """Floors of all objectives and the humans' own figures, in order of name.

    `sizes`: per_stratum, behaviour and free, how much the half in the simulator's place may have: a report's size, or what there is.
    """
    floors = [_floor(name, split, values) for name, values in _floors(reference, sizes, seed, n_halvings).items()]
    figures = [_anchor(name, split, figure) for name, figure in human_figures(reference).items()]
    return sorted([*floors, *figures], key=lambda anchor: anchor.name)


def human_figures(reference: Reference) -> dict[str, Measured]:
    """The humans' own figures: reactions by stratum, lengths, variety, copying, titles given away."""
    humans, weights = reference.corpus, reference.halves
    found = {f"{label}_{name}": rate(reference.reactions, name, label) for name in STRATA for label in ("accept", "reject", "neither")}
    leaks = leakage_rates(reference.as_observed(), reference)
    found |= {f"human_{kind}": leaks[kind] for kind in ("title", "attributes", "copying", "short_turns")}
    if humans.n < 2:
        return found
    return found | {
        "tokens_per_turn": _ratio(humans.lengths @ np.arange(humans.lengths.shape[1]), humans.lengths.sum(axis=1), weights),
        "turns_per_dialogue": _ratio(humans.lengths.sum(axis=1), np.ones(humans.n), weights),
        "distinct_2": _distinct(reference),
        "self_similarity": _statistic(similarity(humans, weights), humans.n),
        "act_entropy": _statistic(entropy(humans, weights), humans.n, biased=True),
        "openings": _statistic(collisions(humans, weights)[0], humans.n),
    }


def disjoint_halves(reference: Reference, *, seed: int) -> tuple[set[str], set[str]]:
    """Two sets of dialogues that share no worker: each worker falls on a side, dialogues whose speakers fall on one side stay."""
    sides: tuple[set[str], set[str]] = (set(), set())
    ours = set(reference.corpus.ids) | set(reference.reactions["dialogue_id"].to_list())
    kept = reference.speakers.filter(pl.col("dialogue_id").is_in(sorted(ours))).select("dialogue_id", "seeker_id", "recommender_id")
    workers = sorted({*kept["seeker_id"].to_list(), *kept["recommender_id"].drop_nulls().to_list()})
    side = {worker: int(share_of("side", seed, worker) < 0.5) for worker in workers}
    for dialogue, seeker, recommender in kept.iter_rows():
        if recommender is None or side[seeker] == side[recommender]:
            sides[side[seeker]].add(dialogue)
    return sides


def _floors(reference: Reference, sizes: Mapping[str, int], seed: int, n_halvings: int) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {name: [] for name in MODULES}
    for halving in range(n_halvings):
        one, other = disjoint_halves(reference, seed=seed + halving)
        if not one or not other:
            continue
        humans = _powered(reference.of(other), reference)
        place = _panel(reference.of(one), sizes, seed + halving)
        for name, module in MODULES.items():
            value = module.measure(place, humans, seed=seed + halving, intervals=False).measured.value
            if value is not None:
                found[name].append(value)
    return found


def _powered(half: Reference, whole: Reference) -> Reference:
    # a stratum that has enough contexts in the split counts in its halves too, or the floor would be of other strata
    counts = dict(whole.reactions.group_by("stratum").agg(n=pl.len()).iter_rows())
    enough = [name for name in STRATA if counts.get(name, 0) >= whole.min_contexts]
    return replace(half, reactions=half.reactions.filter(pl.col("stratum").is_in(enough)), min_contexts=1)


def _panel(half: Reference, sizes: Mapping[str, int], seed: int) -> Observed:
    """At most as much of a half as a report plays, in the simulator's place."""
    draw = rng_of("panel of humans", seed)
    order = half.reactions.sort("context_id")
    shuffled = order[draw.permutation(len(order)).tolist()]
    reactions = shuffled.filter(pl.int_range(pl.len()).over("stratum") < sizes["per_stratum"])
    rows = np.sort(draw.permutation(half.corpus.n)[: sizes["behaviour"]])
    ids = {half.corpus.ids[row] for row in rows}
    played = half.of(ids | set(reactions["dialogue_id"].to_list()))
    told = half.told.sort("play_key")
    observed = played.as_observed()
    return Observed(
        reactions=reactions,
        corpus=half.corpus.rows(rows),
        turns=played.turns,
        told=told[draw.permutation(len(told))[: sizes["free"]].tolist()],
        outcomes=observed.outcomes,
        free_dialogues=observed.free_dialogues,
        free_lengths=observed.free_lengths,
        same_setting=False,
    )


def _floor(name: str, split: str, values: list[float]) -> Anchor:
    if not values:
        return Anchor(name, split, reason="no two halves of the humans without a common worker could be measured")
    low, high = np.quantile(values, [0.025, 0.975]).tolist()
    reason = "" if len(values) >= N_HALVINGS else f"{len(values)} halvings could be measured"
    return Anchor(name, split, floor=float(np.mean(values)), floor_lo=low, floor_hi=high, n_floor=len(values), reason=reason)


def _anchor(name: str, split: str, figure: Measured) -> Anchor:
    return Anchor(name, split, figure.value, figure.lo, figure.hi, figure.n, reason=figure.reason)


def _ratio(numerator: Floats, denominator: Floats, weights: Floats) -> Measured:
    values = (weights @ numerator) / np.maximum(weights @ denominator, 1e-12)
    return _statistic(values, len(numerator))


def _statistic(values: Floats, n: int, *, biased: bool = False) -> Measured:
    whole = debiased(float(values[0]), values[1:]) if biased else float(values[0])
    return interval(whole, values[1:] - values[1:].mean(), n=n)


def _distinct(reference: Reference) -> Measured:
    """distinct-2 at 1,000 bigrams, or as many as there are."""
    size = int(min(1000, reference.corpus.bigrams.sum() // 2))
    if size < 2:
        return Measured(None, reason="too few words in the turns")
    values = [distinct_2(reference.corpus, size)]
    for row in reference.halves[1:41]:
        values.append(distinct_2(reference.corpus.rows(np.flatnonzero(row > 0)), min(size, int((row @ reference.corpus.bigrams).sum()))))
    return _statistic(np.array(values), reference.corpus.n)
