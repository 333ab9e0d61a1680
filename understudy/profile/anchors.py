"""What humans do, with intervals, and how far humans are from humans: the figures that stand beside every simulator's.

One anchor per objective, per part of an objective (`objective.part`) and per figure of the humans' own, at the size asked for:
what n dialogues and contexts show of humans who share no worker is what a simulator can be held to at that n.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from understudy.keys import rng_of, share_of
from understudy.measure.languages import figures_read, humans_unread
from understudy.measure.reference import Observed, Reference
from understudy.measure.values import NO_HUMAN, ObjectiveValue
from understudy.objectives import MODULES, measure_one
from understudy.objectives.data_leakage import human_leakage
from understudy.objectives.diversity_gap import collisions, drawing_noise, entropy, rarefied_deviations, similarity
from understudy.objectives.positive_bias import human_rates
from understudy.records import STRATA, Measured
from understudy.statistics.distances import rarefied
from understudy.statistics.halves import Floats, central_95, debiased, interval

VERSION = 6
N_HALVINGS = 40
SIZES: Mapping[str, int] = {"per_stratum": 150, "behaviour": 80, "free": 200}
_N_DRAWS = 8  # draws of as many dialogues as the size asks for, behind distinct-2
# the human figure beside each part; parts that compare whole distributions have none of their own
_FIGURE_OF = {
    **{f"positive_bias.{name}": f"accept_{name}" for name in STRATA},
    **{f"diversity_gap.{name}": name for name in ("distinct_2", "self_similarity", "act_entropy", "openings")},
    "behavioural_distance.tokens": "tokens_per_turn",
    "behavioural_distance.turns": "turns_per_dialogue",
    **{f"data_leakage.{name}": f"human_{name}" for name in ("title", "attributes", "copying", "short_turns")},
}
_SAME_SETTING = "behavioural_distance.same_setting"


@dataclass(frozen=True, slots=True)
class Anchor:
    """One row of `profile.anchors`.

    `value`, `lo`, `hi`, `n`: the human figure. `floor`: the mean over halvings of the distance between humans who share no
    worker; `floor_lo`, `floor_hi`: its 2.5 and 97.5 percent points; `n_floor`: halvings that could be measured. A part also has
    `signed_lo`, `signed_hi`: the same points of its signed difference, which is around 0 for humans.
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
    signed_lo: float | None = None
    signed_hi: float | None = None
    reason: str = ""


@dataclass(slots=True)
class _Halvings:
    """The differences between halves of humans in one objective or part."""

    folded: list[float] = field(default_factory=list)
    signed: list[float] = field(default_factory=list)
    reason: str = ""

    def add(self, folded: Measured, signed: Measured | None = None) -> None:
        if folded.value is None:
            self.reason = folded.reason
            return
        self.folded.append(folded.value)
        if signed is not None and signed.value is not None:
            self.signed.append(signed.value)


def human_anchors(
    reference: Reference, *, split: str, sizes: Mapping[str, int] = SIZES, seed: int, n_halvings: int = N_HALVINGS
) -> list[Anchor]:
    """Floors of all objectives and their parts, and the humans' own figures, in order of name.

    `sizes`: per_stratum, behaviour and free, how much the half in the simulator's place may have: a report's size, or any other.
    """
    figures = figures_read(human_figures(reference, n_dialogues=sizes["behaviour"]), humans_unread(reference))
    own = [_anchor(name, split, figure) for name, figure in figures.items()]
    floors = _floors(reference, sizes, seed, n_halvings)
    return sorted([*own, *(_floor(name, split, seen, figures) for name, seen in floors.items())], key=lambda anchor: anchor.name)


def human_figures(reference: Reference, *, n_dialogues: int = SIZES["behaviour"]) -> dict[str, Measured]:
    """The humans' own figures: reactions by stratum, lengths, variety (distinct_2 of `n_dialogues`), copying, titles given away.

    Every human of the split counts, whatever the size; distinct_2 alone depends on how much is counted.
    """
    humans, weights = reference.corpus, reference.spread
    found = {f"{label}_{name}": rate for (label, name), rate in human_rates(reference).items() if name in STRATA}
    leaks = human_leakage(reference)
    found |= {f"human_{kind}": leaks[kind] for kind in ("title", "attributes", "copying", "short_turns", "near_duplicates")}
    if humans.n < 2:
        return found
    return found | {
        "tokens_per_turn": _ratio(humans.lengths @ np.arange(humans.lengths.shape[1]), humans.lengths.sum(axis=1), weights),
        "turns_per_dialogue": _ratio(humans.lengths.sum(axis=1), np.ones(humans.n), weights),
        "distinct_2": _distinct(reference, n_dialogues),
        "self_similarity": _statistic(similarity(humans, weights), humans.n),
        "act_entropy": _entropy(reference),
        "openings": _statistic(collisions(humans, weights)[0], humans.n),
    }


def floors_of(anchors: Iterable[Anchor]) -> dict[str, Measured]:
    """Objective or `objective.part` → its floor as a figure: mean, 2.5 to 97.5 percent points, and n the halvings behind it."""
    named = (one for one in anchors if one.name.split(".")[0] in MODULES)
    return {one.name: Measured(one.floor, one.floor_lo, one.floor_hi, one.n_floor, "" if one.n_floor else one.reason) for one in named}


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


def _floors(reference: Reference, sizes: Mapping[str, int], seed: int, n_halvings: int) -> dict[str, _Halvings]:
    """Objective or `objective.part` → its differences between halves of humans."""
    found: dict[str, _Halvings] = {name: _Halvings() for name in (*MODULES, *_FIGURE_OF, _SAME_SETTING)}
    for halving in range(n_halvings):
        one, other = disjoint_halves(reference, seed=seed + halving)
        if not one or not other:
            continue
        humans = powered(reference.of(other), reference)
        place = human_panel(reference.of(one), sizes, seed=seed + halving)
        for name in MODULES:
            _note(found, name, measure_one(name, place, humans, seed=seed + halving, intervals=False))
        # turns count where seeker and humans talked to the same recommender; elsewhere the objective is without them
        same = measure_one("behavioural_distance", replace(place, same_setting=True), humans, seed=seed + halving, intervals=False)
        found[_SAME_SETTING].add(same.measured)
        if "turns" in same.parts:
            found["behavioural_distance.turns"].add(same.parts["turns"], same.signed["turns"])
    return found


def _note(found: dict[str, _Halvings], name: str, value: ObjectiveValue) -> None:
    found[name].add(value.measured)
    for part, folded in value.parts.items():
        if part in value.signed and f"{name}.{part}" != "behavioural_distance.turns":
            found.setdefault(f"{name}.{part}", _Halvings()).add(folded, value.signed[part])


def powered(half: Reference, whole: Reference) -> Reference:
    """A half of humans as a reference, with the strata that have enough contexts in the whole split."""
    # a stratum that has enough contexts in the split counts in its halves too, or the floor would be of other strata
    counts = dict(whole.reactions.group_by("stratum").agg(n=pl.len()).iter_rows())
    enough = [name for name in STRATA if counts.get(name, 0) >= whole.min_contexts]
    return replace(half, reactions=half.reactions.filter(pl.col("stratum").is_in(enough)), min_contexts=1)


def human_panel(half: Reference, sizes: Mapping[str, int], *, seed: int) -> Observed:
    """At most as much of a half as a report plays, in the simulator's place; of one seed a smaller panel is part of a larger one."""
    draw = rng_of("panel of humans", seed)
    order = half.reactions.sort("context_id")
    shuffled = order[draw.permutation(len(order)).tolist()]
    reactions = shuffled.filter(pl.int_range(pl.len()).over("stratum") < sizes["per_stratum"])
    rows = np.sort(draw.permutation(half.corpus.n)[: sizes["behaviour"]])
    ids = {half.corpus.ids[row] for row in rows}
    played = half.of(ids | set(reactions["dialogue_id"].to_list()))
    told = half.disclosures.sort("play_key")
    runs = half.lengths.sort("play_key")
    observed = played.as_observed()
    return Observed(
        reactions=reactions,
        corpus=half.corpus.rows(rows),
        turns=played.turns,
        disclosures=told[draw.permutation(len(told))[: sizes["free"]].tolist()],
        outcomes=observed.outcomes,
        free_dialogues=observed.free_dialogues,
        free_lengths=runs[np.sort(draw.permutation(len(runs))[: sizes["free"]]).tolist()],
        same_setting=False,
        languages=half.languages,
    )


def _floor(name: str, split: str, seen: _Halvings, figures: Mapping[str, Measured]) -> Anchor:
    own = figures.get(_FIGURE_OF.get(name, ""), Measured(None, reason=NO_HUMAN))
    anchor = _anchor(name, split, own)
    if not seen.folded:
        reason = seen.reason or "no two halves of the humans that share no worker could be measured"
        return replace(anchor, reason=reason)
    low, high = central_95(seen.folded)
    signed_low, signed_high = central_95(seen.signed) if seen.signed else (None, None)
    n = len(seen.folded)
    few = f"only {n} divisions of the humans could be measured" if n < N_HALVINGS else ""
    reason = "; ".join(one for one in (own.reason, few) if one)
    return replace(
        anchor, floor=float(np.mean(seen.folded)), floor_lo=low, floor_hi=high, n_floor=n,
        signed_lo=signed_low, signed_hi=signed_high, reason=reason,
    )  # fmt: skip


def _anchor(name: str, split: str, figure: Measured) -> Anchor:
    return Anchor(name, split, figure.value, figure.lo, figure.hi, figure.n, reason=figure.reason)


def _ratio(numerator: Floats, denominator: Floats, weights: Floats) -> Measured:
    values = (weights @ numerator) / np.maximum(weights @ denominator, 1e-12)
    return _statistic(values, len(numerator))


def _statistic(values: Floats, n: int) -> Measured:
    return interval(float(values[0]), values[1:], n=n)


def _entropy(reference: Reference) -> Measured:
    """Debiased by half-samples of dialogues, as wide as those of units spread."""
    by_dialogue, by_unit = (entropy(reference.corpus, weights) for weights in (reference.halves, reference.spread))
    return interval(debiased(float(by_dialogue[0]), by_dialogue[1:]), by_unit[1:], n=reference.corpus.n)


def _distinct(reference: Reference, n_dialogues: int) -> Measured:
    """distinct-2 of `n_dialogues` dialogues (all of them where there are fewer), a mean over draws; the spread is that of all humans."""
    corpus, n = reference.corpus, min(n_dialogues, reference.corpus.n)
    order = rng_of("dialogues of a size", reference.seed)
    draws = [corpus.bigrams[np.sort(order.permutation(corpus.n)[:n])].sum(axis=0) for _ in range(_N_DRAWS if corpus.n > n else 1)]
    counts = [np.asarray(draw, dtype=float).ravel() for draw in draws]
    size = int(min(draw.sum() for draw in counts))
    if size < 2:
        return Measured(None, reason="the turns hold too few words")
    shares = [rarefied(draw, size) for draw in counts]
    apart = rarefied_deviations(corpus, reference, size, seed=reference.seed) + drawing_noise(shares, seed=reference.seed)
    return interval(float(np.mean(shares)), float(np.mean(shares)) * apart, n=corpus.n)
