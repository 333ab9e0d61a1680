"""What rehearsal understands of the messages it is sent: the brief (instructions, need, examples) and the conversation so far.

The system message is the brief: what all seekers of a prompt share, then what this one wants. The lines of the need and the chats of
others in it are no instruction, and what the recommender said never is.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any

from understudy.completion import Message
from understudy.errors import BadInput
from understudy.rehearsal.parameters import read

# where this seeker's own part of a brief begins
_OWN_PART = "\n\nWhat you want: "
# asked for an opening, in no dialogue
_FIRST_QUESTION = "What are you looking for?"
_LABEL = re.compile(r"^(?=how (?:much you tell|you react|you talk|others talked): |when you stop: |what you want: |now: )", re.M)
_CHAT_LINES = re.compile(r"(?:^|(?<=\n))(?:(?:Them|Me): .*(?:\n|\Z))+", re.M)
_CHAT_LINE = re.compile(r"^(Them|Me): ?(.*)$", re.M)
_ROLES = {"Them": "recommender", "Me": "seeker"}
# said in every prompt, so it tells none from another: how the chat goes, which message is the last, a draft to be written anew
_SAID_ALWAYS = re.compile(
    r"^In this chat you are the one who is looking for something, .*$|^When you are done, say bye\.$"
    r"|^A reader turned down a draft of your next message\..*\nDraft: .*\nFault: .*\nWrite that message anew.*$",
    re.M,
)
# as many words as it counts for, however it is worded, so that a prompt is as long as it was under earlier wordings
_WORDS_SAID_ALWAYS = 35
_SENTENCE = re.compile(r"[.!?;\n]+")
_PATIENCE = re.compile(
    r"\bafter (\d+|one|two|three|four|five|six|seven|eight) (?:\w+ )?(?:suggestion|rejection|recommendation|tr(?:y|ies))"
)
_NUMBERS = {word: n for n, word in enumerate(("one", "two", "three", "four", "five", "six", "seven", "eight"), start=1)}
# the word of a heading that tells which of the six parts of a brief stands under it
_HEADINGS = (("tell", "disclosure"), ("react", "react"), ("talk", "talk"), ("stop", "stop"), ("want", "need"))
_LINES = (
    "Genres you like",
    "Genres you avoid",
    "People whose work you like",
    "What would suit you today",
    "The title that would suit you today",
)
_TITLE_LINES = ("Titles you enjoyed", "Titles you did not enjoy", "Titles you already know")
_NEED_LINE = re.compile(
    r"^(?:(?:Genres|People whose work|Eras) you (?:like|avoid)|Titles you (?:enjoyed|did not enjoy|already know)"
    r"|What would suit you today|The title that would suit you today): .*$|^Nothing in particular\.$"
    r"|^In general, and this does not change:$|^At this moment:$",
    re.M,
)


@dataclass(frozen=True, slots=True)
class Instructions:
    """How strongly each lever is pulled, in (-1, 1), and what else the instructions state. `patience` is None where unstated."""

    levers: Mapping[str, float]
    n_words: int
    patience: int | None


@dataclass(frozen=True, slots=True)
class Wishes:
    """The need, as told. `suits` are attributes of what would suit today, `title` its label where it is given away."""

    genres: tuple[str, ...] = ()
    avoided: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    enjoyed: tuple[str, ...] = ()
    disliked: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    suits: tuple[str, ...] = ()
    title: str | None = None
    n_lines: int = 0


@dataclass(frozen=True, slots=True)
class Brief:
    """A system message, understood. `examples` are the example dialogues as (role, text) turns."""

    instructions: Instructions
    wishes: Wishes
    examples: tuple[tuple[tuple[str, str], ...], ...]


@dataclass(frozen=True, slots=True)
class Conversation:
    """The turns so far as (role, text), the recommender's last one at the end; empty when the seeker opens."""

    turns: tuple[tuple[str, str], ...]

    @property
    def said(self) -> list[str]:
        """The seeker's own turns."""
        return [text for role, text in self.turns if role == "seeker"]


def understand(messages: Sequence[Message]) -> tuple[Brief, Conversation]:
    """The brief and the conversation. Raises BadInput for messages that do not ask for a seeker's turn."""
    brief = instructed(messages)
    # what is told after the conversation is no turn of it
    while len(messages) > 1 and messages[-1].role == "system":
        messages = messages[:-1]
    if len(messages) < 2 or messages[-1].role != "user":
        raise BadInput("the last message is not the recommender's", hint="the user's message is what a seeker answers")
    said = messages[2:] if messages[1].content == _FIRST_QUESTION else messages[1:]
    return brief, Conversation(tuple(("seeker" if one.role == "assistant" else "recommender", one.content) for one in said))


def instructed(messages: Sequence[Message]) -> Brief:
    """The brief alone. Raises BadInput where the first message is not a seeker's brief."""
    if not messages or messages[0].role != "system" or _OWN_PART not in messages[0].content:
        raise BadInput("rehearsal answers only as a seeker", hint=f"expected a system message with a part `{_OWN_PART.strip()}`")
    return brief_of(messages[0].content)


@lru_cache(maxsize=8192)
def brief_of(system: str) -> Brief:
    """What a seeker is told, understood; kept, because one prompt is answered many times."""
    shared, _, own = system.rpartition(_OWN_PART)
    examples = tuple(_dialogue(block) for block in _CHAT_LINES.findall(shared))
    return Brief(instructions_of(bare_of(system)), wishes_of(own), examples)


def bare_of(system: str) -> str:
    """What a seeker is told, without the need and the chats of others: what instructions are read in."""
    shared, mark, own = system.rpartition(_OWN_PART)
    return _CHAT_LINES.sub("", shared) + mark + _NEED_LINE.sub("", own)


def _dialogue(block: str) -> tuple[tuple[str, str], ...]:
    return tuple((_ROLES[speaker], said.strip()) for speaker, said in _CHAT_LINE.findall(block))


def wishes_of(text: str) -> Wishes:
    """What the lines of a need tell."""
    lines: dict[str, tuple[str, ...]] = {}
    for line in text.split("\n"):
        name, mark, values = line.partition(": ")
        if mark:
            cut = "; " if name in _TITLE_LINES else ", "
            lines[name] = tuple(value for value in values.split(cut) if value)
    # a title may hold a comma
    titles = ", ".join(lines.get("The title that would suit you today", ()))
    return Wishes(
        genres=lines.get("Genres you like", ()),
        avoided=lines.get("Genres you avoid", ()),
        people=lines.get("People whose work you like", ()),
        enjoyed=lines.get("Titles you enjoyed", ()),
        disliked=lines.get("Titles you did not enjoy", ()),
        known=lines.get("Titles you already know", ()),
        suits=lines.get("What would suit you today", ()),
        title=titles or None,
        # eras and disliked people are beyond it: what it does not read does not move it
        n_lines=sum(name in lines for name in (*_LINES, *_TITLE_LINES)),
    )


@lru_cache(maxsize=4096)
def instructions_of(text: str) -> Instructions:
    """The levers that `text` pulls: clearer words weigh more, contradictions cancel, repetition saturates, length dilutes."""
    own, n_said = _SAID_ALWAYS.subn("", text)
    n_words = len(own.split()) + (_WORDS_SAID_ALWAYS if n_said else 0)
    return Instructions(MappingProxyType(levers_of(pulls_of(text), n_words)), n_words, _patience(text.lower()))


def pulls_of(text: str) -> Mapping[str, Sequence[float]]:
    """Lever → how much the sentences of `text` pull it up and down, summed, before saturation and dilution."""
    pulls: dict[str, list[float]] = {name: [0.0, 0.0] for name in _levers()}
    part = "role"
    for block in _LABEL.split(_SAID_ALWAYS.sub("", text).lower()):
        heading, _, body = block.partition(": ") if _LABEL.match(block) else ("", "", block)
        part = next((name for word, name in _HEADINGS if word in heading), "other") if heading else part
        for sentence in filter(None, map(str.strip, _SENTENCE.split(body))):
            for name, way, weight in _pulled(sentence, part):
                pulls[name][way] += weight
    return pulls


def levers_of(pulls: Mapping[str, Sequence[float]], n_words: int) -> dict[str, float]:
    """Lever → how strongly it is pulled in instructions of so many words, in (-1, 1)."""
    reading = read("cues.toml")["reading"]
    dilution = 1 + max(0, n_words - reading["dilution_from_words"]) / reading["dilution_words"]
    saturation = reading["saturation"]
    return {name: (math.tanh(up / saturation) - math.tanh(down / saturation)) / dilution for name, (up, down) in pulls.items()}


def _patience(text: str) -> int | None:
    told = _PATIENCE.search(text)
    return None if told is None else int(_NUMBERS.get(told[1], told[1]))


@cache
def _levers() -> dict[str, tuple[dict[str, Any], re.Pattern[str], re.Pattern[str] | None]]:
    out = {}
    for name, lever in read("cues.toml")["lever"].items():
        opposite = re.compile("|".join(lever["opposite"])) if "opposite" in lever else None
        out[name] = (lever, re.compile("|".join(lever["patterns"])), opposite)
    return out


@lru_cache(maxsize=16384)
def _pulled(sentence: str, part: str) -> tuple[tuple[str, int, float], ...]:
    """What one sentence pulls: lever, 0 for up or 1 for down, weight. Kept, because prompts share most of their sentences."""
    reading = read("cues.toml")["reading"]
    force = reading["hedge_factor"] if re.search(reading["hedges"], sentence) else 1.0
    force *= reading["emphasis_factor"] if re.search(reading["emphases"], sentence) else 1.0
    out = []
    for name, (lever, cue, opposite) in _levers().items():
        weight = force * lever["weight"] * (1.0 if part == lever["home"] else reading["away"])
        for pattern, sign in ((cue, 1), (opposite, -1)):
            hit = pattern.search(sentence) if pattern else None
            if hit is None:
                continue
            before = sentence[max(0, hit.start() - reading["negation_reach"]) : hit.start()].rpartition(",")[2]
            negated = not (sign > 0 and lever.get("signless")) and re.search(reading["negations"], before) is not None
            out.append((name, int((sign > 0) == negated), weight))
    return tuple(out)
