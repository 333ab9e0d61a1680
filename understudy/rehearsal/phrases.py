"""Sentences that pull one lever of the reader each: what the critic writes, and what true fronts are enumerated over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from understudy.rehearsal.parameters import read

OFF = "off"
# the section that is home to no lever: what stands there counts less
_AWAY = "need"


@dataclass(frozen=True, slots=True)
class Option:
    """One way to set a lever: a name (`off`, `up hedged`, `down twice`, …), the section it stands in, and its sentences."""

    lever: str
    name: str
    section: str
    text: str


@cache
def options() -> Mapping[str, tuple[Option, ...]]:
    """Lever → the ways to set it, `off` first."""
    critic, out = read("roles.toml")["critic"], {}
    for lever, spec in read("roles.toml")["phrase"].items():
        found = [Option(lever, OFF, spec["section"], "")]
        for way in ("up", "down"):
            if not spec[way]:
                continue
            first, second = spec[way]
            hedged, stressed = _after(critic["hedge"], first), _after(critic["stress"], first)
            ways = {
                "faint": (_AWAY, hedged),
                "hedged": (spec["section"], hedged),
                "aside": (_AWAY, first),
                "plain": (spec["section"], first),
                "stressed": (spec["section"], stressed),
                "twice": (spec["section"], f"{first} {second}"),
                "most": (spec["section"], f"{stressed} {_after(critic['stress'], second)}"),
            }
            found += [Option(lever, f"{way} {strength}", section, text) for strength, (section, text) in ways.items()]
        out[lever] = tuple(found)
    return out


@cache
def sentences() -> tuple[Option, ...]:
    """Every plain sentence as an option of its own, two for each lever and direction there are."""
    phrases = read("roles.toml")["phrase"].items()
    return tuple(Option(lever, way, spec["section"], text) for lever, spec in phrases for way in ("up", "down") for text in spec[way])


def _after(opening: str, sentence: str) -> str:
    return opening + sentence[0].lower() + sentence[1:]
