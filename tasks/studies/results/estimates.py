"""What the command `estimate` answers."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from understudy.doors.reading_copy import SnapshotFields
from understudy.records import AmountFields

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


class LaterFields(TypedDict):
    """The calls of a later night, whose search is served from the ledger, and the stages that it plays anew."""

    stages: list[str]
    n_calls: AmountFields


class EstimatedFields(CostFields):
    """The fields of `understudy estimate`, without the caps; `later_nights` is None but for `nightly`."""

    dataset: str
    setting: str | None
    run: str
    later_nights: LaterFields | None
    assumptions: dict[str, Any]


class EstimateReadFields(EstimatedFields):
    """The same, and the copy that it was read from; `snapshot` is None where the store itself was read."""

    snapshot: SnapshotFields | None


class EstimateFields(EstimateReadFields):
    """The fields of `understudy estimate`; for each cap that is set whether it holds."""

    within_caps: dict[str, str]
