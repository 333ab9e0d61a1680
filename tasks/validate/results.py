"""What the gates say of a batch, field by field."""

from __future__ import annotations

from typing import Any, TypedDict

from understudy.release.verdicts import VerdictFields
from understudy.tasks.simulate.results import OverlapFields
from understudy.tasks.validate.corrected import CorrectedFields

N_WORST = 10


class Quarantined(TypedDict):
    """A dialogue in quarantine and the reasons."""

    dialogue: str
    reasons: list[str]


class Judgement(TypedDict):
    """A judgement of a batch: its number from 1, and the digest of the suites, None where nobody recorded it."""

    number: int
    suites_digest: str | None


NOT_JUDGED: Judgement = {"number": 0, "suites_digest": None}


class GateFields(TypedDict):
    """What the gates say of a batch.

    `overlap`: how much of its report earlier reports have replayed too. `underpowered`: stratum → its human contexts, of those with
    fewer than a report needs. `instruments`: what read the turns, with its measured error by register; `corrected`: acceptance without
    that error, where turns of the same authors were labelled. `data_docs`: the index of the library's own pages, one for each suite; None
    where nobody built them.
    """

    verdicts: list[VerdictFields]
    judgement: Judgement
    data_docs: str | None
    passed: bool
    n_quarantined: int
    quarantined_by_reason: dict[str, int]
    worst: list[Quarantined]
    overlap: OverlapFields
    underpowered: dict[str, int]
    instruments: dict[str, dict[str, Any]]
    corrected: CorrectedFields
