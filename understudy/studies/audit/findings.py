"""The findings of an audit in sentences, the most severe first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from understudy.measure.frequent import SHARE as FREQUENT
from understudy.measure.frequent import FrequentTurnFields
from understudy.measure.reference import Reference
from understudy.objectives.data_leakage import ABOVE_HUMANS, caps
from understudy.records import STRATA, Measured
from understudy.statistics.rates import wilson
from understudy.studies.audit.measurement import Audit
from understudy.studies.audit.pairing import Heard

VERSION = 3
N_WORST = 10
LEAST = 0.01  # a difference between halves of humans below this is not resolved: a ratio to it would be of its noise
Limit = Literal["floor", "bound"]
_OF_ITEM = {
    "liked_seen": "items that the human had seen and liked",
    "liked_unseen": "items that the human had not seen and liked",
    "disliked": "items that the human disliked",
    "unstated": "items that the human said nothing about",
}
_DIVERSITY = {
    "distinct_2": ("It repeats word pairs more than humans", "Its word pairs vary more than those of humans"),
    "self_similarity": ("Its dialogues share fewer words than human ones", "Its dialogues share more words than human ones"),
    "act_entropy": ("Its next act is easier to predict than a human's", "Its next act is harder to predict than a human's"),
    "openings": ("Its turns begin alike less often than human turns", "Its turns begin alike more often than human turns"),
}
_BEHAVIOUR = {
    "turns": "The length of its dialogues differs from that of human dialogues",
    "acts": "The order of its dialogue acts differs from that of humans",
    "classifier": "Length, punctuation and capitals alone distinguish its turns from human turns",
}
_FIGURES = {"tokens": "tokens_per_turn", "turns": "turns_per_dialogue"}
_LEAKS = {
    "title": "It names the target item before the recommender does",
    "attributes": "It describes the target item so closely that at most five items of the catalogue remain",
    "copying": "Its long turns copy text of other people in the logs",
    "short_turns": "Its short turns occur word for word in the logs of other people",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that an audit found. `away`: how far from the humans, or the rate of a leak; `limit`: what is usual, on the same scale.

    The limit is the upper end of what halves of humans differ by (`of` is floor), or the bound of a rate (`of` is bound). Distances
    and limits are linear: of squared distances both are the roots.
    """

    about: str
    sentence: str
    away: Measured
    limit: float
    of: Limit
    simulated: Measured
    human: Measured

    @property
    def rank(self) -> float:
        """By which findings are ordered: `away` over the limit, or over LEAST where the limit is smaller."""
        return (self.away.value or 0.0) / max(self.limit, LEAST)

    def times(self) -> Measured:
        """`away` over the limit, with its interval; not measured where the limit is too small to be divided by."""
        if self.limit < LEAST or self.away.value is None:
            return Measured(None, n=self.away.n, reason=f"humans differ by less than {LEAST}, so that a ratio to it says nothing")
        low, high = (None if end is None else end / self.limit for end in (self.away.lo, self.away.hi))
        return Measured(self.away.value / self.limit, low, high, self.away.n)

    def as_json(self) -> dict[str, Any]:
        """The fields of a row of `findings`."""
        times = self.times()
        severity = {"severity": times.value, "severity_ci": None if times.value is None else [times.lo, times.hi]}
        limit = {"difference": self.away.as_json(), "limit": self.limit, "limit_of": self.of}
        sides = {"simulated": self.simulated.as_json(), "human": self.human.as_json()}
        return {"kind": self.about.split(".")[0], "about": self.about, "told": self.sentence, **severity, **limit, **sides}


def findings(
    audit: Audit, reference: Reference, *, n_duplicates: int = 0, frequent: Sequence[tuple[FrequentTurnFields, Measured]] = ()
) -> list[dict[str, Any]]:
    """All figures that are farther from humans than humans are from each other, the farthest first; what was dropped; frequent turns.

    `frequent`: as `beside_humans` gives them.
    """
    seen = [*_bias(audit), *_parts(audit), *_leaks(audit, reference), *_repeated(audit), *_dropped(audit, n_duplicates)]
    seen += [_often_said(one, humans) for one, humans in frequent]
    return [one.as_json() for one in sorted(seen, key=lambda one: (-one.rank, one.about))]


def worst(audit: Audit, pieces: Sequence[Heard]) -> list[dict[str, Any]]:
    """The dialogues with most faults: the name that the file gives them, their human, and how often each fault stands in them."""
    told = audit.observed.disclosures.select(
        "dialogue_id", titles=pl.col("title").cast(pl.Int64), attributes=pl.col("attributes").cast(pl.Int64)
    )
    counted = audit.turns.group_by("dialogue_id").agg(
        n_turns=pl.len(),
        copied=pl.col("copied").fill_null(False).sum(),
        repeated=pl.col("repeated").sum(),
        accepted_disliked=((pl.col("stratum") == "disliked") & pl.col("accepted")).fill_null(False).sum(),
    )
    columns = ("titles", "attributes", "copied", "repeated", "accepted_disliked")
    joined = counted.join(told, on="dialogue_id", how="left").with_columns(pl.col(*columns).fill_null(0).cast(pl.Int64))
    weight = pl.sum_horizontal(
        pl.col("titles") * 2, pl.col("attributes"), pl.col("accepted_disliked"), (pl.col("copied") + pl.col("repeated")) / pl.col("n_turns")
    )
    ranked = joined.with_columns(weight=weight).filter(pl.col("weight") > 0).sort(["weight", "dialogue_id"], descending=[True, False])
    by_name = {one.name: one for one in pieces}
    return [
        {
            "dialogue_id": by_name[row["dialogue_id"]].dialogue.dialogue_id,
            "human": human.dialogue_id if (human := by_name[row["dialogue_id"]].human) else None,
            "name": row["dialogue_id"],
            "faults": {name: row[name] for name in columns if row[name]},
        }
        for row in ranked.head(N_WORST).iter_rows(named=True)
    ]


def _beyond(audit: Audit, objective: str, part: str) -> tuple[Measured, float] | None:
    """How far a part is from humans and how far halves of humans are, both linear; None where it is no farther, or not surely."""
    value = audit.evaluation.objectives[objective]
    signed, away = (side.get(part, Measured(None)) for side in (value.signed, value.parts))
    limit = value.floors.get(part, Measured(None)).hi
    if limit is None or away.value is None or signed.lo is None or signed.hi is None:
        return None
    return (away, limit) if away.value > limit and not signed.lo <= 0 <= signed.hi else None


def _bias(audit: Audit) -> Iterator[Finding]:
    bias = audit.evaluation.objectives["positive_bias"]
    for stratum in STRATA:
        if beyond := _beyond(audit, "positive_bias", stratum):
            ours, humans = bias.own[stratum], bias.human[stratum]
            much = "It accepts too often" if (bias.signed[stratum].value or 0) > 0 else "It accepts too rarely"
            told = f"{much}: it accepts {_share(ours)} of {_OF_ITEM[stratum]}, and humans accept {_share(humans)}."
            yield Finding(f"positive_bias.{stratum}", told, *beyond, "floor", ours, humans)


def _parts(audit: Audit) -> Iterator[Finding]:
    for name, told in _DIVERSITY.items():
        yield from _part(audit, "diversity_gap", name, told)
    ours, humans = (side.value or 0.0 for side in audit.figures.get("tokens_per_turn", (Measured(None), Measured(None))))
    length = f"Its turns are {'longer than' if ours > humans else 'shorter than' if ours < humans else 'not spread like'} human turns"
    for name, line in {"tokens": length, **_BEHAVIOUR}.items():
        yield from _part(audit, "behavioural_distance", name, (line, line))


def _part(audit: Audit, objective: str, name: str, told: tuple[str, str]) -> Iterator[Finding]:
    """`told`: what is said where the simulator is below humans, and where it is above them."""
    beyond, signed = _beyond(audit, objective, name), audit.evaluation.objectives[objective].signed.get(name, Measured(None))
    is_above = bool((signed.value or 0) > 0)
    if not beyond or (objective == "behavioural_distance" and not is_above):
        return
    ours, humans = audit.figures.get(_FIGURES.get(name, name), (signed, Measured(None, reason="a distance has no human figure")))
    beside = f": {_number(ours)}, humans {_number(humans)}" if humans.value is not None else ""
    yield Finding(f"{objective}.{name}", f"{told[is_above]}{beside}.", *beyond, "floor", ours, humans)


def _leaks(audit: Audit, reference: Reference) -> Iterator[Finding]:
    limits = caps(reference)
    for name, told in _LEAKS.items():
        rate, cap = audit.evaluation.leakage[name], limits[name]
        # surely above it: of two halves of humans one has more shared short turns than the other, by more than two points in every fourth
        if rate.lo is not None and cap is not None and rate.lo > cap:
            _, humans = audit.figures.get(name, (rate, Measured(None, reason="no human figure")))
            beside = f", humans in {_share(humans)}" if humans.value is not None else ""
            line = f"{told}: in {_share(rate)} of cases{beside} (bound {cap:.1%})."
            yield Finding(f"data_leakage.{name}", line, rate, cap, "bound", rate, humans)


def _repeated(audit: Audit) -> Iterator[Finding]:
    excess = audit.doses["repeated"]
    ours, humans = audit.rates["repeated"]
    if excess.value is None or excess.lo is None or excess.lo <= 0.01 or ours.value is None or humans.value is None:
        return
    bound = humans.value + ABOVE_HUMANS
    if ours.value > bound:
        told = f"It repeats whole turns in other dialogues: {_share(ours)} of its turns, {_share(humans)} of human turns."
        yield Finding("doses.repeated", told, ours, bound, "bound", ours, humans)


def _dropped(audit: Audit, n_duplicates: int) -> Iterator[Finding]:
    if n_duplicates:
        n = audit.observed.corpus.n + n_duplicates
        share = wilson(n_duplicates, n)
        told = f"{n_duplicates} of its {n} dialogues repeat the turns of another one for the same human and target. They are not counted."
        yield Finding("duplicates", told, share, ABOVE_HUMANS, "bound", share, Measured(None, reason="no human dialogue is counted twice"))


def beside_humans(frequent: Sequence[FrequentTurnFields], turns: pl.DataFrame) -> list[tuple[FrequentTurnFields, Measured]]:
    """Each frequent turn with the share of the human dialogues that hold it just so. `turns`: dialogue_id, role, text of the humans."""
    n = turns["dialogue_id"].n_unique()
    plain = turns.select("dialogue_id", "role", text=pl.col("text").str.replace_all(r"\s+", " ").str.strip_chars())
    found = []
    for one in frequent:
        holds = plain.filter((pl.col("role") == one["speaker"]) & (pl.col("text") == one["text"]))
        found.append((one, wilson(holds["dialogue_id"].n_unique(), n, nothing="there are no human dialogues")))
    return found


def _often_said(one: FrequentTurnFields, humans: Measured) -> Finding:
    ours = wilson(one["n"], round(one["n"] / one["share"]))
    whose = "It says" if one["speaker"] == "seeker" else "The recommender says"
    beside = f"; human dialogues hold it in {_share(humans)}" if humans.value is not None else ""
    # seekers' turns alone are measured, and can be taken out
    advice = " A control token is taken out by --drop-turn." if one["speaker"] == "seeker" else ""
    told = f"{whose} {one['text']!r} word for word in {_share(ours)} of the dialogues{beside}.{advice}"
    return Finding(f"frequent_turn.{one['speaker']}", told, ours, FREQUENT, "bound", ours, humans)


def _share(one: Measured) -> str:
    return "an unknown share" if one.value is None else f"{one.value:.0%}" if one.value >= 0.1 else f"{one.value:.1%}"


def _number(one: Measured) -> str:
    return "unknown" if one.value is None else f"{one.value:.3g}"
