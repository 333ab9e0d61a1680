"""Probes: what a model does when it is asked on its own, beside what humans did in the logs. One file each, found by file name.

`contamination` is ours; `negative_feedback` is the task that arXiv 2607.00010 adds; the others are the five tasks of Yoon, He,
Echterhoff and McAuley (NAACL 2024), in our own prompts and with our own figures, beside which the paper's stand under its names. A
probe says what to ask and what the answers amount to; asking is the same for all of them (`asking`). `replication` is the experiment
of the paper itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Protocol

from pydantic import BaseModel

from understudy import plugins
from understudy.completion import Request
from understudy.instruments.chosen import LEXICON, Instruments
from understudy.records import Item, Need, Scenario, Turn

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class LoggedDialogue:
    """One human dialogue whose text may be shown."""

    dialogue_id: str
    seeker_id: str
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class Persona:
    """A seeker as one of the dialogues shows them."""

    dialogue_id: str
    seeker_id: str
    need: Need


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a human said of an item that the seeker had seen; `need` is cut without it."""

    context_id: str
    seeker_id: str
    item_id: str
    need: Need
    text: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a human said to a suggestion that their form marks disliked, or that a gold act says they turned down or criticized.

    `need` is cut without the item; `previous` is the recommender's turn; `item_id` is empty where the log does not name one.
    """

    refusal_id: str
    seeker_id: str
    item_id: str
    need: Need
    previous: str
    text: str


@dataclass(frozen=True, slots=True)
class JudgedItem:
    """Likes and judgements of an item, in two halves that share no judge: (n_liked, n_judged) each."""

    item_id: str
    halves: tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True, slots=True)
class HumanLogs:
    """What the logs have to hold a model against. Nothing of the test split is in it.

    `popularity`: item id → how many dialogues that fitting may see mention it. `judged_from` says where the judgements come from;
    where there are none, `no_judgements` says why.
    """

    items: Mapping[str, Item]
    popularity: Mapping[str, int]
    talks: Sequence[LoggedDialogue] = ()
    personas: Sequence[Persona] = ()
    opinions: Sequence[Opinion] = ()
    refusals: Sequence[Refusal] = ()
    judged: Sequence[JudgedItem] = ()
    judged_from: str = ""
    no_judgements: str = ""
    scenarios: Sequence[Scenario] = ()
    instruments: Instruments = LEXICON


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to ask: the request, the form of its answer, and what it is about (`unit`, of the probe's own kind)."""

    request: Request
    schema: type[BaseModel]
    unit: Any


@dataclass(frozen=True, slots=True)
class Questions:
    """All that a probe asks, why other places in the logs are not asked about (reason → how many), and why nothing is."""

    asked: tuple[Question, ...] = ()
    n_unusable: Mapping[str, int] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ProbeAnswer:
    """What came of one question: `value` in the question's form, else the reason; `asked` is false where no call was made."""

    value: Any = None
    engine: str = ""
    reason: str = ""
    missing: bool = False
    asked: bool = True


class Probe(Protocol):
    """What a module of this package offers.

    `REHEARSAL` says why rehearsal is not asked. `HUMAN` says what stands for the humans.
    """

    VERSION: int
    REHEARSAL: str
    HUMAN: str

    def questions(self, humans: HumanLogs, *, n: int, model: str, seed: int) -> Questions:
        """What to ask about at most `n` places of the logs; the same for the same seed, whatever the order of the logs."""

    def measured(self, questions: Questions, answers: Sequence[ProbeAnswer], humans: HumanLogs, *, seed: int) -> Fields:
        """`outcome`, `reason` and figures, each with the humans' own; answers in the order of the questions."""


def names() -> list[str]:
    """The probes there are."""
    return plugins.names("probes")


def load(name: str) -> ModuleType:
    """The module of one probe, held to `Probe`. Raises BadInput that lists what there is."""
    return plugins.load("probes", name)
