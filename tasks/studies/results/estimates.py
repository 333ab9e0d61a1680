"""What the command `estimate` answers."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class AmountFields(TypedDict):
    """A number, with its range where it is an estimate, or the reason why nobody knows it."""

    value: float | None
    range: NotRequired[list[float]]
    reason: NotRequired[str]


Extent = Literal["n_dialogues", "n_free_runs", "n_calls", "tokens", "usd", "minutes"]


class ExtentFields(TypedDict):
    """What a run or a part of it takes."""

    n_dialogues: AmountFields
    n_free_runs: AmountFields
    n_calls: AmountFields
    tokens: AmountFields
    usd: AmountFields
    minutes: AmountFields


class StageFields(ExtentFields):
    """What one stage takes, of the setting `part` where there are several."""

    stage: str
    part: NotRequired[str]
    n_evaluations: AmountFields


class CostFields(ExtentFields):
    """What a run takes, in all and in each stage."""

    stages: list[StageFields]


class EstimatedFields(CostFields):
    """The fields of `understudy estimate`, without the caps."""

    dataset: str
    setting: str | None
    run: str
    assumptions: dict[str, Any]


class EstimateFields(EstimatedFields):
    """The fields of `understudy estimate`; for each cap that is set whether it holds."""

    within_caps: dict[str, str]
