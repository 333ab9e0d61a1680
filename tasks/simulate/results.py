"""What the command of this stage answers."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from understudy.play.endings import Ending
from understudy.records import AmountFields

Mended = Literal["n_stripped", "n_redone", "n_unchecked", "n_cut", "n_normalised", "n_recounted", "n_prompts_cut"]


class EndingFields(TypedDict):
    """Dialogues that end in one way: of those that were played and came to an end, and of the human ones behind them."""

    simulated: int
    human: int


class EndFields(TypedDict):
    """How dialogues ended (status → reason → dialogues), and what was mended in the seeker's replies; None where nobody counted.

    `asked_again`: reason → replies that were asked for once more.
    """

    n_complete: int
    n_capped: int
    n_missing: int
    n_invalid: int
    ends: dict[str, dict[str, int]]
    n_asked_again: int | None
    asked_again: dict[str, int] | None
    n_stripped: int | None
    n_redone: int | None
    n_unchecked: int | None
    n_cut: int | None
    n_normalised: int | None
    n_recounted: int | None
    n_prompts_cut: int | None


class SharedFields(TypedDict):
    """Pieces that a report replays, and how many of them an earlier report has replayed too."""

    n: int
    n_shared: int


class OverlapFields(SharedFields):
    """The share of what a report replays that reports of `n_batches` earlier batches have replayed too; None where it is unknown."""

    value: float | None
    n_batches: int
    strata: dict[str, SharedFields]
    reason: NotRequired[str]


class CallFields(TypedDict):
    """Model calls of one part of a command: as estimated before, and as made in this run."""

    planned: AmountFields
    made: int


class PlayedFields(TypedDict):
    """A batch whose dialogues are in the store, and the calls that they took in this run."""

    batch_key: str
    n_model_calls: int


class BatchFields(EndFields):
    """What the rows of a batch say; `is_reported` where the report that the gates read has been played."""

    batch: str
    batch_key: str
    dataset: str
    engine: str
    n_dialogues: int
    endings: dict[Ending, EndingFields]
    is_reported: bool
    overlap: OverlapFields


class SimulateFields(BatchFields):
    """The fields of `understudy simulate`; calls, tokens and USD are those of this run, `calls` those of dialogues and report."""

    calls: dict[str, CallFields]
    n_model_calls: int
    tokens: int
    usd: float | None
