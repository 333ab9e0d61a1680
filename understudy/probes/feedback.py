"""Feedback (task 5 of Yoon et al., NAACL 2024): does a model tell the reply that a human recommender gave from a random one?

A request is shown with the first recommending reply or with that of another dialogue, to be accepted or rejected; and with both, in
an order drawn by lot, to choose from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import BaseModel, Field

from understudy.instruments.chosen import ANSWERS
from understudy.instruments.text import Titles
from understudy.keys import share_of
from understudy.probes import HumanLogs, LoggedDialogue, ProbeAnswer, Question, Questions
from understudy.probes._figures import ProbeFigure, against_chance, report
from understudy.probes.asking.calls import DATA, AnswerCounts, drawn, request_of
from understudy.prompt import template
from understudy.records import Measured, Turn
from understudy.statistics.paired import paired_difference
from understudy.statistics.rates import difference, wilson

VERSION = 1
REHEARSAL = "rehearsal is not a language model: it reacts to its need and not to a request"
HUMAN = "the reply of the human recommender counts as right; the share of seekers of `select` who accepted it in their next turn"
MAX_TOKENS = 60
_RIGHT_BY_DEFINITION = "the reply of the human recommender counts as right"
_NOT_SHOWN = "no human was shown a random reply"
_NO_ORDER = "no human was shown two replies"


class Reaction(BaseModel):
    """Whether a person takes a reply up."""

    takes_it: Annotated[Literal["accept", "reject"], Field(description="how this person takes the reply")]


class Choice(BaseModel):
    """Which of two replies a person takes."""

    better: Annotated[Literal["first", "second"], Field(description="which reply this person takes")]


@dataclass(frozen=True, slots=True)
class HumanExchange:
    """A request with the reply it got and what the seeker then said."""

    dialogue_id: str
    seeker_id: str
    before: tuple[Turn, ...]
    reply: Turn
    reaction: str
    named: frozenset[str]


@dataclass(frozen=True, slots=True)
class ReplyTrial:
    """One exchange beside a random reply. `true_shown`: the one reply to judge is the true one; `true_first`: it is the first of two."""

    exchange: HumanExchange
    decoy: Turn
    kind: Literal["judge", "choose"]
    true_shown: bool
    true_first: bool


def questions(humans: HumanLogs, *, n: int, model: str, seed: int) -> Questions:
    """Two questions an exchange, at most `n` exchanges: to judge one reply and to choose between two."""
    in_order = sorted(humans.talks, key=lambda talk: talk.dialogue_id)
    found = [one for talk in in_order if (one := _exchange(talk)) is not None]
    parts = ("feedback", VERSION, seed)
    chosen = drawn(((one, one.seeker_id, one.dialogue_id) for one in found), n=n, parts=parts)
    units = [unit for one in chosen for unit in _trials(one, found, parts)]
    asked = tuple(Question(_request(one, model=model, parts=parts), Reaction if one.kind == "judge" else Choice, one) for one in units)
    unusable = {"there is no request before the first recommendation": len(humans.talks) - len(found)}
    return Questions(asked, unusable, "" if asked else "no two dialogues hold a request and a reply that names an item")


def measured(questions: Questions, answers: Sequence[ProbeAnswer], humans: HumanLogs, *, seed: int) -> dict[str, Any]:  # noqa: ARG001
    """Accuracy of judging and of choosing, what is accepted, and whether place or popularity decides."""
    tally = AnswerCounts.of(answers)
    lack = tally.lack(answers)
    judged, chosen = list[tuple[ReplyTrial, bool]](), list[tuple[ReplyTrial, bool]]()
    for question, answer in zip(questions.asked, answers, strict=True):
        if lack or not answer.reason:
            side = judged if question.unit.kind == "judge" else chosen
            side.append((question.unit, not lack and _positive(answer.value)))
    figures = {**_of_judging(judged, humans), **_of_choosing(chosen, humans.popularity)}
    return report(tally, lack, figures)


def _positive(value: Reaction | Choice) -> bool:
    """Whether the reply was accepted, or the first one chosen."""
    return value.takes_it == "accept" if isinstance(value, Reaction) else value.better == "first"


def _exchange(talk: LoggedDialogue) -> HumanExchange | None:
    at = next((i for i, turn in enumerate(talk.turns) if turn.role == "recommender" and turn.item_ids), None)
    if at is None or not any(turn.role == "seeker" and turn.text for turn in talk.turns[:at]):
        return None
    after = next((turn.text for turn in talk.turns[at + 1 : at + 2] if turn.role == "seeker"), "")
    named = frozenset(one for turn in talk.turns for one in turn.item_ids)
    return HumanExchange(talk.dialogue_id, talk.seeker_id, talk.turns[:at], talk.turns[at], after, named)


def _trials(one: HumanExchange, others: Sequence[HumanExchange], parts: Sequence[Any]) -> list[ReplyTrial]:
    """Both questions about an exchange; none where every other reply names what this dialogue names too."""
    start = int(share_of(*parts, "decoy", one.dialogue_id) * len(others))
    apart = (other for other in (*others[start:], *others[:start]) if _is_apart(one, other))
    decoy = next((other.reply for other in apart), None)
    if decoy is None:
        return []
    true_shown, true_first = (share_of(*parts, lot, one.dialogue_id) < 0.5 for lot in ("shown", "first"))
    return [ReplyTrial(one, decoy, "judge", true_shown, true_first), ReplyTrial(one, decoy, "choose", true_shown, true_first)]


def _is_apart(one: HumanExchange, other: HumanExchange) -> bool:
    return one.seeker_id != other.seeker_id and not one.named & set(other.reply.item_ids)


def _request(unit: ReplyTrial, *, model: str, parts: Sequence[Any]) -> Any:
    true, decoy = (f"<reply>\n{template.inline(turn.text)}\n</reply>" for turn in (unit.exchange.reply, unit.decoy))
    if unit.kind == "judge":
        shown, asked = true if unit.true_shown else decoy, "Does the seeker take up the reply at the end, or turn it down?"
    else:
        shown = "\n".join((true, decoy) if unit.true_first else (decoy, true))
        asked = "Two replies stand at the end. Which of them does the seeker rather take up?"
    system = f"You take the part of the seeker in the chat between the tags and answer as that person would, not as an assistant. {DATA}\n"
    user = f"<dialogue>\n{template.fenced(unit.exchange.before)}\n</dialogue>\n{shown}"
    return request_of((system + asked, user), model=model, max_tokens=MAX_TOKENS, parts=(*parts, unit.kind, unit.exchange.dialogue_id))


def _of_judging(judged: Sequence[tuple[ReplyTrial, bool]], humans: HumanLogs) -> dict[str, ProbeFigure]:
    true = [accepted for unit, accepted in judged if unit.true_shown]
    random = [accepted for unit, accepted in judged if not unit.true_shown]
    right = [accepted == unit.true_shown for unit, accepted in judged]
    shown = [unit.exchange for unit, _ in judged if unit.true_shown]
    n_taken, n_reacting = _taken(shown, humans)
    human = wilson(n_taken, n_reacting, nothing="no seeker accepts or rejects in the next turn")
    ours = wilson(sum(true), len(true), nothing="no true reply was judged")
    of_random = wilson(sum(random), len(random), nothing="no random reply was judged")
    return {
        "judging_accuracy": against_chance(right, chance=0.5, human=_RIGHT_BY_DEFINITION),
        "accepted_true": ProbeFigure(ours, human, difference(ours, human)),
        "accepted_random": ProbeFigure(of_random, Measured(None, reason=_NOT_SHOWN), Measured(None, reason=_NOT_SHOWN), ""),
    }


def _taken(exchanges: Sequence[HumanExchange], humans: HumanLogs) -> tuple[int, int]:
    """How many seekers accept in their next turn, of those who accept or reject there."""
    answers = pl.DataFrame([(one.reply.text, one.reaction) for one in exchanges], schema=ANSWERS, orient="row")
    labels = humans.instruments.reactions(answers, Titles.of(humans.items))
    return int((labels == "accept").sum()), int(labels.is_in(["accept", "reject"]).sum())


def _of_choosing(chosen: Sequence[tuple[ReplyTrial, bool]], popularity: Mapping[str, int]) -> dict[str, ProbeFigure]:
    right = [first == unit.true_first for unit, first in chosen]
    # whoever chooses rightly chooses the popular reply where the true one is popular, and whoever errs where it is not
    pairs = [
        (correct == true_is_popular, true_is_popular)
        for (unit, _), correct in zip(chosen, right, strict=True)
        if (true_is_popular := _more_popular(unit, popularity)) is not None
    ]
    ours, theirs = ([pair[side] for pair in pairs] for side in (0, 1))
    nothing = "no two replies differ in popularity"
    return {
        "choosing_accuracy": against_chance(right, chance=0.5, human=_RIGHT_BY_DEFINITION),
        "first_chosen": against_chance([first for _, first in chosen], chance=0.5, human=_NO_ORDER),
        "popular_chosen": ProbeFigure(
            wilson(sum(ours), len(ours), nothing=nothing),
            wilson(sum(theirs), len(theirs), nothing=nothing),
            paired_difference(ours, theirs, nothing=nothing),
        ),
    }


def _more_popular(unit: ReplyTrial, popularity: Mapping[str, int]) -> bool | None:
    """Whether the true reply names the more popular item; None on a tie."""
    true, decoy = _weight(unit.exchange.reply, popularity), _weight(unit.decoy, popularity)
    return None if true == decoy else true > decoy


def _weight(turn: Turn, popularity: Mapping[str, int]) -> int:
    return max((popularity.get(one, 0) for one in turn.item_ids), default=0)
