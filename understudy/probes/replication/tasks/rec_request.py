"""RecRequest: a request for a recommendation that mentions two given titles, in a given length. Two of the user's liked titles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from understudy.instruments.text import MASK, Titles
from understudy.keys import rng_of
from understudy.probes._figures import ProbeFigure, means
from understudy.probes._paper import sentence_diversity, type_token_ratio, word_diversity
from understudy.probes._texts import words_of
from understudy.probes.replication.people import LIKED_FROM, AskedPlace, HistoryUser, PaperHumans, Part
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
from understudy.records import Item

NAME = "RecRequest"
MAX_TOKENS = 300
HUMAN = "what seekers say before the first recommendation, where they name a title"
N_TITLES = 2
UNITS: Mapping[str, str] = {
    "ttr": "share", "word_diversity": "1 - cosine", "sentence_diversity": "1 - cosine", "names_title": "share", "length": "characters",
    "too_long": "share", "persona_words": "share",
}  # fmt: skip
TARGETS = (
    TaskTarget("ttr", "gap", "how far the share of different words over all requests is from people's"),
    TaskTarget("word_diversity", "gap", "how far apart in meaning its words are, against people's"),
    TaskTarget("sentence_diversity", "gap", "how far apart in meaning its requests are, against people's"),
    TaskTarget("length", "log_gap", "how far the length of its requests is from people's"),
)
BOUNDS = (TaskBound("too_long", 0.1),)


def places(humans: PaperHumans, part: Part, *, n: int, seed: int) -> PlacesAsked:
    """Human requests, each beside a user who likes two titles or more."""
    pairs = paired_with(humans.requests, humans, part, n=n, seed=seed, usable=_likes_enough)
    asked = [
        AskedPlace(f"{NAME}/{text.text_id}", user, items=_liked(user, seed), n_characters=len(text.text), human=text)
        for user, text in pairs
    ]
    return lacking(asked, humans, NAME)


def sentence(place: AskedPlace) -> str:
    """What is asked."""
    titles = "\n".join(template.inline(item.label) for item in place.items)
    return (
        f"<titles>\n{titles}\n</titles>\nYou know these titles and want a recommendation of something else. Write what you ask for; "
        f"mention these titles, but do not ask for them. Use at most {place.n_characters} characters."
    )


def query(place: AskedPlace) -> str:
    """The titles and their genres."""
    return " ".join(f"{item.label} {' '.join(item.genres)}" for item in place.items)


def read(text: str) -> str | None:
    """The text on one line; None where it is empty."""
    return on_one_line(text)


def figures(places: Sequence[AskedPlace], replies: PaperReplies | None, humans: PaperHumans, *, seed: int) -> dict[str, ProbeFigure]:
    """Type-token ratio, diversity of words and of texts, texts that name a title, length."""
    pairs, titles = text_pairs(places, replies), Titles.of(humans.catalogue)
    theirs, ours = words_of(pairs.theirs, titles), None if pairs.ours is None else words_of(pairs.ours, titles)
    named = None if ours is None else [float(MASK in words) for words in ours]
    clusters = pairs.clusters
    shown = {
        "ttr": type_token_ratio(ours, theirs, clusters, seed=seed),
        "word_diversity": word_diversity(ours, theirs, clusters, seed=seed),
        "sentence_diversity": sentence_diversity(pairs.ours, pairs.theirs, clusters, seed=seed),
        "names_title": means(named, [float(MASK in words) for words in theirs], clusters, seed=seed, high=1.0),
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


def _likes(user: HistoryUser) -> list[Item]:
    return [row.item for row in user.known if row.rating >= LIKED_FROM]


def _likes_enough(user: HistoryUser) -> bool:
    return len(_likes(user)) >= N_TITLES


def _liked(user: HistoryUser, seed: int) -> tuple[Item, ...]:
    liked = _likes(user)
    order = rng_of("replicate RecRequest", seed, user.user_id).permutation(len(liked))[:N_TITLES]
    return tuple(liked[int(at)] for at in order)
