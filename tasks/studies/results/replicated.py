"""What the command `replicate` answers."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict, final

from understudy.records import FigureFields
from understudy.tasks.studies.results.estimates import CostFields


class PaperRowFields(TypedDict):
    """One figure of one cell of the table, beside the humans' value by the same instrument."""

    task: str
    setting: str
    optimizer: str
    figure: str
    unit: str
    value: float | None
    n: int
    human: FigureFields
    difference: FigureFields
    ci: NotRequired[list[float | None]]
    reason: NotRequired[str]


class PaperCellFields(TypedDict):
    """One task under one setting and optimizer: what was asked, what came back, and what it took.

    `tuning_calls`, `tuning_tokens`: what tuning the prompt took, once for all users; 0 where it is not tuned, or anew for each user.
    `persons`: what is known of the humans' side.
    """

    task: str
    setting: str
    optimizer: str
    n_users: int
    n_places: int
    n_missing: int
    n_invalid: int
    n_failed_steps: int
    engine: str
    outcome: str
    reason: str
    human: str
    n_calls: int
    tokens: int
    tuning_calls: int
    tuning_tokens: int
    calls_per_user: float | None
    tokens_per_user: float | None
    template: str
    rows: list[PaperRowFields]


class TemplateFields(TypedDict):
    """A template that was searched for: the genome, what it is worth to the search beside the seed, and what the search took."""

    name: str
    setting: str
    genome: dict[str, Any]
    genome_digest: str
    seed_digest: str
    stopped: str
    n_generations: int
    n_candidates: int
    objectives: dict[str, dict[str, FigureFields]]
    n_calls: int
    tokens: int
    reason: str


class ReplicateAbout(TypedDict):
    """What was asked for."""

    dataset: str
    ratings: str
    texts_from: str
    model: str
    judge: str
    critic: str
    study: str
    seed: int
    n_users: int


@final
class ReplicateEstimated(TypedDict):
    """The fields of `understudy replicate --only-estimate`."""

    estimate: CostFields


@final
class ReplicateFields(ReplicateAbout):
    """The fields of `understudy replicate`, without its files."""

    rows: list[PaperRowFields]
    cells: list[PaperCellFields]
    templates: list[TemplateFields]
    engine: str
    n_model_calls: int
    tokens: int
    usd: float | None
    spent: dict[str, Any]
    estimate: CostFields
    files: NotRequired[dict[str, str]]


ReplicateAnswer = ReplicateFields | ReplicateEstimated
