"""Two prompts over the same places, by paired differences: a tuned one against the hand-written one, and BinPref with its label told."""

from __future__ import annotations

from collections.abc import Sequence

from understudy.probes.replication.compared import ComparedFigure, against
from understudy.probes.replication.people import PaperHumans
from understudy.probes.replication.playing import PlayedBy
from understudy.probes.replication.settings import PaperSetting
from understudy.probes.replication.tasks import bin_pref, bin_pref_leaky, task_named
from understudy.tasks.studies.replicating.cells import REPORTED
from understudy.tasks.studies.replicating.kept import read_back
from understudy.tasks.studies.results.replicated import KeptCellFields, PromptPairFields

VERSION = 1


def tuning_pairs(
    shown: Sequence[KeptCellFields], every: Sequence[KeptCellFields], humans: PaperHumans, *, by: PlayedBy
) -> list[PromptPairFields]:
    """Each tuned cell of the table against the hand-written prompt, over the users of the tuned one.

    The hand-written prompt may have been asked of more users: those of a smaller number are always among those of a larger one.
    """
    found: list[PromptPairFields] = []
    for cell in shown:
        plain = _cell_of(every, cell["task"], cell["setting"], "none", n_users=cell["users_asked"])
        if cell["optimizer"] != "none" and plain is not None:
            found += _pair("tuning", cell, plain, humans, by=by)
    return found


def label_pairs(
    shown: Sequence[KeptCellFields], every: Sequence[KeptCellFields], humans: PaperHumans, *, by: PlayedBy
) -> list[PromptPairFields]:
    """BinPref with the label in the prompt against BinPref without, over the same titles and persons."""
    found: list[PromptPairFields] = []
    for cell in shown:
        if cell["task"] != bin_pref_leaky.NAME:
            continue
        clean = _cell_of(every, bin_pref.NAME, cell["setting"], cell["optimizer"], n_users=cell["users_asked"])
        if clean is not None:
            found += [row for row in _pair("label", cell, clean, humans, by=by) if row["figure"] == "pearson_r"]
    return found


def _cell_of(cells: Sequence[KeptCellFields], task: str, setting: str, optimizer: str, *, n_users: int) -> KeptCellFields | None:
    """The measured cell of that name with the fewest users that suffice."""
    own = [
        one for one in cells
        if (one["task"], one["setting"], one["optimizer"]) == (task, setting, optimizer)
        and one["outcome"] == "measured" and one["users_asked"] >= n_users
    ]  # fmt: skip
    return min(own, key=lambda one: one["users_asked"], default=None)


def _pair(kind: str, cell: KeptCellFields, other: KeptCellFields, humans: PaperHumans, *, by: PlayedBy) -> list[PromptPairFields]:
    task, setting = task_named(cell["task"]), PaperSetting.named(cell["setting"])
    places = task.places(humans, REPORTED, n=cell["users_asked"], seed=by.seed).places
    ours, theirs = (read_back(one["replies"], places, setting, by=by) for one in (cell, other))
    if ours is None or theirs is None:
        return []
    figures = against(task, places, ours, theirs, humans, seed=by.seed)
    return [_fields(kind, cell, name, figures[name], unit) for name, unit in task.UNITS.items()]


def _fields(kind: str, cell: KeptCellFields, name: str, figure: ComparedFigure, unit: str) -> PromptPairFields:
    return {
        "kind": kind, "task": cell["task"], "setting": cell["setting"], "optimizer": cell["optimizer"], "figure": name, "unit": unit,
        "users": cell["users_asked"], "value": figure.model.as_json(), "other": figure.human.as_json(),
        "difference": figure.difference.as_json(),
    }  # fmt: skip
