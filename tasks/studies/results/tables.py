"""What the commands `compare` and `study` answer, and the night of its seed and its pick."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

from understudy.records import AmountFields, FigureFields
from understudy.tasks.optimize.finals import SearchFields, UnderpoweredFields
from understudy.tasks.optimize.shipped import ShippedFields
from understudy.tasks.studies.results.estimates import EstimatedFields
from understudy.tasks.studies.results.probes import OneProbeFields
from understudy.tasks.studies.results.sized import SizedFields
from understudy.tasks.studies.usage import UsageFields


class SearchedFields(SearchFields):
    """What the search of a setting found, with the setting as it was asked for."""

    n_model_calls: int
    setting_asked: str


class RowFields(TypedDict):
    """One objective of one setting, before and after its search; `carried`: the share of the gain at home."""

    setting: str
    objective: str
    unit: str
    better: str
    before: FigureFields
    after: FigureFields
    human: FigureFields
    floor: FigureFields
    difference: FigureFields
    p: float | None
    p_holm: float | None
    outcome: str
    reason: str
    n: int
    home_difference: NotRequired[FigureFields]
    home_outcome: NotRequired[str]
    carried: NotRequired[FigureFields]


class FamilyFields(TypedDict):
    """The tests that the correction is over."""

    n_tests: int
    of: NotRequired[str]
    correction: NotRequired[str]


class BothFigures(TypedDict):
    """A figure before the search and after it."""

    before: FigureFields
    after: FigureFields


class SpentFields(TypedDict):
    """What a piece of work spent, each with a reason where nobody knows."""

    n_calls: AmountFields
    tokens: AmountFields
    usd: AmountFields
    n_unknown: int


class BillFields(SpentFields):
    """What the search of a setting spent, and how many dialogues it played."""

    n_dialogues: int


class SettingMinutes(TypedDict):
    """A person's minutes at the prompt: writing it, and at its search."""

    before: AmountFields
    search: float


class RealisedFields(TypedDict):
    """The shares of planned acts and reactions that the instruments read in what was said; not measured where nothing was planned."""

    acts: BothFigures
    reactions: BothFigures


class SettingFields(TypedDict):
    """What a setting costs before and after its search, and what the held-out evaluator says of it."""

    setting: str
    run: str
    stopped: str
    genome_digest: dict[str, str]
    pick_file: str
    pick_is_seed: bool
    dominates_seed: bool
    objectives_underpowered: UnderpoweredFields
    heldout: BothFigures
    realised: RealisedFields
    prompt_tokens: BothFigures
    dialogue_tokens: BothFigures
    dialogue_usd: BothFigures
    n_missing: dict[str, int]
    n_unchecked: dict[str, int | None]
    search: BillFields
    minutes: SettingMinutes


class HeldoutFields(TypedDict):
    """The held-out evaluator, and how far it tells humans from humans."""

    what: str
    version: int
    human: FigureFields


class HomeFields(TypedDict):
    """The figures of home, where the table is that of another place."""

    rows: list[RowFields]
    family: FamilyFields
    outcomes: dict[str, int]
    settings: list[SettingFields]


class RealisedShare(TypedDict):
    """The same of one prompt."""

    acts: FigureFields
    reactions: FigureFields


class BestShippedFields(ShippedFields):
    """The best shipped prompt, measured where the picks were; `cost` is that of choosing it."""

    objectives: dict[str, FigureFields]
    heldout: FigureFields
    realised: RealisedShare
    n_missing: int
    cost: SpentFields


class TableFields(TypedDict):
    """The settings measured at one place; `home` is there where their prompts were carried to it.

    `instruments`: what read the turns, with its measured error by register.
    """

    rows: list[RowFields]
    family: FamilyFields
    outcomes: dict[str, int]
    settings: list[SettingFields]
    heldout: HeldoutFields
    versus_expert: list[RowFields]
    versus_expert_family: FamilyFields
    best_shipped: BestShippedFields | None
    versus_best_shipped: list[RowFields]
    versus_best_shipped_family: FamilyFields
    minutes_note: str
    engine: str
    split: str
    part: str | None
    underpowered: dict[str, int]
    instruments: dict[str, dict[str, Any]]
    n_test_uses: int
    report_panel: dict[str, int]
    home: NotRequired[HomeFields]


class AskedFields(TypedDict):
    """What a comparison was asked for; `transfer` says where its prompts were carried to."""

    dataset: str
    recommender: str
    surface: str
    models: dict[str, str]
    search: dict[str, Any]
    seed: int
    transfer: dict[str, str] | None


class ReportedFields(TableFields, AskedFields):
    """The table with what was asked for."""


class PooledRow(TypedDict):
    """One row over several seeds: the pooled difference, and its `values` at each of them."""

    setting: str
    objective: str
    difference: FigureFields
    p: float | None
    p_holm: float | None
    values: list[float | None]
    outcome: str


class OverSeedsFields(TypedDict):
    """The table over several seeds; `best_shipped` names the prompt that was chosen at each."""

    seeds: list[int]
    rows: list[PooledRow]
    versus_best_shipped: list[PooledRow]
    best_shipped: list[str]


class CompareFields(ReportedFields):
    """The fields of `understudy compare`, without its files; `over_seeds` is None where the table has one seed.

    `usage` is not there in answers that a version before has given.
    """

    over_seeds: OverSeedsFields | None
    usage: NotRequired[UsageFields]
    n_model_calls: int
    tokens: int
    usd: float | None


class CompareAnswer(CompareFields):
    """The fields of `understudy compare`; `sized` is None where the size of the searches was given."""

    files: dict[str, str]
    sized: SizedFields | None


class StudyFields(CompareFields):
    """What a study found, without its estimate and its files."""

    study: str
    probe: OneProbeFields
    n_stages: int
    n_unknown: int


class StudyAnswer(StudyFields):
    """The fields of `understudy study`; `sized` as for `compare`."""

    estimate: EstimatedFields
    files: dict[str, str]
    sized: SizedFields | None
