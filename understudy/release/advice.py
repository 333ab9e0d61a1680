"""Which section of the prompt to look at first when a bound was missed, by what the figure reads and by the part that is farthest off.

It says where to begin, and no more: sections act together, and the search finds out what helps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_SIGNED = Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Advice:
    """A section of the prompt, and why it."""

    section: str
    why: str


# figure, or part of an objective → section and what it decides
_OF_FIGURES: Mapping[str, Advice] = {
    "leakage.title": Advice("disclosure", "it says what may be told before the recommender names it"),
    "leakage.attributes": Advice("disclosure", "it says how much of the need is told at once"),
    "leakage.copying": Advice("style", "it words the turns; sentences that come back word for word also come from the exemplars"),
    "leakage.short_turns": Advice("style", "it words the turns, the short ones too"),
    "leakage.near_duplicates": Advice("style", "it words the turns; near copies also come from the exemplars"),
    "leakage.prompt": Advice("need", "it tells the need, in which the title stood"),
    "objectives.positive_bias": Advice("reaction", "it says when to accept and when to refuse"),
    "diagnostics.over_acceptance": Advice("reaction", "it says when to accept and when to refuse"),
    "facts.corrected_acceptance": Advice("reaction", "it says when to accept and when to refuse"),
    "diagnostics.decoy_acceptance": Advice("reaction", "it says whether a recommendation is weighed against the need"),
    "diagnostics.role_flips": Advice("role", "it says who speaks"),
    "diagnostics.invalid": Advice("role", "it says what a reply is"),
    "diagnostics.dcr": Advice("style", "it words the turns; the exemplars are the nearest source"),
    "diagnostics.nndr_5": Advice("style", "it words the turns; the exemplars are the nearest source"),
    "facts.canaries": Advice("style", "it words the turns; the exemplars are where a prompt could have a canary from"),
    "facts.cut": Advice("style", "it says how long a turn is"),
}
_OF_PARTS: Mapping[str, Mapping[str, Advice]] = {
    "objectives.diversity_gap": {
        "distinct_2": Advice("style", "it decides the wording, whose pairs of words repeat or scatter"),
        "self_similarity": Advice("style", "it decides the wording, which is alike from dialogue to dialogue"),
        "act_entropy": Advice("reaction", "it decides what follows what"),
        "openings": Advice("need", "it tells the need, with which turns begin"),
    },
    "objectives.behavioural_distance": {
        "acts": Advice("reaction", "it decides what is done in a turn"),
        "tokens": Advice("style", "it decides how long a turn is"),
        "turns": Advice("ending", "it decides when a dialogue ends"),
        "classifier": Advice("style", "it decides how the turns look to a classifier"),
    },
}


# reason for which a dialogue is in quarantine → section; reasons that no prompt decides are not here
_OF_REASONS: Mapping[str, Advice] = {
    "title given away": Advice("disclosure", "it says what may be told before the recommender names it"),
    "role flip": Advice("role", "it says who speaks"),
    "invalid reply": Advice("role", "it says what a reply is"),
    "empty text": Advice("role", "it says what a reply is"),
    "echo of the prompt": Advice("role", "it says what a reply is"),
    "cut turn": Advice("style", "it says how long a turn is"),
    "no exchange": Advice("ending", "it decides when a dialogue ends"),
}


def advice_on_quarantine(reasons: Mapping[str, int]) -> Advice | None:
    """Where to look for the dialogues in quarantine, by their most frequent reason; None where no section of the prompt decides that.

    `reasons`: reason → number of dialogues that have it.
    """
    if not reasons:
        return None
    most = max(reasons, key=lambda name: (reasons[name], name))
    one = _OF_REASONS.get(most)
    return None if one is None else Advice(one.section, f"{one.why} (most are in quarantine for this reason: {most}, {reasons[most]})")


def advice_on(figure: str, signed: _SIGNED) -> Advice | None:
    """Where to look for a figure that missed its bound; None where no section of the prompt decides it.

    `signed`: the signed parts of an objective; the farthest from 0 says which section, and a part that was not measured none.
    """
    parts = _OF_PARTS.get(figure)
    if parts is None:
        return _OF_FIGURES.get(figure)
    known = {name: abs(value) for name, value in signed.items() if value is not None and name in parts}
    if not known:
        return None
    farthest = max(known, key=lambda name: (known[name], name))
    one = parts[farthest]
    return Advice(one.section, f"{one.why} (the part {farthest} is farthest from people's)")
