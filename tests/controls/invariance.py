"""Control 3: what may not matter. Half and twice the size, the order of dialogues, the names of speakers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import reading
from declared import declared
from halves import measured, sides, told
from scratch import World, kept, replaced, sampled, world

from understudy.keys import digest
from understudy.measure.reference import Human, Reference
from understudy.profile.anchors import disjoint_halves, human_panel, powered

Fields = dict[str, Any]
N_EXACT = 3
SIZES = (("half", 0.5), ("double", 2.0))
TOLD = ("objectives", "signed")


def run() -> Fields:
    """within by size and figure, the largest difference under shuffling and renaming; failures."""
    spec, here = declared()["invariance"], world()
    seen = kept("sizes", lambda: _sizes(here), by=(__file__,), on=[*sampled(), spec["n_halves"]])
    exact = kept(
        "exact", lambda: {"shuffled": _apart(here, _shuffled), "renamed": _apart(here, _renamed)}, by=(__file__,), on=sampled()
    )
    within = {name: _within(seen, name) for name, _ in SIZES}
    failures = [
        f"{name} size, {figure}: within the interval in {one['value']:.0%} of the halves"
        for name, figures in within.items()
        for figure, one in figures.items()
        if one["value"] < spec["least_within"]
    ]
    failures += [f"{name}: {one:.2g} apart" for name, one in exact.items() if one > spec["tolerance"]]
    return {"n": len(seen), "n_exact": N_EXACT, "within": within, "exact": exact, "failures": failures}


def _sizes(here: World) -> list[Fields]:
    """Per halving what the report's size says with intervals, and half and double of the same humans without."""
    spec = declared()
    found = []
    for at in range(spec["invariance"]["n_halves"]):
        seed, one = spec["first_seed"] + at, {}
        for name, times in (("report", 1.0), *SIZES):
            sizes = {part: round(times * n) for part, n in spec["sizes"].items()}
            place, humans = sides(here, here.reference, sizes, seed)
            one[name] = told(measured(place, humans, seed=seed, intervals=name == "report"))
        found.append(one)
    return found


def _within(seen: list[Fields], size: str) -> Fields:
    found = {}
    for part in TOLD:
        for figure in sorted(seen[0]["report"][part]):
            pairs = [(one[size][part].get(figure), one["report"][part].get(figure)) for one in seen]
            both = [(other[0], ends) for other, ends in pairs if other and ends]
            found[figure] = reading.share(sum(reading.is_within(value, ends) for value, ends in both), len(both))
    return found


def _apart(here: World, change: Callable[[World], Reference]) -> float:
    """The largest difference in any objective, signed part or end of an interval."""
    spec, changed, most = declared(), change(here), 0.0
    for at in range(N_EXACT):
        seed = spec["first_seed"] + at
        first, second = disjoint_halves(here.reference, seed=seed)
        values = []
        for reference in (here.reference, changed):
            place = human_panel(reference.of(first), spec["sizes"], seed=seed)
            humans = powered(reference.of(second), reference)
            found = told(measured(place, humans, seed=seed, intervals=True))
            values.append({(part, name): ends for part in TOLD for name, ends in found[part].items()})
        if values[0].keys() != values[1].keys():
            return float("inf")
        pairs = [(np.array(ends), np.array(values[1][name])) for name, ends in values[0].items() if ends]
        most = max(most, *(float(np.abs(one - other).max()) for one, other in pairs))
    return most


def _shuffled(here: World) -> Reference:
    """The humans with every frame and the dialogues in another order."""
    frames = (here.human.reactions, here.human.behaviour, here.human.turns, here.human.targets)
    mixed = [None if frame is None else frame.sample(fraction=1.0, shuffle=True, seed=5) for frame in frames]
    reactions, behaviour, turns, targets = mixed
    assert reactions is not None
    assert behaviour is not None
    assert turns is not None
    human = Human(reactions, behaviour, turns, here.human.items, targets, here.human.instruments)
    return _built(human, here, [here.dialogues[at] for at in np.random.default_rng(5).permutation(len(here.dialogues))])


def _renamed(here: World) -> Reference:
    """The humans under other names."""

    def named(frame: pl.DataFrame) -> pl.DataFrame:
        other = {name: digest(["renamed", name]) for column in speakers for name in here.human.turns[column].drop_nulls().unique()}
        return frame.with_columns(pl.col(column).replace_strict(other, default=None) for column in speakers)

    speakers = ("seeker_id", "recommender_id")

    own = here.human
    human = Human(named(own.reactions), named(own.behaviour), named(own.turns), own.items, own.targets, own.instruments)
    return _built(human, here, here.dialogues)


def _built(human: Human, here: World, dialogues: list[Any]) -> Reference:
    """A reference whose humans were read as a simulator's dialogues are."""
    return replaced(Reference.build(human, seed=here.reference.seed), dialogues, human, here.points)
