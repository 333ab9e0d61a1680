"""Control 1: humans against humans. Every objective at its floor, no gate that refuses them, and each gate's power at a stated effect."""

from __future__ import annotations

from typing import Any

import reading
from declared import declared
from halves import bounds_of, dosed_halves, undosed
from scratch import World, world
from speakers import by_speaker

from understudy.doors import checks
from understudy.release.gates import BATCH_GATES

Fields = dict[str, Any]


def run() -> Fields:
    """floors, bounds, failures."""
    spec, here = declared(), world()
    seen = undosed(here)
    floors = {**_objectives(here, seen), **_parts(seen, by_speaker(here))}
    bounds = _bounds(here, seen)
    return {"n": len(seen), "floors": floors, "bounds": bounds, "failures": failures(floors, bounds, spec["halves"])}


def failures(floors: Fields, bounds: Fields, limits: Fields) -> list[str]:
    """What is not as it should be."""
    found = []
    for name, one in floors.items():
        if "above" in one and one["above"]["value"] > limits["most_false_alarms"]:
            found.append(f"{name}: {one['above']['value']:.1%} of the halves are above the floor's upper end")
        if one.get("covers") and one["covers"]["value"] < limits["least_covered"]:
            found.append(f"{name}: the interval holds 0 in {one['covers']['value']:.1%} of the halves")
    for name, one in bounds.items():
        if one["false_alarms"]["value"] > limits["most_false_alarms"]:
            found.append(f"{name}: {one['false_alarms']['value']:.1%} false alarms")
        if one["power"]["value"] < limits["least_power"]:
            found.append(f"{name}: power {one['power']['value']:.2f} at {one['effect']}")
    return found


def _objectives(here: World, seen: list[Fields]) -> Fields:
    anchors = {row["name"]: row for row in here.anchors}
    found = {}
    for name in seen[0]["objectives"]:
        values = [one["objectives"][name][0] for one in seen if one["objectives"][name]]
        row = anchors[name]
        above = reading.share(sum(value > row["floor_hi"] for value in values), len(values))
        found[name] = {**reading.points(values), "floor": [row["floor"], row["floor_lo"], row["floor_hi"]], "above": above}
    return found


def _parts(seen: list[Fields], speakers: Fields) -> Fields:
    found = {}
    for name in sorted({name for one in seen for name in one["signed"]}):
        figures = [one["signed"][name] for one in seen if name in one["signed"] and one["signed"][name]]
        # a kind of leakage is held against its cap, and has no null at 0
        null = not name.startswith("data_leakage.")
        covers = reading.share(sum(reading.is_within(0.0, one) for one in figures), len(figures)) if null else None
        found[name] = {**reading.points([one[0] for one in figures]), "covers": covers, "by_speaker": speakers.get(name)}
    return found


def _bounds(here: World, clean: list[Fields]) -> Fields:
    found = {}
    for suite in BATCH_GATES:
        for one in checks.suite(suite):
            effect = declared()["bounds"].get(one.name)
            if "figure" in one.meta and effect is not None:
                found[f"{suite}.{one.name}"] = _bound(here, f"{suite}.{one.name}", one.meta, effect, clean)
    return found


def _bound(here: World, name: str, meta: Any, effect: Fields, clean: list[Fields]) -> Fields:
    """false_alarms, power (both with interval and n, or exact), effect in words, how it was had."""
    if "rate" in effect:
        return _binomial(meta, effect)
    seen = _seen(here, name, clean)
    alarms = reading.share(sum(not passed for *_, passed in seen), len(seen))
    if "shift" in effect:
        moved = sum(limited + effect["shift"] > bound for limited, bound, _ in seen)
        power = reading.share(moved, len(seen))
        return {"false_alarms": alarms, "power": power, "effect": f"{effect['shift']:+.2f}", "how": "halves, moved"}
    dosed = _seen(here, name, dosed_halves(here, effect["dose"], effect["share"]))
    power = reading.share(sum(not passed for *_, passed in dosed), len(dosed))
    return {"false_alarms": alarms, "power": power, "effect": f"{effect['dose']} {effect['share']:.0%}", "how": "halves"}


def _seen(here: World, name: str, halves: list[Fields]) -> list[tuple[float, float, bool]]:
    found = [bounds_of(one, here.anchors) for one in halves]
    return [one[name] for one in found if name in one]


def _binomial(meta: Any, effect: Fields) -> Fields:
    n, rate, clean = effect["n"], effect["rate"], effect["clean"]
    if "figure" in meta["bound"]:  # decoys against what is disliked
        values = [reading.differ(one, clean, n, slack=meta["bound"]["plus"]) for one in (clean, rate)]
    else:
        upper = meta["limit"] == "upper"
        values = [reading.fails(one, n, bound=meta["bound"]["fixed"], upper=upper) for one in (clean, rate)]
    alarms, power = ({"value": value, "ci": None, "n": n} for value in values)
    return {"false_alarms": alarms, "power": power, "effect": f"a rate of {rate:.1%}", "clean": clean, "how": "binomial, exact"}
