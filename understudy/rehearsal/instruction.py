"""What a seeker is told to do in its very next turn, in plain words after the conversation, and a turn that does it.

Read by cues of its own. It is followed as often as the seeker does not drift; a model that drifts says what comes to its mind.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from understudy.completion import Message
from understudy.rehearsal import acts
from understudy.rehearsal.draws import Draws
from understudy.rehearsal.fitted import Fitted
from understudy.rehearsal.plans import length_of
from understudy.rehearsal.wording import word

VERSION = 2
_CUES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (act, re.compile(pattern, re.I))
    for act, pattern in (
        ("accept", r"\bwill (?:watch|take|try) (?:that one|it)\b|^sure\b|^yes$|\bok sure\b|\bliked it\b"),
        ("reject", r"\bnot for me\b|\bdo not really like\b|\bnot that one\b|^no$|^not really$|\bno thanks\b"),
        ("unseen", r"\bnot seen\b|\bnever heard\b|\bnot sure\b|\bdo not know\b|\bno idea\b"),
        ("seen", r"\bhave seen\b|\bsaw (?:it|some)\b"),
        ("request", r"\brecommend something\b|\bsomething to watch\b|\bwould you suggest\b"),
        ("ask", r"\bis it about\b|\bis in it\b|\bany good\b"),
        ("taste", r"\bthat kind of thing\b|\busually like\b|\benjoy those\b"),
        ("thanks", r"\bthank"),
        ("greet", r"^(?:hi|hello|hey)\b"),
        ("chat", r"^(?:ok|alright|i see)$"),
    )
)
_TOLD = re.compile(r"\bin about (\w+) words?: (.+)")
_WISHES = re.compile(r", I like (.+?)(?:, bye)?$")
_LEAVES = re.compile(r", bye$")
_NUMBERS = {name: n for n, name in enumerate(("no", "one", "two", "three", "four", "five", "six", "seven", "eight"))}
_ALSO = {"accept": "i will watch it", "reject": "but not for me"}
_N_LOOKED_AT = 5


@dataclass(frozen=True, slots=True)
class Instruction:
    """The acts asked for, the first as the turn's own, with the length, the wishes to be named and whether the seeker leaves."""

    acts: tuple[str, ...]
    n_words: int
    wishes: str
    leaves: bool


def instruction_in(messages: Sequence[Message]) -> Instruction | None:
    """What the last message after the conversation tells to do; None where nothing there does."""
    for message in reversed(messages[1:]):
        if message.role != "system":
            return None
        if told := _TOLD.search(message.content):
            return _instruction(told[2].strip(), told[1])
    return None


def _instruction(text: str, length: str) -> Instruction:
    wishes = _WISHES.search(text)
    said = text[: wishes.start()] if wishes else _LEAVES.sub("", text)
    found = dict.fromkeys(act for clause in said.split(", ") if (act := _cued(clause)) is not None)
    n_words = _NUMBERS[length] if length in _NUMBERS else int(length) if length.isdigit() else len(_NUMBERS)
    return Instruction(tuple(found) or ("chat",), n_words, wishes[1] if wishes else "", bool(_LEAVES.search(text)))


def _cued(clause: str) -> str | None:
    """The act of the first cue that a clause holds."""
    return next((act for act, cue in _CUES if cue.search(clause)), None)


def instructed_turn(instruction: Instruction, fitted: Fitted, draws: Draws) -> tuple[str, str]:
    """(act, slotted text) of a turn that does what is told, of about the length that is told."""
    act, *also = instruction.acts
    plans = _plans_by_act(fitted).get(act, ())
    text = ""
    if plans:
        u = draws.of("plan")
        near = [plans[int((u + place / _N_LOOKED_AT) % 1.0 * len(plans))] for place in range(_N_LOOKED_AT)]
        text = word(min(near, key=lambda plan: abs(length_of(plan) - instruction.n_words)), fitted, draws)
    named, left = f"i like {instruction.wishes}" if instruction.wishes else "", "bye" if instruction.leaves else ""
    parts = [text, *(_ALSO[one] for one in also if one in _ALSO), named, left]
    return act, ", ".join(part for part in parts if part)


def _plans_by_act(fitted: Fitted) -> Mapping[str, Sequence[str]]:
    """Act → plans of turns that do it, in a fixed order; built once and kept."""
    known: dict[str, list[str]] | None = fitted.kept.get("plans by act")
    if known is None:
        known = {}
        for _, plans in sorted(fitted.cells.items()):
            for plan in plans:
                known.setdefault(_act_of(plan), []).append(plan)
        fitted.kept["plans by act"] = known
    return known


def _act_of(plan: str) -> str:
    if plan.startswith("="):
        return acts.turn_act(plan[1:])
    return acts.main_act(spec.partition(" ")[0] for spec in plan.split("|")[1:])
