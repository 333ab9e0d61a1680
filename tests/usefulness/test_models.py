"""The models and their figures: ranks over what could be suggested, figures that agree with scikit-learn, intervals over dialogues."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score

from understudy.studies.usefulness import models
from understudy.studies.usefulness.examples import ActExample, ItemExample
from understudy.studies.usefulness.figures import AskedPlaces, act_figures, item_figures
from understudy.studies.usefulness.models import ItemColumns

CATALOGUE = ItemColumns(("a", "b", "c", "d", "e"))


def item(*items: str, words: tuple[str, ...] = (), named: tuple[str, ...] = ()) -> ItemExample:
    return ItemExample("one", words, named, items)


def test_popularity_ranks_by_count_and_ties_share_their_mean_rank() -> None:
    train = [item("a"), item("a"), item("b")]
    assert models.popularity_ranks(train, [item("a"), item("b"), item("c")], CATALOGUE).tolist() == [1.0, 2.0, 4.0]


def test_what_was_named_and_what_is_taken_beside_it_is_no_rival() -> None:
    train = [item("a"), item("a"), item("b")]
    assert models.popularity_ranks(train, [item("b", named=("a",)), item("a", "b")], CATALOGUE).tolist() == [1.0, 1.0, 1.0]


def test_alike_conversations_vote() -> None:
    train = [item("a", words=("red", "sea"))] * 2 + [item("b", words=("blue", "sky"))] * 3
    assert models.neighbour_ranks(train, [item("a", words=("red",)), item("b", words=("sky",))], CATALOGUE).tolist() == [1.0, 1.0]
    named = [item("a", named=("c",))] * 2 + [item("b", named=("d",))] * 3
    assert models.neighbour_ranks(named, [item("a", named=("c",))], CATALOGUE).tolist() == [1.0]
    assert models.neighbour_ranks(train, [item("b", words=("unheard",))], CATALOGUE).tolist() == [1.0]


def test_acts_are_learned_from_signs_whatever_the_order_of_the_dialogues() -> None:
    train = [ActExample("x", (f"r:{word}",), act) for word, act in (("film", "accept"), ("hello", "greet"), ("bye", "close"))] * 3
    asked = [ActExample("y", ("r:hello",), "greet"), ActExample("y", ("r:bye",), "close")]
    assert models.predicted_acts(train, asked) == ["greet", "close"]
    assert models.predicted_acts(train[::-1], asked) == models.predicted_acts(train, asked)
    assert models.majority_acts([*train, train[0]], asked) == ["accept", "accept"]
    assert models.predicted_acts(train[:1], asked) == ["accept", "accept"]


def test_figures_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    truth = rng.choice(["a", "b", "c"], 200).tolist()
    read = [rng.choice(["a", "b", "c", "never there"], 200).tolist() for _ in range(2)]
    asked = AskedPlaces([f"d{at % 40}" for at in range(200)])
    values = act_figures(asked, truth, read, spread_factor=1)["macro_f1"].values
    expected = [f1_score(truth, one, labels=["a", "b", "c"], average="macro") for one in read]
    assert values[:, 0].tolist() == pytest.approx(expected)
    ranks = [np.array([1.0, 2.0, 20.0, 100.0])] * 2
    found = item_figures(AskedPlaces(["x", "x", "y", "z"]), ranks, spread_factor=1)
    assert {name: one.values[0, 0] for name, one in found.items()} == pytest.approx(
        {"recall_1": 0.25, "recall_10": 0.5, "recall_50": 0.75, "mrr": (1 + 0.5 + 0.05 + 0.01) / 4}
    )


def test_the_interval_is_over_dialogues_and_over_what_was_drawn() -> None:
    rng = np.random.default_rng(1)
    hits = np.where(rng.random(400) < 0.3, 1.0, 99.0)
    apart, together = AskedPlaces([f"d{at}" for at in range(400)]), AskedPlaces([f"d{at // 20}" for at in range(400)])
    other = np.where(rng.random(400) < 0.4, 1.0, 99.0)
    clustered = np.repeat(np.where(rng.random(20) < 0.3, 1.0, 99.0), 20)
    alone = radius(apart, [hits] * 3, spread_factor=4)
    assert alone == pytest.approx(1.96 * (0.3 * 0.7 / 400) ** 0.5, rel=0.2)
    assert radius(together, [clustered] * 3, spread_factor=4) > 2 * alone
    drawn = [hits, hits, other]
    of_draws = np.var([float((one == 1.0).mean()) for one in drawn], ddof=1)
    assert radius(apart, drawn, spread_factor=4) == pytest.approx(1.96 * (4 * of_draws + 0.23 / 400) ** 0.5, rel=0.1)
    assert radius(apart, drawn, spread_factor=1) < radius(apart, drawn, spread_factor=4)


def radius(asked: AskedPlaces, ranks: list[np.ndarray], *, spread_factor: float) -> float:
    """Half of the interval of recall@1, which must not be cut at its ends."""
    low, high = item_figures(asked, ranks, spread_factor=spread_factor)["recall_1"].fields(400)["ci"]
    assert low is not None
    assert high is not None
    assert 0 < low < high < 1
    return (high - low) / 2
