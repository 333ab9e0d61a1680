"""One half of the humans in a simulator's place against the other, with or without a fault in it: what every control measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import reading
from declared import OBJECTIVES, declared
from scratch import World, dosing, kept, sampled

from understudy.doors import checks
from understudy.measure.reference import Observed, Reference
from understudy.objectives import Evaluation, measure_observed
from understudy.objectives.positive_bias import going_together, rates
from understudy.profile.anchors import disjoint_halves, human_panel, powered
from understudy.records import STRATA, Measured
from understudy.release import gates
from understudy.statistics.rates import wilson

Fields = dict[str, Any]
Sizes = Mapping[str, int]
LONG = 40
FEW = 8


def undosed(here: World) -> list[Fields]:
    """What every halving showed of humans as they are, with intervals; kept."""
    n = declared()["halves"]["n"]
    return list(kept("halves", lambda: _halves(here, {}, n, intervals=True), by=(__file__,), on=[*sampled(), n]))


def dosed_halves(here: World, fault: str, share: float) -> list[Fields]:
    """What the halves showed with this fault in this share, and under `raised` what its dose is read back from; kept."""
    n, faults = declared()["dose"]["n_halves"], (fault,) if share else tuple(declared()["response"])
    made = partial(_halves, here, {fault: share} if share else {}, n, faults=faults)
    name = f"dose-{fault}-{share:g}" if share else "dose-none"
    return list(kept(name, made, by=(__file__,), on=[*sampled(), *dosing(), n, faults]))


def _halves(here: World, doses: dict[str, float], n: int, *, intervals: bool = False, faults: Sequence[str] = ()) -> list[Fields]:
    spec = declared()
    dosed = here.dosed(doses, seed=spec["dose"]["seed"])
    found = []
    for at in range(n):
        seed = spec["first_seed"] + at
        place, humans = sides(here, dosed, spec["sizes"], seed)
        evaluation = measured(place, humans, seed=seed, intervals=intervals)
        found.append({**told(evaluation), "raised": {fault: _raised(fault, place, humans, evaluation) for fault in faults}})
    return found


def sides(world: World, dosed: Reference, sizes: Sizes, seed: int) -> tuple[Observed, Reference]:
    """The panel of one half, taken from `dosed`, and the other half as it was; the two share no worker."""
    one, other = disjoint_halves(world.reference, seed=seed)
    return human_panel(dosed.of(one), sizes, seed=seed), powered(world.reference.of(other), world.reference)


def measured(place: Observed, humans: Reference, *, seed: int, intervals: bool = False) -> Evaluation:
    """What the objectives say of it."""
    return measure_observed(place, humans, seed=seed, intervals=intervals)


def told(evaluation: Evaluation) -> dict[str, Any]:
    """objectives, signed (`objective.part`), figures (what gates look at, with n)."""
    values = {name: ends(evaluation.objectives[name].measured) for name in OBJECTIVES}
    signed = {
        f"{name}.{part}": ends(figure)
        for name in OBJECTIVES
        for part, figure in evaluation.objectives[name].signed.items()
        if figure.value is not None
    }
    seen = gates.figures(evaluation.as_json(), [], {}, {})
    figures = {name: [one.value, one.lo, one.hi, one.n] for name, one in seen.items() if one.value is not None}
    return {"objectives": values, "signed": signed, "figures": figures}


def bounds_of(one: Fields, anchors: list[dict[str, Any]]) -> dict[str, tuple[float, float, bool]]:
    """`suite.bound` → what is held against it, the bound, whether it passes; of bounds that a half has evidence for."""
    figures = gates.figures({"objectives": {}, "leakage": {}, "diagnostics": {}}, anchors, {}, _plenty())
    figures |= {name: Measured(*ends) for name, ends in one["figures"].items()}
    found = {}
    for suite in gates.BATCH_GATES:
        for row in gates.evidence(checks.suite(suite), figures):
            if row.state == "measured" and row.limited is not None and row.bound is not None:
                passed = row.limited >= row.bound if row.at_least else row.limited <= row.bound
                found[f"{suite}.{row.subject}"] = (row.limited, row.bound, passed)
    return found


def _plenty() -> dict[str, Measured]:
    """The facts of the data by which bounds apply: halves of these logs have evidence enough, and lack what they lack as figures."""
    rules = [one.meta["applies"] for suite in gates.BATCH_GATES for one in gates.bounds(checks.suite(suite)) if "applies" in one.meta]
    return {rule["figure"].removeprefix("data."): Measured(float(rule["at_least"]), n=int(rule["at_least"])) for rule in rules}


def ends(figure: Measured) -> list[float] | None:
    """[value, lo, hi], None where it was not measured."""
    if figure.value is None or figure.lo is None or figure.hi is None:
        return None
    return [figure.value, figure.lo, figure.hi]


def long_turns(corpus: Any) -> Measured:
    """The share of turns of at least LONG tokens."""
    return wilson(int(corpus.lengths[:, LONG:].sum()), int(corpus.lengths.sum()))


def _raised(fault: str, place: Observed, humans: Reference, evaluation: Evaluation) -> list[float]:
    """The dose as it is read back with its interval; for calibrated faults what it is read from."""
    if fault == "acceptance":
        return _acceptance(place, humans)
    if fault == "titles":
        return reading.raised(evaluation.leakage["title"], wilson(int(humans.disclosures["title"].sum()), len(humans.disclosures)))
    if fault == "length":
        return reading.raised(long_turns(place.corpus), long_turns(humans.corpus))
    if fault == "copied":
        flags = humans.turns["copied"].drop_nulls()
        seen = evaluation.leakage["copying"]
        assert seen.value is not None
        assert seen.lo is not None
        assert seen.hi is not None
        long = len(flags) / len(humans.turns)
        return reading.copied_dose((seen.value, seen.lo, seen.hi), human=float(flags.mean() or 0), long=long)  # type: ignore[arg-type]
    opening = evaluation.objectives["diversity_gap"].signed["openings"]
    assert opening.value is not None
    assert opening.lo is not None
    assert opening.hi is not None
    return [opening.value, opening.lo, opening.hi]


def _acceptance(place: Observed, humans: Reference) -> list[float]:
    """The mean over strata of the dose behind their acceptance; their spreads add as those of the same people's reactions do."""
    each: dict[str, list[float]] = {}
    ours, theirs = (rates(frame, reference=humans) for frame in (place.reactions, humans.reactions))
    for stratum in STRATA:
        seen, human = ours["accept", stratum], theirs["accept", stratum]
        if min(seen.n, human.n) >= FEW:
            each[stratum] = reading.raised(seen, human)
    values, together = np.array(list(each.values())), going_together(place, humans, tuple(each))
    away = (np.abs(values[:, 0] - values[:, end]) for end in (1, 2))
    down, up = (float(np.sqrt(one @ together @ one)) / len(values) for one in away)
    mean = float(values[:, 0].mean())
    return [mean, mean - down, mean + up]
