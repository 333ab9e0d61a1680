"""The replies that the paper's authors published: lengths, sentiment and aspects by our instruments, as docs/paper.md has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from understudy.instruments import wording
from understudy.probes.replication import authors

REPLIES = Path(__file__).resolve().parents[2].parent / "shared/data/paper"
pytestmark = [pytest.mark.logs, pytest.mark.skipif(not REPLIES.exists(), reason="the development data are not beside the checkout")]


def replies(name: str) -> list[authors.PublishedReply]:
    return authors.replies_in((REPLIES / name).read_text(encoding="utf-8").splitlines())


def test_four_of_a_hundred_are_too_long_before_tuning_and_three_quarters_after() -> None:
    before, after = replies("before.jsonl"), replies("after_partial.jsonl")
    assert (len(before), len(after)) == (100, 100)
    assert [one.n_asked for one in before] == [one.n_asked for one in after]
    # the lengths that the authors state are those of the texts, where these are there
    assert all(len(one.text) == one.n_came for one in (*before, *after) if one.text is not None)
    first, second = authors.read(before), authors.read(after)
    assert (first.too_long.value, second.too_long.value) == (0.04, 0.75)
    assert (first.n_texts, second.n_texts) == (100, 52)
    assert (first.mean_length, second.mean_length) == (pytest.approx(45.39), pytest.approx(2142.87))


@pytest.mark.skipif(not wording.is_installed(), reason="TextBlob is in the extra `paper`")
def test_sentiment_and_aspects_of_the_published_texts() -> None:
    before = authors.read(replies("before.jsonl"))
    assert before.sentiment_entropy == pytest.approx(1.407, abs=0.001)
    assert before.aspect_entropy == pytest.approx(7.299, abs=0.001)


@pytest.mark.skipif(not wording.is_installed(), reason="TextBlob is in the extra `paper`")
def test_at_equal_n_tuning_adds_little_to_the_entropy_of_aspects() -> None:
    before, after = replies("before.jsonl"), replies("after_partial.jsonl")
    equal = authors.at_equal_n(before, after)
    assert equal["aspect_entropy"].difference.n == 52
    # 2.2 bits as the paper reads them; .13 with as many aspects of each reply on both sides
    texts = [one.text for one in after if one.text]
    whole = authors.read([one for one in after if one.text]).aspect_entropy
    first = authors.read([one for one, other in zip(before, after, strict=True) if other.text]).aspect_entropy
    assert whole is not None
    assert first is not None
    assert len(texts) == 52
    assert whole - first == pytest.approx(2.23, abs=0.02)
    assert equal["aspect_entropy"].difference.value == pytest.approx(0.13, abs=0.01)
