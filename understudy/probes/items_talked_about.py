"""Items talked about (task 1 of Yoon et al., NAACL 2024): whose titles come up, how many different ones, and how popular they are.

A seeker of the logs names a first title; the model says which others the same person would bring up. The human's own further
titles are the pair, and both lists are cut to the same length.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, Field
from scipy.stats import rankdata

from understudy.instruments.grounding import Grounding
from understudy.probes import HumanLogs, LoggedDialogue, ProbeAnswer, Question, Questions
from understudy.probes._figures import ProbeFigure, Statistic, counts_of, entropy_of, mean_of, over_sets, report
from understudy.probes.asking.calls import DATA, AnswerCounts, drawn, request_of
from understudy.prompt import template
from understudy.prompt.schemas import asked_at_most
from understudy.statistics.halves import Floats

VERSION = 1
REHEARSAL = "rehearsal is not a language model: it names the titles that its prompt holds"
HUMAN = "the further titles that the same seekers of `select` name after their first one"
MOST_TITLES = 5
# titles asked for beyond those needed, since some are in no catalogue
SPARE = 3
HEAD = 50
MAX_TOKENS = 400


class Named(BaseModel):
    """Titles that a person would bring up."""

    # what is asked for fits in MAX_TOKENS at three characters a token
    more_titles: Annotated[
        list[Annotated[str, Field(max_length=300, json_schema_extra=asked_at_most(70))]],
        Field(min_length=1, max_length=50, description="titles, the likeliest first", json_schema_extra={"maxItems": 12}),
    ]


@dataclass(frozen=True, slots=True)
class TitleSequence:
    """A seeker's first title and the ones they named after it."""

    dialogue_id: str
    seeker_id: str
    anchor: str
    others: tuple[str, ...]


def questions(humans: HumanLogs, *, n: int, model: str, seed: int) -> Questions:
    """One question a dialogue in which the seeker is the first to name two titles or more."""
    found = [unit for talk in humans.talks if (unit := _unit(talk, humans)) is not None]
    units = drawn(((one, one.seeker_id, one.dialogue_id) for one in found), n=n, parts=("items_talked_about", VERSION, seed))
    asked = tuple(Question(_request(one, humans, model=model, seed=seed), Named, one) for one in units)
    unusable = {"the seeker names fewer than two titles": len(humans.talks) - len(found)}
    return Questions(asked, unusable, "" if asked else "no seeker of the logs names two titles")


def measured(questions: Questions, answers: Sequence[ProbeAnswer], humans: HumanLogs, *, seed: int) -> dict[str, Any]:
    """Entropy (bits), coverage (different titles / titles), share among the 50 most popular, and correlation with popularity."""
    tally = AnswerCounts.of(answers)
    lack = tally.lack(answers)
    grounding = Grounding(humans.items, humans.popularity)
    n_ungrounded, theirs, ours, whose = 0, list[tuple[str, ...]](), list[tuple[str, ...]](), list[str]()
    for question, answer in zip(questions.asked, answers, strict=True):
        unit = question.unit
        if lack:
            theirs.append(unit.others)
            whose.append(unit.seeker_id)
        elif not answer.reason:
            grounded = grounding.ground(answer.value.more_titles)
            n_ungrounded += grounded.n_ungrounded
            told = [one for one in grounded.ids if one != unit.anchor][: len(unit.others)]
            if told:
                ours.append(tuple(told))
                theirs.append(unit.others[: len(told)])
                whose.append(unit.seeker_id)
    figures = _title_figures(None if lack else ours, theirs, whose, humans, seed=seed)
    return {**report(tally, lack, figures), "n_ungrounded": n_ungrounded, "n_titles": sum(map(len, theirs))}


def _unit(talk: LoggedDialogue, humans: HumanLogs) -> TitleSequence | None:
    heard, named = set[str](), dict[str, None]()
    for turn in talk.turns:
        if turn.role == "seeker":
            named |= dict.fromkeys(one for one in turn.item_ids if one in humans.items and one not in heard)
        heard |= set(turn.item_ids)
    first, *others = named or ("",)
    return TitleSequence(talk.dialogue_id, talk.seeker_id, first, tuple(others[:MOST_TITLES])) if others else None


def _request(unit: TitleSequence, humans: HumanLogs, *, model: str, seed: int) -> Any:
    system = (
        "You know what people talk about when they look for something to watch, read or buy. In a chat with a recommender, somebody has "
        f"brought up the title between the tags. {DATA}\n"
        f"Which other titles does this same person bring up in the chat? Name {len(unit.others) + SPARE}, each as `Title (year)`, the one "
        "that comes up first at the head."
    )
    told = (system, f"<need>\n{template.inline(humans.items[unit.anchor].label)}\n</need>")
    return request_of(told, model=model, max_tokens=MAX_TOKENS, parts=("items_talked_about", VERSION, seed, unit.dialogue_id))


def _title_figures(
    ours: Sequence[Sequence[str]] | None, theirs: Sequence[Sequence[str]], whose: Sequence[str], humans: HumanLogs, *, seed: int
) -> dict[str, ProbeFigure]:
    places = {one: i for i, one in enumerate(sorted({one for told in (*(ours or ()), *theirs) for one in told}))}
    popularity = np.array([humans.popularity.get(one, 0) for one in places], dtype=float)
    head = set(sorted(humans.popularity, key=lambda one: (-humans.popularity[one], one))[:HEAD])
    human, model = counts_of(theirs, places), None if ours is None else counts_of(ours, places)

    def set_of(make: Any, low: float, high: float) -> ProbeFigure:
        return over_sets(None if model is None else make(model), make(human), whose, seed=seed, low=low, high=high)

    def in_head(counts: Floats) -> Statistic:
        popular = np.array([one in head for one in places], dtype=float)
        hits, totals = counts @ popular, counts.sum(axis=1)
        return lambda weights: float(weights @ hits) / total if (total := float(weights @ totals)) else math.nan

    figures = {
        "entropy_bits": set_of(entropy_of, 0.0, math.inf),
        "coverage": set_of(_coverage, 0.0, 1.0),
        "popular_share": set_of(in_head, 0.0, 1.0),
        "popularity_correlation": set_of(lambda counts: _popularity(counts, popularity), -1.0, 1.0),
    }
    per_answer = over_sets(
        None if model is None else mean_of(model.sum(axis=1)), mean_of(human.sum(axis=1)), whose, seed=seed, low=0.0
    )  # equal by construction: shown so that nobody has to take the matching on trust
    return {**figures, "titles_each": ProbeFigure(per_answer.model, per_answer.human, per_answer.difference, "")}


def _coverage(counts: Floats) -> Statistic:
    def coverage(weights: Floats) -> float:
        held = weights @ counts
        return float((held > 0).sum() / held.sum()) if held.sum() else math.nan

    return coverage


def _popularity(counts: Floats, popularity: Floats) -> Statistic:
    ranked = rankdata(popularity)

    def correlation(weights: Floats) -> float:
        held = weights @ counts
        if len(held) < 3 or np.ptp(held) == 0 or np.ptp(ranked) == 0:
            return math.nan
        return float(np.corrcoef(rankdata(held), ranked)[0, 1])

    return correlation
