"""Corrected acceptance: the truth comes back from planted misreading, and only labels of the same author correct a side."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from understudy.doors import checks
from understudy.instruments.reaction import CLASSES
from understudy.measure.corrected import HUMAN, Corrected, Register, StratumRead, corrected_bias, reads_in, reads_of
from understudy.measure.reference import Reference
from understudy.objectives.positive_bias import rates
from understudy.records import STRATA
from understudy.statistics.confusion import Confusion

# of refusals half are read as neither and some as acceptances
MISREAD = np.array([[0.9, 0.02, 0.08], [0.15, 0.35, 0.5], [0.05, 0.05, 0.9]])
TABLE = Confusion(CLASSES, tuple(tuple(row) for row in (MISREAD * [[200], [120], [200]]).round().tolist()))
BOUND = next(one for one in checks.suite("bias") if one.name == "corrected_acceptance").meta["bound"]["fixed"]
TRUE = {"liked_seen": (0.1, 0.2, 0.7), "liked_unseen": (0.7, 0.1, 0.2), "disliked": (0.05, 0.75, 0.2), "unstated": (0.3, 0.4, 0.3)}
Drawn = Callable[[int, int], pl.DataFrame]


@pytest.fixture
def drawn(reference: Reference) -> Drawn:
    ids = list(reference.corpus.ids)

    def read(n: int, seed: int) -> pl.DataFrame:
        rng = np.random.default_rng(seed)
        rows = [
            (ids[int(rng.integers(len(ids)))], stratum, CLASSES[rng.choice(3, p=MISREAD[rng.choice(3, p=TRUE[stratum])])])
            for stratum in STRATA
            for _ in range(n)
        ]
        return pl.DataFrame(rows, schema=["dialogue_id", "stratum", "label"], orient="row")

    return read


def bias(drawn: Drawn, reference: Reference, *, simulated: Register, human: Register) -> Corrected:
    humans = drawn(400, 1).with_columns(context_id=pl.lit(""))
    read = (reads_of(drawn(400, 2), reference), reads_of(humans, reference))
    return corrected_bias(*read, simulated=simulated, human=human, min_contexts=150)


def test_misreading_is_taken_back(drawn: Drawn, reference: Reference) -> None:
    found = bias(drawn, reference, simulated=Register("m", TABLE), human=Register(HUMAN, TABLE))
    for stratum in STRATA:
        for side in (found.simulated, found.human):
            one = side[stratum]
            assert one.lo is not None
            assert one.hi is not None
            assert one.lo <= TRUE[stratum][0] <= one.hi
    # read as they are, disliked items were taken in .16 of the turns and not in .05
    disliked = drawn(400, 2).filter(pl.col("stratum") == "disliked")
    assert (disliked["label"] == "accept").mean() > 0.12
    assert (found.simulated["disliked"].value or 0) < 0.10
    assert found.positive_bias.lo == 0


def test_human_labels_correct_no_machine_text(drawn: Drawn, reference: Reference) -> None:
    known = {HUMAN: TABLE}
    found = bias(drawn, reference, simulated=Register.of("some-model", known), human=Register.of(HUMAN, known))
    assert found.human["disliked"].value is not None
    for one in (*found.simulated.values(), *found.differences.values(), found.positive_bias):
        assert one.value is None
        assert one.reason == "uncorrected: no labelled turns of some-model"


def test_a_class_without_labels_leaves_the_figure_uncorrected(drawn: Drawn, reference: Reference) -> None:
    thin = Confusion(CLASSES, ((50.0, 0.0, 0.0), (0.0, 2.0, 0.0), (0.0, 0.0, 50.0)))
    found = bias(drawn, reference, simulated=Register("m", thin), human=Register(HUMAN, TABLE))
    assert found.simulated["disliked"].value is None
    assert "fewer than 5 validated turns of reject" in found.simulated["disliked"].reason


def test_the_rates_of_an_evaluation_are_corrected_as_its_reactions_are(drawn: Drawn, reference: Reference) -> None:
    seen = drawn(400, 2)
    told = {f"{label}_{stratum}_human": rate for (label, stratum), rate in rates(seen, reference=reference).items()}
    again, before = reads_in(told, suffix="_human"), reads_of(seen, reference)
    for stratum in STRATA:
        assert again[stratum].counts == before[stratum].counts
        assert again[stratum].effect == pytest.approx(before[stratum].effect, rel=1e-6)
    assert reads_in({})["disliked"].n == 0


# people are read by MISREAD; an engine whose acceptances are taken for no reaction, and one whose refusals are taken for acceptances
MISSES_ACCEPTANCES = ((0.5, 0.02, 0.48), (0.1, 0.5, 0.4), (0.05, 0.05, 0.9))
TAKES_REFUSALS = ((0.95, 0.01, 0.04), (0.55, 0.3, 0.15), (0.1, 0.05, 0.85))


def labelled(given: tuple[tuple[float, ...], ...], n: int = 100) -> Confusion:
    return Confusion(CLASSES, tuple(tuple(n * one for one in row) for row in given))


def shares(given: tuple[tuple[float, ...], ...], shift: float, n: int) -> dict[str, StratumRead]:
    """What is read, without noise, of an engine that accepts `shift` more than people do."""
    found = {}
    for stratum, (taken, *rest) in TRUE.items():
        accepted = min(1.0, max(0.0, taken + shift))
        true = np.array([accepted, *(one * (1 - accepted) / (1 - taken) for one in rest)])
        found[stratum] = StratumRead({name: round(n * float(one)) for name, one in zip(CLASSES, true @ np.array(given), strict=True)})
    return found


@pytest.mark.parametrize(("given", "shift"), [(MISSES_ACCEPTANCES, 0.3), (TAKES_REFUSALS, -0.25)])
def test_a_bias_that_misreading_hides_is_seen_where_the_engine_is_labelled(given: tuple[tuple[float, ...], ...], shift: float) -> None:
    people = tuple(tuple(row) for row in MISREAD.tolist())
    theirs, ours = shares(people, 0.0, 4000), shares(given, shift, 4000)
    read = float(np.mean([ours[name].counts["accept"] - theirs[name].counts["accept"] for name in STRATA])) / 4000
    assert abs(read) < BOUND  # as it is read, the engine accepts as people do
    registers = {"simulated": Register("m", labelled(given)), "human": Register(HUMAN, TABLE)}
    found = corrected_bias(ours, theirs, **registers, min_contexts=150).over_acceptance
    assert found.value is not None
    assert found.value * shift > 0
    assert abs(found.value) > BOUND
    fair = corrected_bias(shares(given, 0.0, 4000), theirs, **registers, min_contexts=150).over_acceptance
    assert fair.value == pytest.approx(0, abs=0.02)
