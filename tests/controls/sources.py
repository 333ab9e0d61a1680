"""Control 6: humans in the place of what was played, as near to the sources of prompts and fits as humans who are no source.

Halves share no worker. One of them is held against the suite `privacy`, with the other as the held-out people, as it is and with
turns copied from the sources.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import human_halves
import numpy as np
import polars as pl
import reading
from declared import declared
from halves import bounds_of
from scratch import World, dosing, kept, sampled, world

from understudy.instruments.text import plain, tokens
from understudy.keys import rng_of
from understudy.measure.privacy import FIGURES, Sources, closeness
from understudy.profile.anchors import disjoint_halves

Fields = dict[str, Any]


def run() -> Fields:
    """figures (of a half, of held-out people, and how far apart they are), bounds, failures."""
    spec, here = declared()["privacy"], world()
    clean = _kept(here, {}, declared()["halves"]["n"])
    bounds = {}
    for name, effect in spec["bounds"].items():
        dosed = _kept(here, {effect["dose"]: effect["share"]}, declared()["dose"]["n_halves"])
        alarms, power = (_refused(halves, f"privacy.{name}") for halves in (clean, dosed))
        told = f"{effect['dose']} {effect['share']:.0%}"
        bounds[f"privacy.{name}"] = {"false_alarms": alarms, "power": power, "effect": told, "how": "halves"}
    figures = {name: _points(clean, name) for name in FIGURES}
    return {"n": len(clean), "figures": figures, "bounds": bounds, "failures": human_halves.failures({}, bounds, declared()["halves"])}


def _kept(here: World, doses: dict[str, float], n: int) -> list[Fields]:
    spec = declared()["privacy"]
    name = "sources-" + ("-".join(f"{kind}-{share:g}" for kind, share in doses.items()) or "none")
    on = [*sampled(), *dosing(), spec["first_seed"], sorted(doses.items()), n]
    return list(kept(name, partial(_halves, here, doses, n), by=(__file__,), on=on))


def _halves(here: World, doses: dict[str, float], n: int) -> list[Fields]:
    spec, said = declared(), here.texts(doses, seed=declared()["dose"]["seed"])
    records = pl.DataFrame(
        [(name, text) for name, turns in said.items() for text in turns], schema=["dialogue_id", "text"], orient="row"
    ).with_columns(plain=plain("text"))
    records = records.select("dialogue_id", tokens=tokens("plain"))
    every, found = here.reference.sources.turns, []
    for at in range(n):
        seed = spec["privacy"]["first_seed"] + at
        one, other = (sorted(side & said.keys()) for side in disjoint_halves(here.reference, seed=seed))
        drawn = [one[int(place)] for place in rng_of("records of a half", seed).permutation(len(one))[: spec["sizes"]["free"]]]
        held_out = every.filter((pl.col("split") != spec["split"]) | pl.col("dialogue_id").is_in(other))
        seen = closeness(records.filter(pl.col("dialogue_id").is_in(drawn)), Sources(held_out, spec["profile_seed"]), seed=seed)
        found.append({"figures": {f"diagnostics.{name}": [figure.value, figure.lo, figure.hi, figure.n] for name, figure in seen.items()}})
    return found


def _refused(halves: list[Fields], bound: str) -> Fields:
    # a half with fewer dialogues than the bound needs is no evidence for it
    passed = [seen[bound][-1] for seen in (bounds_of(one, []) for one in halves) if bound in seen]
    return reading.share(passed.count(False), len(passed))


def _points(halves: list[Fields], name: str) -> Fields:
    seen, human = (np.array([one["figures"][f"diagnostics.{name}{side}"][0] for one in halves]) for side in ("", "_human"))
    return {
        "seen": reading.points(seen.tolist()),
        "human": reading.points(human.tolist()),
        "apart": reading.points((seen - human).tolist()),
    }
