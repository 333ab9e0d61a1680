"""NegFeedback: a title that this user rated low is suggested; the reply turns it down, says why, and asks anew without naming one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from understudy.instruments.text import Titles
from understudy.keys import share_of
from understudy.probes import Refusal
from understudy.probes._figures import ProbeFigure, means
from understudy.probes._paper import unknown
from understudy.probes._refusing import figures as refusal_figures
from understudy.probes._refusing import read as read_refusals
from understudy.probes.replication.feedback_score import CRITERIA, FeedbackScore
from understudy.probes.replication.people import DISLIKED_TO, AskedPlace, HistoryUser, HumanText, PaperHumans, Part
from understudy.probes.replication.replies import NOBODY, answered_by_both, caricature, lacking, on_one_line, paired_with
from understudy.probes.replication.tasks import PaperReplies, PlacesAsked, TaskBound, TaskTarget
from understudy.prompt import template
from understudy.records import Item

NAME = "NegFeedback"
MAX_TOKENS = 300
HUMAN = "seekers' turns after a suggestion that their form marks disliked, or that a gold act says they turned down or criticized"
UNITS: Mapping[str, str] = {
    "score": "0 to 10", **{f"score_{name}": "0 to 10" for name in CRITERIA}, "rejects": "share", "grounded": "share", "asks_anew": "share",
    "names_title": "share", "length": "characters", "persona_words": "share",
}  # fmt: skip
TARGETS = (
    TaskTarget("rejects", "gap", "how far the share of answers that turn the suggestion down is from people's"),
    TaskTarget("grounded", "gap", "how far the share of answers that give a reason from the person's taste is from people's"),
    TaskTarget("asks_anew", "gap", "how far the share of answers that ask for something else is from people's"),
    TaskTarget("length", "log_gap", "how far the length of its answers is from people's"),
)
BOUNDS = (TaskBound("names_title", 0.05),)
_JUDGE = "no judge has scored these replies"


def places(humans: PaperHumans, part: Part, *, n: int, seed: int) -> PlacesAsked:
    """Users who rated a held title low, each beside a human refusal."""
    texts = [HumanText(one.refusal_id, one.seeker_id, one.text) for one in humans.refusals]
    refusals = {one.refusal_id: one for one in humans.refusals}
    pairs = paired_with(texts, humans, part, n=n, seed=seed, usable=_dislikes_one)
    asked = [
        AskedPlace(f"{NAME}/{user.user_id}", user, items=(_disliked(user, seed),), refusal=refusals[text.text_id]) for user, text in pairs
    ]
    return lacking(asked, humans, NAME)


def sentence(place: AskedPlace) -> str:
    """What is asked."""
    return (
        f"<suggestion>\n{template.inline(suggestion(place.items[0]))}\n</suggestion>\nThis does not suit you. Answer: turn it down, say "
        "why by what you like or avoid, and ask for something else without naming any title. If you cannot say why, say that you do not "
        "know."
    )


def query(place: AskedPlace) -> str:
    """The title and its genres."""
    item = place.items[0]
    return f"{item.label} {' '.join(item.genres)}"


def read(text: str) -> str | None:
    """The text on one line; None where it is empty."""
    return on_one_line(text)


def suggestion(item: Item) -> str:
    """The recommender's message that is turned down."""
    return f"How about {item.label}?"


def as_refusal(place: AskedPlace, text: str) -> Refusal:
    """The model's reply as the same kind of place as a human's: with the user's taste and the suggestion."""
    item = place.items[0]
    return Refusal(place.place_id, place.user.user_id, item.item_id, place.user.taste, suggestion(item), text)


def figures(places: Sequence[AskedPlace], replies: PaperReplies | None, humans: PaperHumans, *, seed: int) -> dict[str, ProbeFigure]:
    """The judge's score and its criteria, the shares that reject, give a reason, ask anew and name a title, and the length."""
    kept = [at for at in range(len(places)) if places[at].refusal is not None and (replies is None or replies.texts[at] is not None)]
    theirs = [refusal for at in kept if (refusal := places[at].refusal) is not None]
    if not theirs:
        return dict.fromkeys(UNITS, unknown("no question was answered"))
    titles, clusters = Titles.of(humans.catalogue), [places[at].cluster for at in kept]
    human = read_refusals([one.text for one in theirs], theirs, titles=titles, instruments=humans.instruments)
    texts = None if replies is None else [str(replies.texts[at]) for at in kept]
    own = [as_refusal(places[at], "") for at in kept]
    ours = None if texts is None else read_refusals(texts, own, titles=titles, instruments=humans.instruments)
    shown = refusal_figures(ours, human, (texts, [one.text for one in theirs]), clusters, seed=seed)
    shown = {**_scores(places, replies, kept, seed=seed), **shown}
    if replies is None:
        return shown
    said = [one.refusal.text if one.refusal else "" for one in places]
    return {**shown, "persona_words": caricature(places, replies, said, seed=seed)}


def against(
    places: Sequence[AskedPlace], ours: PaperReplies, theirs: PaperReplies, humans: PaperHumans, *, seed: int
) -> dict[str, ProbeFigure]:
    """The same figures of two sets of replies; of the judge's, where it scored both."""
    both = answered_by_both(places, ours, theirs)
    if not both.places:
        return dict.fromkeys(UNITS, unknown(NOBODY))
    beside = [replace(place, refusal=as_refusal(place, str(text))) for place, text in zip(both.places, both.theirs.texts, strict=True)]
    are_scored = bool(both.ours.scores and both.theirs.scores)
    own = replace(both.ours, human_scores=both.theirs.scores) if are_scored else replace(both.ours, scores=(), human_scores=())
    return figures(beside, own, humans, seed=seed)


def _scores(places: Sequence[AskedPlace], replies: PaperReplies | None, kept: Sequence[int], *, seed: int) -> dict[str, ProbeFigure]:
    """The judge's figures over the places where it scored both sides."""
    names: tuple[Literal["overall", "rejection", "reason", "request"], ...] = ("overall", "rejection", "reason", "request")
    figure_of = {"overall": "score", **{name: f"score_{name}" for name in CRITERIA}}
    if replies is None or not replies.scores:
        return {figure_of[name]: unknown((replies.no_scores if replies else "") or _JUDGE) for name in names}
    rows = [(replies.scores[at], replies.human_scores[at], places[at].cluster) for at in kept]
    both = [(one, other, cluster) for one, other, cluster in rows if one is not None and other is not None]
    if not both:
        return {figure_of[name]: unknown("the judge gave no valid score") for name in names}
    clusters = [cluster for _, _, cluster in both]
    return {
        figure_of[name]: means(
            [_value(one, name) for one, _, _ in both], [_value(other, name) for _, other, _ in both], clusters, seed=seed, high=10.0
        )
        for name in names
    }


def _value(score: FeedbackScore, name: Literal["overall", "rejection", "reason", "request"]) -> float:
    return float(getattr(score, name))


def _low(user: HistoryUser) -> list[Item]:
    return [row.item for row in user.held if row.rating <= DISLIKED_TO]


def _dislikes_one(user: HistoryUser) -> bool:
    return bool(user.known and _low(user))


def _disliked(user: HistoryUser, seed: int) -> Item:
    return min(_low(user), key=lambda item: (share_of("replicate NegFeedback", seed, user.user_id, item.item_id), item.item_id))
