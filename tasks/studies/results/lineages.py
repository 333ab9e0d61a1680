"""What the command `show` answers."""

from __future__ import annotations

from typing import Any, TypedDict

from understudy.doors.reading_copy import SnapshotFields
from understudy.records import FigureFields


class GainFields(TypedDict):
    """One objective before and after a step; a gain above 0 is one."""

    before: FigureFields
    after: FigureFields
    gain: FigureFields


class ChangeFields(TypedDict):
    """What differs between two prompts: pieces (same, gone or new) of sections, controls before and after, examples."""

    sections: dict[str, list[list[str]]]
    controls: dict[str, list[Any]]
    exemplars_added: list[str]
    exemplars_dropped: list[str]


class StepFields(TypedDict):
    """One step of a lineage: who proposed it, why, what it changed, and what that gained."""

    step: int
    generation: int
    operator: str
    genome_digest: str
    objective: str | None
    fault: str | None
    section: str | None
    parents: list[str]
    change: ChangeFields
    objectives: dict[str, GainFields]
    n_siblings_played: int
    siblings_rejected: dict[str, int]
    cost: dict[str, int | None]


class MeasuredOn(TypedDict):
    """The split that both ends were measured on, and the part of it; None where they were not measured."""

    split: str | None
    part: str | None


class WholeFields(MeasuredOn):
    """The whole way from the seed, and both ends measured anew."""

    change: ChangeFields
    objectives: dict[str, GainFields]


class LineageFields(TypedDict):
    """The lineage of a prompt, as `understudy show` answers it; `snapshot` is None where the store itself was read."""

    snapshot: SnapshotFields | None
    run: str
    setting: str
    algorithm: str
    model: str
    seed: int
    n_generations: int
    recommender: str | None
    stopped: str | None
    seed_digest: str
    genome_digest: str
    is_pick: bool
    n_played: int
    n_rejected: int
    steps: list[StepFields]
    whole: WholeFields
    engine_note: str


class ShowFields(LineageFields):
    """The fields of `understudy show`."""

    files: dict[str, str]
