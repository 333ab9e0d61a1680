"""The true front of a surface, enumerated: every combination of the ways to set each lever and of a grid of controls.

The logit of a fault is a sum over levers, pairs of levers and numbers, and objectives rise with every fault. So what is beaten in
a part of that sum stays beaten in the whole: parts are joined one by one and the beaten combinations dropped, which loses no
point of the front (the tests hold it against plain enumeration).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

import numpy as np

from understudy.prompt.genome import DISCLOSURES, MAX_EXEMPLARS, PERSONAS, VISIBILITIES, Controls, Disclosure
from understudy.rehearsal.choices import PromptChoice, descended, good_choices
from understudy.rehearsal.parts import Part, beaten, narrowed, non_beaten
from understudy.rehearsal.phrases import OFF, Option, options
from understudy.rehearsal.surfaces import Surface, logit_of, numbers_of, unit_levels
from understudy.rehearsal.truth import (
    DRIVERS,
    OBJECTIVES,
    TARGET_TOLD,
    Floats,
    TruePoint,
    brief_for,
    harmless_levels,
    objectives_of,
    true_point,
)

TEMPERATURES = tuple(round(0.1 * step, 1) for step in range(16))
TOP_PS = (0.8, 0.9, 0.95, 1.0)
MARGIN = 1.1
# a fault without an occasion: so low a logit that its level is 0
_NEVER = -1000.0
_TINY = 1e-9
# points that agree so far are one
_DECIMALS = 4
Values = tuple[tuple[Option, float], ...]


@dataclass(frozen=True, slots=True)
class FrontMember:
    """A point of a true front and a way to get there."""

    point: TruePoint
    choice: PromptChoice


@cache
def true_front(surface: Surface) -> tuple[FrontMember, ...]:
    """The non-dominated points over all choices, in the order of their objectives, none twice."""
    if surface.flat:
        plain = PromptChoice({}, Controls(), 0)
        return (FrontMember(true_point(plain.genome(), surface), plain),)
    first = descended(surface, np.ones(len(OBJECTIVES)))
    there = true_point(first.genome(), surface)
    if np.allclose(there.vector, objectives_of(np.zeros((1, len(DRIVERS))))[0], atol=_TINY):
        return (_member(surface, first, there.vector),)  # nothing is left to be gained
    found = {tuple(np.round(true_point(choice.genome(), surface).vector, _DECIMALS)): choice for choice in good_choices(surface, first)}
    faults = [_fault(name) for name in DRIVERS]
    # the schedules that tell least come first: what they reach cuts the others short
    for schedule, shows in product(reversed(DISCLOSURES), (False, True)):
        whole = _joined(surface, list(_parts(surface, schedule, shows)), known=_lowest(found))
        values = objectives_of(unit_levels(whole.logits, faults))
        for at in non_beaten(np.round(values, _DECIMALS)):
            found.setdefault(tuple(np.round(values[at], _DECIMALS)), _choice(whole.picked(at), schedule))
    kept = set(map(tuple, _lowest(found)))
    found = {values: choice for values, choice in found.items() if values in kept}
    members = [_member(surface, choice, np.array(values)) for values, choice in found.items()]
    best = non_beaten(np.round([member.point.vector for member in members], _DECIMALS))
    return tuple(sorted((members[at] for at in best), key=lambda member: tuple(member.point.vector)))


def _lowest(points: Iterable[tuple[float, ...]]) -> Floats:
    """The points that no other one beats. (n, n_objectives)"""
    values = np.array(list(points))
    return values[non_beaten(values)]


def _joined(surface: Surface, parts: Sequence[Part], *, known: Floats) -> Part:
    """All parts in one, without what cannot get below the `known` points. known: (n, n_objectives).

    A logit so low that no later part brings it to harm is as good as any lower one.
    """
    base, faults = dict(surface.base), [_fault(name) for name in DRIVERS]
    whole = Part.start(np.array([base[fault] for fault in faults]))
    harmless = logit_of(harmless_levels(), faults)
    hopeful = _hopeful(parts, whole.logits[0], known)
    if not all(len(part.rows) for part in hopeful):
        return whole.only([])
    # the parts that decide most come last, when there is least left to be added
    parts = sorted(narrowed(hopeful, harmless - whole.logits[0]), key=lambda part: len(part.rows))
    for at, part in enumerate(parts):
        most = sum((later.logits.max(axis=0) for later in parts[at + 1 :]), np.zeros(len(DRIVERS)))
        least = sum((later.logits.min(axis=0) for later in parts[at + 1 :]), np.zeros(len(DRIVERS)))
        whole = whole.best().joined(part, least=harmless - most)
        whole = _hoped(whole, least, known)
    return whole


def _hopeful(parts: Sequence[Part], base: Floats, known: Floats) -> list[Part]:
    """The parts without the rows that cannot get below the `known` points even with the lowest rows of all others."""
    lowest = [part.logits.min(axis=0) for part in parts]
    return [_hoped(part, base + sum(lowest) - own, known) for part, own in zip(parts, lowest, strict=True)]


def _hoped(part: Part, least: Floats, known: Floats) -> Part:
    """The part without the rows that are at a known point or above it where `least` is added. least: (n_faults,)"""
    hoped = objectives_of(unit_levels(part.logits + least, [_fault(name) for name in DRIVERS]))
    return part.only(~beaten(np.round(hoped, _DECIMALS), known))


def bare_point(surface: Surface) -> TruePoint:
    """Where a prompt stands that pulls no lever, shows nothing and tells everything, the title too: what there is to gain."""
    controls = Controls(disclosure="upfront", persona="full", visibility="title")
    return true_point(PromptChoice({}, controls, 0).genome(), surface)


def reference_of(surface: Surface) -> Floats:
    """The reference point of hypervolumes: MARGIN times the worse of the bare prompt and the front's worst, per objective."""
    worst = np.max([bare_point(surface).vector, *(member.point.vector for member in true_front(surface))], axis=0)
    # an objective that is 0 everywhere still needs a side of the box
    return MARGIN * np.where(worst > 0, worst, 1.0)


def _parts(surface: Surface, schedule: Disclosure, shows: bool) -> Iterable[Part]:
    """The independent parts of the sum: groups of levers that pairs tie together, then the numbers and what gives occasion."""
    values = _worth_trying(surface, _lever_values(schedule, shows))
    for group in _groups(surface):
        yield _levers_part(surface, group, values)
    counts = range(1, MAX_EXEMPLARS + 1) if shows else range(1)
    facts = list(product(PERSONAS, VISIBILITIES))
    briefs = [brief_for(PromptChoice({}, Controls(persona=persona, visibility=told), 0).genome()) for persona, told in facts]
    shown = [brief_for(PromptChoice({}, Controls(), n).genome()) for n in counts]
    plain, nothing = brief_for(PromptChoice({}, Controls(), 0).genome()), np.zeros(len(DRIVERS))
    for name, choices, names, dials, never in (
        ("temperature", TEMPERATURES, ("temperature", "heat"), [(plain, one, 1.0) for one in TEMPERATURES], [nothing] * len(TEMPERATURES)),
        ("top_p", TOP_PS, ("top_p",), [(plain, 0.7, one) for one in TOP_PS], [nothing] * len(TOP_PS)),
        ("n_exemplars", counts, ("exemplars",), [(brief, 0.7, 1.0) for brief in shown], [_never("parroting", n == 0) for n in counts]),
        (
            "facts", facts, ("persona",), [(brief, 0.7, 1.0) for brief in briefs],
            [_never("title_leak", told != "title") + _never(TARGET_TOLD, told != "attributes") for _, told in facts],
        ),
    ):  # fmt: skip
        moved = [{one: numbers_of(*dial)[one] for one in names} for dial in dials]
        yield _numbers_part(surface, name, choices, moved, never)


def _levers_part(surface: Surface, group: Sequence[str], values: Mapping[str, Values]) -> Part:
    names = [tuple(option.name for option, _ in values[lever]) for lever in group]
    rows = np.array(list(product(*(range(len(known)) for known in names))), dtype=np.int64)
    pulled = {lever: np.array([pull for _, pull in values[lever]])[rows[:, at]] for at, lever in enumerate(group)}
    logits = np.zeros((len(rows), len(DRIVERS)))
    for at, name in enumerate(DRIVERS):
        fault = _fault(name)
        for own, lever, effect in surface.main:
            if own == fault and lever in pulled:
                logits[:, at] += effect * pulled[lever]
        for own, one, other, effect in surface.pairs:
            if own == fault and one in pulled:
                logits[:, at] += effect * pulled[one] * pulled[other]
    return Part(tuple(group), tuple(names), rows, logits)


def _worth_trying(surface: Surface, values: Mapping[str, Values]) -> Mapping[str, Values]:
    """The options of each lever that no other option of it beats, whatever its partners in pairs are set to."""
    left = dict(values)
    while True:
        fewer = {lever: _unbeaten(surface, lever, left) for lever in left}
        if fewer == left:
            return left
        left = fewer


def _unbeaten(surface: Surface, lever: str, values: Mapping[str, Values]) -> Values:
    # what the lever does to each fault per unit, at least and at most: pairs make it depend on their partners
    slopes = {_fault(name): np.zeros(2) for name in DRIVERS}
    for fault, own, effect in surface.main:
        if own == lever and fault in slopes:
            slopes[fault] += effect
    for fault, one, other, effect in surface.pairs:
        if lever in (one, other) and fault in slopes:
            partner = [effect * pull for _, pull in values[other if lever == one else one]]
            slopes[fault] += [min(partner), max(partner)]
    bounds = np.array(list(slopes.values()))

    def beats(one: float, other: float) -> bool:
        moves = (one - other) * bounds
        return bool((moves <= 0).all()) and (one != other)

    kept: list[tuple[Option, float]] = []
    for option, pull in values[lever]:
        # of options that do the same in all, the first stands
        if any(beats(known, pull) for _, known in kept):
            continue
        kept = [(known, at) for known, at in kept if not beats(pull, at)] + [(option, pull)]
    return tuple(kept)


def _groups(surface: Surface) -> list[list[str]]:
    """The levers, those that pairs tie together in one group."""
    groups = [{lever} for lever in options()]
    for _, one, other, _ in surface.pairs:
        tied = [group for group in groups if one in group or other in group]
        groups = [group for group in groups if group not in tied] + [set().union(*tied)]
    return [sorted(group) for group in groups]


@cache
def _lever_values(schedule: Disclosure, shows: bool) -> Mapping[str, Values]:
    """Lever → its options and how strongly each pulls in the template with this schedule; read by the reader itself.

    `shows`: whether there are examples, for what the template says of them pulls a lever too.
    """
    controls = Controls(disclosure=schedule)

    def pulled(one: Option) -> float:
        return brief_for(PromptChoice({one.lever: one.name}, controls, int(shows)).genome()).instructions.levers[one.lever]

    return {lever: tuple((one, pulled(one)) for one in known) for lever, known in options().items()}


def _numbers_part(
    surface: Surface, name: str, choices: Sequence[Any], moved: Sequence[Mapping[str, float]], never: Sequence[Floats]
) -> Part:
    """What numbers add to the logits at each choice, and the faults that have no occasion there."""
    logits = np.zeros((len(choices), len(DRIVERS)))
    for at, driver in enumerate(DRIVERS):
        for own, number, effect in surface.numbers:
            if own == _fault(driver):
                logits[:, at] += [effect * numbers.get(number, 0.0) for numbers in moved]
    return Part.of(name, choices, logits + np.array(never))


def _never(driver: str, holds: bool) -> Floats:
    return np.array([_NEVER if holds and name == driver else 0.0 for name in DRIVERS])


def _fault(driver: str) -> str:
    return "attribute_leak" if driver == TARGET_TOLD else driver


def _choice(picked: Mapping[str, Any], schedule: Disclosure) -> PromptChoice:
    """What was picked in every part, as one way to write a prompt."""
    persona, told = picked["facts"]
    controls = Controls(picked["temperature"], picked["top_p"], schedule, persona, visibility=told)
    return PromptChoice({lever: picked[lever] for lever in options() if picked[lever] != OFF}, controls, picked["n_exemplars"])


def _member(surface: Surface, choice: PromptChoice, reached: Floats) -> FrontMember:
    """The choice, each lever set as weakly as leaves it no worse than it is or than the `reached` values.

    `reached` leaves out that long prompts dilute; a shorter one does so less.
    """
    point = true_point(choice.genome(), surface)
    for lever in tuple(choice.levers):
        for option in sorted(options()[lever], key=lambda one: len(one.text)):
            tried = choice.with_lever(lever, option.name)
            there = true_point(tried.genome(), surface)
            if (there.vector <= np.maximum(point.vector, reached) + _TINY).all():
                choice, point = tried, there
                break
    return FrontMember(point, choice)
