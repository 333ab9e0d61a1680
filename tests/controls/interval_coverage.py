"""Control 4: how often the intervals of the signed parts hold the truth, on rehearsal, by method; which one is taken is for the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import reading
from declared import declared
from intervals import METHODS, all_of
from pool import Pool, pools
from scratch import kept, sampled, world
from weighed import weighed

from understudy.keys import rng_of
from understudy.measure.reference import Observed, Reference
from understudy.objectives import measure_observed
from understudy.objectives.diversity_gap import collisions
from understudy.statistics.classifier import N_FOLDS, grouped_auc
from understudy.statistics.distances import rarefied

Fields = dict[str, Any]
SHIPPED = "shipped"
N_TRUTH = 100
MOST_CLASSIFIED = 800
N_PIECES = 10
MEASURED_BY = tuple(str(Path(__file__).with_name(f"{name}.py")) for name in ("interval_coverage", "intervals", "pool", "weighed"))


def run() -> Fields:
    """covered by case, part and method; failures of the shipped one."""
    spec = declared()["coverage"]
    found: Fields = {"n": spec["n_repetitions"], "cases": {}}
    failures = []
    for case, band in (("signed", spec["signed"]), ("null", spec["null"])):
        rows = _covered(_repetitions(case), kept(f"truth-{case}", partial(truths, case), by=MEASURED_BY, on=[*sampled(), spec]))
        found["cases"][case] = {"band": band, "parts": rows}
        for part, row in rows.items():
            value = row["methods"][SHIPPED]["value"]
            if not band[0] <= value <= band[1]:
                failures.append(f"{case}, {part}: the shipped interval holds the truth in {value:.1%}")
    return {**found, "failures": failures}


def _sides(case: str) -> tuple[Pool, Pool]:
    made = pools(world())
    return made["faulty" if case == "signed" else "clean"], made["clean"]


def _repetitions(case: str) -> list[Fields]:
    """All repetitions, kept in pieces so that an interrupted run goes on."""
    spec = declared()["coverage"]
    size, on = spec["n_repetitions"] // N_PIECES, [*sampled(), spec]
    pieces = [kept(f"coverage-{case}-{at}", partial(_piece, case, at, size), by=MEASURED_BY, on=on) for at in range(N_PIECES)]
    return [one for piece in pieces for one in piece]


def _piece(case: str, piece: int, size: int) -> list[Fields]:
    """Per repetition part → method → [value, lo, hi]."""
    spec = declared()["coverage"]
    simulated, human = _sides(case)
    found = []
    for at in range(piece * size, (piece + 1) * size):
        seed = spec["seed"] + at
        ours = simulated.batch(spec["sizes"], seed=seed)
        # at the null both sides come from one pool and share no dialogue
        batch = human.batch(spec["n_humans"], seed=seed, skip=spec["sizes"] if simulated is human else None)
        # one seed for both sides, as every evaluation has: rows that both batches hold are paired
        found.append(repetition(ours, replace(human.reference(batch, world().reference), seed=seed), seed=seed))
    return found


def repetition(ours: Observed, humans: Reference, *, seed: int) -> Fields:
    """Every method's interval of every signed part."""
    evaluation = measure_observed(ours, humans, seed=seed)
    found: Fields = {}
    for name, one in weighed(ours, humans).items():
        objective, part = name.split(".")
        shipped = evaluation.objectives[objective].signed[part]
        rng = rng_of("intervals", seed, name)
        found[name] = {SHIPPED: [shipped.value, shipped.lo, shipped.hi]}
        found[name] |= {method: list(ends) for method, ends in all_of(one.statistic, one.n, one.most, rng).items()}
    return found


def truths(case: str) -> dict[str, float]:
    """`objective.part` → what it is between the whole pools, at a batch's size where the part depends on it."""
    simulated, human = _sides(case)
    sides = [one.whole() for one in (simulated, human)]
    humans = human.reference(sides[1], world().reference)
    found = {}
    for name, one in weighed(sides[0], humans).items():
        if name in ("diversity_gap.distinct_2", "diversity_gap.openings", "behavioural_distance.classifier"):
            continue
        found[name] = float(one.statistic(np.ones((1, one.n[0])), np.ones((1, one.n[1])))[0])
    same = simulated is human
    found["diversity_gap.distinct_2"] = 0.0 if same else _distinct(simulated.corpus, human.corpus)
    found["diversity_gap.openings"] = 0.0 if same else _openings(simulated.corpus, human.corpus)
    found["behavioural_distance.classifier"] = 0.0 if same else _classifier(simulated.corpus, human.corpus)
    return found


def _distinct(ours: Any, humans: Any) -> float:
    """Of as many dialogues as a batch has, over many draws: the part is one of a size."""
    n, draw = declared()["coverage"]["sizes"]["behaviour"], rng_of("truth of distinct-2")
    draws = [[corpus.bigrams[draw.permutation(corpus.n)[:n]] for _ in range(N_TRUTH)] for corpus in (ours, humans)]
    counts = [[np.asarray(one.sum(axis=0)).ravel() for one in side] for side in draws]
    size = int(min(np.mean([one.sum() for one in side]) for side in counts))
    means = [np.mean([rarefied(one, min(size, int(one.sum()))) for one in side]) for side in counts]
    return float(np.log(means[0] / means[1]))


def _openings(ours: Any, humans: Any) -> float:
    sizes = declared()["coverage"]
    pairs = []
    for corpus, n in ((ours, sizes["sizes"]["behaviour"]), (humans, sizes["n_humans"]["behaviour"])):
        pairs.append(float(collisions(corpus, np.ones((1, corpus.n)))[1][0]) * (n / corpus.n) ** 2)
    (one, _), (other, _) = (collisions(corpus, np.ones((1, corpus.n))) for corpus in (ours, humans))
    return float(np.log((one[0] + 1 / min(pairs)) / (other[0] + 1 / min(pairs))))


def _classifier(ours: Any, humans: Any) -> float:
    """Of a classifier that has learnt from ten times a batch."""
    draw = rng_of("truth of the classifier")
    sides = [corpus.rows(np.sort(draw.permutation(corpus.n)[:n])) for corpus, n in ((ours, MOST_CLASSIFIED), (humans, 2 * MOST_CLASSIFIED))]
    features, kind = np.vstack([one.features for one in sides]), np.repeat([1.0, 0.0], [len(one.features) for one in sides])
    group = np.concatenate([sides[0].owner, sides[1].owner + sides[0].n])
    folds = (np.concatenate([one.codes for one in sides]) % np.uint64(N_FOLDS)).astype(np.int64)
    value = grouped_auc(features, kind, group, folds=folds)
    assert value is not None
    return 2 * value - 1


def _covered(seen: list[Fields], truth: Mapping[str, float]) -> Fields:
    """Part → truth, mean and spread of the shipped value, and per method the share covered and the mean width."""
    found = {}
    for part in truth:
        values = [one[part][SHIPPED][0] for one in seen]
        methods = {}
        for method in (SHIPPED, *METHODS):
            ends = [one[part][method] for one in seen]
            width = float(np.mean([hi - lo for _, lo, hi in ends]))
            methods[method] = {**reading.share(sum(reading.is_within(truth[part], one) for one in ends), len(ends)), "width": width}
        found[part] = {"truth": truth[part], "mean": float(np.mean(values)), "sd": float(np.std(values)), "methods": methods}
    return found
