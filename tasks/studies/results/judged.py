"""What the command `evaluate` answers."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from understudy.records import FigureFields
from understudy.tasks.simulate.results import EndFields

JudgedFigure = Literal["success", "rounds", "satisfaction", "acceptance"]


class JudgedFields(EndFields):
    """One recommender, judged by simulated seekers."""

    recommender: str
    name: str
    recall: dict[str, FigureFields]
    recall_last: dict[str, FigureFields]
    success: FigureFields
    rounds: FigureFields
    satisfaction: FigureFields
    acceptance: FigureFields
    n_dialogues: int
    n_scored: int
    n_ungrounded: int
    missing_by_reason: dict[str, int]
    engine: str


class ContrastFields(TypedDict):
    """How two recommenders differ in one metric."""

    one: str
    other: str
    metric: str
    difference: FigureFields
    p_holm: float | None
    direction: str


class HumanRecommenders(TypedDict):
    """The human recommenders with the humans of the same scenarios."""

    success: FigureFields
    rounds: FigureFields
    acceptance: FigureFields


class AgreementFields(FigureFields):
    """Kendall's tau between people and simulated seekers over the systems that both have scored."""

    human: NotRequired[str]
    simulated: NotRequired[str]
    systems: NotRequired[list[str]]


class EvaluateFields(TypedDict):
    """The fields of `understudy evaluate`; with one recommender those of its row stand beside them."""

    dataset: str
    split: str
    part: str
    genome_digest: str
    model: str
    judge: str
    engine: str
    instrument: str
    instruments: dict[str, dict[str, Any]]
    rows: list[JudgedFields]
    differences: list[ContrastFields]
    human: HumanRecommenders
    rank_agreement: AgreementFields
    n_model_calls: int
    tokens: int
    usd: float | None
