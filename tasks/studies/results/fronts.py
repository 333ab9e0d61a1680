"""What the command `front` answers."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict


class PointFields(TypedDict):
    """One point of a true front, and the prompt that gets there."""

    objectives: dict[str, float]
    faults: dict[str, float]
    supported: bool
    levers: dict[str, str]
    sections: dict[str, str]
    controls: dict[str, Any]
    n_exemplars: int


class FrontFields(TypedDict):
    """The fields of `understudy front`; `picture` is the file that was asked for."""

    surface: str
    surface_digest: str
    truth_digest: str
    engine: str
    n_points: int
    points: list[PointFields]
    hypervolume: float
    hypervolume_supported: float
    n_supported: int
    reference: dict[str, float]
    bare: dict[str, float]
    picture: NotRequired[str]
