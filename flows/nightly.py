"""One night: from human logs to a published training set.

Read it as a method section. Human logs are ingested and profiled; a prompt is searched for against the four objectives;
seed and pick are compared on dialogues that the search did not see; the pick plays a batch; the batch is held against the
gates; what passes is published.
"""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.runtime import flow_run

from understudy.flows import stages
from understudy.parameters import REPORT_PANEL, PanelSize, RunOptions, Search
from understudy.tasks.play.models import answering, models_open, store_held

Fields = dict[str, Any]


@flow(name="nightly")
def nightly(
    dataset: str,
    data: str,
    reader: str | None = None,
    setting: str = "zero_shot",
    batch: str | None = None,
    n: int = 800,
    name: str | None = None,
    releases: str | None = None,
    search: Search = Search(),
    report: PanelSize = REPORT_PANEL,
    options: RunOptions = RunOptions(),
) -> Fields:
    """The fields of `understudy nightly`. Raises GateFailed, which ends the run Failed, when a gate says no."""
    store = str(options.store)
    with store_held(store):
        stages.ingest(reader or dataset, [data], dataset=dataset, store=store)
        stages.profile(dataset, store=store)
        with models_open(dataset, options) as night:
            found = stages.optimize(dataset, setting=setting, search=search, options=options)
            objectives = stages.compare(found, report=report, options=options)
            played = stages.simulate(
                dataset, genome_digest=found["pick"]["genome_digest"], batch=batch, n=n, report=report, options=options
            )
            fields = {
                "release": None,
                "batch": played["batch"],
                "flow_run_id": str(flow_run.get_id()),
                "n_model_calls": night.gateway.n_calls,
                "objectives": objectives,
                "split": "select",
                "engine": played["engine"],
                "pick": found["pick"],
                "critic": found["critic"],
                "n_critic_tokens": found["n_critic_tokens"],
            }
        with answering(fields):
            judged = stages.validate(played["batch"], store=store, dataset=dataset, batch_key=played["batch_key"])
            published = stages.publish(
                played["batch"], name or f"{dataset}-seekers", store=store, dataset=dataset, releases=releases,
                batch_key=played["batch_key"],
            )  # fmt: skip
        return {**fields, **judged, **published}
