"""BinPref: does this person like that title? The share of yes over titles is held against the ratings that people gave.

The paper tells the average rating in the prompt and then correlates with it; here the label at stake is in no prompt (`bin_pref_leaky`
shows what that does). The human figure is what as few raters of one half say of the other half's ratings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from understudy.keys import rng_of, share_of
from understudy.probes._figures import ProbeFigure, Statistic, correlation_of, means, over_sets
from understudy.probes._paper import unknown
from understudy.probes.replication.people import AskedPlace, HistoryUser, PaperHumans, Part, TitleRatings, part_of_user, users_of
from understudy.probes.replication.replies import NOBODY, answered_by_both, lacking
from understudy.probes.replication.tasks import PaperReplies, PlacesAsked, TaskBound, TaskTarget
from understudy.prompt import template

NAME = "BinPref"
MAX_TOKENS = 16
HUMAN = "ratings of the same titles: a like is a rating above 3.5; r of three raters' likes with the mean rating of others"
PER_TITLE = 3
# 40 titles for 100 users
TITLES_A_USER = 0.4
FEWEST_TITLES = 10
LIKED_ABOVE = 3.5
UNITS: Mapping[str, str] = {"pearson_r": "correlation", "yes_share": "share"}
TARGETS = (
    TaskTarget("pearson_r", "shortfall", "how far its yes and no follow what people think of the titles, short of what people achieve"),
    TaskTarget("yes_share", "gap", "how far the share of yes is from the share of people who like the titles"),
)
BOUNDS: tuple[TaskBound, ...] = ()
QUESTION = "Do you like this title? Answer with yes or no, and nothing else."
_ANSWER = re.compile(r"\b(yes|no)\b", re.IGNORECASE)


def places(humans: PaperHumans, part: Part, *, n: int, seed: int) -> PlacesAsked:
    """Titles of a part that enough people rated, each asked of PER_TITLE users who did not rate it; of one where a prompt is tuned.

    `n` counts users where it is reported on, and titles where a prompt is tuned.
    """
    rated = [one for one in humans.titles if min(map(len, one.halves)) >= PER_TITLE and part_of_user(f"title {one.item.item_id}") == part]
    ranked = sorted(rated, key=lambda one: (share_of("replicate BinPref", seed, one.item.item_id), one.item.item_id))
    chosen = ranked[: max(FEWEST_TITLES, round(TITLES_A_USER * n) if part == "test" else n)]
    if len(chosen) < FEWEST_TITLES:
        return PlacesAsked(reason=humans.lacks.get(NAME) or f"at least {FEWEST_TITLES} rated titles are needed; there are {len(chosen)}")
    users = [one for one in users_of(humans, part, seed=seed) if one.known]
    asked = [
        AskedPlace(f"{NAME}/{one.item.item_id}/{user.user_id}", user, items=(one.item,), rated=one)
        for one in chosen
        for user in _persons(users, one, seed)[: PER_TITLE if part == "test" else 1]
    ]
    return lacking(asked, humans, NAME)


def sentence(place: AskedPlace) -> str:
    """What is asked."""
    return f"<title>\n{template.inline(place.items[0].label)}\n</title>\n{QUESTION}"


def query(place: AskedPlace) -> str:
    """The title and its genres."""
    item = place.items[0]
    return f"{item.label} {' '.join(item.genres)}"


def read(text: str) -> str | None:
    """yes or no, whichever word comes first; None where neither stands there."""
    answered = _ANSWER.search(text)
    return answered[1].lower() if answered else None


def figures(places: Sequence[AskedPlace], replies: PaperReplies | None, humans: PaperHumans, *, seed: int) -> dict[str, ProbeFigure]:  # noqa: ARG001
    """r of the shares of yes with mean ratings over titles, and the share of yes."""
    titles = _titles(places, replies)
    if not titles:
        return dict.fromkeys(UNITS, unknown("no question was answered"))
    item_ids = list(titles)
    few = [_few_likes(titles[one], seed) for one in item_ids]
    likes = [_like_share((*titles[one].halves[0], *titles[one].halves[1])) for one in item_ids]
    shares = None if replies is None else _yes_shares(places, replies, item_ids)
    others = _others(titles)
    model: Statistic | None = None if shares is None else correlation_of(shares, others)
    return {
        "pearson_r": over_sets(model, correlation_of(few, others), item_ids, seed=seed, low=-1.0, high=1.0),
        "yes_share": means(shares, likes, item_ids, seed=seed, high=1.0),
    }


def against(
    places: Sequence[AskedPlace], ours: PaperReplies, theirs: PaperReplies, humans: PaperHumans, *, seed: int  # noqa: ARG001
) -> dict[str, ProbeFigure]:
    """r and the share of yes of two sets of replies, over the same titles and ratings."""
    both = answered_by_both(places, ours, theirs)
    titles = _titles(both.places, both.ours)
    if not titles:
        return dict.fromkeys(UNITS, unknown(NOBODY))
    item_ids, others = list(titles), _others(titles)
    one, other = (_yes_shares(both.places, side, item_ids) for side in (both.ours, both.theirs))
    return {
        "pearson_r": over_sets(correlation_of(one, others), correlation_of(other, others), item_ids, seed=seed, low=-1.0, high=1.0),
        "yes_share": means(one, other, item_ids, seed=seed, high=1.0),
    }


def _titles(places: Sequence[AskedPlace], replies: PaperReplies | None) -> dict[str, TitleRatings]:
    """Item id → its ratings, of the titles that an answer is there for; of all where nobody was asked."""
    return {
        place.rated.item.item_id: place.rated
        for at, place in enumerate(places)
        if place.rated is not None and (replies is None or replies.texts[at] is not None)
    }


def _yes_shares(places: Sequence[AskedPlace], replies: PaperReplies, item_ids: Sequence[str]) -> list[float]:
    """The share of yes among the answers about each title."""
    answers: dict[str, list[float]] = {one: [] for one in item_ids}
    for place, text in zip(places, replies.texts, strict=True):
        if place.rated is not None and text is not None:
            answers[place.rated.item.item_id].append(float(text == "yes"))
    return [float(np.mean(answers[one])) for one in item_ids]


def _others(titles: Mapping[str, TitleRatings]) -> list[float]:
    """The mean rating of the second half of each title's raters."""
    return [float(np.mean(one.halves[1])) for one in titles.values()]


def _persons(users: Sequence[HistoryUser], title: TitleRatings, seed: int) -> list[HistoryUser]:
    start = int(share_of("replicate BinPref persons", seed, title.item.item_id) * max(1, len(users)))
    item_id = title.item.item_id
    apart = [one for one in (*users[start:], *users[:start]) if all(row.item.item_id != item_id for row in (*one.known, *one.held))]
    return apart[:PER_TITLE]


def _few_likes(title: TitleRatings, seed: int) -> float:
    """The share of likes among PER_TITLE raters of the first half: as few as the persons, so that correlations compare."""
    given = title.halves[0]
    drawn = rng_of("replicate BinPref raters", seed, title.item.item_id).permutation(len(given))[:PER_TITLE]
    return _like_share([given[int(at)] for at in drawn])


def _like_share(ratings: Sequence[float]) -> float:
    return sum(one > LIKED_ABOVE for one in ratings) / len(ratings)
