"""A piece of work of stage play: one prompt to be evaluated, as a small value that can be sent to any worker."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TypedDict

from understudy import objectives
from understudy.keys import key
from understudy.play.endings import MAX_TURNS
from understudy.play.panels import Panel

VERSION = 1


class EvaluationRow(TypedDict):
    """A row of optimize.evaluations; objectives, leakage and diagnostics are JSON."""

    evaluation_key: str
    genome_digest: str
    profile_key: str
    split: str
    panel_key: str
    model: str
    objectives: str
    leakage: str
    diagnostics: str
    n_dialogues: int
    n_missing: int
    n_tokens: int
    work_tokens: int | None


@dataclass(frozen=True, slots=True)
class Work:
    """One evaluation to be made: whose prompt (`genome_digest`), on what (`panel`), by which model, against which humans.

    `split` is the replays' and the reference's, `free_split` that of the free runs' scenarios; `verifier` the model of the second
    look at a reply, empty where it is the seeker's own.
    """

    profile_key: str
    dataset: str
    split: str
    free_split: str
    genome_digest: str
    panel: Panel
    model: str
    recommender: str
    seed: int
    intervals: bool
    min_contexts: int
    verifier: str = ""

    @property
    def key(self) -> str:
        """The key of the evaluation's row."""
        left_out = ("panel",) if self.verifier else ("panel", "verifier")
        parts = {field.name: getattr(self, field.name) for field in dataclasses.fields(self) if field.name not in left_out}
        return key("evaluation", VERSION, **parts, panel=self.panel.key, objectives=objectives.VERSIONS, max_turns=MAX_TURNS)
