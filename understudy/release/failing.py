"""Which turns are behind the value that a bound holds, those that weigh most first.

Rates name their turns. A figure of the whole set names those without which it would fall, by the formulas that choose the critic's
evidence. Facts of a batch as a whole have no turns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from understudy.measure.privacy import canary_words, closest
from understudy.measure.reference import Reference
from understudy.objectives import NAMES
from understudy.play.cases import NOTES
from understudy.play.dialogue import Played
from understudy.records import DECOY
from understudy.search.influence import ComparedTurn, influences

Signed = Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Mark:
    """Why a turn of what was played is behind a bound; `turn` is None where all of it is. `weight`: higher is worse."""

    play_key: str
    turn: int | None
    why: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Behind:
    """What the figures of a batch rest on: everything played for it, its turns as cases, and the objectives' signed parts.

    `canaries`: those that stand in the logs.
    """

    played: Sequence[Played]
    cases: Sequence[ComparedTurn]
    signed: Mapping[str, Signed]
    reference: Reference
    canaries: Sequence[str] = ()


def has_marks(figure: str) -> bool:
    """Whether single dialogues are behind a figure that a bound names; it is one of the batch as a whole otherwise."""
    kind, _, name = figure.partition(".")
    return figure in _OF_FIGURES or (kind == "leakage" and name in NOTES) or (kind == "objectives" and name in NAMES)


def marks(figure: str, behind: Behind) -> list[Mark]:
    """The marks for a figure that has some, the worst first."""
    kind, _, name = figure.partition(".")
    if kind == "leakage":
        found = [Mark(*one.place, NOTES[name]) for one in behind.cases if name in one.leaks]
    elif kind == "objectives":
        found = _influential(name, behind)
    else:
        found = list(_OF_FIGURES[figure](behind))
    return sorted(found, key=lambda one: (-one.weight, one.play_key, one.turn or 0))


def _influential(objective: str, behind: Behind) -> list[Mark]:
    """The turns without which an objective would be lower."""
    known = [one for one in behind.cases if one.stratum != DECOY]
    values = influences(objective, known, behind.signed.get(objective, {}))
    return [
        Mark(*one.place, f"without this turn {objective} would be lower by {value:.2g}", float(value))
        for one, value in zip(known, values, strict=True)
        if value > 0
    ]


def _accepting(behind: Behind) -> Iterable[Mark]:
    for one in behind.cases:
        theirs = one.theirs.label if one.theirs else "accept"
        if one.stratum and one.stratum != DECOY and one.ours.label == "accept" and theirs != "accept":
            yield Mark(*one.place, f"accepts what the human in this place did not accept (their reaction reads as {theirs})")


def _disagreeing(behind: Behind) -> Iterable[Mark]:
    """The turns that accept where the human did not, and those that do not where the human did: a corrected rate can be off either way."""
    yield from _accepting(behind)
    for one in behind.cases:
        if one.stratum and one.stratum != DECOY and one.theirs and one.theirs.label == "accept" and one.ours.label != "accept":
            yield Mark(*one.place, f"does not accept what the human in this place accepted (the turn reads as {one.ours.label})")


def _decoys(behind: Behind) -> Iterable[Mark]:
    for one in behind.cases:
        if one.stratum == DECOY and one.ours.label == "accept":
            yield Mark(*one.place, "accepts an item that was put in the place of the one that was recommended")


def _ended(is_so: Callable[[Played], bool]) -> Callable[[Behind], Iterable[Mark]]:
    def found(behind: Behind) -> Iterable[Mark]:
        return [Mark(one.play_key, None, ": ".join(filter(None, (one.status, one.reason)))) for one in behind.played if is_so(one)]

    return found


def _cut(behind: Behind) -> Iterable[Mark]:
    for one in behind.played:
        if one.n_cut:
            yield Mark(one.play_key, None, f"a limit on length has cut {one.n_cut} of its turns", float(one.n_cut))


def _canaries(behind: Behind) -> Iterable[Mark]:
    planted = {word for one in behind.canaries for word in one.split()}
    for one in behind.played:
        for at, turn in enumerate(one.turns):
            if one.mode == "free" and not planted.isdisjoint(canary_words([turn.text])):
                yield Mark(one.play_key, at, "holds a word of a canary, which was planted in the logs")


def _near_sources(behind: Behind) -> Iterable[Mark]:
    """The free runs whose words lie nearest to a human dialogue that prompts and instruments may have seen."""
    tokens = [(one.place[0], list(one.ours.tokens)) for one in behind.cases if one.stratum is None and one.theirs is None]
    if not tokens:
        return []
    frame = pl.DataFrame(tokens, schema={"dialogue_id": pl.String, "tokens": pl.List(pl.String)}, orient="row")
    names, sources = frame["dialogue_id"].unique().sort().to_list(), behind.reference.sources
    nearest = closest(sources.records(frame), sources.sources)
    return [
        Mark(name, None, f"its words lie at a distance of {1 - value:.2f} from the nearest source", float(value))
        for name, value in zip(names, nearest, strict=True)
    ]


_OF_FIGURES: Mapping[str, Callable[[Behind], Iterable[Mark]]] = {
    "diagnostics.over_acceptance": _accepting,
    "diagnostics.decoy_acceptance": _decoys,
    "diagnostics.dcr": _near_sources,
    "diagnostics.nndr_5": _near_sources,
    "diagnostics.invalid": _ended(lambda one: one.status == "invalid"),
    "diagnostics.role_flips": _ended(lambda one: one.reason == "role_flip"),
    "facts.corrected_acceptance": _disagreeing,
    "facts.missing": _ended(lambda one: one.mode == "free" and one.status == "missing"),
    "facts.cut": _cut,
    "facts.canaries": _canaries,
}
