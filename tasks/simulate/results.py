"""What the command of this stage answers."""

from __future__ import annotations

from typing import Literal, TypedDict

Mended = Literal["n_stripped", "n_redone", "n_unchecked", "n_cut", "n_normalised", "n_recounted"]


class EndFields(TypedDict):
    """How dialogues ended (status → reason → dialogues), and what was mended in the seeker's replies; None where nobody counted."""

    n_complete: int
    n_capped: int
    n_missing: int
    n_invalid: int
    ends: dict[str, dict[str, int]]
    n_stripped: int | None
    n_redone: int | None
    n_unchecked: int | None
    n_cut: int | None
    n_normalised: int | None
    n_recounted: int | None


class BatchFields(EndFields):
    """What the rows of a batch say."""

    batch: str
    batch_key: str
    dataset: str
    engine: str
    n_dialogues: int


class SimulateFields(BatchFields):
    """The fields of `understudy simulate`; calls, tokens and USD are those of this run."""

    n_model_calls: int
    tokens: int
    usd: float | None
