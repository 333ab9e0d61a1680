"""The held-out evaluator: chance where both sides are alike, far from it where they are not, blind to what the objectives see."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from understudy.measure.reference import REACTIONS, Human, Reference
from understudy.records import Measured
from understudy.studies.compare import heldout
from understudy.studies.compare.heldout import MIN_SEEKERS, told_apart

ROOT = Path(__file__).resolve().parents[2]
FUNCTION = ["i", "the", "it", "of", "and", "to", "you", "is", "a", "in"]


def turns(order: list[str], *, seed: int, content: str, n_seekers: int = 40, n_words: int = 60, side: str = "") -> pl.DataFrame:
    """Turns of function words drawn from a chain that follows `order` half of the time, content words between them."""
    rng = np.random.default_rng(seed)
    rows = []
    for seeker in range(n_seekers):
        words, at = [], 0
        for _ in range(n_words):
            at = (at + 1) % len(order) if rng.random() < 0.5 else int(rng.integers(len(order)))
            words += [order[at], content]
        rows.append((f"s{seeker}", f"d{seeker}{side}", 0, " ".join(words)))
    return pl.DataFrame(rows, schema=["seeker_id", "dialogue_id", "turn_index", "text"], orient="row")


def test_the_same_way_of_talking_is_chance_whatever_the_content_words() -> None:
    apart = told_apart(turns(FUNCTION, seed=1, content="movie"), turns(FUNCTION, seed=2, content="spaceship"), seed=0)
    assert apart.lo is not None
    assert apart.hi is not None
    assert apart.lo < 0.5 < apart.hi


def test_another_order_of_the_same_words_is_found() -> None:
    apart = told_apart(turns(FUNCTION, seed=1, content="movie"), turns(FUNCTION[::-1], seed=2, content="movie"), seed=0)
    assert apart.lo is not None
    assert apart.lo > 0.7


def own_ways(prefix: str, seed: int) -> pl.DataFrame:
    """Seekers each with an order of its own, three dialogues of each."""
    rng = np.random.default_rng(seed)
    sides = []
    for seeker in range(30):
        order = [FUNCTION[int(i)] for i in rng.permutation(len(FUNCTION))]
        for k in range(3):
            one = turns(order, seed=seed + 100 * seeker + k, content="movie", n_seekers=1, n_words=30)
            sides.append(one.with_columns(seeker_id=pl.lit(f"{prefix}{seeker}"), dialogue_id=pl.lit(f"{prefix}{seeker}/{k}")))
    return pl.concat(sides)


def test_people_s_own_ways_do_not_tell_two_crowds_apart() -> None:
    """Scored by a model that had seen other dialogues of the same seekers, they would."""
    apart = told_apart(own_ways("a", 1), own_ways("b", 50_000), seed=0)
    assert apart.lo is not None
    assert apart.value is not None
    assert apart.value < 0.6


class Means:
    """A model that is fitted at once: along the line between the means of the two kinds."""

    def __init__(self, **_: Any) -> None:
        self.apart: Any = None

    def fit(self, features: Any, kind: Any) -> None:
        self.apart = np.asarray(features[kind > 0.5].mean(axis=0) - features[kind < 0.5].mean(axis=0)).ravel()

    def decision_function(self, features: Any) -> Any:
        return features @ self.apart


def test_the_humans_own_figure_holds_all_its_halvings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sklearn.linear_model.LogisticRegression", Means)
    said = turns(FUNCTION, seed=1, content="movie", n_seekers=60, n_words=12).with_columns(recommender_id=pl.lit(None, dtype=pl.String))
    spoken = said.with_columns(previous=pl.lit(""), role=pl.lit("seeker"), item_ids=pl.lit([], dtype=pl.List(pl.String)))
    human = Human(pl.DataFrame(schema=REACTIONS), spoken, spoken.with_columns(split=pl.lit("select")), {})
    reference, n = Reference.build(human, seed=1), heldout.N_HALVINGS

    def floor(seed: int) -> Measured:
        return heldout.human_floor(reference, said, n_dialogues=60, seed=seed)

    whole = floor(0)
    monkeypatch.setattr(heldout, "N_HALVINGS", 1)
    alone = [floor(seed).value for seed in range(n)]
    assert whole.value == pytest.approx(np.mean(alone))
    # with 20 halvings the 2.5 % points lie at the extremes: cut further in, a tenth of new halvings would lie outside
    assert (whole.lo, whole.hi) == (min(alone), max(alone))


def test_too_few_seekers_are_not_measured() -> None:
    few = turns(FUNCTION, seed=1, content="movie", n_seekers=MIN_SEEKERS - 1)
    apart = told_apart(few, turns(FUNCTION, seed=2, content="movie"), seed=0)
    assert apart.value is None
    assert str(MIN_SEEKERS) in apart.reason


def test_neither_the_search_nor_an_objective_knows_it() -> None:
    for folder in ("search", "objectives", "rehearsal", "instruments"):
        for path in (ROOT / "understudy" / folder).glob("*.py"):
            names = {
                name
                for node in ast.walk(ast.parse(path.read_text()))
                for name in (
                    [alias.name for alias in node.names]
                    if isinstance(node, ast.Import)
                    else [f"{node.module}.{alias.name}" for alias in node.names]
                    if isinstance(node, ast.ImportFrom)
                    else []
                )
            }
            assert not any("heldout" in name for name in names), path
