"""Rehearsal as critic: names the fault that weighs most and rewrites one section so that it is treated, as often as its quality says.

A request is for the critic when it shows a section as it stands, `<section name="reaction">…</section>` (several may be shown), and no
need of a seeker's own system message. All that it reads, escaped as data is:
- `<prompt>`: the whole prompt that holds the sections; without it the sections alone are taken for the prompt,
- `<objective>`: the objective that matters most; without it, or where the surface does not describe it, all do alike,
- `<temperature>`, `<top_p>`: the dials the prompt is used with (0.7 and 1.0),
- `<fault>`: a fault named before, to be treated as it is,
- `<task>`: `treat` (as without it), `merge`, `paraphrase` or `compress`; `<other name="…">`: the section to be merged in (rewording.py).
Failing, passing and human turns may stand beside them: rehearsal knows its faults from the prompt and the surface and reads no turns.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache

import numpy as np

from understudy.completion import Message
from understudy.errors import BadInput
from understudy.keys import rng_of
from understudy.rehearsal.agenda import SeekerReply
from understudy.rehearsal.phrases import sentences
from understudy.rehearsal.reading import Brief, bare_of, brief_of, levers_of, pulls_of
from understudy.rehearsal.rewording import TASKS, reworded
from understudy.rehearsal.roles import answered
from understudy.rehearsal.surfaces import FAULTS, Surface, levels
from understudy.rehearsal.truth import OBJECTIVES, TARGET_TOLD, point_of, share_of_fault

_SECTION = re.compile(r'<section name="(\w+)">\n?(.*?)\n?</section>', re.S)
_OTHER = re.compile(r'<other name="\w+">\n?(.*?)\n?</other>', re.S)
_FENCED = ("prompt", "objective", "temperature", "top_p", "fault", "task")
_FENCE = {name: re.compile(rf"<{name}>\n?(.*?)\n?</{name}>", re.S) for name in _FENCED}
_HEADINGS = {
    "role": "", "need": "What you want: ", "disclosure": "How much you tell: ", "reaction": "How you react: ",
    "style": "How you talk: ", "ending": "When you stop: ",
}  # fmt: skip
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_FIELDS = frozenset({"fault", "section", "text"})
_TINY = 1e-9


@dataclass(frozen=True, slots=True)
class CriticRequest:
    """What the critic is asked about."""

    sections: Mapping[str, str]
    prompt: str
    objective: str | None
    temperature: float
    top_p: float
    fault: str | None
    task: str = "treat"
    other: str = ""


def is_asked(messages: Sequence[Message]) -> bool:
    """Whether a request shows a section to be rewritten."""
    return any(message.role != "assistant" and _SECTION.search(message.content) for message in messages)


def criticised(messages: Sequence[Message], fields: set[str], *, surface: Surface, quality: float, seed: int) -> SeekerReply:
    """`fault`, `section` and `text`: by schema those of `fields`, else in three parts of plain text. Raises BadInput.

    The fault named is the one that weighs most, and the sentence put in is the one that treats it best, each with probability
    `quality`; otherwise either is drawn at random.
    """
    case, rng = case_of(messages), rng_of("rehearsal critic", seed)
    u_fault, u_cure, which = rng.random(), rng.random(), rng.random(3)
    if case.task != "treat":
        told = _reworded(case, surface, knows=u_cure < quality, luck=float(which[2]))
        return _as_asked(messages, told, fields)
    if case.fault is not None:
        fault = case.fault
    elif u_fault < quality:
        fault = dominant(case, surface)
    else:
        fault = FAULTS[int(which[0] * len(FAULTS))]
    if u_cure < quality:
        section, text = _treated(case, surface, fault)
    else:
        section = list(case.sections)[int(which[1] * len(case.sections))]
        text = _appended(case.sections[section], sentences()[int(which[2] * len(sentences()))].text)
    return _as_asked(messages, {"fault": fault, "section": section, "text": text}, fields)


def _as_asked(messages: Sequence[Message], told: Mapping[str, str], fields: set[str]) -> SeekerReply:
    if fields:
        if unknown := fields - _FIELDS:
            raise BadInput(f"rehearsal's critic has no field {sorted(unknown)[0]!r}", hint="it gives fault, section and text")
        return answered(messages, {name: told[name] for name in told if name in fields}, "critic")
    plain = f"Fault: {told['fault']}\nSection: {told['section']}\n```\n{told['text']}\n```"
    return SeekerReply(plain, "critic", sum(len(one.content) for one in messages) // 4, len(plain) // 4)


def case_of(messages: Sequence[Message]) -> CriticRequest:
    """What a request asks. Raises BadInput for a section or fault that there is not, or a prompt without its section."""
    told = "\n".join(message.content for message in messages if message.role != "assistant")
    sections = {name: html.unescape(text) for name, text in _SECTION.findall(told)}
    found = {name: html.unescape(hits[-1]).strip() for name, fence in _FENCE.items() if (hits := fence.findall(told))}
    if unknown := set(sections) - set(_HEADINGS):
        raise BadInput(f"rehearsal's critic knows no section {sorted(unknown)[0]!r}", hint=f"there are: {', '.join(_HEADINGS)}")
    if "fault" in found and found["fault"] not in FAULTS:
        raise BadInput(f"rehearsal knows no fault {found['fault']!r}", hint=f"there are: {', '.join(FAULTS)}")
    alone = "\n\n".join(_HEADINGS[name] + sections[name] for name in _HEADINGS if name in sections)
    prompt = found.get("prompt", alone)
    for name, text in sections.items():
        if text not in prompt:
            raise BadInput(f"the prompt does not hold its section {name}")
    try:
        dials = float(found.get("temperature", 0.7)), float(found.get("top_p", 1.0))
    except ValueError as error:
        raise BadInput(f"not a dial: {error}") from error
    task = found.get("task", "treat")
    if task != "treat" and task not in TASKS:
        raise BadInput(f"rehearsal's critic knows no task {task!r}", hint=f"there are: treat, {', '.join(TASKS)}")
    other = "".join(html.unescape(text) for text in _OTHER.findall(told)[:1])
    objective = found.get("objective")
    return CriticRequest(sections, prompt, objective if objective in OBJECTIVES else None, *dials, found.get("fault"), task, other)


def dominant(case: CriticRequest, surface: Surface) -> str:
    """The fault that by itself raises the objective most where the prompt is now; of all objectives by shares of their range."""
    brief = brief_of(case.prompt)
    level = levels(brief, surface=surface, temperature=case.temperature, top_p=case.top_p)
    wanted = (case.objective,) if case.objective else OBJECTIVES

    def weight(fault: str) -> float:
        parts = [share_of_fault(name, fault, level[fault]) / _range_of(name) for name in wanted]
        if fault == "attribute_leak" and brief.wishes.suits:
            parts += [share_of_fault(name, TARGET_TOLD, level[fault]) / _range_of(name) for name in wanted]
        return sum(parts)

    # where nothing is wrong with the objective, the highest level is named
    return max(FAULTS, key=lambda fault: (weight(fault), level[fault]))


def _reworded(case: CriticRequest, surface: Surface, *, knows: bool, luck: float) -> dict[str, str]:
    """One of the sections shown, reworded as the task says; what it names as fault is of no use."""
    section = next(iter(case.sections))
    bench = _Bench.of(case, surface, "sameness")

    def harm(added: str, dropped: Sequence[str]) -> float:
        return bench.harm(section, added, dropped)[1]

    def pulls(sentence: str) -> bool:
        return bool(_pulls_in(section, sentence))

    text = reworded(case.task, case.sections[section], case.other, harm=harm, pulls=pulls, knows=knows, luck=luck)
    return {"fault": "wording", "section": section, "text": text}


def _treated(case: CriticRequest, surface: Surface, fault: str) -> tuple[str, str]:
    """(section, text): with the sentence that lowers the fault most, without sentences of the section that raise it."""
    bench = _Bench.of(case, surface, fault)
    options = [
        (bench.harm(section, option.text), at, section)
        for at, option in enumerate(sentences())
        for section in ([option.section] if option.section in case.sections else case.sections)
        if option.text not in case.sections[section]
    ]
    if not options:
        section = next(iter(case.sections))
        return section, case.sections[section]
    harm, at, section = min(options)
    added, dropped = sentences()[at].text, list[str]()
    for sentence in _SENTENCE_END.split(case.sections[section]):
        without = bench.harm(section, added, [*dropped, sentence])
        if without[0] < harm[0] - _TINY:
            harm = without
            dropped.append(sentence)
    left = [one for one in _SENTENCE_END.split(case.sections[section]) if one not in dropped]
    return section, _appended(" ".join(left), added) if left else added


@dataclass(frozen=True, slots=True)
class _Bench:
    """A prompt on which sentences are tried out: what it pulls as it is, and what is to be lowered."""

    case: CriticRequest
    surface: Surface
    fault: str
    brief: Brief
    pulls: Mapping[str, Sequence[float]]

    @classmethod
    def of(cls, case: CriticRequest, surface: Surface, fault: str) -> _Bench:
        return cls(case, surface, fault, brief_of(case.prompt), pulls_of(bare_of(case.prompt)))

    def harm(self, section: str, added: str, dropped: Sequence[str] = ()) -> tuple[float, float]:
        """The level of the fault with a section's sentences added and dropped, then the objectives by shares of their range."""
        pulls, n_words = {lever: list(both) for lever, both in self.pulls.items()}, self.brief.instructions.n_words
        for sign, text in ((1, added), *((-1, sentence) for sentence in dropped)):
            n_words += sign * len(text.split())
            for lever, (up, down) in _pulls_in(section, text):
                pulls[lever] = [max(0.0, pulls[lever][0] + sign * up), max(0.0, pulls[lever][1] + sign * down)]
        brief = replace(self.brief, instructions=replace(self.brief.instructions, levers=levers_of(pulls, n_words), n_words=n_words))
        point = point_of(brief, self.surface, temperature=self.case.temperature, top_p=self.case.top_p)
        wanted = (self.case.objective,) if self.case.objective else OBJECTIVES
        return point.faults[self.fault], sum(point.objectives[name] / _range_of(name) for name in wanted)


@lru_cache(maxsize=4096)
def _pulls_in(section: str, sentence: str) -> tuple[tuple[str, tuple[float, float]], ...]:
    """What a sentence pulls in a section, only what is not 0."""
    return tuple((lever, (up, down)) for lever, (up, down) in pulls_of(_HEADINGS[section] + sentence).items() if up or down)


@cache
def _range_of(objective: str) -> float:
    """What the objective would be with every fault at its worst, roughly: the scale on which objectives are added."""
    return float(np.sum([share_of_fault(objective, fault, 1.0) for fault in (*FAULTS, TARGET_TOLD)]))


def _appended(text: str, sentence: str) -> str:
    stripped = text.rstrip()
    return f"{stripped}{'' if stripped.endswith(('.', '!', '?')) else '.'} {sentence}"
