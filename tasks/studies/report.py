"""What the search was worth: seed and pick on the same dialogues of `select`, played anew, beside the humans' floor."""

from __future__ import annotations

from typing import Any

from prefect import task

from understudy import objectives
from understudy.doors.store import Store
from understudy.measure.comparison import Difference, compare_values
from understudy.measure.reference import MIN_CONTEXTS
from understudy.objectives import Evaluation
from understudy.parameters import PanelSize
from understudy.records import Measured
from understudy.report.drawing import Bar, bars_svg
from understudy.report.figures import figure
from understudy.report.markdown import table
from understudy.rows import humans
from understudy.tasks.artifacts import page
from understudy.tasks.play.evaluation import Done, Work, human_side, keep, measured, performed, row_of, second_model
from understudy.tasks.play.models import open_models
from understudy.tasks.simulate.batch import REPORT_REPLICATE

Fields = dict[str, Any]


@task(name="compare seed and pick", persist_result=False)
def compare(store: str, result: Fields, *, model: str, recommender: str, seed: int, size: PanelSize) -> Fields:
    """Per objective: unit, better, seed, optimized, human, floor, difference, outcome, n.

    The replicate is none that the search or the choice of the pick has seen, so the pick is not flattered by its own luck.
    """
    with Store.open(store) as opened:
        profile_key = humans.current_profile(opened, result["dataset"])
        anchors = {row["name"]: row for row in opened.rows("profile/anchors", profile_key=profile_key, split="select")}
    panel = human_side(store, profile_key, result["dataset"]).panel("select", size, seed=seed, replicate=REPORT_REPLICATE)
    done, told = [], []
    for genome_digest in (result["seed_digest"], result["pick"]["genome_digest"]):
        work = Work(
            store=store, profile_key=profile_key, dataset=result["dataset"], split="select", free_split="select",
            genome_digest=genome_digest, panel=panel, model=model, recommender=recommender, seed=seed, intervals=True,
            min_contexts=MIN_CONTEXTS, verifier=second_model(open_models()),
        )  # fmt: skip
        played, fresh = performed(work)
        evaluation = measured(work, played)
        done.append(Done(work, row_of(work, played, evaluation), fresh))
        told.append(evaluation)
    with Store.open(store) as opened, opened.transaction():
        keep(opened, done)
    floors = {name: anchors[name]["floor_hi"] for name in objectives.NAMES if name in anchors}
    differences = compare_values(told[0].objectives, told[1].objectives, floors=floors)
    rows = {name: _row(name, told[0], told[1], differences[name], anchors.get(name)) for name in objectives.NAMES}
    _show(rows)
    return rows


def _row(name: str, seed: Evaluation, pick: Evaluation, difference: Difference, anchor: Fields | None) -> Fields:
    module = objectives.MODULES[name]
    return {
        "unit": module.UNIT,
        "better": module.BETTER,
        "seed": seed.objectives[name].measured.as_json(),
        "optimized": pick.objectives[name].measured.as_json(),
        "human": _human(anchor),
        "floor": anchor["floor_hi"] if anchor else None,
        "difference": difference.as_measured().as_json(),
        "p_holm": difference.p_holm,
        "outcome": difference.outcome,
        "n": difference.n,
    }


def _human(anchor: Fields | None) -> Fields:
    """What worker-disjoint halves of the humans score against each other."""
    if anchor is None or anchor["floor"] is None:
        return Measured(None, reason=anchor["reason"] if anchor else "not in the profile").as_json()
    return Measured(anchor["floor"], anchor["floor_lo"], anchor["floor_hi"], anchor["n_floor"]).as_json()


def _show(rows: Fields) -> None:
    bars = [
        Bar(name, row["unit"], Measured.from_json(row["seed"]), Measured.from_json(row["optimized"]), row["floor"])
        for name, row in rows.items()
    ]
    columns = ("seed", "optimized", "human", "difference")
    cells = [[name, *(figure(row[column], n="named", reason=True) for column in columns), row["outcome"]] for name, row in rows.items()]
    text = table(["objective", "seed", "optimized", "humans", "difference", "outcome"], cells)
    picture = bars_svg(bars, title="Before and after the search, with the human split-half baseline")
    page(text, key="before-and-after", description="Seed prompt and pick on the split `select`, beside the humans", svg=picture)
