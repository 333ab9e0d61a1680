"""How much of the answer, or of human text, is given away: sum over kinds of max(0, rate / cap - 1); 0 below all caps.

title, attributes: free runs in which the seeker gives the target away before the recommender names it; copying: turns of at
least 8 tokens half of whose 8-grams stand in text of other workers; short_turns: share of all turns that are shorter and were
said by others word for word. The caps of the last two are the human figures plus two points. Caps and sum: ours (docs/objectives.md).

near_duplicates (turns of at least 8 tokens with the words of somebody else's turn, edited or not), prompt, history and split are
reported and do not enter the sum. Kinds that apply are required: titles where free runs have targets, attributes where besides the
catalogue tells more than titles, copying and short turns always.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from understudy.measure.languages import unread_of
from understudy.measure.reference import Observed, Reference
from understudy.measure.resampling import counted
from understudy.measure.values import ObjectiveValue, Term, required, terms_of
from understudy.records import Measured
from understudy.statistics.clustered import Clustered, rates_apart
from understudy.statistics.halves import Floats, ball_radius, normal_deviations
from understudy.statistics.rates import Z, spread, wilson

VERSION = 7
UNIT = "excess over the caps"
BETTER = "lower"
RANGE = (0.0, float("inf"))
COUNTED = "free_runs"
MIN_N = 9
MIN_N_WHY = (
    "the smallest n from which a prompt that gives titles away in 10 % of dialogues more than humans (.3 %) has the higher ra"
    "te in at least 80 % of pairs with one that does not, exact"
)
TITLE_CAP = 0.05
ATTRIBUTES_CAP = 0.02
ABOVE_HUMANS = 0.02
CAPPED = ("title", "attributes", "copying", "short_turns")
READ_BY = dict.fromkeys(("title", "attributes"), "disclosure")
_COLUMNS = {"copying": "copied", "short_turns": "shared"}
NO_TARGET = "there is no free run with a target"
_NO_LONG = "no turn has at least 8 tokens"
KINDS = (*CAPPED, "near_duplicates", "prompt", "history", "split")


def measure(simulated: Observed, reference: Reference, *, seed: int, intervals: bool = True) -> ObjectiveValue:
    """data_leakage ≥ 0; not measured where a kind that applies has no units (`_applying`)."""
    rates = leakage_rates(simulated, reference)
    human = human_leakage(reference)
    limits = caps(reference)
    signed = {name: _over(rates[name], limits[name]) for name in ("title", "attributes")}
    signed |= {kind: _above_humans(simulated, reference, kind) for kind in _COLUMNS}
    kept = _applying(simulated, reference)
    left_out = tuple(name for name in CAPPED if name not in kept)
    units = {"simulated": _unit_count(simulated.turns, reference), "human": _unit_count(reference.turns, reference)}
    told = ObjectiveValue(
        "data_leakage", Measured(None), rates, signed, left_out, human=human, unit_counts=units, own=rates, pooled="sum",
        terms=_terms(simulated, reference, rates, limits, seed) if intervals else {},
    )  # fmt: skip
    missing = required(signed, kept)
    if missing:
        return replace(told, measured=Measured(None, reason=missing))
    values = np.array([rates[name].value for name in kept], dtype=float)
    cap = np.array([limits[name] for name in kept], dtype=float)
    # where the cap is a human rate its own noise moves the excess as well, by rate / cap times as much
    moved = values / cap * np.array([spread(human[name]) if name in _COLUMNS else 0.0 for name in kept])
    radius = ball_radius(normal_deviations(np.hypot([spread(rates[name]) for name in kept], moved) / cap)) * len(kept)
    value = float(_excess(values, cap).sum())
    low, high = max(0.0, value - radius), _highest([rates[name] for name in kept], moved, cap, value + radius)
    measured = Measured(value, low, max(value, high), min(rates[name].n for name in kept))
    drawn = np.array([told.terms[name].replicates for name in kept]) if intervals else np.zeros((len(kept), 0))
    return replace(told, measured=measured, replicates=tuple(drawn.sum(axis=0).tolist()))


def _applying(simulated: Observed, reference: Reference) -> tuple[str, ...]:
    """The kinds that apply: titles where free runs have targets, attributes where the catalogue tells more than titles besides."""
    if not _has_targets(simulated) or unread_of(simulated, reference).either["disclosure"]:
        return tuple(_COLUMNS)
    return CAPPED if reference.catalogue.describes else tuple(kind for kind in CAPPED if kind != "attributes")


def _terms(
    simulated: Observed, reference: Reference, rates: dict[str, Measured], limits: dict[str, float | None], seed: int
) -> dict[str, Term]:
    """The excess of every kind that was measured, with half-samples."""
    known = [name for name in CAPPED if rates[name].value is not None and limits[name] is not None]
    if not known:
        return {}
    values, cap = (np.array([one[name] for name in known], dtype=float) for one in ({n: rates[n].value for n in known}, limits))
    deviations = np.column_stack([_deviations(simulated, reference, name, seed) for name in known])
    folded = _excess(np.clip(values[None, :] + deviations, 0, 1), cap)
    return terms_of(known, _excess(values, cap), folded, {name: rates[name].n for name in known})


def _has_targets(simulated: Observed) -> bool:
    return len(simulated.disclosures) > 0 or simulated.free_dialogues["target"].is_not_null().any()


def leakage_rates(simulated: Observed, reference: Reference) -> dict[str, Measured]:
    """The rate of every kind with Wilson's interval; rates over turns clustered by unit."""
    prompts = simulated.free_dialogues.filter(pl.col("target").is_not_null())["title_in_prompt"]
    return {
        "title": _rate(simulated.disclosures["title"], NO_TARGET),
        "attributes": _attributes(simulated.disclosures),
        "copying": _turns(simulated.turns, "copying", reference).rate(_NO_LONG),
        "short_turns": _turns(simulated.turns, "short_turns", reference).rate("no turn"),
        "near_duplicates": counted(simulated.turns.drop_nulls("near"), pl.col("near"), reference.speaker).rate(_NO_LONG),
        "prompt": _rate(prompts, NO_TARGET),
        "history": Measured(
            None,
            reason="this is a property of the scenario: the profile flags scenarios whose item was named before, and they are not played",
        ),
        "split": _contaminated(simulated, reference),
    }


def human_leakage(reference: Reference) -> dict[str, Measured]:
    """The same of the humans themselves."""
    return reference.once("leakage", lambda: leakage_rates(reference.as_observed(), reference))


def caps(reference: Reference) -> dict[str, float | None]:
    """The cap of each kind in CAPPED; None if the human rate that it depends on has no units."""
    human = {kind: _humans(kind, reference).rate("").value for kind in _COLUMNS}
    above = {kind: None if value is None else value + ABOVE_HUMANS for kind, value in human.items()}
    return {"title": TITLE_CAP, "attributes": ATTRIBUTES_CAP, **above}


def _counting(turns: pl.DataFrame, kind: str) -> pl.DataFrame:
    """The turns that a kind counts; long turns count as not shared, so that a seeker who says little in few words has a rate as well."""
    column = _COLUMNS[kind]
    return turns.with_columns(pl.col(column).fill_null(False)) if kind == "short_turns" else turns.drop_nulls(column)


def _turns(turns: pl.DataFrame, kind: str, reference: Reference) -> Clustered:
    return counted(_counting(turns, kind), pl.col(_COLUMNS[kind]), reference.speaker)


def _humans(kind: str, reference: Reference) -> Clustered:
    return reference.once(("turns", kind), lambda: _turns(reference.turns, kind, reference))


def _unit_count(turns: pl.DataFrame, reference: Reference) -> str:
    return reference.resampling_units(turns["dialogue_id"].unique()).described()


def _above_humans(simulated: Observed, reference: Reference, kind: str) -> Measured:
    """The rate less the humans' and ABOVE_HUMANS; both rates have their noise."""
    ours, humans = _turns(simulated.turns, kind, reference), _humans(kind, reference)
    apart, human = rates_apart(ours, humans, nothing=_NO_LONG if kind == "copying" else "no turn"), humans.rate("").value
    if apart.value is None or apart.lo is None or apart.hi is None or human is None:
        return apart
    cap, rate = human + ABOVE_HUMANS, float(ours.k.sum()) / float(ours.n.sum())
    return Measured(rate - cap, apart.lo - ABOVE_HUMANS, apart.hi - ABOVE_HUMANS, apart.n)


def _rate(flags: pl.Series, nothing: str) -> Measured:
    return wilson(int(flags.sum()), len(flags), nothing=nothing)


def _attributes(disclosures: pl.DataFrame) -> Measured:
    nothing = "of the targets only titles are known" if len(disclosures) else NO_TARGET
    return _rate(disclosures["attributes"].drop_nulls(), nothing)


def _contaminated(simulated: Observed, reference: Reference) -> Measured:
    if "split" not in reference.speakers.columns:
        return Measured(None, reason="the human turns do not state their split")
    owners = reference.once("owners", lambda: _owners(reference.speakers))
    played = pl.concat([simulated.turns.select("dialogue_id"), simulated.free_dialogues.select("dialogue_id")]).unique()
    return _rate(played.join(owners, on="dialogue_id", how="inner")["crosses"], "no simulated dialogue belongs to a known human dialogue")


def _owners(speakers: pl.DataFrame) -> pl.DataFrame:
    """dialogue_id, crosses: whether its seeker has dialogues in several splits."""
    crossing = speakers.group_by("seeker_id").agg(n_splits=pl.col("split").n_unique())
    return speakers.join(crossing, on="seeker_id").select("dialogue_id", crosses=pl.col("n_splits") > 1)


def _over(rate: Measured, cap: float | None) -> Measured:
    if rate.value is None or rate.lo is None or rate.hi is None or cap is None:
        return Measured(None, reason=rate.reason or "no human rate was measured from which the cap follows")
    return Measured(rate.value - cap, rate.lo - cap, rate.hi - cap, rate.n)


def _excess(rates: Floats, caps: Floats) -> Floats:
    return np.maximum(0.0, rates / caps - 1)


def _highest(rates: list[Measured], moved: Floats, cap: Floats, ball: float) -> float:
    # the ball ignores that a kind far below its cap adds nothing: the sum of the kinds' own upper bounds may be nearer
    values, ends = (np.array([getattr(one, name) for one in rates], dtype=float) for name in ("value", "hi"))
    return min(ball, float(_excess(values + np.hypot(ends - values, Z * moved), cap).sum()))


def _deviations(simulated: Observed, reference: Reference, kind: str, seed: int) -> Floats:
    """(n_halves,): how far each half-sample of units has this kind's rate from the whole's."""
    is_told = kind in ("title", "attributes")
    frame = simulated.disclosures.drop_nulls(kind) if is_told else _counting(simulated.turns, kind)
    column = kind if is_told else _COLUMNS[kind]
    table = frame.group_by("dialogue_id").agg(k=pl.col(column).sum(), n=pl.len()).sort("dialogue_id")
    weights = reference.resampling_units(table["dialogue_id"].to_list()).halves(seed=seed)
    k, n = (weights @ table[name].to_numpy().astype(float) for name in ("k", "n"))
    rates = np.divide(k, n, out=np.full(len(k), k[0] / max(n[0], 1)), where=n > 0)
    return np.asarray(rates[1:] - rates[0])
