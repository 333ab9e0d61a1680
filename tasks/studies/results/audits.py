"""What the commands `audit` and `dose` answer."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

from understudy.records import FigureFields


class SidesFields(TypedDict):
    """One figure of the simulator and of the humans."""

    simulated: FigureFields
    human: FigureFields


class AuditDoseFields(FigureFields):
    """By how much a fault is more frequent than among the humans, as a dose of it; the two rates."""

    unit: str
    simulated: FigureFields
    human: FigureFields


class ObjectiveFields(FigureFields):
    """An objective with its parts, beside the humans and their floors; `note` says where the setting differs."""

    parts: dict[str, FigureFields]
    signed: dict[str, FigureFields]
    left_out: list[str]
    units: dict[str, str]
    human: dict[str, FigureFields]
    floor: FigureFields
    floors: dict[str, FigureFields]
    note: NotRequired[str]


class FindingFields(SidesFields):
    """What stands farther from the humans than they stand from each other."""

    about: str
    told: str
    severity: float


class AuditSettingFields(TypedDict):
    """Whether the simulated dialogues were held in the setting of the humans."""

    kind: str
    replayed: FigureFields


class AuditFields(TypedDict):
    """The fields of `understudy audit`."""

    dataset: str
    split: str
    reader: str
    same_setting: bool
    seed: int
    source_sha256: str
    n_dialogues: int
    n_turns: int
    n_paired: int
    n_paired_elsewhere: int
    n_unknown: int
    engines: list[str]
    n_targets: int
    n_rejects: int
    rejects_by_reason: dict[str, int]
    n_human_dialogues: int
    instrument: dict[str, str]
    objectives: dict[str, ObjectiveFields]
    leakage: dict[str, FigureFields]
    diagnostics: dict[str, FigureFields]
    figures: dict[str, SidesFields]
    doses: dict[str, AuditDoseFields]
    setting: AuditSettingFields
    findings: list[FindingFields]
    worst: list[dict[str, Any]]
    html: NotRequired[str]


class DoseFields(TypedDict):
    """The fields of `understudy dose`."""

    dataset: str
    split: str
    kind: str
    share: float
    seed: int
    n_changed: int
    n_units: int
    unit: str
    n_dialogues: int
    path: str
    reader: str
    sha256: str
    licence: str
