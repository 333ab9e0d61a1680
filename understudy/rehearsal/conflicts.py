"""Surfaces whose true front has a non-convex part: levers that treat one fault and feed another. See conflicts.toml."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from understudy.keys import rng_of
from understudy.rehearsal.parameters import read
from understudy.rehearsal.surfaces import Surface


@dataclass(frozen=True, slots=True)
class Conflict:
    """A lever that treats one fault and feeds another."""

    lever: str
    treats: str
    feeds: str


def conflicts_of(seed: int) -> tuple[Conflict, ...]:
    """The one or two conflicts of `nonconvex-SEED`; they share neither lever nor fault."""
    spec = read("conflicts.toml")
    rng = rng_of("rehearsal conflicts", spec["version"], seed)
    known = [Conflict(**one) for one in spec["conflict"]]
    first = known[int(rng.integers(len(known)))]
    apart = [one for one in known if one.lever != first.lever and not {one.treats, one.feeds} & {first.treats, first.feeds}]
    if not apart or spec["n_conflicts"] < 2:
        return (first,)
    return first, apart[int(rng.integers(len(apart)))]


def in_conflict(drawn: Surface, seed: int, name: str) -> Surface:
    """The surface `drawn` with the conflicts of `seed`, under another name."""
    spec = read("conflicts.toml")
    rng = rng_of("rehearsal conflict effects", spec["version"], seed)
    for conflict in conflicts_of(seed):
        drawn = _with(drawn, conflict, spec, rng)
    return Surface(name, drawn.base, drawn.main, drawn.numbers, drawn.pairs)


def _with(drawn: Surface, conflict: Conflict, spec: Mapping[str, Any], rng: np.random.Generator) -> Surface:
    moved = {
        conflict.treats: (spec["treated_base"], -_size(spec["treated_effect"], spec, rng)),
        conflict.feeds: (spec["fed_base"], _size(spec["fed_effect"], spec, rng)),
    }
    left = dict.fromkeys(moved, spec["others"])
    return Surface(
        drawn.name,
        tuple((fault, moved[fault][0] if fault in moved else base) for fault, base in drawn.base),
        (
            *((fault, lever, effect * left.get(fault, 1.0)) for fault, lever, effect in drawn.main if (fault, lever) not in _own(conflict)),
            *((fault, conflict.lever, effect) for fault, (_, effect) in moved.items()),
        ),
        tuple((fault, number, effect * left.get(fault, 1.0)) for fault, number, effect in drawn.numbers),
        tuple((fault, one, other, effect * left.get(fault, 1.0)) for fault, one, other, effect in drawn.pairs),
    )


def _own(conflict: Conflict) -> set[tuple[str, str]]:
    return {(conflict.treats, conflict.lever), (conflict.feeds, conflict.lever)}


def _size(effect: float, spec: Mapping[str, Any], rng: np.random.Generator) -> float:
    return float(effect * math.exp(spec["spread"] * rng.normal()))
