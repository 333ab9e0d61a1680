"""Response surfaces: how strongly a prompt's levers act on rehearsal's faults, and the fault levels that a brief leads to."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.errors import BadInput
from understudy.keys import digest
from understudy.rehearsal.parameters import read
from understudy.rehearsal.reading import Brief

FAULTS = ("positivity", "title_leak", "attribute_leak", "sameness", "wordiness", "drift", "parroting", "role_flip", "invalid")
NUMBERS = ("exemplars", "temperature", "top_p", "heat", "persona")
_NEUTRAL_TEMPERATURE, _HOT = 0.7, 1.1


@dataclass(frozen=True, slots=True)
class Surface:
    """A response surface: a base, main effects of levers, effects of numbers and pairs, each on the logit of a fault.

    `main` and `numbers` are (fault, lever or number, effect), `pairs` are (fault, lever, lever, effect).
    """

    name: str
    base: tuple[tuple[str, float], ...]
    main: tuple[tuple[str, str, float], ...]
    numbers: tuple[tuple[str, str, float], ...]
    pairs: tuple[tuple[str, str, str, float], ...] = ()
    flat: bool = False
    """Whether even the facts that a prompt tells and the examples it shows are left out of account (`null`)."""

    @property
    def digest(self) -> str:
        """32 hex digits over the effects; the name does not count."""
        return _digest(self)

    @classmethod
    def from_toml(cls, text: str) -> Surface:
        """A surface from `name`, `[base]`, `[main.FAULT]`, `[numbers.FAULT]` and `[[pairs]]`. Raises BadInput naming the key."""
        try:
            value = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise BadInput(f"the surface is not TOML: {error}") from error
        if unknown := set(value) - {"name", "base", "main", "numbers", "pairs"}:
            raise BadInput(f"a surface has no key {sorted(unknown)[0]!r}", hint="expected name, base, main, numbers, pairs")
        if set(value.get("base", {})) != set(FAULTS):
            raise BadInput("[base] of a surface names every fault once", hint=f"faults: {', '.join(FAULTS)}")
        name = value.get("name")
        if not isinstance(name, str) or not name or "/" in name or "@" in name:
            raise BadInput("a surface needs a name without / and @")
        levers = tuple(read("cues.toml")["lever"])
        pairs = tuple(_pair(pair, levers) for pair in value.get("pairs", []))
        base = tuple((fault, _number(value["base"][fault], f"base.{fault}")) for fault in FAULTS)
        return cls(name, base, _effects(value, "main", levers), _effects(value, "numbers", NUMBERS), pairs)


def _effects(value: Mapping[str, Any], section: str, allowed: tuple[str, ...]) -> tuple[tuple[str, str, float], ...]:
    out = []
    for fault, effects in value.get(section, {}).items():
        if fault not in FAULTS or not isinstance(effects, dict):
            raise BadInput(f"[{section}.{fault}] names no fault", hint=f"faults: {', '.join(FAULTS)}")
        for name, effect in effects.items():
            if name not in allowed:
                raise BadInput(f"[{section}.{fault}] has no {name!r}", hint=f"there are: {', '.join(allowed)}")
            out.append((fault, name, _number(effect, f"{section}.{fault}.{name}")))
    return tuple(out)


def _pair(pair: Mapping[str, Any], levers: tuple[str, ...]) -> tuple[str, str, str, float]:
    names = pair.get("levers", [])
    if pair.get("fault") not in FAULTS or len(names) != 2 or any(name not in levers for name in names):
        raise BadInput(f"not a pair of a surface: {dict(pair)}", hint="expected fault, levers = [one, other], effect")
    return pair["fault"], names[0], names[1], _number(pair.get("effect"), "pairs.effect")


def _number(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise BadInput(f"{where} of a surface is {value!r}, expected a number")
    return float(value)


def levels(brief: Brief, *, surface: Surface, temperature: float, top_p: float) -> dict[str, float]:
    """The level of each fault, in [0, 1], that a brief leads to. A fault without an occasion in the brief is 0."""
    levers, numbers = brief.instructions.levers, numbers_of(brief, temperature, top_p)
    logit = dict(surface.base)
    for fault, lever, effect in surface.main:
        logit[fault] += effect * levers[lever]
    for fault, number, effect in surface.numbers:
        logit[fault] += effect * numbers[number]
    for fault, one, other, effect in surface.pairs:
        logit[fault] += effect * levers[one] * levers[other]
    spec = read("surfaces.toml")
    floor = spec["generator"]["floor"]
    occasion = {"title_leak": brief.wishes.title is not None, "parroting": bool(brief.examples)}
    return {
        fault: spec["fault"][fault].get("scale", 1.0) * max(0.0, (_sigmoid(value) - floor) / (1 - floor)) * occasion.get(fault, True)
        for fault, value in logit.items()
    }


def unit_levels(logits: NDArray[np.float64], faults: Sequence[str]) -> NDArray[np.float64]:
    """The levels at many logits, as `levels` has them for a brief that gives every fault its occasion. logits: (n, len(faults))."""
    spec = read("surfaces.toml")
    floor, scales = spec["generator"]["floor"], [spec["fault"][fault].get("scale", 1.0) for fault in faults]
    shares = 1 / (1 + np.exp(-np.clip(logits, -700, 700)))
    return np.asarray(np.maximum(0.0, (shares - floor) / (1 - floor)) * scales, dtype=np.float64)


def logit_of(level: NDArray[np.float64], faults: Sequence[str]) -> NDArray[np.float64]:
    """The logits that lead to these levels, one for each fault: the inverse of `unit_levels`; the highest where the level is 0."""
    spec = read("surfaces.toml")
    floor, scales = spec["generator"]["floor"], np.array([spec["fault"][fault].get("scale", 1.0) for fault in faults])
    share = floor + level / scales * (1 - floor)
    return np.asarray(np.log(share / (1 - share)), dtype=np.float64)


def numbers_of(brief: Brief, temperature: float, top_p: float) -> dict[str, float]:
    """What a prompt varies besides instructions, as a surface reads it: by NUMBERS, 0 where it is neutral."""
    return {
        "exemplars": 1 - math.exp(-len(brief.examples) / 1.5),
        "temperature": min(0.6, max(-1.0, (temperature - _NEUTRAL_TEMPERATURE) / _NEUTRAL_TEMPERATURE)),
        "top_p": 1 - top_p,
        "heat": max(0.0, temperature - _HOT) / 0.5,
        "persona": min(brief.wishes.n_lines, 5) / 5 - 0.5,
    }


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0


@cache
def _digest(surface: Surface) -> str:
    return digest([surface.base, surface.main, surface.numbers, surface.pairs])[:32]
