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
from understudy.parameters import REPORT_PANEL, Caps, Models, PanelSize, Search
from understudy.tasks.play.models import answering, models_open, store_held

Fields = dict[str, Any]


@flow(name="nightly")
def nightly(
    dataset: str,
    data: str,
    store: str = stages.STORE,
    reader: str | None = None,
    setting: str = "zero_shot",
    surface: str = "0",
    recommender: str = "retrieval",
    batch: str | None = None,
    n: int = 800,
    name: str | None = None,
    releases: str | None = None,
    seed: int = 0,
    search: Search = Search(),
    report: PanelSize = REPORT_PANEL,
    models: Models = Models(),
    caps: Caps = Caps(),
) -> Fields:
    """The fields of `understudy nightly`. Raises GateFailed, which ends the run Failed, when a gate says no."""
    with store_held(store):
        stages.ingest(reader or dataset, [data], dataset=dataset, store=store)
        stages.profile(dataset, store=store)
        with models_open(store, dataset, models=models, caps=caps, surface=surface) as night:
            common: Fields = {"store": store, "surface": surface, "recommender": recommender, "seed": seed, "models": models, "caps": caps}
            found = stages.optimize(dataset, setting=setting, search=search, **common)
            objectives = stages.compare(found, report=report, **common)
            played = stages.simulate(dataset, genome_digest=found["pick"]["genome_digest"], batch=batch, n=n, report=report, **common)
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
        chosen: Fields = {"dataset": dataset, "store": store, "batch_key": played["batch_key"]}
        with answering(fields):
            judged = stages.validate(played["batch"], **chosen)
            published = stages.publish(played["batch"], name or f"{dataset}-seekers", releases=releases, **chosen)
        return {**fields, **judged, **published}
