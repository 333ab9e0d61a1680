"""Which role is asked for: a seeker, plain or in steps, the second model that checks a draft, or another role (roles.py, critic.py).

It reads only what it is sent: which form is asked for stands in the schema of the request, or at the end of the last message.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from understudy.completion import Message
from understudy.rehearsal import critic as criticism
from understudy.rehearsal import roles
from understudy.rehearsal.agenda import SeekerReply
from understudy.rehearsal.agenda import respond as speak
from understudy.rehearsal.draws import Draws
from understudy.rehearsal.fitted import Fitted
from understudy.rehearsal.parameters import read
from understudy.rehearsal.surfaces import Surface

_SCHEMA = re.compile(r"<schema>\n?(.*?)\n?</schema>", re.S)
_DRAFT = re.compile(r"<draft>(.*?)</draft>", re.S)
_BRIEF = re.compile(r"<brief>(.*?)</brief>", re.S)
_TITLE = re.compile(r"^The title that would suit you today: (.+)$", re.M)
_STEPS, _CHECK = {"rating", "act", "draft", "message"}, {"passes", "fault"}
_CHARACTERS_PER_TOKEN = 4


def respond(
    messages: Sequence[Message],
    *,
    surface: Surface,
    fitted: Fitted,
    temperature: float,
    top_p: float,
    seed: int,
    critic: float | None = None,
    schema: str = "",
) -> SeekerReply:
    """What rehearsal answers: a seeker's turn, or the form that is asked for. Raises BadInput for what it does not know.

    `critic` is the quality of the critic in [0, 1]; None is the committed one. `schema`: the JSON schema of the reply, empty where it
    stands in the messages or there is none.
    """
    wanted = _fields(schema) if schema else _asked(messages)
    if wanted == roles.SATISFACTION:
        return roles.satisfied(messages, fitted, seed)
    if wanted == roles.GUESSES:
        return roles.guessed(messages, fitted)
    if wanted == roles.RECOMMENDATION:
        return roles.recommended(messages, fitted, seed)
    if criticism.is_asked(messages):
        quality = read("roles.toml")["critic"]["quality"] if critic is None else critic
        return criticism.criticised(messages, wanted, surface=surface, quality=quality, seed=seed)
    if wanted == _CHECK:
        return _checked(messages, seed)
    reply = speak(messages, surface=surface, fitted=fitted, temperature=temperature, top_p=top_p, seed=seed)
    return _in_steps(reply) if wanted == _STEPS else reply


def _asked(messages: Sequence[Message]) -> set[str]:
    """The fields of the schema that the last message ends with; none where there is no schema."""
    found = _SCHEMA.findall(messages[-1].content) if messages else []
    return _fields(found[-1]) if found else set()


def _fields(schema: str) -> set[str]:
    try:
        return set(json.loads(schema)["properties"])
    except (ValueError, KeyError, TypeError):
        return set()


def _in_steps(reply: SeekerReply) -> SeekerReply:
    forms = read("forms.toml")["steps"]
    act, rating = forms.get(reply.intended_act, forms["other"])
    text = _json({"rating": rating or None, "act": act, "draft": reply.text, "message": reply.text})
    return replace(reply, text=text, completion_tokens=2 * reply.completion_tokens + len(forms))


def _checked(messages: Sequence[Message], seed: int) -> SeekerReply:
    told = messages[-1].content
    draft, brief = (html.unescape(" ".join(pattern.findall(told)[:1])) for pattern in (_DRAFT, _BRIEF))
    fault, spec, draws = _fault_of(draft, brief), read("forms.toml")["check"], Draws(seed)
    notices, alarm = draws.word() < spec["notices"], draws.word() < spec["false_alarm"]
    if fault and not notices:
        fault = ""
    elif not fault and alarm:
        fault = "does not sound like this person"
    text = _json({"passes": not fault, "fault": fault})
    return SeekerReply(
        text, "check", sum(len(one.content) for one in messages) // _CHARACTERS_PER_TOKEN, len(text) // _CHARACTERS_PER_TOKEN
    )


def _fault_of(draft: str, brief: str) -> str:
    spec, words = read("forms.toml")["check"], draft.lower()
    titles = _TITLE.findall(brief)
    faults = {
        "speaks as the recommender": re.search(spec["recommends"], words) is not None,
        "gives the title away": any(title in draft for title in titles),
        "reads like an assistant": re.search(spec["assistant"], words) is not None or len(words.split()) > spec["too_long_words"],
    }
    return next((name for name, there in faults.items() if there), "")


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)
