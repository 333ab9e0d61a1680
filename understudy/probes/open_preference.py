"""Open preference (task 3 of Yoon et al., NAACL 2024): what a person says of a title they know, in as many words as a human used.

The human texts are the seekers' turns after a recommender named one item that the seeker had seen. Both texts are cut to the
length of the shorter one; the same word lists read both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import polars as pl
from pydantic import BaseModel, Field

from understudy.instruments import reaction
from understudy.instruments.text import Titles
from understudy.probes import HumanLogs, Opinion, ProbeAnswer, Question, Questions
from understudy.probes._figures import ProbeFigure, means, over_sets, report, spread_of
from understudy.probes._texts import aspects, cut_alike, polarity, words_of
from understudy.probes.asking.calls import DATA, MIN_ANSWERED, AnswerCounts, drawn, persona_in_words, request_of
from understudy.prompt import template
from understudy.prompt.schemas import asked_at_most

VERSION = 1
REHEARSAL = "rehearsal is not a language model: it has no thoughts about titles"
HUMAN = "turns of seekers of `select` after one item was named that they had seen; the logs hold no reviews"
MIN_WORDS = 4
MAX_TOKENS = 400
Words = list[str]


class Thoughts(BaseModel):
    """What a person says of a title."""

    thoughts: Annotated[
        str, Field(min_length=1, max_length=4000, description="what this person says", json_schema_extra=asked_at_most(1000))
    ]


def questions(humans: HumanLogs, *, n: int, model: str, seed: int) -> Questions:
    """One question a human text about a seen item that is at least MIN_WORDS long."""
    long = [one for one in humans.opinions if len(one.text.split()) >= MIN_WORDS and one.item_id in humans.items]
    unusable = {f"the human says fewer than {MIN_WORDS} words": len(humans.opinions) - len(long)}
    if len(long) < MIN_ANSWERED:
        return Questions(
            n_unusable=unusable, reason=f"at least {MIN_ANSWERED} human texts about seen items are needed; there are {len(long)}"
        )
    units = drawn(((one, one.seeker_id, one.context_id) for one in long), n=n, parts=("open_preference", VERSION, seed))
    asked = tuple(Question(_request(one, humans, model=model, seed=seed), Thoughts, one) for one in units)
    return Questions(asked, unusable)


def measured(questions: Questions, answers: Sequence[ProbeAnswer], humans: HumanLogs, *, seed: int) -> dict[str, Any]:
    """Aspects spoken of, shares of praise and blame, spread of polarity, rejections by the word lists, words."""
    tally = AnswerCounts.of(answers)
    lack = tally.lack(answers)
    pairs = [(one.unit, answer) for one, answer in zip(questions.asked, answers, strict=True) if lack or not answer.reason]
    whose = [unit.seeker_id for unit, _ in pairs]
    titles = Titles.of(humans.items)
    theirs = words_of([unit.text for unit, _ in pairs], titles)
    ours = None if lack else words_of([answer.value.thoughts for _, answer in pairs], titles)
    return report(tally, lack, _opinion_figures(ours, theirs, whose, seed=seed))


def _request(unit: Opinion, humans: HumanLogs, *, model: str, seed: int) -> Any:
    n_words = len(unit.text.split())
    system = (
        "You take the part of one particular person who chats with a recommender, and speak as that person would type, not as an assistant "
        f"or a critic. {DATA}\n"
        f"The person knows the title at the end, and it has just come up. What does the person say of it? At most {n_words} words."
    )
    item = humans.items[unit.item_id]
    told = (system, f"<need>\n{persona_in_words(unit.need)}\nThe title: {template.inline(item.label)}\n</need>")
    return request_of(told, model=model, max_tokens=MAX_TOKENS, parts=("open_preference", VERSION, seed, unit.context_id))


def _opinion_figures(
    ours: Sequence[Words] | None, theirs: Sequence[Words], whose: Sequence[str], *, seed: int
) -> dict[str, ProbeFigure]:
    cut = [cut_alike(one, other) for one, other in zip(ours or theirs, theirs, strict=True)]
    model, human = (_read([pair[side] for pair in cut]) for side in (0, 1))
    lengths = {"words": [float(len(one)) for one in ours or ()]}, {"words": [float(len(one)) for one in theirs]}
    model, human = model | lengths[0], human | lengths[1]

    def mean(name: str, high: float = 1.0) -> ProbeFigure:
        return means(None if ours is None else model[name], human[name], whose, seed=seed, high=high)

    spreads = spread_of(human["polarity"]), None if ours is None else spread_of(model["polarity"])
    return {
        "aspects": mean("aspects", float("inf")),
        "praise": mean("praise"),
        "blame": mean("blame"),
        "polarity_spread": over_sets(spreads[1], spreads[0], whose, seed=seed, low=0.0, high=1.0),
        "rejects": mean("rejects"),
        "words": mean("words", float("inf")),
    }


def _read(texts: Sequence[Words]) -> dict[str, list[float]]:
    polarities = [polarity(words) for words in texts]
    labels = reaction.reaction(pl.Series([" ".join(words) for words in texts], dtype=pl.String))
    return {
        "aspects": [float(len(aspects(words))) for words in texts],
        "polarity": polarities,
        "praise": [float(one > 0) for one in polarities],
        "blame": [float(one < 0) for one in polarities],
        "rejects": [float(one == "reject") for one in labels],
    }
