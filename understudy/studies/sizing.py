"""How large a search may be within caps: a ladder of sizes, each estimated, and the largest whose estimate stays inside.

The estimate is taken at the upper end of its range, so a search ends inside its caps where the assumptions hold at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from understudy.errors import BadInput
from understudy.parameters import Caps, PanelSize, Search

VERSION = 1
MOST_GENERATIONS = 40
"""A search that has not converged by then is one for a larger population."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a search and what it reports are. `n_front`: finalists beside the seed."""

    population: int
    generations: int
    n_front: int
    panel: PanelSize
    finalists: PanelSize
    report: PanelSize

    def search(self, asked: Search) -> Search:
        """The search that was asked for, at this size."""
        return asked.model_copy(update={
            "population": self.population, "generations": self.generations, "n_front": self.n_front, "panel": self.panel,
            "front_panel": self.finalists,
        })  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """The size for people and rows."""
        panels = {name: getattr(self, name).model_dump() for name in ("panel", "finalists", "report")}
        return {"population": self.population, "generations": self.generations, "n_front": self.n_front, **panels}


@dataclass(frozen=True, slots=True)
class SizeCost:
    """What a size is expected to take at most; `usd` is None where a price is not known."""

    calls: float
    minutes: float
    usd: float | None


def _panel(per_stratum: int, behaviour: int, free: int) -> PanelSize:
    return PanelSize(per_stratum=per_stratum, behaviour=behaviour, free=free)


# The smallest panel on which every objective has the units that a choice needs (16 reactions, 10 dialogues, 9 free runs with a target)
# and a report the 20 that a comparison needs; then what a report can resolve grows before the population does: small populations on
# small panels met most for their dialogues (decision 0061), and a pick that cannot be told from its seed is worth nothing.
LADDER: tuple[Size, ...] = (
    Size(2, 1, 1, _panel(4, 10, 10), _panel(6, 10, 12), _panel(8, 20, 20)),
    Size(2, 2, 1, _panel(5, 10, 10), _panel(8, 10, 12), _panel(15, 20, 20)),
    Size(2, 4, 1, _panel(6, 10, 10), _panel(10, 12, 14), _panel(30, 20, 20)),
    Size(3, 5, 2, _panel(6, 10, 10), _panel(12, 14, 16), _panel(40, 24, 22)),
    Size(4, 6, 3, _panel(8, 10, 10), _panel(16, 16, 20), _panel(60, 30, 24)),
    Size(4, 9, 3, _panel(10, 12, 12), _panel(24, 20, 30), _panel(90, 50, 40)),
    Size(6, 9, 3, _panel(14, 12, 14), _panel(32, 24, 40), _panel(120, 64, 50)),
    Size(8, 9, 3, _panel(16, 14, 16), _panel(40, 24, 60), _panel(150, 80, 60)),
    Size(12, 9, 3, _panel(20, 14, 16), _panel(40, 24, 60), _panel(150, 80, 60)),
    Size(16, 12, 4, _panel(24, 16, 20), _panel(60, 40, 80), _panel(200, 120, 90)),
    Size(24, 16, 5, _panel(30, 20, 24), _panel(80, 60, 100), _panel(300, 160, 120)),
)


def sized(caps: Caps, cost_of: Callable[[Size], SizeCost], *, ladder: Sequence[Size] = LADDER) -> tuple[Size, SizeCost]:
    """The largest size whose cost is within the caps, and its cost: the highest rung, with as many generations as still fit.

    Raises BadInput where there is no cap to choose by, where the price is not known that a cap in USD needs, and where not even the
    smallest rung fits.
    """
    if caps.calls is None and caps.minutes is None and caps.usd is None:
        raise BadInput("--auto has no cap to choose the size of the search by", hint="give --minutes, --usd or --calls")
    chosen: tuple[Size, SizeCost] | None = None
    for rung in ladder:
        cost = cost_of(rung)
        if _missed(cost, caps):
            if chosen is None:
                raise _too_small(rung, cost, caps)
            break
        chosen = rung, cost
    if chosen is None:
        raise BadInput("the ladder of sizes is empty")
    return _with_generations(chosen, caps, cost_of)


def _with_generations(found: tuple[Size, SizeCost], caps: Caps, cost_of: Callable[[Size], SizeCost]) -> tuple[Size, SizeCost]:
    """The size with the most generations, up to MOST_GENERATIONS, that are still within the caps."""
    size, cost = found
    low, high = size.generations, max(size.generations, MOST_GENERATIONS)
    while low < high:
        middle = (low + high + 1) // 2
        more = replace(size, generations=middle)
        taken = cost_of(more)
        if _missed(taken, caps):
            high = middle - 1
        else:
            low, size, cost = middle, more, taken
    return size, cost


def _missed(cost: SizeCost, caps: Caps) -> list[str]:
    """The caps that a cost is above, in words. Raises BadInput where a price is missing."""
    if caps.usd is not None and cost.usd is None:
        raise BadInput(
            "--auto cannot keep to a cap in USD, because the price of a model is not known", hint="give it with --price, or use --calls"
        )
    pairs = (("calls", cost.calls, caps.calls), ("minutes", cost.minutes, caps.minutes), ("USD", cost.usd, caps.usd))
    known = [(name, needed, cap) for name, needed, cap in pairs if cap is not None and needed is not None]
    return [f"{needed:.4g} {name} (the cap is {cap:g})" for name, needed, cap in known if needed > cap]


def _too_small(least: Size, cost: SizeCost, caps: Caps) -> BadInput:
    told = ", ".join(_missed(cost, caps))
    return BadInput(
        f"the budget is too small for any search: the smallest one (population {least.population}, {least.generations} generation, report "
        f"on {least.report.per_stratum} contexts per stratum) may take {told}",
        hint="raise the cap, take fewer prompt settings, or measure a prompt as it is with --generations 0",
    )
