"""Corrected acceptance: the truth comes back from planted misreading, and only labels of the same author correct a side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from understudy.instruments.reaction import CLASSES
from understudy.measure.corrected import HUMAN, Corrected, Register, corrected_bias
from understudy.measure.reference import Reference
from understudy.records import STRATA
from understudy.statistics.confusion import Confusion

# of refusals half are read as neither and some as acceptances
MISREAD = np.array([[0.9, 0.02, 0.08], [0.15, 0.35, 0.5], [0.05, 0.05, 0.9]])
TABLE = Confusion(CLASSES, tuple(tuple(row) for row in (MISREAD * [[200], [120], [200]]).round().tolist()))
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
    return corrected_bias(drawn(400, 2), replace(reference, reactions=humans), simulated=simulated, human=human, min_contexts=150)


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
