"""What the command `probe` answers."""

from __future__ import annotations

from typing import NotRequired, TypedDict, final

from understudy.records import FigureFields


class HitFields(TypedDict):
    """How often the target is among the first k, by the model and by popularity."""

    model: FigureFields
    popularity: FigureFields
    difference: FigureFields


class ProbedFields(TypedDict):
    """One figure of a probe: the model's, that of the humans or of chance, and how they differ."""

    model: FigureFields
    human: NotRequired[FigureFields]
    chance: NotRequired[float]
    difference: NotRequired[FigureFields]
    against: NotRequired[str]
    outcome: NotRequired[str]
    p_holm: NotRequired[float | None]


class TaskFields(TypedDict):
    """What one task of a probe found."""

    outcome: str
    reason: str
    human: str
    engine: str
    n_answered: int
    n_missing: int
    n_invalid: int
    n_unusable: dict[str, int]
    n_questions: NotRequired[int]
    n_contexts: NotRequired[int]
    n_ungrounded: NotRequired[int]
    n_titles: NotRequired[int]
    hit_at_1: NotRequired[HitFields]
    hit_at_10: NotRequired[HitFields]
    figures: NotRequired[dict[str, ProbedFields]]


class ProbeAbout(TypedDict):
    """What was asked, of whom, beside which humans."""

    dataset: str
    model: str
    split: str
    task: str
    n_model_calls: int


@final
class OneProbeFields(ProbeAbout, TaskFields):
    """The fields of `understudy probe` for one task."""


@final
class AllProbesFields(ProbeAbout):
    """The fields of `understudy probe --task all`."""

    tasks: dict[str, TaskFields]


ProbeFields = OneProbeFields | AllProbesFields
