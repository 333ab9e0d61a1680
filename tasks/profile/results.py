"""What the commands `profile` and `label` answer."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict, final

from understudy.measure.frequent import FrequentTurnFields
from understudy.records import FigureFields

SplitCount = Literal["n_dialogues", "n_seekers", "n_shared_targets"]
SPLIT_COUNTS: tuple[SplitCount, ...] = ("n_dialogues", "n_seekers", "n_shared_targets")


class SplitFields(TypedDict):
    """One split of the humans; `n_shared_targets` counts target items that another split has too."""

    n_dialogues: int
    n_seekers: int
    n_shared_targets: int


class FloorFields(FigureFields):
    """What halves of the humans that share no worker score against each other."""

    signed_ci: NotRequired[list[float]]


class StratumFields(TypedDict):
    """Reaction contexts of one stratum; with fewer than are `needed` it is underpowered: it is shown and gates nothing."""

    n: int
    needed: int
    underpowered: bool


class PartFields(TypedDict):
    """One of the two parts of `select`."""

    n_dialogues: int
    n_seekers: int
    strata: dict[str, StratumFields]


class AnchorFields(FigureFields):
    """One statistic of the humans, with its floor where one was measured."""

    split: str
    part: str | None
    floor: NotRequired[FloorFields]


class InstrumentFields(TypedDict):
    """One instrument; what else is known of its quality depends on its kind."""

    digest: str
    fitted_on: list[str]
    macro_f1: FigureFields | None
    per_class: dict[str, Any] | None
    confusion_by_register: dict[str, Any] | None
    kind: NotRequired[str]
    languages: NotRequired[list[str]]
    macro_f1_by_register: NotRequired[dict[str, FigureFields]]
    reason: NotRequired[str]
    basis: NotRequired[str]
    gold: NotRequired[dict[str, Any] | None]
    labels: NotRequired[dict[str, Any] | None]
    kinds: NotRequired[dict[str, Any]]


class SuggestionFields(TypedDict):
    """How a data set without forms is read: suggestions in the recommenders' turns by the reaction to them, and what cannot be known.

    `n_unread`: several items at once, no turn after it, or a language that the instrument does not read. `unknown`: what no dialogue
    tells → what becomes of it.
    """

    n: int
    n_accept: int
    n_reject: int
    n_neither: int
    n_unread: int
    n_dialogues: int
    instrument: str
    unknown: dict[str, str]


class ProfileRows(TypedDict):
    """What the rows of a profile say."""

    dataset: str
    profile_key: str
    licence: str
    n_dialogues: int
    has_official_split: bool
    n_moved_to_test: int
    has_forms: bool | None
    suggestions: SuggestionFields | None
    splits: dict[str, SplitFields]
    strata: dict[str, int]
    strata_by_split: dict[str, dict[str, int]]
    parts: dict[str, PartFields]
    human: dict[str, Any]
    history_leak: dict[str, dict[str, Any]]
    disclosed: dict[str, dict[str, Any]]
    anchors: dict[str, AnchorFields]
    instruments: dict[str, InstrumentFields]
    languages: dict[str, float]
    frequent_turns: list[FrequentTurnFields]
    anchors_at: NotRequired[dict[str, Any]]


class ProfileFields(ProfileRows):
    """The fields of `understudy profile`: its rows, and the files of its drawings."""

    pictures: dict[str, str]


@final
class SheetFields(TypedDict):
    """The fields of `understudy label --out`."""

    dataset: str
    n_rows: int
    path: str


@final
class LabelsFields(TypedDict):
    """The fields of `understudy label --labels`."""

    dataset: str
    n_labels: int
    n_new: int
    n_annotators: int
    alpha: dict[str, FigureFields]
    confusion_by_register: dict[str, dict[str, Any]]
