"""A running CRS over HTTP. Which one, and in which form it is spoken to, stands in a TOML file or is one of the presets.

What it names is found in its text; its ranking is taken from the answer where a path to it is given, never from the text.
A CRS that is down, slow or answers something else gives a *missing* reply under a circuit breaker of its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from understudy.doors.http import Line, Unanswered
from understudy.errors import BadInput
from understudy.ingest.linking import Linker
from understudy.instruments.grounding import Grounding
from understudy.keys import canonical_json
from understudy.recommenders import Recommendation, RecommenderAct, Services
from understudy.recommenders._crs import Crs, at, checked_crs, crs_of
from understudy.recommenders._dialling import dial
from understudy.recommenders._offering import says_farewell
from understudy.records import Item

VERSION = 1
MAX_TEXT, MAX_LISTED = 20_000, 200
"""Characters of a turn, and entries of a ranking that are read: finding titles in more would take longer than the turn may."""
_CRS = "crs"
_LONGEST_TITLE = 500
_GOODBYES = frozenset({"exit", "bye", "goodbye", "end"})


def options(argument: str, *, model: str) -> dict[str, str]:  # noqa: ARG001  a running CRS has its own model
    """The options of `http:FILE.toml` or `http:PRESET:URL`. Raises BadInput."""
    return {_CRS: canonical_json(crs_of(argument).given())}


def build(items: Mapping[str, Item], popularity: Mapping[str, int], services: Services) -> Running:
    """The CRS of the options; `items` are what its titles are brought to."""
    if services.http is None or _CRS not in services.options:
        raise BadInput("the recommender `http` needs an address", hint="write http:FILE.toml or http:PRESET:URL")
    crs = checked_crs(json.loads(services.options[_CRS]), origin="the recommender")
    linker = Linker(list(items.values()), popularity=popularity)
    return Running(crs, services.http.line(crs.address, crs.limits), linker, Grounding(items, popularity))


class Running:
    """A CRS that runs somewhere."""

    def __init__(self, crs: Crs, line: Line, linker: Linker, grounding: Grounding) -> None:
        self._crs, self._line, self._linker, self._grounding = crs, line, linker, grounding

    def start(self, seed: int) -> HttpConversation:
        """A new session, with cookies and a name of its own. The seed is sent to a CRS that takes one; nothing else depends on it."""
        return HttpConversation(self._crs, self._line, self._linker, self._grounding, seed)


class HttpConversation:
    """One session with a CRS."""

    def __init__(self, crs: Crs, line: Line, linker: Linker, grounding: Grounding, seed: int) -> None:
        self._crs, self._line, self._linker, self._grounding = crs, line, linker, grounding
        self._dialling = dial(crs, line.visit(key_env=crs.key_env), seed)
        self._said: list[tuple[str, str]] = []

    async def reply(self, utterance: str) -> Recommendation:
        """The CRS's answer. Raises MissingReply, and ProviderFailed when its breaker is open."""
        answer = await self._line.turn(lambda: self._asked(utterance))
        self._said += [("user", utterance), ("assistant", answer.text)]
        return answer

    async def _asked(self, utterance: str) -> Recommendation:
        answers = await self._dialling.say(utterance, self._said)
        text = self._text(answers)
        named = self._linker.named(text)
        ranked = self._grounding.ground(_listed(answers, self._crs.ranked)[:MAX_LISTED])
        acts = {act.casefold() for act in _all_at(answers, self._crs.acts) if isinstance(act, str)}
        return Recommendation(text, ranked.ids, named, _act(text, bool(named), acts), ranked.n_ungrounded)

    def _text(self, answers: list[Any]) -> str:
        found = [text for text in _all_at(answers, self._crs.text) if isinstance(text, str)]
        if not found:
            raise Unanswered(f"sent an answer without text at {self._crs.text}")
        text = " ".join(" ".join(found).encode("utf-8", "replace").decode("utf-8").split())
        if not any(character.isalnum() for character in text):
            raise Unanswered(f"sent a text without words at {self._crs.text}")
        if len(text) > MAX_TEXT:
            raise Unanswered(f"sent a text of {len(text)} characters at {self._crs.text}; one turn may have {MAX_TEXT}")
        return text


def _listed(answers: list[Any], path: str | None) -> list[str]:
    return [str(entry)[:_LONGEST_TITLE] for entry in _all_at(answers, path) if isinstance(entry, str | int) and not isinstance(entry, bool)]


def _all_at(answers: list[Any], path: str | None) -> list[Any]:
    return [value for answer in answers for value in at(answer, path)] if path else []


def _act(text: str, names_items: bool, acts: set[str]) -> RecommenderAct:
    """The act that a CRS says, else what its text looks like; a title may hold a farewell."""
    if acts & _GOODBYES or (not names_items and says_farewell(text)):
        return "goodbye"
    if names_items:
        return "recommend"
    return "ask" if text.endswith("?") else "chat"
