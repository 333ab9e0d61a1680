"""Recommenders a seeker can talk to, one module each: `VERSION` and `build(items, popularity, services) -> Recommender`.

A module that takes something after its name (`http:FILE`) or needs a model also offers `options(argument, model=...)`. The name of a
chosen recommender says all that shapes a reply (module, version, options), so a changed CRS or a changed version is another
recommender, and what is needed to build it again stands in the row.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from understudy import plugins
from understudy.completion import Complete
from understudy.errors import BadInput
from understudy.keys import canonical_json
from understudy.records import Item, Turn

if TYPE_CHECKING:
    from understudy.doors.http import Http

_NAME = re.compile(r"(?P<module>[a-z_]+)@(?P<version>\d+)(?:\^(?P<turns>\d+))?(?P<options>\{.*\})?", re.DOTALL)
RecommenderAct = Literal["ask", "recommend", "chat", "goodbye"]


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A recommender's turn.

    `ranked_ids` is its ranking for this turn, best first, at most MAX_RANKED; `named_ids` what the text names.
    `n_ungrounded`: titles or ids of its ranking that the catalogue does not hold.
    """

    text: str
    ranked_ids: tuple[str, ...]
    named_ids: tuple[str, ...]
    act: RecommenderAct
    n_ungrounded: int = 0


class Session(Protocol):
    """One conversation with a recommender."""

    async def reply(self, utterance: str) -> Recommendation:
        """The recommender's answer to what the seeker said. Raises MissingReply."""


@runtime_checkable
class Greeter(Protocol):
    """A session that can open the conversation, as people who recommend often do."""

    def greet(self) -> Recommendation:
        """The first turn, before the seeker has said anything."""


class Recommender(Protocol):
    """A recommender that is ready to talk."""

    def start(self, seed: int) -> Session:
        """A new conversation; the same seed and utterances give the same replies where the recommender allows it."""


class Ranker(Protocol):
    """A recommender that can be asked what it would rank at a point of somebody else's dialogue."""

    def rank(self, history: Sequence[Turn], seed: int) -> tuple[str, ...]:
        """At most MAX_RANKED item ids, best first, none that the history names."""


@dataclass(frozen=True, slots=True)
class Services:
    """What a run has opened for recommenders: its model calls, the recommender's model, its way to running CRSs.

    `options` are those of the recommender itself, as its module made them.
    """

    complete: Complete | None = None
    model: str | None = None
    http: Http | None = None
    options: Mapping[str, str] = field(default_factory=dict)


NO_SERVICES = Services()


class RecommenderModule(Protocol):
    """What a module of this package offers."""

    VERSION: int

    def build(self, items: Mapping[str, Item], popularity: Mapping[str, int], services: Services) -> Recommender:
        """A recommender over a catalogue. `popularity`: item id → how many dialogues that fitting may see mention it."""


@dataclass(frozen=True, slots=True)
class ChosenRecommender:
    """A recommender that was chosen. `max_turns`: how many turns a free run with it has at most, None where nothing was asked for."""

    module: str
    version: int
    options: Mapping[str, str] = field(default_factory=dict)
    max_turns: int | None = None

    @property
    def name(self) -> str:
        """How it stands in keys and rows: `retrieval@2`, with a cap on turns `retrieval@2^10`, or with its options as JSON behind."""
        cap = "" if self.max_turns is None else f"^{self.max_turns}"
        return f"{self.module}@{self.version}{cap}" + (canonical_json(dict(self.options)) if self.options else "")


def max_turns_in(name: str) -> int | None:
    """The cap on turns that a name says, as it stands in rows; None where it says none."""
    kept = _NAME.fullmatch(name)
    return int(kept["turns"]) if kept and kept["turns"] else None


def chosen(written: str, *, model: str, max_turns: int | None = None) -> ChosenRecommender:
    """The recommender that `written` means: NAME, NAME:ARGUMENT or a name as it stands in rows. `model`: of the role recommender.

    `max_turns`: the cap on the turns of a free run with it, where the name says none. Raises BadInput for an unknown recommender, an
    argument that it does not take, or rows of another version.
    """
    kept = _NAME.fullmatch(written)
    if kept:
        return _kept(kept, max_turns)
    name, colon, argument = written.partition(":")
    module = plugins.load("recommenders", name)
    if not hasattr(module, "options"):
        if colon:
            raise BadInput(f"the recommender {name!r} takes no argument after its name, but {argument!r} was given")
        return ChosenRecommender(name, module.VERSION, max_turns=max_turns)
    return ChosenRecommender(name, module.VERSION, module.options(argument, model=model), max_turns)


def _kept(found: re.Match[str], max_turns: int | None) -> ChosenRecommender:
    module = plugins.load("recommenders", found["module"])
    if int(found["version"]) != module.VERSION:
        raise BadInput(
            f"version {found['version']} of the recommender {found['module']} was requested, but this code has version {module.VERSION}",
            hint=f"write {found['module']} without a version to use this one",
        )
    most = int(found["turns"]) if found["turns"] else max_turns
    return ChosenRecommender(found["module"], module.VERSION, json.loads(found["options"] or "{}"), most)
