"""Requests (task 4 of Yoon et al., NAACL 2024): a request that names given titles, in a given length; how specific is it?

The human requests are what seekers say before the recommender names its first item, where they name titles. Both are cut to the
length of the shorter one before their details are counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, Field

from understudy.instruments.text import Titles
from understudy.probes import HumanLogs, LoggedDialogue, ProbeAnswer, Question, Questions
from understudy.probes._figures import ProbeFigure, means, report
from understudy.probes._texts import Details, Specificity, cut_alike, words_of
from understudy.probes.asking.calls import DATA, AnswerCounts, drawn, request_of
from understudy.prompt import template
from understudy.prompt.schemas import asked_at_most
from understudy.records import Item

VERSION = 1
REHEARSAL = "rehearsal is not a language model: it begins a conversation from a need and not from titles and a length"
HUMAN = "what seekers of `select` say before the first recommendation, if they name titles"
MIN_WORDS = 5
MOST_TITLES = 5
MAX_TOKENS = 500


class Wording(BaseModel):
    """A request in words."""

    request: Annotated[
        str, Field(min_length=1, max_length=6000, description="the request, in words", json_schema_extra=asked_at_most(1200))
    ]


@dataclass(frozen=True, slots=True)
class HumanRequest:
    """A human's request and the titles it names."""

    dialogue_id: str
    seeker_id: str
    text: str
    item_ids: tuple[str, ...]


def questions(humans: HumanLogs, *, n: int, model: str, seed: int) -> Questions:
    """One question a request that names a title and has MIN_WORDS words."""
    found = [unit for talk in humans.talks if (unit := request_in(talk, humans.items)) is not None]
    units = drawn(((one, one.seeker_id, one.dialogue_id) for one in found), n=n, parts=("requests", VERSION, seed))
    asked = tuple(Question(_request(one, humans, model=model, seed=seed), Wording, one) for one in units)
    unusable = {f"there is no request of at least {MIN_WORDS} words that names a title": len(humans.talks) - len(found)}
    return Questions(asked, unusable, "" if asked else "no seeker of the logs names a title before the first recommendation")


def measured(questions: Questions, answers: Sequence[ProbeAnswer], humans: HumanLogs, *, seed: int) -> dict[str, Any]:
    """Details a request holds (genres, people, eras), titles it names, and its words before the cut."""
    tally = AnswerCounts.of(answers)
    lack = tally.lack(answers)
    pairs = [(one.unit, answer) for one, answer in zip(questions.asked, answers, strict=True) if lack or not answer.reason]
    titles, reader = Titles.of(humans.items), Specificity(humans.items)
    theirs = words_of([unit.text for unit, _ in pairs], titles)
    ours = words_of([answer.value.request for _, answer in pairs], titles) if not lack else theirs
    cut = [cut_alike(one, other) for one, other in zip(ours, theirs, strict=True)]
    model, human = ([reader.details(pair[side]) for pair in cut] for side in (0, 1))
    whose = [unit.seeker_id for unit, _ in pairs]
    lengths = [float(len(one)) for one in ours], [float(len(one)) for one in theirs]
    return report(tally, lack, _request_figures(None if lack else model, human, lengths, whose, seed=seed))


def request_in(talk: LoggedDialogue, items: Mapping[str, Item]) -> HumanRequest | None:
    """What the seeker says before the recommender names an item; None where that is short or names no title."""
    text, named = list[str](), dict[str, None]()
    for turn in talk.turns:
        if turn.role == "recommender":
            if turn.item_ids:
                break
        else:
            text.append(turn.text)
            named |= dict.fromkeys(one for one in turn.item_ids if one in items)
    said = " ".join(" ".join(text).split())
    if not named or len(said.split()) < MIN_WORDS:
        return None
    return HumanRequest(talk.dialogue_id, talk.seeker_id, said, tuple(named)[:MOST_TITLES])


def _request(unit: HumanRequest, humans: HumanLogs, *, model: str, seed: int) -> Any:
    n_words = len(unit.text.split())
    labels = "\n".join(template.inline(humans.items[one].label) for one in unit.item_ids)
    system = (
        "You take the part of somebody who types to a recommender because they want something to watch, read or buy, and speak as people "
        f"type, not as an assistant. {DATA}\n"
        f"Write what this person asks for, in about {n_words} words. It mentions every title between the tags, as `Title (year)`."
    )
    told = (system, f"<need>\n{labels}\n</need>")
    return request_of(told, model=model, max_tokens=MAX_TOKENS, parts=("requests", VERSION, seed, unit.dialogue_id))


def _request_figures(
    model: Sequence[Details] | None,
    human: Sequence[Details],
    lengths: tuple[Sequence[float], Sequence[float]],
    whose: Sequence[str],
    *,
    seed: int,
) -> dict[str, ProbeFigure]:
    def mean(name: str) -> ProbeFigure:
        ours = None if model is None else [float(getattr(one, name)) for one in model]
        return means(ours, [float(getattr(one, name)) for one in human], whose, seed=seed)

    counted = {name: mean(name) for name in ("described", "genres", "people", "eras", "titles")}
    return {**counted, "words": means(None if model is None else lengths[0], lengths[1], whose, seed=seed)}
