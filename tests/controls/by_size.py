"""False alarms and power of the bounds that stand on the humans' floor, by the size of the report: where their `min_n` comes from.

`python tests/controls/by_size.py [SIZE …]` prints a row for each size and figure. SIZE is both the number of contexts per stratum
and that of dialogues. The floor is that of the same size, as the gates take it. Halves share no worker with the ones behind the
floor's own halvings, and the dose is the one that is declared for the bound.

`ordered` is the share of pairs of a clean and a dosed half of which the dosed one has the higher value: what a choice between two
prompts needs, and where the objectives' own MIN_N comes from (with N_CLEAN = 40). Chance is .5.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

from declared import declared
from halves import measured, sides
from scratch import World, world

from understudy.objectives import MAX_OVER_ACCEPTANCE, SLACK
from understudy.profile.anchors import Anchor, human_anchors

SIZES = (10, 20, 40, 60, 80)
N_CLEAN, N_DOSED = 100, 40
BOUNDS = (*SLACK, "over_acceptance")


def main(asked: list[str]) -> int:
    """0 after the table was printed."""
    here = world()
    print("size", "figure", "bound", "false_alarms", "power", "ordered", "n", sep="\t")
    for size in [int(one) for one in asked] or SIZES:
        for name, row in at_size(here, size).items():
            print(size, name, *(f"{value:.3f}" for value in row[:4]), row[4], sep="\t", flush=True)
    return 0


def at_size(here: World, size: int) -> dict[str, tuple[float, float, float, float, int]]:
    """Objective → bound, share of clean halves refused, share of dosed halves refused, share of pairs in order, n of the figure."""
    sizes = {"per_stratum": size, "behaviour": size, "free": size}
    anchors = {one.name: one for one in human_anchors(here.reference, split="select", sizes=sizes, seed=declared()["profile_seed"])}
    clean = _values(here, {}, sizes, N_CLEAN)
    found = {}
    for name in BOUNDS:
        effect = declared()["bounds"][name]
        dosed = _values(here, {effect["dose"]: effect["share"]}, sizes, N_DOSED)
        bound = _bound(anchors, name)
        alarms, power = (_share_above(values[name], bound) for values in (clean, dosed))
        found[name] = (bound, alarms, power, _share_ordered(clean[name], dosed[name]), clean[name][0][1])
    return found


def _bound(anchors: Mapping[str, Anchor], name: str) -> float:
    if name == "over_acceptance":
        return MAX_OVER_ACCEPTANCE
    floor = anchors[name].floor_hi
    assert floor is not None
    return floor + SLACK[name]


def _values(here: World, doses: dict[str, float], sizes: dict[str, int], n: int) -> dict[str, list[tuple[float, int]]]:
    """Objective → value and n of each half."""
    spec = declared()
    dosed = here.dosed(doses, seed=spec["dose"]["seed"])
    found: dict[str, list[tuple[float, int]]] = {name: [] for name in BOUNDS}
    for at in range(n):
        seed = spec["first_seed"] + at
        evaluation = measured(*sides(here, dosed, sizes, seed), seed=seed)
        for name in BOUNDS:
            one = evaluation.diagnostics[name] if name in evaluation.diagnostics else evaluation.objectives[name].measured
            if one.value is not None:
                found[name].append((one.value, one.n))
    return found


def _share_above(values: list[tuple[float, int]], bound: float) -> float:
    return sum(value > bound for value, _ in values) / len(values)


def _share_ordered(clean: list[tuple[float, int]], dosed: list[tuple[float, int]]) -> float:
    """The share of pairs whose dosed half has the higher value; ties count by half."""
    pairs = [(one, other) for one, _ in clean for other, _ in dosed]
    return sum((other > one) + 0.5 * (other == one) for one, other in pairs) / len(pairs)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
