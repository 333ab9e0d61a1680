"""What a batch is expected to take before anything of it is paid: the calls of its dialogues, and those of its report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from prefect import get_run_logger, task

from understudy.doors.events import emit
from understudy.parameters import Search
from understudy.play.panels import Panel
from understudy.records import AmountFields
from understudy.report.figures import estimated
from understudy.rows import played as rows
from understudy.tasks.artifacts import in_run
from understudy.tasks.play.opened import OpenRun
from understudy.tasks.play.scenes import scenes_of
from understudy.tasks.play.work import Work
from understudy.tasks.simulate.plan import BatchPlan
from understudy.tasks.studies.asked import Asked
from understudy.tasks.studies.estimate import stages_of_batch
from understudy.tasks.studies.results.estimates import StageFields

NOTHING: AmountFields = {"value": 0, "range": [0, 0]}


@task(name="estimate batch", persist_result=False)
def planned_calls(opened: OpenRun, *, genome_digest: str, plan: BatchPlan, with_report: bool) -> dict[str, AmountFields]:
    """Model calls of the `dialogues` and of the `report` of a batch, as expected: of what is not in the store, without the ledger."""
    options, work = opened.options, plan.work(opened, genome_digest)
    asked = Asked(
        opened.dataset, "", "simulate", Search(), plan.report, plan.n, options.recommender, options.seed, latency_s=None,
        max_turns=options.max_turns,
    )  # fmt: skip
    stages = stages_of_batch(opened.store, opened.humans, rows.load_genome(opened.store, genome_digest), asked, options.models)
    whole = {one["stage"]: one for one in stages}
    parts = {"dialogues": Panel((), (), work.panel.free, work.panel.replicate), "report": replace(work.panel, free=())}
    calls = {name: _of_what_is_left(whole[name], opened, replace(work, panel=part)) for name, part in parts.items()}
    if not with_report:
        calls["report"] = NOTHING
    _tell(plan, calls, with_report=with_report)
    return calls


def _of_what_is_left(stage: StageFields, opened: OpenRun, work: Work) -> AmountFields:
    """The calls of the pieces of `work` that the store does not hold, where each takes what a piece of the `stage` takes."""
    keys = [scene.play_key for scene in scenes_of(opened, work)]
    n_left = len(keys) - opened.store.rows("play/n_played", play_keys=keys)[0]["n"]
    share, calls = n_left / (stage["n_dialogues"]["value"] or 1), stage["n_calls"]
    return {"value": round((calls["value"] or 0) * share), "range": [round(one * share) for one in calls["range"]]}


def _tell(plan: BatchPlan, calls: Mapping[str, AmountFields], *, with_report: bool) -> None:
    """Says on stderr and in the log of the run what is about to be asked, dialogues and report apart."""
    report = f"{estimated(calls['report'])} for the report that the gates read" if with_report else "the report is left to `validate`"
    told = f"{plan.name}: {plan.n} dialogues; model calls: {estimated(calls['dialogues'])} for the dialogues, {report}"
    emit("simulate", "batch_planned", told)
    if in_run():
        get_run_logger().info(told)
