"""The replies of the paper's own system, as its authors published some of them: how long they are, and what they speak of.

A record has the length that was asked for and the length that came; the text may be missing, and then only its length counts.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from understudy.errors import BadInput
from understudy.instruments import wording
from understudy.probes import _paper
from understudy.probes._figures import ProbeFigure
from understudy.records import Measured
from understudy.statistics.rates import wilson


@dataclass(frozen=True, slots=True)
class PublishedReply:
    """One reply: the characters asked for, those that came, and the text where it was published."""

    n_asked: int
    n_came: int
    text: str | None


@dataclass(frozen=True, slots=True)
class RepliesRead:
    """What a set of replies amounts to. Entropies in bits over the `n_texts` that were published; None without TextBlob."""

    too_long: Measured
    n_texts: int
    mean_length: float
    median_length: float
    sentiment_entropy: float | None
    aspect_entropy: float | None


def replies_in(lines: Iterable[str]) -> list[PublishedReply]:
    """The replies of a JSON-lines file. Raises BadInput that names the line."""
    found = []
    for number, line in enumerate(lines, 1):
        try:
            record = json.loads(line)
            text, asked, came = record["response"], record["target_len"], record["actual_len"]
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput(f"line {number} is no reply: {error}", hint="a line has response, target_len and actual_len") from error
        if not isinstance(text, str | None) or type(asked) is not int or type(came) is not int:
            raise BadInput(f"line {number} is no reply: response is a text or null, and the lengths are whole numbers")
        found.append(PublishedReply(asked, came, text))
    return found


def read(replies: Sequence[PublishedReply]) -> RepliesRead:
    """The share of replies longer than asked, their lengths, and the entropies of what was published of them."""
    lengths = sorted(one.n_came for one in replies)
    texts = [one.text for one in replies if one.text]
    n, half = len(lengths), len(lengths) // 2
    has_words = wording.is_installed() and bool(texts)
    return RepliesRead(
        too_long=wilson(sum(one.n_came > one.n_asked for one in replies), n, nothing="there is no reply"),
        n_texts=len(texts),
        mean_length=sum(lengths) / n if n else math.nan,
        median_length=math.nan if not n else float(lengths[half]) if n % 2 else (lengths[half - 1] + lengths[half]) / 2,
        sentiment_entropy=_entropy([name for text in texts for name in wording.sentiments(text)]) if has_words else None,
        aspect_entropy=_entropy([name for text in texts for name in wording.noun_phrases(text)]) if has_words else None,
    )


def at_equal_n(before: Sequence[PublishedReply], after: Sequence[PublishedReply]) -> dict[str, ProbeFigure]:
    """The entropies after tuning (`model`) and before (`human`) over the replies whose text is there on both sides, at equal n.

    Of each reply as many sentences and aspects count as it has on both sides: a longer reply has more of them, and an entropy grows
    with their number.
    """
    pairs = [(one.text, other.text) for one, other in zip(before, after, strict=True) if one.text and other.text]
    first, second = [one for one, _ in pairs], [other for _, other in pairs]
    units = [str(at) for at in range(len(pairs))]
    return {
        "sentiment_entropy": _paper.sentiment_entropy(second, first, units, seed=0),
        "aspect_entropy": _paper.aspect_entropy(second, first, units, seed=0),
    }


def _entropy(names: Sequence[str]) -> float:
    counts, n = Counter(names), len(names)
    return -sum(k / n * math.log2(k / n) for k in counts.values()) if n else math.nan
