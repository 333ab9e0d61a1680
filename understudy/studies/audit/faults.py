"""Known faults in the turns of a file and of its humans: how often each stands there, and as which dose of it that reads."""

from __future__ import annotations

import numpy as np
import polars as pl

from understudy.instruments import text
from understudy.instruments.corpus import OPENING
from understudy.keys import share_of
from understudy.measure.reference import Human, Observed, Reference, Simulated
from understudy.records import STRATA, Measured
from understudy.statistics.halves import interval, unit_codes, whole_and_halves
from understudy.statistics.rates import wilson
from understudy.studies.dose import doses as dose

VERSION = 1
NOT_AT_POINTS = "no reaction is in a human's context: the recommender's turns are not those of the human recommender"
NO_TARGETS = "no dialogue has a target: neither its metadata hold `target`, nor is the target of its human known"


def tables(
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


def rate(table: pl.DataFrame) -> Measured:
    return wilson(int(table["k"].sum()), int(table["n"].sum()))


def excess(ours: pl.DataFrame, humans: pl.DataFrame, name: str, *, seed: int) -> Measured:
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
