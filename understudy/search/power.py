"""Which objectives a search is steered and its pick chosen by: those that its seed has on as many units as a choice needs.

A panel can be too small for an objective, and replies of a weak model can leave too little of one that is not. The objective is then
shown with its n, and nothing is chosen by it. Where fewer than two objectives would be left there is nothing to search over; all of
them count then, and whoever asked for so small a panel is told.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from understudy.errors import BadInput
from understudy.search.picking import Finalist
from understudy.search.plan import SEED, History, Individual, Plan
from understudy.search.racing import Lap, Resampled

LEAST_OBJECTIVES = 2


def choosable(objectives: Sequence[str], underpowered: Collection[str]) -> tuple[str, ...]:
    """The objectives that are not underpowered, in their order; all of them where fewer than two would be left."""
    left = tuple(name for name in objectives if name not in underpowered)
    return left if len(left) >= LEAST_OBJECTIVES else tuple(objectives)


def steered(history: History, plan: Plan) -> tuple[History, Plan]:
    """The history and the plan of a search by the objectives that its seeds have on enough units.

    Of a candidate that has one of these on too few units (with most replies missing, for instance) the objective counts as not
    measured: it is compared with nobody.
    """
    seeds = [each for each in history[0] if each.operator == SEED] if history else []
    weak = frozenset[str]().union(*(each.underpowered for each in seeds))
    names = choosable(plan.objectives, weak)
    if weak & set(names):
        return history, plan
    return [[_measured_on_enough(each, names) for each in members] for members in history], replace(plan, objectives=names)


def chosen_by(finalists: Sequence[Finalist], objectives: Sequence[str], *, seed_digest: str) -> tuple[str, ...]:
    """The objectives that the pick is chosen by: those that the seed, as a finalist, has on enough units."""
    seeds = [each for each in finalists if each.genome_digest == seed_digest]
    return choosable(objectives, {name for each in seeds for name in objectives if each.objectives[name].is_underpowered})


def weights_on(weights: Mapping[str, float] | None, names: Collection[str], objectives: Collection[str]) -> Mapping[str, float] | None:
    """The weights of the objectives that are chosen by. Raises BadInput where all weight lies on others."""
    if weights is None:
        return None
    kept = {name: value for name, value in weights.items() if name in names or name not in objectives}
    if not any(kept.values()) and any(weights.values()):
        raise BadInput(
            f"the weights lie on {', '.join(sorted(weights))}, which the panel measures on too few units for a choice",
            hint="choose a larger --panel and --finalists, or weigh another objective",
        )
    return kept


def laps_on(laps: Sequence[Lap], names: Sequence[str], objectives: Sequence[str]) -> list[Lap]:
    """The laps with the resamples of `names` alone. `objectives`: those that the columns stand for."""
    columns = [objectives.index(name) for name in names]
    return [lap if lap.draws is None else replace(lap, draws=_columns(lap.draws, columns)) for lap in laps]


def _columns(drawn: Resampled, columns: Sequence[int]) -> Resampled:
    return replace(drawn, draws=drawn.draws[:, columns])


def _measured_on_enough(one: Individual, names: Collection[str]) -> Individual:
    weak = one.underpowered & set(names)
    return replace(one, objectives={**one.objectives, **dict.fromkeys(weak, None)}) if weak else one
