from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.errors import BadInput, NotMeasured
from understudy.statistics.confusion import Confusion, confusion, scores
from understudy.statistics.rogan_gladen import by_register, clipped, corrected

CLASSES = ("accept", "reject", "neither")
GOOD = Confusion(CLASSES, ((90.0, 5.0, 5.0), (4.0, 80.0, 16.0), (5.0, 10.0, 85.0)))


def test_a_perfect_instrument_is_left_as_it_is() -> None:
    perfect = Confusion(CLASSES, ((50.0, 0.0, 0.0), (0.0, 50.0, 0.0), (0.0, 0.0, 50.0)))
    found = corrected({"accept": 20, "reject": 30, "neither": 50}, perfect)
    assert [found[name].value for name in CLASSES] == pytest.approx([0.2, 0.3, 0.5])


def test_two_classes_are_the_formula_of_rogan_and_gladen() -> None:
    table = Confusion(("yes", "no"), ((80.0, 20.0), (10.0, 90.0)))
    found = corrected({"yes": 40, "no": 60}, table)
    assert found["yes"].value == pytest.approx((0.4 + 0.9 - 1) / (0.8 + 0.9 - 1))


@settings(deadline=None)
@given(st.lists(st.floats(0.05, 1.0), min_size=3, max_size=3))
def test_the_true_shares_come_back(weights: list[float]) -> None:
    true = np.array(weights) / sum(weights)
    given_true = GOOD.table / GOOD.table.sum(axis=1, keepdims=True)
    counts = np.round(true @ given_true * 1_000_000).astype(int)
    found = corrected(dict(zip(CLASSES, counts.tolist(), strict=True)), GOOD)
    assert [found[name].value for name in CLASSES] == pytest.approx(true.tolist(), abs=1e-4)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 50), min_size=3, max_size=3).filter(lambda counts: sum(counts) > 0))
def test_corrected_shares_are_shares_inside_their_intervals(counts: list[int]) -> None:
    found = corrected(dict(zip(CLASSES, counts, strict=True)), GOOD)
    assert sum(one.value or 0.0 for one in found.values()) == pytest.approx(1.0)
    for one in found.values():
        assert one.lo is not None
        assert one.hi is not None
        assert one.value is not None
        assert 0 <= one.lo <= one.value <= one.hi <= 1


def test_the_interval_covers_the_true_share() -> None:
    rng = np.random.default_rng(4)
    true, given_true = np.array([0.3, 0.2, 0.5]), GOOD.table / 100
    covered = 0
    for _ in range(200):
        table = np.vstack([rng.multinomial(100, row) for row in given_true]).astype(float)
        read = rng.multinomial(300, true @ given_true)
        found = corrected(dict(zip(CLASSES, read.tolist(), strict=True)), Confusion(CLASSES, tuple(map(tuple, table.tolist()))))
        one = found["accept"]
        covered += (one.lo or 0) <= 0.3 <= (one.hi or 0)
    assert covered >= 180


def test_an_instrument_that_does_not_tell_classes_apart_corrects_nothing() -> None:
    blind = Confusion(CLASSES, ((40.0, 30.0, 30.0), (39.0, 31.0, 30.0), (30.0, 30.0, 40.0)))
    with pytest.raises(NotMeasured, match="nearly singular"):
        corrected({"accept": 10, "reject": 10, "neither": 10}, blind)


def test_a_class_that_was_hardly_validated_corrects_nothing() -> None:
    thin = Confusion(CLASSES, ((90.0, 5.0, 5.0), (0.0, 4.0, 0.0), (5.0, 10.0, 85.0)))
    with pytest.raises(NotMeasured, match="reject"):
        corrected({"accept": 10}, thin)
    with pytest.raises(NotMeasured, match="no turn"):
        corrected({}, GOOD)
    with pytest.raises(BadInput, match="maybe"):
        corrected({"maybe": 3}, GOOD)


def test_a_register_is_corrected_with_its_own_confusion_alone() -> None:
    read = {"accept": 60, "reject": 10, "neither": 30}
    assert by_register(read, {"human": GOOD}, register="human") == corrected(read, GOOD)
    other = by_register(read, {"human": GOOD}, register="gpt")
    assert {one.value for one in other.values()} == {None}
    assert all("not validated on gpt" in one.reason for one in other.values())


@given(st.lists(st.floats(-2, 2), min_size=2, max_size=5))
def test_clipping_gives_shares_and_leaves_shares_alone(values: list[float]) -> None:
    once = clipped(values)
    assert once.sum() == pytest.approx(1.0)
    assert (once >= 0).all()
    assert clipped(once) == pytest.approx(once)


def test_scores_are_those_of_scikit_learn() -> None:
    from sklearn.metrics import precision_recall_fscore_support

    rng = np.random.default_rng(2)
    truth, read = (rng.choice(CLASSES, 300).tolist() for _ in range(2))
    found = scores(truth, [read], [f"d{i % 40}" for i in range(300)], classes=CLASSES, seed=1)
    precision, recall, f1, n = precision_recall_fscore_support(truth, read, labels=list(CLASSES))
    for at, name in enumerate(CLASSES):
        assert list(found["per_class"][name].values()) == pytest.approx([precision[at], recall[at], f1[at], n[at]])
    assert found["macro_f1"]["value"] == pytest.approx(f1.mean())
    assert found["macro_f1"]["ci"][0] < f1.mean() < found["macro_f1"]["ci"][1]
    assert found["macro_f1"]["n"] == 40


def test_a_confusion_is_made_again_from_json() -> None:
    table = confusion(["accept", "reject"], ["accept", "neither"], classes=CLASSES)
    assert Confusion.from_json(table.as_json()) == table
    with pytest.raises(BadInput):
        Confusion.from_json({"classes": ["a", "b"], "matrix": [[1]]})
