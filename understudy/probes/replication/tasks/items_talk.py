"""ItemsTalk: up to five titles that this person brings up. The human side is the user's own held titles, as many for each user."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from understudy.instruments.grounding import Grounding
from understudy.keys import share_of
from understudy.probes._figures import ProbeFigure, means
from understudy.probes._paper import names_entropy, unknown
from understudy.probes.replication.people import AskedPlace, HistoryUser, PaperHumans, Part, users_of
from understudy.probes.replication.replies import answered_by_both, caricature, lacking
from understudy.probes.replication.tasks import PaperReplies, PlacesAsked, TaskBound, TaskTarget
from understudy.records import Item

NAME = "ItemsTalk"
MAX_TOKENS = 150
HUMAN = "titles of the same users' histories that no prompt shows, as many for each user as the model names"
MOST_TITLES = 5
UNITS: Mapping[str, str] = {"item_entropy": "bits", "unknown_titles": "share", "repeats_history": "share", "persona_words": "share"}
TARGETS = (
    TaskTarget("item_entropy", "gap", "how far the variety of the titles named over all people is from that of real histories"),
    TaskTarget("unknown_titles", "gap", "how many of the titles named exist in no catalogue"),
)
BOUNDS = (TaskBound("repeats_history", 0.2),)
_TITLE = re.compile(r"[\"“*]*([^\n\"“”*;()]*?[^\s\"“”*;()][\"”*]*)\s*\(((?:18|19|20)\d\d)\)")
_NUMBER = re.compile(r"^\s*(?:[-•*]|\d{1,2}[.)])\s*|^(?:and|or)\s+", re.IGNORECASE)


def places(humans: PaperHumans, part: Part, *, n: int, seed: int) -> PlacesAsked:
    """Users of a part with held titles."""
    users = [one for one in users_of(humans, part, seed=seed) if one.held and one.known]
    asked = [AskedPlace(f"{NAME}/{one.user_id}", one, held=_held(one, seed)) for one in users[:n]]
    return lacking(asked, humans, NAME)


def sentence(place: AskedPlace) -> str:  # noqa: ARG001 - everybody is asked the same
    """What is asked."""
    return f"Which titles do you feel like talking about? Name up to {MOST_TITLES}, one on each line, as Title (year), and nothing else."


def query(place: AskedPlace) -> str:
    """The genres that the user likes."""
    return " ".join(place.user.taste.genres)


def read(text: str) -> str | None:
    """The titles with their years, one a line; None where the reply names none."""
    named = [f"{title} ({year})" for title, year in titles_in(text)]
    return "\n".join(named) or None


def titles_in(text: str) -> list[tuple[str, str]]:
    """Title and year of at most MOST_TITLES different titles, in the order of the reply."""
    named: dict[tuple[str, str], None] = {}
    for line in text.splitlines():
        for title, year in _TITLE.findall(line):
            words = _NUMBER.sub("", title.strip(" ,.-–:*\"”")).strip()
            if words:
                named[words.rpartition(", ")[2] if words.count(", ") > 2 else words, year] = None
    return list(named)[:MOST_TITLES]


def figures(places: Sequence[AskedPlace], replies: PaperReplies | None, humans: PaperHumans, *, seed: int) -> dict[str, ProbeFigure]:
    """Entropy of all titles named, at as many titles for each user; titles of no catalogue, and of the history that was shown."""
    theirs = [[item.label for item in place.held] for place in places]
    if replies is None:
        return {"item_entropy": names_entropy(None, theirs, [place.cluster for place in places], seed=seed)}
    return _figures_beside(places, replies, [tuple(one) for one in theirs], humans, seed=seed)


def against(
    places: Sequence[AskedPlace], ours: PaperReplies, theirs: PaperReplies, humans: PaperHumans, *, seed: int
) -> dict[str, ProbeFigure]:
    """The same figures of two sets of replies, at as many titles for each user."""
    both = answered_by_both(places, ours, theirs)
    return _figures_beside(both.places, both.ours, [tuple(str(text).split("\n")) for text in both.theirs.texts], humans, seed=seed)


def _figures_beside(
    places: Sequence[AskedPlace], replies: PaperReplies, theirs: Sequence[Sequence[str]], humans: PaperHumans, *, seed: int
) -> dict[str, ProbeFigure]:
    kept = [at for at, text in enumerate(replies.texts) if text is not None]
    if not kept:
        return dict.fromkeys(UNITS, unknown("no question was answered"))
    grounding, clusters = Grounding(humans.catalogue, {}), [places[at].cluster for at in kept]
    known = [{row.item.label for row in places[at].user.known} for at in kept]
    named = ([str(replies.texts[at]).split("\n") for at in kept], [theirs[at] for at in kept])
    model, other = (_titles_read(side, known, humans.catalogue, grounding) for side in named)
    said = ["\n".join(one) for one in theirs]
    return {
        "item_entropy": names_entropy(model.labels, other.labels, clusters, seed=seed),
        "unknown_titles": means(model.unknown, other.unknown, clusters, seed=seed, high=1.0),
        "repeats_history": means(model.repeated, other.repeated, clusters, seed=seed, high=1.0),
        "persona_words": caricature(places, replies, said, seed=seed),
    }


@dataclass(frozen=True, slots=True)
class _TitlesRead:
    """What the titles that each user names are: under one name each, and the shares that no catalogue and that the history holds."""

    labels: list[list[str]]
    unknown: list[float]
    repeated: list[float]


def _titles_read(
    named: Sequence[Sequence[str]], known: Sequence[set[str]], catalogue: Mapping[str, Item], grounding: Grounding
) -> _TitlesRead:
    ids = [[grounding.item_id(one) for one in each] for each in named]
    labels = [
        [catalogue[found].label if found else one.casefold() for one, found in zip(each, of_each, strict=True)]
        for each, of_each in zip(named, ids, strict=True)
    ]
    return _TitlesRead(
        labels,
        [sum(one is None for one in of_each) / max(1, len(of_each)) for of_each in ids],
        [sum(one in shown for one in each) / max(1, len(each)) for each, shown in zip(labels, known, strict=True)],
    )


def _held(user: HistoryUser, seed: int) -> tuple[Item, ...]:
    ranked = sorted(user.held, key=lambda row: share_of("replicate held", seed, user.user_id, row.item.item_id))
    return tuple(row.item for row in ranked[:MOST_TITLES])
