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


class ScoreFields(TypedDict):
    """A judge's three scores of one text."""

    rejection: int
    reason: int
    request: int


class KeptReplyFields(TypedDict):
    """The reply at one place as it was read, None where it is missing or cannot be read; and the judge's scores of both sides."""

    place: str
    text: str | None
    score: ScoreFields | None
    human_score: ScoreFields | None


class PaperCellFields(TypedDict):
    """One task under one setting and optimizer: what was asked, what came back, and what it took.

    `users_asked`: the number of users that was asked for; `n_users`: how many different users were played. `missing`: why replies are
    missing, and how many for each reason; `n_invalid`: replies that cannot be read as what was asked for. `n_failed_steps`: steps of
    TextGrad that brought no new prompt; `n_missing_calls`: those of them of which a call failed.
    `tuning_calls`, `tuning_tokens`: what tuning the prompt took, once for all users; 0 where it is not tuned, or anew for each user.
    `human`: what stands for the humans.
    """

    task: str
    setting: str
    optimizer: str
    users_asked: int
    n_users: int
    n_places: int
    n_missing: int
    missing: dict[str, int]
    n_invalid: int
    n_failed_steps: int
    n_missing_calls: int
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


class KeptCellFields(PaperCellFields):
    """A cell as it is kept in the store: with its replies, which the answer leaves out."""

    replies: list[KeptReplyFields]


class PromptPairFields(TypedDict):
    """One figure of two prompts over the same places: `value` of the cell, `other`, and their paired difference.

    `kind`: `tuning` (the other is the hand-written prompt) or `label` (the other is BinPref without the label).
    """

    kind: str
    task: str
    setting: str
    optimizer: str
    figure: str
    unit: str
    users: int
    value: FigureFields
    other: FigureFields
    difference: FigureFields


class TemplateFields(TypedDict):
    """A template that was searched for: the genome, what it is worth to the search beside the seed, and what the search took.

    `left_out`: objective or bound → why the seed lacked it, so that the search went on without it.
    """

    name: str
    setting: str
    genome: dict[str, Any]
    genome_digest: str
    seed_digest: str
    stopped: str
    n_generations: int
    n_candidates: int
    objectives: dict[str, dict[str, FigureFields]]
    left_out: dict[str, str]
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
    """The fields of `understudy replicate --only-estimate`; `files`: where the estimate was written, with --out alone."""

    estimate: CostFields
    files: NotRequired[dict[str, str]]


@final
class ReplicateFields(ReplicateAbout):
    """The fields of `understudy replicate`, without its files."""

    rows: list[PaperRowFields]
    cells: list[PaperCellFields]
    pairs: list[PromptPairFields]
    templates: list[TemplateFields]
    engine: str
    n_model_calls: int
    tokens: int
    usd: float | None
    spent: dict[str, Any]
    estimate: CostFields
    files: NotRequired[dict[str, str]]


ReplicateAnswer = ReplicateFields | ReplicateEstimated
