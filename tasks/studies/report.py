"""What the search was worth: seed and pick on the dialogues of `select` that report, beside the floor of the same humans."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from prefect import task

from understudy import objectives
from understudy.measure.comparison import Difference, compare_values
from understudy.measure.values import NO_FLOOR
from understudy.objectives import Evaluation
from understudy.profile.splits import people_named
from understudy.records import REPORTING, FigureFields, Measured
from understudy.report.drawing import Bar, bars_svg
from understudy.report.figures import figure
from understudy.report.markdown import table
from understudy.tasks.artifacts import page
from understudy.tasks.play.evaluation import keep, measured
from understudy.tasks.play.opened import OpenRun
from understudy.tasks.profile.anchors import ANCHOR_SEED, anchors_of, floor_of
from understudy.tasks.simulate.plan import BatchPlan
from understudy.tasks.studies.places import Place

Fields = dict[str, Any]


class ObjectiveRow(TypedDict):
    """One objective of the seed and of the pick, beside the humans and their floor."""

    unit: str
    better: str
    seed: FigureFields
    optimized: FigureFields
    human: FigureFields
    floor: FigureFields
    difference: FigureFields
    p_holm: float | None
    outcome: str
    n: int


@task(name="compare seed and pick", persist_result=False)
def compare(opened: OpenRun, result: Mapping[str, Any], *, plan: BatchPlan) -> dict[str, ObjectiveRow]:
    """Per objective: unit, better, seed, optimized, human, floor, difference, outcome, n.

    The seekers are none that the search or the choice of the pick has seen, so the pick is not flattered by its own luck. Contexts
    and replies are those of the batch of `plan`, whose own report then asks nothing again.
    """
    place = Place(opened, REPORTING, plan.report, draw=plan.draw(opened))
    seed, pick = (measured(opened, place.work(genome)) for genome in (result["seed_digest"], result["pick"]["genome_digest"]))
    with opened.store.transaction():
        keep(opened.store, [seed.done, pick.done])
    # the humans are divided as small as the report is: what n dialogues show of humans is what n dialogues of a simulator are held to
    anchors = {row["name"]: floor_of(row) for row in anchors_of(opened.store, opened.humans, REPORTING, plan.report, seed=ANCHOR_SEED)}
    floors = {name: anchors.get(name, Measured(None, reason=NO_FLOOR)) for name in objectives.NAMES}
    ends = {name: floor.hi for name, floor in floors.items()}
    differences = compare_values(seed.evaluation.objectives, pick.evaluation.objectives, floors=ends)
    rows = {name: _row(name, seed.evaluation, pick.evaluation, differences[name], floors[name]) for name in objectives.NAMES}
    _show(rows)
    return rows


def _row(name: str, seed: Evaluation, pick: Evaluation, difference: Difference, floor: Measured) -> ObjectiveRow:
    module = objectives.MODULES[name]
    return {
        "unit": module.UNIT,
        "better": module.BETTER,
        "seed": seed.objectives[name].measured.as_json(),
        "optimized": pick.objectives[name].measured.as_json(),
        # a distance from humans has no human value of its own: it is that of humans from humans
        "human": floor.as_json(),
        "floor": floor.as_json(),
        "difference": difference.as_measured().as_json(),
        "p_holm": difference.p_holm,
        "outcome": difference.outcome,
        "n": difference.n,
    }


def _show(rows: Mapping[str, ObjectiveRow]) -> None:
    bars = [
        Bar(name, row["unit"], *(Measured.from_json(one) for one in (row["seed"], row["optimized"], row["floor"])))
        for name, row in rows.items()
    ]
    cells = []
    for name, row in rows.items():
        figures = (row["seed"], row["optimized"], row["floor"], row["difference"])
        cells.append([name, *(figure(one, n="named", reason=True) for one in figures), row["outcome"]])
    text = table(["objective", "seed", "optimized", "floor", "difference", "outcome"], cells)
    picture = bars_svg(bars, title="Before and after the search, with the human split-half baseline")
    page(text, key="before-and-after", description=f"Seed prompt and pick on {people_named(REPORTING)}, beside the humans", svg=picture)
