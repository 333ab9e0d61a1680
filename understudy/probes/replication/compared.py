"""The figures of one task as the table takes them: the model's, the humans' and their difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from understudy.probes import _paper
from understudy.probes.replication.people import AskedPlace, PaperHumans
from understudy.probes.replication.tasks import PaperReplies, PaperTask
from understudy.records import Measured

VERSION = _paper.VERSION


@dataclass(frozen=True, slots=True)
class ComparedFigure:
    """One figure of both sides over the same places."""

    model: Measured
    human: Measured
    difference: Measured


def compared(
    task: PaperTask, places: Sequence[AskedPlace], replies: PaperReplies | None, humans: PaperHumans, *, seed: int
) -> dict[str, ComparedFigure]:
    """The figures of a task by name; of the humans alone without replies, and none where nothing is asked."""
    if not places:
        return {}
    figures = task.figures(places, replies, humans, seed=seed)
    return {name: ComparedFigure(one.model, one.human, one.difference) for name, one in figures.items()}


def against(
    task: PaperTask, places: Sequence[AskedPlace], ours: PaperReplies, theirs: PaperReplies, humans: PaperHumans, *, seed: int
) -> dict[str, ComparedFigure]:
    """The figures of two sets of replies by name; `human` is then the other set's."""
    figures = task.against(places, ours, theirs, humans, seed=seed)
    return {name: ComparedFigure(one.model, one.human, one.difference) for name, one in figures.items()}
