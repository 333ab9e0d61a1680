"""OpenPref: what this person thinks of a title that they know, not longer than one human text about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from understudy.probes._figures import ProbeFigure
from understudy.probes._paper import aspect_entropy, corpus_aspect_entropy, sentiment_entropy
from understudy.probes.replication.people import AskedPlace, HistoryUser, PaperHumans, Part
from understudy.probes.replication.replies import (
    against_texts,
    caricature,
    human_text,
    lacking,
    length_figures,
    on_one_line,
    paired_with,
    text_pairs,
)
from understudy.probes.replication.tasks import PaperReplies, PlacesAsked, TaskBound, TaskTarget
from understudy.prompt import template

NAME = "OpenPref"
MAX_TOKENS = 300
HUMAN = (
    "what people wrote about the same titles: reviews where the data has them, else what seekers say of a title that they had seen, or "
    "what they answer to a question about it"
)
UNITS: Mapping[str, str] = {
    "aspect_entropy": "bits", "aspect_entropy_textblob": "bits", "sentiment_entropy": "bits", "length": "characters", "too_long": "share",
    "persona_words": "share",
}  # fmt: skip
TARGETS = (
    TaskTarget("aspect_entropy", "gap", "how far the variety of aspects spoken of is from people's"),
    TaskTarget("sentiment_entropy", "gap", "how far the mixture of praise, blame and neutral words is from people's"),
    TaskTarget("length", "log_gap", "how far the length of its answers is from people's"),
)
BOUNDS = (TaskBound("too_long", 0.1),)


def places(humans: PaperHumans, part: Part, *, n: int, seed: int) -> PlacesAsked:
    """Human texts about a title, each beside a user whose history is told without it."""
    pairs = paired_with([one for one in humans.opinions if one.item], humans, part, n=n, seed=seed, usable=_has_history)
    asked = [
        AskedPlace(f"{NAME}/{text.text_id}", user, items=(text.item,), n_characters=len(text.text), human=text)
        for user, text in pairs
        if text.item is not None
    ]
    return lacking(asked, humans, NAME)


def sentence(place: AskedPlace) -> str:
    """What is asked."""
    return (
        f"<title>\n{template.inline(place.items[0].label)}\n</title>\nYou know this title. What do you think of it? Answer with at most "
        f"{place.n_characters} characters."
    )


def query(place: AskedPlace) -> str:
    """The title and its genres."""
    item = place.items[0]
    return f"{item.label} {' '.join(item.genres)}"


def read(text: str) -> str | None:
    """The text on one line; None where it is empty."""
    return on_one_line(text)


def figures(places: Sequence[AskedPlace], replies: PaperReplies | None, humans: PaperHumans, *, seed: int) -> dict[str, ProbeFigure]:  # noqa: ARG001
    """Entropies of aspects and sentiment, length, and replies that are longer than asked."""
    pairs = text_pairs(places, replies)
    shown = {
        "aspect_entropy": aspect_entropy(pairs.ours, pairs.theirs, pairs.clusters, seed=seed),
        "aspect_entropy_textblob": corpus_aspect_entropy(pairs.ours, pairs.theirs, pairs.clusters, seed=seed),
        "sentiment_entropy": sentiment_entropy(pairs.ours, pairs.theirs, pairs.clusters, seed=seed),
        **length_figures(pairs, seed=seed),
    }
    if replies is None:
        return shown
    return {**shown, "persona_words": caricature(places, replies, [human_text(one) for one in places], seed=seed)}


def against(
    places: Sequence[AskedPlace], ours: PaperReplies, theirs: PaperReplies, humans: PaperHumans, *, seed: int
) -> dict[str, ProbeFigure]:
    """The same figures of two sets of replies, cut alike."""
    return against_texts(places, ours, theirs, partial(figures, humans=humans, seed=seed), names=UNITS)


def _has_history(user: HistoryUser) -> bool:
    return bool(user.known)
