"""Control 2: known faults in growing doses. Each moves its own objective, most, by as much as was put in; undeclared effects fail."""

from __future__ import annotations

from typing import Any

import numpy as np
import reading
from declared import OBJECTIVES, declared
from halves import dosed_halves, undosed
from scratch import World, world

Fields = dict[str, Any]
MOST_FROM = 0.10  # doses from here on must move their own objective most


def run() -> Fields:
    """shifts by fault, objective and dose; recovered doses; failures."""
    spec, here = declared(), world()
    doses = spec["dose"]["shares"]
    floors = _floor_sds(here)
    found: Fields = {"n": spec["dose"]["n_halves"], "roles": spec["response"], "shares": doses, "floor_sd": floors, "faults": {}}
    failures = []
    for fault, roles in spec["response"].items():
        seen = [dosed_halves(here, fault, share) for share in doses]
        shifts = {name: [_shift(seen[0], one, name) / floors[name] for one in seen] for name in OBJECTIVES}
        recovered = [_recovered(fault, at, seen, doses) for at in range(1, len(doses))]
        monotone = _monotone(seen, str(roles["own"]))
        found["faults"][fault] = {"own": roles["own"], "shifts": shifts, "recovered": recovered, "monotone": monotone}
        most_from = next(at for at, share in enumerate(doses) if share >= MOST_FROM)
        failures += reading.response_failures(fault, roles, shifts, moves=spec["dose"]["moves"], most_from=most_from)
        failures += recovery_failures(fault, recovered, spec["dose"])
    return {**found, "failures": failures}


def recovery_failures(fault: str, recovered: list[Fields], limits: Fields) -> list[str]:
    """Doses that were not read back."""
    found = []
    for one in recovered:
        if one["covers"]["value"] < limits["least_recovered"]:
            found.append(f"{fault} {one['dose']:.0%}: recovered within the interval in {one['covers']['value']:.0%} of the halves")
        if abs(one["mean"] - one["dose"]) > limits["most_off"]:
            found.append(f"{fault} {one['dose']:.0%}: recovered as {one['mean']:.1%}")
    return found


def _floor_sds(here: World) -> dict[str, float]:
    return {name: reading.points([one["objectives"][name][0] for one in undosed(here)])["sd"] for name in OBJECTIVES}


def _shift(undosed: list[Fields], dosed: list[Fields], name: str) -> float:
    return float(np.mean([other["objectives"][name][0] - one["objectives"][name][0] for one, other in zip(undosed, dosed, strict=True)]))


def _monotone(seen: list[list[Fields]], own: str) -> Fields:
    """The share of halves in which the own objective rises with every dose."""
    curves = list(zip(*[[half["objectives"][own][0] for half in one] for one in seen], strict=True))
    return reading.share(sum(reading.rises(curve) for curve in curves), len(curves))


def _recovered(fault: str, at: int, seen: list[list[Fields]], doses: list[float]) -> Fields:
    share, halves = doses[at], seen[at]
    if declared()["recovery"][fault] == "calibrated":
        first = len(halves) // 2
        means = [float(np.mean([one["raised"][fault][0] for one in there[:first]])) for there in seen]
        curve = list(zip(doses, means, strict=True))
        ends = [reading.inverted(one["raised"][fault], curve) for one in halves[first:]]
    else:
        ends = [one["raised"][fault] for one in halves]
    covers = reading.share(sum(reading.is_within(share, one) for one in ends), len(ends))
    values = [one[0] for one in ends]
    return {"dose": share, "mean": float(np.mean(values)), "sd": float(np.std(values)), "covers": covers}


