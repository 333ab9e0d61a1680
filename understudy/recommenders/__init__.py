"""Recommenders a seeker can talk to, one module each: `VERSION` and `build(items, popularity) -> Recommender`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from understudy.records import Item

RecommenderAct = Literal["ask", "recommend", "chat", "goodbye"]
MAX_RANKED = 50


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A recommender's turn. `ranked_ids` is its ranking for this turn, best first, at most MAX_RANKED; `named_ids` what the text names."""

    text: str
    ranked_ids: tuple[str, ...]
    named_ids: tuple[str, ...]
    act: RecommenderAct


class Session(Protocol):
    """One conversation with a recommender."""

    async def reply(self, utterance: str) -> Recommendation:
        """The recommender's answer to what the seeker said. Raises MissingReply."""


class Recommender(Protocol):
    """A recommender that is ready to talk."""

    def start(self, seed: int) -> Session:
        """A new conversation; the same seed and utterances give the same replies where the recommender allows it."""


class RecommenderModule(Protocol):
    """What a module of this package offers."""

    VERSION: int

    def build(self, items: Mapping[str, Item], popularity: Mapping[str, int]) -> Recommender:
        """A recommender over a catalogue. `popularity`: item id → how often humans named it."""
