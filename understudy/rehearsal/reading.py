"""What rehearsal understands of the messages it is sent: the brief (instructions, need, examples) and the conversation so far.

Only the system message outside the <need> and <example> fences is instruction. What the recommender said never is.
"""

from __future__ import annotations

import html
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

_NEED = re.compile(r"<need>\n?(.*?)\n?</need>", re.S)
_EXAMPLE = re.compile(r"<example>\n?(.*?)\n?</example>", re.S)
_RECOMMENDER = re.compile(r"<recommender>(.*?)</recommender>", re.S)
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


@dataclass(frozen=True, slots=True)
class Instructions:
    """How strongly each lever is pulled, in (-1, 1), and what else the instructions state. `patience` is None where unstated."""

    levers: Mapping[str, float]
    n_words: int
    patience: int | None


@dataclass(frozen=True, slots=True)
class Wishes:
    """The fenced need, as told. `suits` are attributes of what would suit today, `title` its label where it is given away."""

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
    if len(messages) < 2 or messages[-1].role != "user":
        raise BadInput("the last message is not the recommender's", hint="the user's message is what a seeker answers")
    return brief, _conversation(messages[1:])


def instructed(messages: Sequence[Message]) -> Brief:
    """The brief alone. Raises BadInput where the first message is not a seeker's brief."""
    if not messages or messages[0].role != "system" or not _NEED.search(messages[0].content):
        raise BadInput("rehearsal answers only as a seeker", hint="expected a system message with a need between <need> tags")
    return brief_of(messages[0].content)


def _conversation(messages: Sequence[Message]) -> Conversation:
    turns: list[tuple[str, str]] = []
    for at, message in enumerate(messages):
        if message.role == "assistant":
            turns.append(("seeker", message.content))
            continue
        told = _RECOMMENDER.findall(message.content)
        if told:
            turns.append(("recommender", html.unescape(" ".join(told))))
        elif at > 0:
            turns.append(("recommender", html.unescape(message.content)))
    return Conversation(tuple(turns))


@lru_cache(maxsize=8192)
def brief_of(system: str) -> Brief:
    """A system message, understood; kept, because one prompt is answered many times."""
    needs = _NEED.findall(system)
    examples = tuple(_dialogue(text) for text in _EXAMPLE.findall(system))
    return Brief(instructions_of(bare_of(system)), wishes_of(needs[0] if needs else ""), examples)


def bare_of(system: str) -> str:
    """A system message without its fenced need and examples: what instructions are read in."""
    return _EXAMPLE.sub("", _NEED.sub("", system))


def _dialogue(text: str) -> tuple[tuple[str, str], ...]:
    turns: list[tuple[str, str]] = []
    for line in text.split("\n"):
        role, _, said = line.partition(":")
        if role.strip().lower() in ("seeker", "recommender"):
            turns.append((role.strip().lower(), html.unescape(said.strip())))
    return tuple(turns)


def wishes_of(text: str) -> Wishes:
    """What the lines of a need tell."""
    lines: dict[str, tuple[str, ...]] = {}
    for line in text.split("\n"):
        name, mark, values = line.partition(": ")
        if mark:
            cut = "; " if name in _TITLE_LINES else ", "
            lines[name] = tuple(value for value in html.unescape(values).split(cut) if value)
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
    n_words = len(text.split())
    return Instructions(MappingProxyType(levers_of(pulls_of(text), n_words)), n_words, _patience(text.lower()))


def pulls_of(text: str) -> Mapping[str, Sequence[float]]:
    """Lever → how much the sentences of `text` pull it up and down, summed, before saturation and dilution."""
    pulls: dict[str, list[float]] = {name: [0.0, 0.0] for name in _levers()}
    part = "role"
    for block in re.split(r"^(?=## )", text.lower(), flags=re.M):
        heading, _, body = block.partition("\n") if block.startswith("## ") else ("", "", block)
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
