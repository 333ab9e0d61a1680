"""Simulated dialogues from any source, measured against ingested humans. No model is called, and figures without evidence are not measured.

The same instruments and objectives as everywhere; besides, `doses`: what share of the humans' own turns would have to be given a
known fault (`dose`) to look like this file. `understudy.studies.audit.pairing` says which human a dialogue stands beside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import polars as pl

from understudy.instruments import text
from understudy.instruments.corpus import OPENING
from understudy.keys import share_of
from understudy.measure.reference import Human, Observed, Reference, Simulated, observe
from understudy.objectives import Evaluation, measure_observed
from understudy.profile.anchors import SIZES, Anchor, floors_of, human_anchors, human_figures
from understudy.records import STRATA, Measured
from understudy.statistics.halves import interval, unit_codes, whole_and_halves
from understudy.statistics.rates import wilson
from understudy.studies.audit.pairing import REPLAYED, AuditHumans, Heard, frames, replayed_share
from understudy.studies.dose import doses as dose

VERSION = 1
N_HALVINGS = 16  # half of them shift a floor's end by less than the floor's own spread, and each costs half a second
Setting = Literal["replayed", "same", "differs"]
NO_PAIRS = "no dialogue states its human dialogue: reactions are compared only if the metadata hold `scenario` or the source `dialogue_id`"
NOT_AT_POINTS = "no reaction is in a human's context: the recommender's turns are not those of the human recommender"
NO_TARGETS = "no dialogue has a target item of the catalogue: neither its metadata hold `target`, nor is the target of its human known"
NO_PROMPTS = "the file holds no prompts; the metadata `title_in_prompt` would state it"
NO_OUTCOMES = "a file of dialogues holds no failed calls"
DIFFERS = "the experimental setting differs: the humans talked to another recommender, and humans in two settings differ as much"
NO_DECOYS = "a file of dialogues holds no decoys; only `simulate` plays them"
_OF_REACTIONS = ("accept_", "reject_", "neither_", "over_acceptance", "disliked_acceptance", "item_agreement")
_FAILURES = ("invalid", "role_flips", "missing")


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found.

    `figures`: name → the simulator's figure and the humans'; `doses` and `rates` by kind of fault, the latter for both sides;
    `anchors`: the floors at this file's size; `turns`: every turn that was measured with what is wrong with it.
    """

    evaluation: Evaluation
    figures: Mapping[str, tuple[Measured, Measured]]
    doses: Mapping[str, Measured]
    rates: Mapping[str, tuple[Measured, Measured]]
    anchors: Mapping[str, Anchor]
    setting: Setting
    replayed: Measured
    observed: Observed
    turns: pl.DataFrame


def audit(
    pieces: Sequence[Heard], humans: AuditHumans, human: Human, reference: Reference, *, split: str, ids: Mapping[str, str],
    same_setting: bool, seed: int, n_halvings: int = N_HALVINGS,
) -> Audit:  # fmt: skip
    """The audit of a file's dialogues. `human` and `reference` are of `split`; `ids` as `pairing.item_ids` gives them."""
    simulated = frames(pieces, humans, ids=ids, same_setting=same_setting)
    read = observe(simulated, reference)
    # the dialogues stand in two frames, as replays and as runs: each of their turns counts once
    seen = replace(read, turns=read.turns.filter(pl.col("source") == "behaviour"))
    same, total = replayed_share(pieces)
    evaluation = measure_observed(seen, reference, seed=seed)
    sizes = _sizes(seen)
    anchors = {one.name: one for one in human_anchors(reference, split=split, sizes=sizes, seed=seed, n_halvings=n_halvings)}
    if same_setting:
        # turns per dialogue count here, so they count in the floor too
        anchors["behavioural_distance"] = replace(anchors["behavioural_distance.same_setting"], name="behavioural_distance")
    tables = _tables(simulated, seen, human, reference, seed=seed)
    return Audit(
        evaluation=_with_reasons(evaluation, pieces, seen).with_floors(floors_of(anchors.values())),
        figures=_figure_pairs(seen, reference, sizes["behaviour"]),
        doses={name: _excess(*tables[name], name, seed=seed) for name in dose.KINDS},
        rates={name: tuple(_rate(table) for table in tables[name]) for name in dose.KINDS},  # type: ignore[misc]
        anchors=anchors,
        setting="replayed" if total and same >= REPLAYED * total else "same" if same_setting else "differs",
        replayed=wilson(same, total, nothing=NO_PAIRS),
        observed=seen,
        turns=_judged(simulated, seen),
    )


def _sizes(seen: Observed) -> dict[str, int]:
    """How much of humans stands in the simulator's place when floors are measured: as much as the file has, else a report's size."""
    counts = dict(seen.reactions.group_by("stratum").agg(pl.len()).iter_rows())
    return {
        "per_stratum": max(counts.get(name, 0) for name in STRATA) or SIZES["per_stratum"],
        "behaviour": max(seen.corpus.n, 1),
        "free": len(seen.disclosures) or SIZES["free"],
    }


def _figure_pairs(seen: Observed, reference: Reference, n_dialogues: int) -> dict[str, tuple[Measured, Measured]]:
    own = replace(
        reference, corpus=seen.corpus, reactions=seen.reactions, turns=seen.turns, disclosures=seen.disclosures, lengths=seen.free_lengths
    )  # fmt: skip
    n = min(n_dialogues, reference.corpus.n)
    ours, humans = (human_figures(one, n_dialogues=n) for one in (own, reference))
    return {name.removeprefix("human_"): (ours[name], humans[name]) for name in humans if name in ours}


def _tables(
    simulated: Simulated, seen: Observed, human: Human, reference: Reference, *, seed: int
) -> dict[str, tuple[pl.DataFrame, pl.DataFrame]]:
    """Kind of fault → units and faulty units by dialogue (dialogue_id, n, k), the simulator's and the humans'.

    Where every dialogue of the file stands for a human of this split, the humans are these; otherwise all of the split.
    """
    names = set(simulated.behaviour["dialogue_id"])
    known = set(reference.corpus.ids)
    paired = sorted(names & known) if names and names <= known else sorted(known)
    theirs = human.behaviour.hstack(reference.turns.select("n_tokens", "copied")).filter(pl.col("dialogue_id").is_in(paired))
    ours = simulated.behaviour.hstack(seen.turns.select("n_tokens", "copied"))
    at = seen.reactions.filter(pl.col("stratum").is_in(STRATA))
    human_at = reference.reactions.filter(pl.col("context_id").is_in(at["context_id"].unique().to_list()))
    told = reference.disclosures.filter(pl.col("dialogue_id").is_in(paired))
    repeats = (repeated(frame, _few(ours, theirs, frame, seed)) for frame in (ours, theirs))
    by_turn = {"copied": pl.col("copied").fill_null(False), "length": pl.col("n_tokens") >= dose.LONG}
    found = {name: (_counted(ours, fault), _counted(theirs, fault)) for name, fault in by_turn.items()}
    one, other = repeats
    accepts = pl.col("label") == "accept"
    return found | {
        "acceptance": (_counted(at, accepts), _counted(human_at, accepts)),
        "titles": (_counted(seen.disclosures, pl.col("title")), _counted(told, pl.col("title"))),
        "repeated": (_counted(one, pl.col("repeated")), _counted(other, pl.col("repeated"))),
    }


def _few(ours: pl.DataFrame, theirs: pl.DataFrame, frame: pl.DataFrame, seed: int) -> set[str]:
    """As many dialogues of `frame` as both sides have: among more dialogues more is said twice."""
    n = min(one["dialogue_id"].n_unique() for one in (ours, theirs))
    names = frame["dialogue_id"].unique().to_list()
    return set(sorted(names, key=lambda name: (share_of("matched", seed, name), name))[:n])


def repeated(turns: pl.DataFrame, dialogues: set[str]) -> pl.DataFrame:
    """The turns (dialogue_id, text) of some dialogues with `repeated`: six words or more that another dialogue has just so."""
    kept = turns.filter(pl.col("dialogue_id").is_in(sorted(dialogues))).with_columns(plain=text.plain("text"))
    said = kept.with_columns(words=text.tokens("plain")).with_columns(said=pl.col("words").list.join(" "))
    times = said.group_by("said").agg(n_dialogues=pl.col("dialogue_id").n_unique())
    long = pl.col("words").list.len() >= OPENING
    return said.join(times, on="said", how="left", maintain_order="left").with_columns(repeated=long & (pl.col("n_dialogues") > 1))


def _counted(frame: pl.DataFrame, fault: pl.Expr) -> pl.DataFrame:
    counted = frame.with_columns(fault=fault.cast(pl.Float64)).group_by("dialogue_id")
    return counted.agg(n=pl.len().cast(pl.Float64), k=pl.col("fault").sum()).sort("dialogue_id")


def _rate(table: pl.DataFrame) -> Measured:
    return wilson(int(table["k"].sum()), int(table["n"].sum()))


def _excess(ours: pl.DataFrame, humans: pl.DataFrame, name: str, *, seed: int) -> Measured:
    """(r_S - r_H) / (1 - r_H), r the share of units with the fault: what share of the humans' other units would have to get it.

    Half-samples of dialogues; both sides draw the same ones where they share them.
    """
    if not len(ours) or not len(humans):
        return Measured(None, reason={"acceptance": NOT_AT_POINTS, "titles": NO_TARGETS}.get(name, "one of the sides has no turns"))
    rates = []
    for table in (ours, humans):
        weights = whole_and_halves(unit_codes(table["dialogue_id"].to_list()), seed=seed)
        k, n = (weights @ table[column].to_numpy() for column in ("k", "n"))
        rates.append(np.divide(k, n, out=np.full(len(k), k[0] / n[0]), where=n > 0))
    one, other = rates
    if other[0] >= 1:
        return Measured(None, n=int(ours["n"].sum()), reason="all units of the humans have the fault")
    found = (one - other) / np.maximum(1 - other, 1e-12)
    return interval(float(found[0]), found[1:] - found[1:].mean(), n=int(ours["n"].sum()), high=1.0)


def _judged(simulated: Simulated, seen: Observed) -> pl.DataFrame:
    """dialogue_id, turn_index, and what a turn has of each fault; `accepted` is null away from a human's reaction point."""
    turns = simulated.behaviour.select("dialogue_id", "turn_index", "text").hstack(seen.turns.select("n_tokens", "copied", "shared"))
    every = set(turns["dialogue_id"])
    reactions = seen.reactions.filter(pl.col("stratum").is_in(STRATA)).unique(("dialogue_id", "turn_index"), maintain_order=True)
    accepted = reactions.select("dialogue_id", "turn_index", "stratum", accepted=pl.col("label") == "accept")
    return repeated(turns, every).join(accepted, on=("dialogue_id", "turn_index"), how="left", maintain_order="left")


def _with_reasons(evaluation: Evaluation, pieces: Sequence[Heard], seen: Observed) -> Evaluation:
    """The evaluation with reasons that say what of the file is missing."""
    objectives, leakage, diagnostics = dict(evaluation.objectives), dict(evaluation.leakage), dict(evaluation.diagnostics)
    if seen.reactions.is_empty():
        why = NOT_AT_POINTS if any(one.human for one in pieces) else NO_PAIRS
        bias = objectives["positive_bias"]
        none: dict[str, Measured] = {name: Measured(None, reason=why) for name in STRATA}
        objectives["positive_bias"] = replace(bias, measured=Measured(None, reason=why), parts=none, signed=none)
        ours = [name for name in diagnostics if name.startswith(_OF_REACTIONS) and not name.endswith("_human")]
        diagnostics |= {name: Measured(None, reason=why) for name in ours}
    diagnostics |= {name: Measured(None, reason=NO_DECOYS) for name in diagnostics if name.endswith("decoy") or name.startswith("decoy")}
    if seen.disclosures.is_empty():
        leakage |= {name: Measured(None, reason=NO_TARGETS) for name in ("title", "attributes", "prompt")}
    elif seen.free_dialogues["title_in_prompt"].null_count() == len(seen.free_dialogues):
        leakage["prompt"] = Measured(None, reason=NO_PROMPTS)
    leaks = objectives["data_leakage"]
    objectives["data_leakage"] = replace(leaks, parts={**leaks.parts, **{name: leakage[name] for name in leaks.parts}})
    diagnostics |= {name: Measured(None, reason=NO_OUTCOMES) for name in _FAILURES}
    return Evaluation(objectives, leakage, diagnostics)


def as_json(audit: Audit) -> dict[str, Any]:
    """The contract's fields: objectives with floors, leakage, diagnostics, figures, doses; what the setting does to them."""
    told = audit.evaluation.as_json()
    for name, one in told["objectives"].items():
        if audit.setting == "differs" and name in ("diversity_gap", "behavioural_distance"):
            one["note"] = DIFFERS
    both = {"figures": audit.figures, "rates": audit.rates}
    pairs = {
        field: {name: {"simulated": ours.as_json(), "human": humans.as_json()} for name, (ours, humans) in values.items()}
        for field, values in both.items()
    }
    doses = {name: {**one.as_json(), "unit": dose.UNITS[name], **pairs["rates"][name]} for name, one in audit.doses.items()}  # type: ignore[index]
    setting = {"kind": audit.setting, "replayed": audit.replayed.as_json()}
    return {**told, "figures": pairs["figures"], "doses": doses, "setting": setting}
