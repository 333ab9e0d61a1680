"""What a model does not take of a request: learned from litellm and from the server's refusals, and remembered for the run.

The key of a reply says what was asked. What was left out of the request, or put elsewhere, is told once and kept beside the replies.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from understudy.doors.gateway import failure_kinds as kinds
from understudy.doors.gateway.failure_kinds import kind_of
from understudy.doors.gateway.provider_errors import ProviderError
from understudy.doors.gateway.response_formats import RESPONSE_FORMAT

Arguments = dict[str, Any]
SYSTEM, LATE_SYSTEM = "system message", "system message within the conversation"
_IN_WORDS = "the schema in words"
LIMIT, LIMIT_OF_ALL = "max_tokens", "max_completion_tokens"
_FIRST_USER_MESSAGE, _FIRST_SYSTEM_MESSAGE = "the first user message", "the first system message"
# a provider names them in its own spelling; the longer names first
_SPELLED = {
    LIMIT_OF_ALL: r"max_?completion_?tokens", LIMIT: r"max_?(?:output_?|new_?)?tokens", "temperature": "temperature",
    "top_p": "top_?p", "seed": "(?:random_?)?seed",
    RESPONSE_FORMAT: r"response_?format|(?:json|response)[_ ]?schema|output_?(?:format|config)|structured[_ ]outputs?|guided_?json|grammar",
}  # fmt: skip
_NOT_TAKEN = re.compile(
    r"(?i)unsupported|not supported|n[o']t support|does not (?:accept|take|allow)|"
    r"not (?:permitted|allowed|enabled|available|recogni[sz]ed)|unrecogni[sz]ed|"
    r"(?:unknown|unexpected|invalid) (?:name|keyword|parameter|field|argument|key)|"
    r"cannot (?:both )?be (?:both )?(?:specified|set|used)|cannot both|deprecat|extra_forbidden|extra inputs|cannot find field|"
    r"only (?:supports|the default)|no longer accept"
)
_OUT_OF_RANGE = re.compile(
    r"(?i)\binvalid\b|range|must be|less than|greater than|maximum|minimum|\babove\b|\bbelow\b|between|at most|<=|>="
)
_NO_SYSTEM = re.compile(
    r"(?i)(?:system|developer)[ '\"`]*(?:role|messages?|prompts?|instructions?)?[ '\"`]*(?:is|are)? ?(?:not|n't|un) ?"
    r"(?:supported|enabled|allowed)|n[o']t support (?:the )?['\"`]?(?:system|developer)|messages\[\d+\]\.role.*system|"
    r"only user(?:,| and)? (?:and )?assistant roles|conversation roles must alternate user/assistant"
)
_SYSTEM_FIRST = re.compile(
    r"(?i)(?:system|developer)[ '\"`]*(?:role|messages?|prompts?)[ '\"`]*(?:must|should|has to|can only|may only|only) "
    r"(?:be|come|stand|appear)? ?(?:at the (?:beginning|start)|the first|first|once|allowed (?:at the (?:beginning|start)|first))"
    r"|(?:multiple|more than one) system"
)
# a value that is out of range says nothing about other values
_BY_VALUE = frozenset({"temperature", "top_p"})
_STATUSES = frozenset({400, 422, 500, 501})
# words about these kinds of failures name parameters too
_OTHERWISE = (kinds.CONTEXT, kinds.REPLY_LIMIT, kinds.TOO_LARGE, kinds.FILTER, kinds.CREDIT, kinds.QUOTA, kinds.KEY, kinds.REGION)


@dataclass(frozen=True, slots=True)
class Adaptation:
    """What is left out of the requests to a model: one `value` of a parameter, or every value where it is empty.

    `instead` takes its place; it is empty where nothing does.
    """

    model: str
    parameter: str
    value: str = ""
    instead: str = ""

    def __str__(self) -> str:
        left_out = f"{self.parameter} {self.value}".strip()
        return f"{self.model}: {left_out} is left out" + (f", {self.instead} takes its place" if self.instead else "")


class Refusals:
    """What models have refused so far in this run. `is_capped`: the length of replies has to be limited, since a cap rests on it."""

    def __init__(self, *, is_capped: bool) -> None:
        self._is_capped = is_capped
        self._known: dict[str, list[Adaptation]] = {}
        self._applied: dict[Adaptation, None] = {}

    def suppose(self, model: str, supported: Collection[str]) -> None:
        """Takes over what litellm knows of a model: the parameters that it may be sent."""
        for name in ("temperature", "top_p", "seed"):
            if name not in supported:
                self._note(Adaptation(model, name))

    def takes_schema(self, model: str) -> bool:
        """Whether nothing is known against asking a model by JSON schema."""
        return all(one.parameter != RESPONSE_FORMAT for one in self._known.get(model, ()))

    def wants_words(self, model: str) -> None:
        """Remembers that a model is to be asked in words where a JSON schema could be sent: its server refused one, or ignored it."""
        one = Adaptation(model, RESPONSE_FORMAT, instead=_IN_WORDS)
        self._note(one)
        self._applied[one] = None

    def applied(self, model: str) -> tuple[Adaptation, ...]:
        """What was left out of requests to a model so far."""
        return tuple(one for one in self._applied if one.model == model)

    def fitted(self, model: str, arguments: Arguments) -> Arguments:
        """The arguments without what the model does not take."""
        fitting = dict(arguments)
        for one in self._known.get(model, ()):
            before = dict(fitting)
            if one.parameter == RESPONSE_FORMAT:
                # what is asked in words is another request
                continue
            if one.parameter == SYSTEM:
                fitting["messages"] = folded(fitting["messages"])
            elif one.parameter == LATE_SYSTEM:
                fitting["messages"] = gathered(fitting["messages"])
            elif one.parameter in fitting and one.value in ("", str(fitting[one.parameter])):
                value = fitting.pop(one.parameter)
                fitting |= {one.instead: value} if one.instead else {}
            if fitting != before:
                self._applied[one] = None
        return fitting

    def learn(self, model: str, sent: Arguments, error: ProviderError) -> bool:
        """Whether the same request can be asked again without what was refused; what that is is remembered."""
        refused = refused_parameter(error, sent)
        if refused == LIMIT_OF_ALL and self._is_capped:
            return False
        if refused == RESPONSE_FORMAT:
            self.wants_words(model)
            return True
        if refused is not None:
            is_one_value = refused in _BY_VALUE and not _NOT_TAKEN.search(error.text)
            instead = {LIMIT: LIMIT_OF_ALL, SYSTEM: _FIRST_USER_MESSAGE, LATE_SYSTEM: _FIRST_SYSTEM_MESSAGE}.get(refused, "")
            self._note(Adaptation(model, refused, str(sent[refused]) if is_one_value else "", instead))
        return self.fitted(model, sent) != sent

    def _note(self, one: Adaptation) -> None:
        known = self._known.setdefault(one.model, [])
        if one not in known:
            known.append(one)


def refused_parameter(error: ProviderError, sent: Mapping[str, Any]) -> str | None:
    """The parameter of a request that a refusal is about; None where it is about something else."""
    if error.status not in _STATUSES or kind_of(error) in _OTHERWISE:
        return None
    places = [place for place, message in enumerate(sent["messages"]) if message["role"] == "system"]
    if any(places) and (_NO_SYSTEM.search(error.text) or _SYSTEM_FIRST.search(error.text)):
        return LATE_SYSTEM
    if places and _NO_SYSTEM.search(error.text):
        return SYSTEM
    named = _named(error.parameter, sent) or _named(error.message, sent)
    if named and named[0] == RESPONSE_FORMAT:
        # whatever is said against it, the question can be asked without it
        return RESPONSE_FORMAT
    if not named or error.status >= 500:
        return None
    # of two that cannot both be given, temperature stays
    refused = "top_p" if {"temperature", "top_p"} <= set(named) and re.search(r"(?i)\bboth\b", error.message) else named[0]
    is_refused = _NOT_TAKEN.search(error.text) or (refused not in (LIMIT, LIMIT_OF_ALL) and _OUT_OF_RANGE.search(error.text))
    return refused if is_refused else None


def folded(messages: Sequence[Mapping[str, str]]) -> list[Mapping[str, str]]:
    """The messages without a system message: its text stands before that of the first user message."""
    system = [message["content"] for message in messages if message["role"] == "system"]
    others = [message for message in messages if message["role"] != "system"]
    if not system:
        return list(messages)
    first, *rest = others if others and others[0]["role"] == "user" else [{"role": "user", "content": ""}, *others]
    return [{"role": "user", "content": "\n\n".join(filter(None, [*system, first["content"]]))}, *rest]


def gathered(messages: Sequence[Mapping[str, str]]) -> list[Mapping[str, str]]:
    """The messages with what system messages after the first say at the end of the first."""
    first, *rest = messages
    late = [message["content"] for message in rest if message["role"] == "system"]
    if first["role"] != "system" or not late:
        return list(messages)
    return [{**first, "content": "\n\n".join([first["content"], *late])}, *(one for one in rest if one["role"] != "system")]


def _named(text: str, sent: Mapping[str, Any]) -> list[str]:
    """The parameters that were sent and that a text names, in its order. A limit is one parameter, by whatever name it was sent."""
    places: dict[str, int] = {}
    for name, spelling in _SPELLED.items():
        found = re.search(rf"(?i)(?<![a-z_]){spelling}(?![a-z_])", text)
        own = name if name in sent else next((one for one in (LIMIT, LIMIT_OF_ALL) if name in (LIMIT, LIMIT_OF_ALL) and one in sent), None)
        if found and own is not None:
            places[own] = min(places.get(own, found.start()), found.start())
    return sorted(places, key=lambda name: places[name])
