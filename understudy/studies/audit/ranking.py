"""Several audited files against each other: paired differences of every objective, and the order of the files with ties.

A difference is one over half-samples of the same dialogues where two files have dialogues of the same name (the same human, scenario
or id), and of each file's own dialogues elsewhere; the humans that both are held against are drawn alike in either case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

from understudy.measure.comparison import Difference, Sides, compare_pairs, not_compared
from understudy.measure.values import ObjectiveValue

VERSION = 1
By = Literal["human", "name", "none"]


@dataclass(frozen=True, slots=True)
class Ranked:
    """What is ranked of one file: its objectives, the floors' upper bounds at its size, its dialogues by name, and those of humans."""

    name: str
    objectives: Mapping[str, ObjectiveValue]
    floors: Mapping[str, float | None]
    dialogues: frozenset[str]
    humans: frozenset[str]


@dataclass(frozen=True, slots=True)
class Pairing:
    """How the dialogues of two files stand to each other: `n_shared` of them have the same name in both."""

    a: str
    b: str
    by: By
    n_shared: int
    n_a: int
    n_b: int


@dataclass(frozen=True, slots=True)
class FilePair:
    """a - b of one objective, below 0 where `a` is nearer to the humans; `parts`: what each part adds to the difference."""

    objective: str
    a: str
    b: str
    difference: Difference
    parts: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Order:
    """Names, the nearest to the humans first, and the largest groups of which no two differ significantly."""

    order: tuple[str, ...]
    ties: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Ranking:
    """The order of the files by one objective, over the parts that all of them have; without each part; and who is not in it."""

    objective: str
    whole: Order
    over: tuple[str, ...]
    parts: Mapping[str, Mapping[str, float]]
    without: Mapping[str, Order]
    not_ranked: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Standings:
    """Everything that several files give beyond what each gives alone."""

    rankings: tuple[Ranking, ...]
    pairs: tuple[FilePair, ...]
    pairings: tuple[Pairing, ...]


def standings(files: Sequence[Ranked]) -> Standings:
    """Rankings by every objective and all paired differences, with Holm's p over all pairs and objectives."""
    names = list(files[0].objectives)
    values = {objective: _comparable(files, objective) for objective in names}
    sides = {(objective, a.name, b.name): _sides(values[objective], a, b, objective) for objective in names for a, b in _each(files)}
    found = compare_pairs(sides)
    pairs = tuple(FilePair(*key, found[key], _contributions(sides[key])) for key in sides)
    rankings = tuple(_ranking(files, objective, values[objective], found) for objective in names)
    return Standings(rankings, pairs, tuple(pairing(a, b) for a, b in _each(files)))


def pairing(a: Ranked, b: Ranked) -> Pairing:
    """How the dialogues of two files stand to each other."""
    shared = a.dialogues & b.dialogues
    by: By = "none" if not shared else "human" if shared <= a.humans & b.humans else "name"
    return Pairing(a.name, b.name, by, len(shared), len(a.dialogues), len(b.dialogues))


def _each(files: Sequence[Ranked]) -> list[tuple[Ranked, Ranked]]:
    return list(combinations(files, 2))


def _comparable(files: Sequence[Ranked], objective: str) -> dict[str, ObjectiveValue]:
    """Name → the objective over the parts that every file has of which it could be measured at all; as it is where these are all."""
    values = {one.name: one.objectives[objective] for one in files}
    having = [value for value in values.values() if value.terms]
    common = [part for part in (having[0].terms if having else ()) if all(part in value.terms for value in having)]
    if not common or all(set(value.terms) == set(common) and value.measured.value is not None for value in having):
        return values
    return {name: value.over(common) if value.terms else value for name, value in values.items()}


def _sides(values: Mapping[str, ObjectiveValue], a: Ranked, b: Ranked, objective: str) -> Sides:
    floors = [one for one in (a.floors.get(objective), b.floors.get(objective)) if one is not None]
    # the humans' own difference at the size of the smaller file is the larger one
    return Sides(values[b.name], values[a.name], max(floors) if floors else None, (b.name, a.name))


def _contributions(sides: Sides) -> dict[str, float]:
    """Part → what it adds to the difference; they add up to it."""
    one, other = sides.after, sides.before
    if set(one.terms) != set(other.terms):
        return {}
    n = len(one.terms) if one.pooled == "mean" else 1
    return {name: (one.terms[name].value - other.terms[name].value) / n for name in one.terms}


def _ranking(
    files: Sequence[Ranked], objective: str, values: Mapping[str, ObjectiveValue], found: Mapping[tuple[str, str, str], Difference]
) -> Ranking:
    unranked = {name: why for name, value in values.items() if (why := not_compared(value))}
    ranked = [one for one in files if one.name not in unranked]
    over = tuple(next((list(values[one.name].terms) for one in ranked), []))
    return Ranking(
        objective=objective,
        whole=_order(values, ranked, {key[1:]: one for key, one in found.items() if key[0] == objective}),
        over=over,
        parts={part: {one.name: values[one.name].terms[part].value for one in ranked} for part in over},
        without={part: _without(values, ranked, part, objective) for part in over if len(over) > 1},
        not_ranked=unranked,
    )


def _without(values: Mapping[str, ObjectiveValue], ranked: Sequence[Ranked], part: str, objective: str) -> Order:
    """The order over the other parts, with Holm's p over its own pairs. The floor is of the whole and does not apply."""
    fewer = {one.name: values[one.name].over([name for name in values[one.name].terms if name != part]) for one in ranked}
    sides = {(a.name, b.name): replace(_sides(fewer, a, b, objective), floor=None) for a, b in _each(ranked)}
    return _order(fewer, ranked, compare_pairs(sides))


def _order(values: Mapping[str, ObjectiveValue], ranked: Sequence[Ranked], found: Mapping[tuple[str, str], Difference]) -> Order:
    names = sorted((one.name for one in ranked), key=lambda name: (values[name].measured.value or 0.0, name))
    apart = {frozenset(pair) for pair, one in found.items() if one.outcome in ("better", "worse")}
    alike = {name: {other for other in names if other != name and frozenset((name, other)) not in apart} for name in names}
    groups = sorted(_cliques(names, alike), key=lambda group: [names.index(name) for name in group])
    return Order(tuple(names), tuple(group for group in groups if len(group) > 1))


def _cliques(names: Sequence[str], alike: Mapping[str, set[str]]) -> Iterable[tuple[str, ...]]:
    """The largest groups of names that are all alike (Bron and Kerbosch 1973), each in the order of `names`."""

    def grown(group: set[str], left: set[str], done: set[str]) -> Iterable[tuple[str, ...]]:
        if not left and not done:
            yield tuple(name for name in names if name in group)
        for name in [one for one in names if one in left]:
            yield from grown(group | {name}, left & alike[name], done & alike[name])
            left, done = left - {name}, done | {name}

    yield from grown(set(), set(names), set())
