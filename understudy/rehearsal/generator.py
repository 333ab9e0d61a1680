"""The committed generator of response surfaces: one by each seed, and those that have names."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from understudy.errors import BadInput
from understudy.keys import rng_of
from understudy.rehearsal.conflicts import in_conflict
from understudy.rehearsal.parameters import read
from understudy.rehearsal.surfaces import FAULTS, Surface

NONCONVEX = "nonconvex"


@cache
def surface(name: str) -> Surface:
    """The surface called `name`: a seed ('0', '1', …), 'null' (nothing in a prompt matters), 'adverse' (usual advice hurts)
    or 'nonconvex-SEED' (levers in conflict, so that weighted sums miss part of the front).
    """
    if name == "null":
        drawn = _drawn(0, name)
        return Surface(name, drawn.base, (), (), flat=True)
    if name == "adverse":
        usual, factor = read("surfaces.toml")["adverse"]["levers"], read("surfaces.toml")["adverse"]["factor"]
        drawn = _drawn(0, name)
        main = tuple((fault, lever, effect * (factor if lever in usual else 1.0)) for fault, lever, effect in drawn.main)
        return Surface(name, drawn.base, main, drawn.numbers, drawn.pairs)
    family, _, seed = name.rpartition("-")
    if not (seed.isascii() and seed.isdigit()) or family not in ("", NONCONVEX) or name.startswith("-"):
        raise BadInput(f"there is no surface called {name!r}", hint=f"a whole number from 0, null, adverse or {NONCONVEX}-NUMBER")
    drawn = _drawn(int(seed), str(int(seed)))
    if family != NONCONVEX:
        return drawn
    return in_conflict(drawn, int(seed), f"{NONCONVEX}-{int(seed)}")


def _drawn(seed: int, name: str) -> Surface:
    """The first draw of a seed on which every fault can be treated; each draw that cannot is thrown away."""
    generator = read("surfaces.toml")["generator"]
    for attempt in range(generator["max_attempts"]):
        drawn = _draw(name, rng_of("rehearsal surface", generator["version"], seed, attempt))
        if all(logit <= generator["treatable_logit"] for logit in _best_logits(drawn, generator["full"]).values()):
            return drawn
    raise BadInput(f"surface {name}: no treatable draw in {generator['max_attempts']}")


def _best_logits(drawn: Surface, full: float) -> dict[str, float]:
    """The logit of each fault when the levers that help are at `full`, the others at 0, and examples are shown; pairs left out."""
    logit = dict(drawn.base)
    for fault, _, effect in drawn.main:
        logit[fault] += min(0.0, effect * full)
    for fault, number, effect in drawn.numbers:
        logit[fault] += effect * full if number == "exemplars" else 0.0
    return logit


def _draw(name: str, rng: np.random.Generator) -> Surface:
    spec = read("surfaces.toml")
    generator = spec["generator"]
    base, main, numbers = [], [], []
    for fault in FAULTS:
        committed = spec["fault"][fault]
        base.append((fault, float(rng.normal(*committed["base"]))))
        main += [(fault, lever, _effect(mean, generator, rng)) for lever, mean in committed["main"]]
        numbers += [(fault, number, _effect(mean, generator, rng)) for number, mean in committed["numbers"].items()]
    levers = list(spec["adverse"]["levers"])
    pairs = []
    for _ in range(generator["n_pairs"]):
        one, other = rng.choice(len(levers), size=2, replace=False)
        fault = FAULTS[int(rng.integers(6))]
        pairs.append((fault, levers[int(one)], levers[int(other)], float(rng.normal(0, generator["pair_sd"]))))
    return Surface(name, tuple(base), tuple(main), tuple(numbers), tuple(pairs))


def _effect(mean: float, generator: Mapping[str, Any], rng: np.random.Generator) -> float:
    z, useless = rng.normal(), rng.random() < generator["useless_probability"]
    return 0.0 if useless else float(mean * math.exp(generator["spread"] * z))
