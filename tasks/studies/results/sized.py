"""What `--auto` chose, as commands answer it."""

from __future__ import annotations

from typing import TypedDict


class PanelFields(TypedDict):
    """The size of a panel."""

    per_stratum: int
    behaviour: int
    free: int


class SizeFields(TypedDict):
    """How large a search is; `n_front` finalists beside the seed."""

    population: int
    generations: int
    n_front: int
    panel: PanelFields
    finalists: PanelFields
    report: PanelFields


class MostFields(TypedDict):
    """What a size takes at most by its estimate; `usd` is None where a price is not known."""

    calls: float
    minutes: float
    usd: float | None


class SizedFields(TypedDict):
    """The size, its cost at most, and the caps. `is_kept`: an earlier call of the same command chose it, and this one goes on with it."""

    size: SizeFields
    at_most: MostFields
    caps: dict[str, float | int | None]
    is_kept: bool
