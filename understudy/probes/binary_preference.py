"""Binary preference (task 2 of Yoon et al., NAACL 2024): does this person like that title? Many persons for each title.

The share of yes by title is held against the humans who judged it: ratings where a data set has them, else the seekers' forms.
Persons are seekers of `search` and `select`; nobody is asked about a title that their dialogue names. Each is asked three times:
plainly, as hard to please and as easy to please.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from understudy.keys import rng_of, share_of
from understudy.probes import HumanLogs, JudgedItem, Persona, ProbeAnswer, Question, Questions
from understudy.probes._figures import ProbeFigure, correlation_of, means, over_sets, report
from understudy.probes.asking.calls import DATA, AnswerCounts, persona_in_words, request_of
from understudy.prompt import template
from understudy.records import Item, Measured, Need
from understudy.statistics.paired import paired_difference
from understudy.statistics.rates import wilson

VERSION = 1
REHEARSAL = "rehearsal is not a language model: it has no opinion of titles"
HUMAN = "the share of likes of the same items, from ratings (from 4 of 5 a like, up to 2.5 a dislike), else from the seekers' forms"
PER_ITEM = 5
MIN_ITEMS = 10
MAX_TOKENS = 60
Manner = Literal["plain", "picky", "easy"]
MANNERS: Mapping[Manner, str] = {
    "plain": "",
    "picky": "This person is hard to please and likes few of the titles they come across. ",
    "easy": "This person is easy to please and likes most of the titles they come across. ",
}
_NOT_SAID = "the humans do not state how hard they are to please"


class Preference(BaseModel):
    """Whether a person likes a title."""

    likes_it: Annotated[Literal["yes", "no"], Field(description="whether this person likes it")]


@dataclass(frozen=True, slots=True)
class OpinionQuestion:
    """One person asked about one title in one manner."""

    item_id: str
    persona: Persona
    manner: Manner


def questions(humans: HumanLogs, *, n: int, model: str, seed: int) -> Questions:
    """`n` pairs of item and persona at most, PER_ITEM an item, each in three manners: up to 3n questions."""
    if not humans.judged:
        return Questions(reason=humans.no_judgements or "no human judged an item")
    usable = [one for one in humans.judged if one.item_id in humans.items and min(k for _, k in one.halves) >= PER_ITEM]
    few = {f"one half of the humans has fewer than {PER_ITEM} judgements": len(humans.judged) - len(usable)}
    ranked = sorted(usable, key=lambda one: (share_of("binary_preference", VERSION, seed, one.item_id), one.item_id))
    chosen = ranked[: max(1, n // PER_ITEM)]
    if len(chosen) < MIN_ITEMS:
        need = f"at least {MIN_ITEMS} items that humans judged are needed; there are {len(usable)}, and --n asks about {len(chosen)}"
        return Questions(n_unusable=few, reason=need)
    shuffled = sorted(humans.personas, key=lambda one: (share_of("binary_preference", VERSION, seed, one.dialogue_id), one.dialogue_id))
    units = [
        OpinionQuestion(one.item_id, persona, manner)
        for one in chosen
        for persona in _persons(shuffled, humans.items[one.item_id], seed)
        for manner in MANNERS
    ]
    asked = tuple(Question(_request(one, humans, model=model, seed=seed), Preference, one) for one in units)
    return Questions(asked, few, "" if asked else "there is no seeker whose part the model could take")


def measured(questions: Questions, answers: Sequence[ProbeAnswer], humans: HumanLogs, *, seed: int) -> dict[str, Any]:
    """Share of yes, its agreement with humans and with popularity over items, and what being picky changes."""
    tally = AnswerCounts.of(answers)
    lack = tally.lack(answers)
    said = _said(questions, answers)
    item_ids = list(dict.fromkeys(one.unit.item_id for one in questions.asked))
    if not lack:
        item_ids = [one for one in item_ids if said.get(("plain", one))]
        if len(item_ids) < MIN_ITEMS:
            lack = f"at least {MIN_ITEMS} items with answers are needed; there are {len(item_ids)}"
    told = report(tally, lack, _preference_figures(None if lack else said, item_ids, humans, seed=seed))
    return {**told, "n_items": len(item_ids), "human_from": humans.judged_from}


def _persons(shuffled: Sequence[Persona], item: Item, seed: int) -> list[Persona]:
    """PER_ITEM personas of different seekers that say nothing of the item, from a drawn place on."""
    start = int(share_of("binary_preference", VERSION, seed, item.item_id, "start") * len(shuffled))
    found: dict[str, Persona] = {}
    for one in (*shuffled[start:], *shuffled[:start]):
        if len(found) == PER_ITEM:
            break
        if one.seeker_id not in found and not _names(one.need, item):
            found[one.seeker_id] = one
    return list(found.values())


def _names(need: Need, item: Item) -> bool:
    return item.item_id in need.targets or any(item.label in labels for labels in (need.liked, need.disliked, need.seen))


def _request(unit: OpinionQuestion, humans: HumanLogs, *, model: str, seed: int) -> Any:
    system = (
        "You take the part of one particular person and answer as that person would, not as an assistant. "
        f"{MANNERS[unit.manner]}{DATA}\nDoes this person like the title at the end?"
    )
    item = humans.items[unit.item_id]
    told = (system, f"<need>\n{persona_in_words(unit.persona.need)}\nThe title: {template.inline(item.label)}\n</need>")
    # the three manners share a seed: what differs between them is the manner alone
    parts = ("binary_preference", VERSION, seed, unit.item_id, unit.persona.dialogue_id)
    return request_of(told, model=model, max_tokens=MAX_TOKENS, parts=parts)


def _said(questions: Questions, answers: Sequence[ProbeAnswer]) -> dict[tuple[Manner, str], dict[str, bool]]:
    """(manner, item) → persona → yes."""
    said: dict[tuple[Manner, str], dict[str, bool]] = {}
    for question, answer in zip(questions.asked, answers, strict=True):
        if not answer.reason:
            unit = question.unit
            said.setdefault((unit.manner, unit.item_id), {})[unit.persona.dialogue_id] = answer.value.likes_it == "yes"
    return said


def _preference_figures(
    said: Mapping[tuple[Manner, str], Mapping[str, bool]] | None, item_ids: Sequence[str], humans: HumanLogs, *, seed: int
) -> dict[str, ProbeFigure]:
    judged = {one.item_id: one for one in humans.judged}
    known = [judged[one] for one in item_ids]
    whole = [sum(k for k, _ in one.halves) / sum(n for _, n in one.halves) for one in known]
    few, others = [_few(one, seed) for one in known], [one.halves[1][0] / one.halves[1][1] for one in known]
    popular = [math.log1p(humans.popularity.get(one, 0)) for one in item_ids]
    shares = None if said is None else [_share(said[("plain", one)]) for one in item_ids]
    agreement = None if shares is None else correlation_of(shares, others)
    popularity = None if shares is None else correlation_of(shares, popular)
    return {
        "positive_share": means(shares, whole, item_ids, seed=seed, high=1.0),
        "agreement": over_sets(agreement, correlation_of(few, others), item_ids, seed=seed, low=-1.0, high=1.0),
        "popularity_correlation": over_sets(popularity, correlation_of(few, popular), item_ids, seed=seed, low=-1.0, high=1.0),
        "positive_share_picky": _shift(said, "picky"),
        "positive_share_easy": _shift(said, "easy"),
    }


def _few(one: JudgedItem, seed: int) -> float:
    """The share of likes among PER_ITEM humans of the first half: as few as the personas, so that correlations compare."""
    liked, n = one.halves[0]
    return float(rng_of("binary_preference", VERSION, seed, one.item_id).hypergeometric(liked, n - liked, PER_ITEM)) / PER_ITEM


def _share(said: Mapping[str, bool]) -> float:
    return sum(said.values()) / len(said)


def _shift(said: Mapping[tuple[Manner, str], Mapping[str, bool]] | None, manner: Manner) -> ProbeFigure:
    """The share of yes in one manner, and how far it is from the same pairs asked plainly."""
    nobody = Measured(None, reason=_NOT_SAID)
    if said is None:
        return ProbeFigure(nobody, nobody, nobody, "plain")
    pairs = [
        (yes, said[("plain", item_id)][persona])
        for (kind, item_id), answers in said.items()
        if kind == manner and ("plain", item_id) in said
        for persona, yes in answers.items()
        if persona in said[("plain", item_id)]
    ]
    rate = wilson(sum(yes for yes, _ in pairs), len(pairs), nothing="no question was answered in both manners")
    return ProbeFigure(rate, nobody, paired_difference([yes for yes, _ in pairs], [plain for _, plain in pairs]), "plain")
