"""The paper's five tasks, one module each: where a model is asked, in which words, how its reply is read, and what it amounts to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any, Literal, Protocol, TypeVar, cast

from understudy.errors import BadInput
from understudy.probes._figures import ProbeFigure
from understudy.probes.replication.feedback_score import FeedbackScore
from understudy.probes.replication.people import AskedPlace, PaperHumans, Part
from understudy.probes.replication.persons import PlayedPerson

# as the paper orders them; the module's name → the paper's
MODULES: Mapping[str, str] = {
    "items_talk": "ItemsTalk", "bin_pref": "BinPref", "open_pref": "OpenPref", "rec_request": "RecRequest", "neg_feedback": "NegFeedback",
}  # fmt: skip
NAMES = tuple(MODULES.values())
# what is asked only where it is named
ON_REQUEST: Mapping[str, str] = {"bin_pref_leaky": "BinPref-leaky"}
Held = TypeVar("Held")
Distance = Literal["gap", "log_gap", "shortfall"]


@dataclass(frozen=True, slots=True)
class PlacesAsked:
    """Where a task asks, and why it asks nowhere."""

    places: tuple[AskedPlace, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PaperReplies:
    """What came of each place of a task, in their order: the text, or None where it is missing or cannot be read.

    `raw`: the replies as they came, None where there is none; empty where they were not kept. `persons`: who was played, None without
    a person. `scores`, `human_scores`: the judge's, of replies and of the human texts; `no_scores`: why a judge that was asked gave none.
    """

    texts: tuple[str | None, ...]
    persons: tuple[PlayedPerson | None, ...]
    scores: tuple[FeedbackScore | None, ...] = ()
    human_scores: tuple[FeedbackScore | None, ...] = ()
    no_scores: str = ""
    raw: tuple[str | None, ...] = ()
    n_missing: int = 0
    n_invalid: int = 0
    engine: str = ""
    reasons: Mapping[str, int] = field(default_factory=dict)

    def at(self, kept: Sequence[int]) -> PaperReplies:
        """The replies at some of the places."""

        def held(values: tuple[Held, ...]) -> tuple[Held, ...]:
            return tuple(values[one] for one in kept) if values else ()

        return replace(
            self, texts=held(self.texts), persons=held(self.persons), scores=held(self.scores),
            human_scores=held(self.human_scores), raw=held(self.raw),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class TaskTarget:
    """An objective of the search: how far a figure is from the humans'. shortfall counts only what is below the humans."""

    figure: str
    distance: Distance
    meaning: str


@dataclass(frozen=True, slots=True)
class TaskBound:
    """A constraint of the search: a share that may be at most the humans' plus `above`."""

    figure: str
    above: float


class PaperTask(Protocol):
    """What a module of this package offers.

    `HUMAN` says what stands for the humans; `UNITS`: figure → its unit.
    """

    NAME: str
    MAX_TOKENS: int
    HUMAN: str
    UNITS: Mapping[str, str]
    TARGETS: tuple[TaskTarget, ...]
    BOUNDS: tuple[TaskBound, ...]

    def places(self, humans: PaperHumans, part: Part, *, n: int, seed: int) -> PlacesAsked:
        """At most `n` places of a part; the same for the same seed."""

    def sentence(self, place: AskedPlace) -> str:
        """What is asked, with its data between tags."""

    def query(self, place: AskedPlace) -> str:
        """What rows of the history are ranked by."""

    def read(self, text: str) -> str | None:
        """The reply as the figures take it; None where it is none."""

    def figures(
        self, places: Sequence[AskedPlace], replies: PaperReplies | None, humans: PaperHumans, *, seed: int
    ) -> dict[str, ProbeFigure]:
        """The paper's figures and ours over the places; of the humans alone without replies."""

    def against(
        self, places: Sequence[AskedPlace], ours: PaperReplies, theirs: PaperReplies, humans: PaperHumans, *, seed: int
    ) -> dict[str, ProbeFigure]:
        """The figures of two sets of replies over the places that both answered; `human` is then the other set's value."""


def task_named(name: str) -> PaperTask:
    """The module of a task by the paper's name. Raises BadInput that lists what there is."""
    known = {paper: module for module, paper in (*MODULES.items(), *ON_REQUEST.items())}
    if name not in known:
        raise BadInput(f"there is no task {name!r} of `replicate`", hint=f"name one of {', '.join(known)}, or `all`")
    return cast(PaperTask, cast(Any, import_module(f"{__name__}.{known[name]}")))


def tasks_named(names: str) -> list[PaperTask]:
    """The tasks of a list separated by commas, each once; `all` is all five. Raises BadInput."""
    listed = NAMES if names == "all" else tuple(dict.fromkeys(name.strip() for name in names.split(",")))
    return [task_named(name) for name in listed]
