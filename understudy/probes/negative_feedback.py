"""Negative feedback (the task that arXiv 2607.00010 adds): a suggestion that this person dislikes is turned down, with a reason, and
something else is asked for without naming a title.

The human texts are the seekers' turns after a suggestion that their form marks disliked, or to which a gold act (IARD) says that they
turned it down or criticized it. A judge model scores such answers in `replicate` alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, Field

from understudy.instruments.text import Titles
from understudy.probes import HumanLogs, ProbeAnswer, Question, Questions, Refusal
from understudy.probes._figures import report
from understudy.probes._refusing import figures, read
from understudy.probes.asking.calls import DATA, MIN_ANSWERED, AnswerCounts, drawn, persona_in_words, request_of
from understudy.prompt import template
from understudy.prompt.schemas import asked_at_most

VERSION = 1
REHEARSAL = "rehearsal is not a language model: it gives no reason for what it turns down"
HUMAN = "turns of seekers of `select` after a suggestion that their form marks disliked, or that a gold act says they turned down"
MIN_WORDS = 2
MAX_TOKENS = 300


class TurnedDown(BaseModel):
    """What a person answers to a suggestion that they do not like."""

    reply: Annotated[
        str, Field(min_length=1, max_length=4000, description="what this person answers", json_schema_extra=asked_at_most(800))
    ]


def questions(humans: HumanLogs, *, n: int, model: str, seed: int) -> Questions:
    """One question a human refusal of at least MIN_WORDS words."""
    long = [one for one in humans.refusals if len(one.text.split()) >= MIN_WORDS]
    unusable = {f"the human says fewer than {MIN_WORDS} words": len(humans.refusals) - len(long)}
    if len(long) < MIN_ANSWERED:
        reason = f"at least {MIN_ANSWERED} human answers to suggestions they dislike are needed; there are {len(long)}"
        return Questions(n_unusable=unusable, reason=reason)
    places = drawn(((one, one.seeker_id, one.refusal_id) for one in long), n=n, parts=("negative_feedback", VERSION, seed))
    return Questions(tuple(Question(_request(one, humans, model=model, seed=seed), TurnedDown, one) for one in places), unusable)


def measured(questions: Questions, answers: Sequence[ProbeAnswer], humans: HumanLogs, *, seed: int) -> dict[str, Any]:
    """Shares that reject, give a reason from the taste, ask anew and name a title, and the length."""
    tally = AnswerCounts.of(answers)
    lack = tally.lack(answers)
    pairs = [(one.unit, answer) for one, answer in zip(questions.asked, answers, strict=True) if lack or not answer.reason]
    places, titles = [place for place, _ in pairs], Titles.of(humans.items)
    human_texts = [place.text for place in places]
    texts = None if lack else [answer.value.reply for _, answer in pairs]
    theirs = read(human_texts, places, titles=titles, instruments=humans.instruments)
    ours = None if texts is None else read(texts, places, titles=titles, instruments=humans.instruments)
    return report(tally, lack, figures(ours, theirs, (texts, human_texts), [one.seeker_id for one in places], seed=seed))


def _request(place: Refusal, humans: HumanLogs, *, model: str, seed: int) -> Any:
    system = (
        "You take the part of one particular person who chats with a recommender, and write as that person would type, not as an "
        f"assistant. {DATA}\n"
        "The recommender's message at the end suggests something that this person does not like. Answer it as this person: turn it down, "
        "say why by what this person likes or avoids, and ask for something else without naming any title."
    )
    item = humans.items.get(place.item_id)
    suggested = f"\nThe title suggested: {template.inline(item.label)}" if item else ""
    told = f"<need>\n{persona_in_words(place.need)}{suggested}\n</need>\n<reply>\n{template.inline(place.previous)}\n</reply>"
    return request_of((system, told), model=model, max_tokens=MAX_TOKENS, parts=("negative_feedback", VERSION, seed, place.refusal_id))
