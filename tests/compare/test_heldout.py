"""The held-out evaluator: chance where both sides are alike, far from it where they are not, blind to what the objectives see."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import polars as pl

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
