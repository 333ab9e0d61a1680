"""What the commands `audit` and `dose` answer."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

from understudy.measure.frequent import FrequentTurnFields
from understudy.readers import FileCounts
from understudy.records import FigureFields
from understudy.tasks.profile.results import InstrumentFields
from understudy.tasks.validate.corrected import CorrectedFields


class SidesFields(TypedDict):
    """One figure of the simulator and of the humans."""

    simulated: FigureFields
    human: FigureFields


class AuditDoseFields(FigureFields):
    """By how much a fault is more frequent than among the humans, as a dose of it; the two rates."""

    unit: str
    simulated: FigureFields
    human: FigureFields


class PartialFields(FigureFields):
    """An objective over the parts that were measured, where not all were that it needs."""

    over: list[str]


class ObjectiveFields(FigureFields):
    """An objective with its parts, beside the humans and their floors; `note` says where the setting differs."""

    parts: dict[str, FigureFields]
    signed: dict[str, FigureFields]
    left_out: list[str]
    units: dict[str, str]
    human: dict[str, FigureFields]
    floor: FigureFields
    floors: dict[str, FigureFields]
    simulated: NotRequired[dict[str, FigureFields]]
    partial: NotRequired[PartialFields]
    note: NotRequired[str]


class FindingFields(SidesFields):
    """What stands farther from the humans than they stand from each other, or above its bound.

    `severity` is `difference` over `limit`, null where humans differ by too little to be divided by.
    """

    about: str
    told: str
    severity: float | None
    kind: NotRequired[str]
    severity_ci: NotRequired[list[float | None] | None]
    difference: NotRequired[FigureFields]
    limit: NotRequired[float]
    limit_of: NotRequired[str]


class ReportedFigureFields(SidesFields):
    """A figure that papers report; `humans` says whether they are those that the file stands for, or all of the split."""

    difference: FigureFields
    what: str
    humans: str


class AuditSettingFields(TypedDict):
    """Whether the simulated dialogues were held in the setting of the humans."""

    kind: str
    replayed: FigureFields


class AuditFields(FileCounts):
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
    corrected: CorrectedFields
    objectives: dict[str, ObjectiveFields]
    leakage: dict[str, FigureFields]
    diagnostics: dict[str, FigureFields]
    figures: dict[str, SidesFields]
    doses: dict[str, AuditDoseFields]
    setting: AuditSettingFields
    findings: list[FindingFields]
    worst: list[dict[str, Any]]
    dropped_turns: dict[str, int]
    languages: dict[str, float]
    frequent_turns: list[FrequentTurnFields]
    name: NotRequired[str]
    n_duplicates: NotRequired[int]
    n_targets_outside: NotRequired[int]
    n_test_uses: NotRequired[int]
    instruments: NotRequired[dict[str, InstrumentFields]]
    reported: NotRequired[dict[str, ReportedFigureFields]]
    html: NotRequired[str]
    latex: NotRequired[str]
    csv: NotRequired[str]


class OrderFields(TypedDict):
    """Files, the nearest to the humans first, and the largest groups of which no two differ significantly."""

    order: list[str]
    ties: list[list[str]]


class WithoutFields(OrderFields):
    """The order without one part of the objective."""

    is_other_order: bool
    is_other_first: bool


class RankingFields(OrderFields):
    """The order of the files by one objective over the parts in `over`, what each part puts in, and the order without each."""

    objective: str
    over: list[str]
    parts: dict[str, dict[str, float]]
    without: dict[str, WithoutFields]
    not_ranked: dict[str, str]
    told: str


class AuditPairFields(TypedDict):
    """a - b of one objective, below 0 where `a` is nearer to the humans; `parts` add up to the difference."""

    objective: str
    a: str
    b: str
    difference: FigureFields
    p: float | None
    p_holm: float | None
    outcome: str
    reason: str
    parts: dict[str, float]


class PairingFields(TypedDict):
    """How many dialogues two files share, and by what: the same human, the same name, or none."""

    a: str
    b: str
    by: str
    n_shared: int
    n_a: int
    n_b: int


class AuditsFields(TypedDict):
    """The fields of `understudy audit` of several files."""

    dataset: str
    split: str
    seed: int
    n_test_uses: int
    instruments: dict[str, InstrumentFields]
    files: list[AuditFields]
    ranking: list[RankingFields]
    pairs: list[AuditPairFields]
    pairings: list[PairingFields]
    html: NotRequired[str]
    latex: NotRequired[str]
    csv: NotRequired[str]


AuditAnswer = AuditFields | AuditsFields


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
