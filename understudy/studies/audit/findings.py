"""The findings of an audit in sentences, the most severe first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from understudy.measure.reference import Reference
from understudy.objectives.data_leakage import caps
from understudy.records import STRATA, Measured
from understudy.studies.audit.measurement import Audit
from understudy.studies.audit.pairing import Heard

N_WORST = 10
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
    """One thing that an audit audit. `severity`: how many times as far from humans as humans are from each other (or over its cap)."""

    about: str
    sentence: str
    severity: float
    simulated: Measured
    human: Measured

    def as_json(self) -> dict[str, Any]:
        """The fields of a row of `findings`."""
        sides = {"simulated": self.simulated.as_json(), "human": self.human.as_json()}
        return {"about": self.about, "told": self.sentence, "severity": self.severity, **sides}


def findings(audit: Audit, reference: Reference) -> list[dict[str, Any]]:
    """All figures that are farther from humans than humans are from each other, the farthest first."""
    seen = [*_bias(audit), *_parts(audit), *_leaks(audit, reference), *_repeated(audit)]
    return [one.as_json() for one in sorted(seen, key=lambda one: (-one.severity, one.about))]


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


def _beyond(audit: Audit, name: str, signed: Measured) -> float:
    """How many times as far from 0 as halves of humans are; 0 where the interval holds 0 or there is no floor."""
    anchor = audit.anchors.get(name)
    if anchor is None or anchor.signed_lo is None or anchor.signed_hi is None or signed.value is None:
        return 0.0
    if signed.lo is not None and signed.hi is not None and signed.lo <= 0 <= signed.hi:
        return 0.0
    return abs(signed.value) / max(abs(anchor.signed_lo), abs(anchor.signed_hi), 1e-3)


def _bias(audit: Audit) -> Iterator[Finding]:
    bias = audit.evaluation.objectives["positive_bias"]
    for stratum in STRATA:
        severity = _beyond(audit, f"positive_bias.{stratum}", bias.signed.get(stratum, Measured(None)))
        if severity > 1:
            ours, humans = audit.figures[f"accept_{stratum}"]
            much = "It accepts too often" if (bias.signed[stratum].value or 0) > 0 else "It accepts too rarely"
            told = f"{much}: it accepts {_share(ours)} of {_OF_ITEM[stratum]}, and humans accept {_share(humans)}."
            yield Finding(f"positive_bias.{stratum}", told, severity, ours, humans)


def _parts(audit: Audit) -> Iterator[Finding]:
    for name, told in _DIVERSITY.items():
        yield from _part(audit, "diversity_gap", name, told)
    ours, humans = (side.value or 0.0 for side in audit.figures.get("tokens_per_turn", (Measured(None), Measured(None))))
    length = f"Its turns are {'longer than' if ours > humans else 'shorter than' if ours < humans else 'not spread like'} human turns"
    for name, line in {"tokens": length, **_BEHAVIOUR}.items():
        yield from _part(audit, "behavioural_distance", name, (line, line))


def _part(audit: Audit, objective: str, name: str, told: tuple[str, str]) -> Iterator[Finding]:
    """`told`: what is said where the simulator is below humans, and where it is above them."""
    signed = audit.evaluation.objectives[objective].signed.get(name, Measured(None))
    severity = _beyond(audit, f"{objective}.{name}", signed)
    is_above = bool((signed.value or 0) > 0)
    if severity <= 1 or (objective == "behavioural_distance" and not is_above):
        return
    ours, humans = audit.figures.get(_FIGURES.get(name, name), (signed, Measured(None, reason="a distance has no human figure")))
    beside = f": {_number(ours)}, humans {_number(humans)}" if humans.value is not None else ""
    yield Finding(f"{objective}.{name}", f"{told[is_above]}{beside}.", severity, ours, humans)


def _leaks(audit: Audit, reference: Reference) -> Iterator[Finding]:
    limits = caps(reference)
    for name, told in _LEAKS.items():
        rate, cap = audit.evaluation.leakage[name], limits[name]
        if rate.value is not None and cap is not None and rate.value > cap:
            _, humans = audit.figures.get(name, (rate, Measured(None, reason="no human figure")))
            beside = f", humans in {_share(humans)}" if humans.value is not None else ""
            line = f"{told}: in {_share(rate)} of cases{beside} (bound {cap:.1%})."
            yield Finding(f"data_leakage.{name}", line, rate.value / cap, rate, humans)


def _repeated(audit: Audit) -> Iterator[Finding]:
    excess = audit.doses["repeated"]
    ours, humans = audit.rates["repeated"]
    if excess.value is not None and excess.lo is not None and excess.lo > 0.01:
        told = f"It repeats whole turns in other dialogues: {_share(ours)} of its turns, {_share(humans)} of human turns."
        yield Finding("doses.repeated", told, 1 + excess.value / 0.05, ours, humans)


def _share(one: Measured) -> str:
    return "an unknown share" if one.value is None else f"{one.value:.0%}" if one.value >= 0.1 else f"{one.value:.1%}"


def _number(one: Measured) -> str:
    return "unknown" if one.value is None else f"{one.value:.3g}"
