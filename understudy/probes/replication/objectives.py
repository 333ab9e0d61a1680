"""The objectives of a template's search: distances of a set's figures to the humans', and bounds on what a reply may not do.

A reply has no entropy; a set has. So each value is taken over the whole panel. Lower is better and 0 is ideal.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from understudy.probes._figures import ProbeFigure
from understudy.probes.replication.tasks import PaperReplies, PaperTask, TaskTarget
from understudy.records import Measured
from understudy.statistics.rates import wilson

UNREAD = "unread"
"""What stands in for the objectives of a task that a seed with unreadable replies lacks: the share of its replies that cannot be read."""


def objective_name(task: PaperTask, target: TaskTarget) -> str:
    """The name of an objective: task and figure, since a shared template has those of all tasks."""
    return f"{task.NAME}:{target.figure}"


def distances(task: PaperTask, figures: Mapping[str, ProbeFigure]) -> dict[str, Measured]:
    """Objective → distance to the humans, with its interval; not measured where its figure is not."""
    return {objective_name(task, one): _distance(one, figures[one.figure]) for one in task.TARGETS}


def bounds(task: PaperTask, figures: Mapping[str, ProbeFigure]) -> dict[str, float | None]:
    """Constraint → by how much its share exceeds the humans' plus what is allowed; at most 0 where it is kept.

    The lower end of the share's interval counts: one bad reply of a dozen is no evidence against a prompt.
    """
    found: dict[str, float | None] = {}
    for one in task.BOUNDS:
        figure = figures[one.figure]
        low = figure.model.lo if figure.model.lo is not None else figure.model.value
        human = figure.human.value
        found[f"{task.NAME}:{one.figure}"] = None if low is None or human is None else low - human - one.above
    return found


def unread_objective(task: PaperTask) -> str:
    """The name of the objective that stands in for those that the seed of a search lacks."""
    return f"{task.NAME}:{UNREAD}"


def unread_share(replies: PaperReplies) -> Measured:
    """The share of the replies that came and cannot be read as what was asked for, in [0, 1] with its Wilson interval; lower is better.

    The humans' value is 0: what they said or did is there to be read.
    """
    return wilson(replies.n_invalid, len(replies.texts) - replies.n_missing, nothing="no reply came")


def _distance(target: TaskTarget, figure: ProbeFigure) -> Measured:
    match target.distance:
        case "gap":
            return _folded(figure.difference)
        case "log_gap":
            return _log_ratio(figure)
        case "shortfall":
            return _shortfall(figure)


def _folded(difference: Measured, value: float | None = None) -> Measured:
    if difference.value is None or difference.lo is None or difference.hi is None:
        return difference
    size, radius = abs(difference.value if value is None else value), (difference.hi - difference.lo) / 2
    return Measured(size, max(0.0, size - radius), size + radius, difference.n)


def _log_ratio(figure: ProbeFigure) -> Measured:
    model, human, apart = figure.model.value, figure.human.value, figure.difference
    if not model or not human or apart.lo is None or apart.hi is None:
        return Measured(None, n=figure.model.n, reason=figure.model.reason or figure.human.reason or "one side has no length")
    size, radius = abs(math.log(model / human)), (apart.hi - apart.lo) / 2 / model
    return Measured(size, max(0.0, size - radius), size + radius, figure.model.n)


def _shortfall(figure: ProbeFigure) -> Measured:
    if figure.human.value is None:
        return figure.human
    if figure.model.value is None:
        # who gives the same answer for every title says nothing of titles: that is as far as a correlation of 0
        return Measured(max(0.0, figure.human.value), figure.human.lo, figure.human.hi, figure.model.n)
    apart = figure.difference
    if apart.value is None or apart.lo is None or apart.hi is None:
        return apart
    return Measured(max(0.0, -apart.value), max(0.0, -apart.hi), max(0.0, -apart.lo), apart.n)
