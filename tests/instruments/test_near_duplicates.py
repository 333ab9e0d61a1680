"""Edited copies: what counts as one, who may not count, and how many MinHash finds of those that exact search finds."""

from __future__ import annotations

import numpy as np
import polars as pl

from understudy.instruments.near import JACCARD, NearIndex

SAID = "last week we saw a long film about two old sailors"


def _turns(texts: dict[str, str]) -> pl.DataFrame:
    return pl.DataFrame({"worker": list(texts), "tokens": [text.split() for text in texts.values()]})


def _near(index: NearIndex, text: str, seeker: str = "x", recommender: str | None = None) -> bool | None:
    schema = {"tokens": pl.List(pl.String), "seeker_id": pl.String, "recommender_id": pl.String}
    turn = pl.DataFrame({"tokens": [text.split()], "seeker_id": [seeker], "recommender_id": [recommender]}, schema=schema)
    return index.flags(turn)[0]


def test_an_edited_copy_is_seen_and_another_sentence_is_not() -> None:
    index = NearIndex.of(_turns({"a": SAID, "b": "no thanks"}))
    assert _near(index, SAID) is True
    assert _near(index, "last week we saw a long film about two old pirates") is True
    assert _near(index, "about two old sailors we saw a long film last week") is True
    assert _near(index, "last week they read a short book about two young sailors") is False
    assert _near(index, "we want to see something with my brother and his kids") is False
    assert _near(index, "no thanks") is None


def test_who_said_it_first_does_not_copy_it() -> None:
    index = NearIndex.of(_turns({"a": SAID}))
    assert _near(index, SAID, seeker="a") is False
    assert _near(index, SAID, recommender="a") is False
    assert _near(NearIndex.of(_turns({"a": SAID, "b": SAID, "c": SAID})), SAID, seeker="a", recommender="b") is True


def test_an_empty_index_finds_nothing() -> None:
    assert _near(NearIndex.of(_turns({"b": "no thanks"})), SAID) is False


def test_minhash_finds_what_exact_search_finds() -> None:
    rng = np.random.default_rng(4)
    words = np.array([f"w{i}" for i in range(60)])
    human = [rng.choice(words, 12, replace=False).tolist() for _ in range(1500)]
    edited = [[*one[:-1], "new"] if i % 2 else rng.choice(words, 12, replace=False).tolist() for i, one in enumerate(human[:600])]
    index = NearIndex.of(pl.DataFrame({"worker": [f"h{i}" for i in range(len(human))], "tokens": human}))
    asked = pl.DataFrame({"tokens": edited, "seeker_id": ["x"] * 600, "recommender_id": ["y"] * 600})
    sets = [set(one) for one in human]
    exact = [any(len(set(one) & other) >= JACCARD * len(set(one) | other) for other in sets) for one in edited]
    found = index.flags(asked).to_list()
    assert sum(exact) >= 300
    assert not any(seen and not there for seen, there in zip(found, exact, strict=True))
    assert sum(found) >= 0.98 * sum(exact)
