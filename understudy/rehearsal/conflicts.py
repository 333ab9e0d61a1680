"""Surfaces whose true front has a non-convex part: a lever that treats one fault and feeds another. See conflicts.toml."""

from __future__ import annotations

import math
from dataclasses import dataclass

from understudy.keys import rng_of
from understudy.rehearsal.parameters import read
from understudy.rehearsal.surfaces import Surface


@dataclass(frozen=True, slots=True)
class Conflict:
    """A lever that treats one fault and feeds another."""

    lever: str
    treats: str
    feeds: str


def conflict_of(seed: int) -> Conflict:
    """The conflict of `nonconvex-SEED`."""
    spec = read("conflicts.toml")
    rng = rng_of("rehearsal conflict", spec["version"], seed)
    return Conflict(**spec["conflict"][int(rng.integers(len(spec["conflict"])))])


def in_conflict(drawn: Surface, seed: int, name: str) -> Surface:
    """The surface `drawn` with the conflict of `seed`, under another name."""
    spec, conflict = read("conflicts.toml"), conflict_of(seed)
    rng = rng_of("rehearsal conflict effects", spec["version"], seed)
    treating, feeding = (float(spec[name] * math.exp(spec["spread"] * rng.normal())) for name in ("treated_effect", "fed_effect"))
    bases = {conflict.treats: spec["treated_base"], conflict.feeds: spec["fed_base"]}
    left = dict.fromkeys(bases, spec["others"])
    others = (one for one in drawn.main if not (one[0] in bases and one[1] == conflict.lever))
    return Surface(
        name,
        tuple((fault, bases.get(fault, base)) for fault, base in drawn.base),
        (
            *((fault, lever, effect * left.get(fault, 1.0)) for fault, lever, effect in others),
            (conflict.treats, conflict.lever, -treating),
            (conflict.feeds, conflict.lever, feeding),
        ),
        tuple((fault, number, effect * left.get(fault, 1.0)) for fault, number, effect in drawn.numbers),
        tuple((fault, one, other, effect * left.get(fault, 1.0)) for fault, one, other, effect in drawn.pairs),
    )
