"""One night: from human logs to a published training set.

Read it as a method section. Human logs are ingested and profiled; a prompt is searched for against the four objectives;
seed and pick are compared on dialogues that the search did not see; the pick plays a batch; the batch is held against the
gates; what passes is published.
"""

from __future__ import annotations

from typing import TypedDict

from prefect import flow
from prefect.runtime import flow_run

from understudy.doors.limits import ReadingLimits
from understudy.flows import stages
from understudy.names import checked_name
from understudy.parameters import REPORT_PANEL, PanelSize, RunOptions, Search
from understudy.records import DIVIDED, REPORTING
from understudy.tasks.kept import snapshot_kept
from understudy.tasks.optimize.finals import PickFields
from understudy.tasks.play.naming import default_batch
from understudy.tasks.play.opened import models_open, store_open
from understudy.tasks.publish.batch import PublishedRelease, ReleasedFigure
from understudy.tasks.studies.report import ObjectiveRow
from understudy.tasks.validate.batch import GateFields, answering


class NightFields(TypedDict):
    """What a night answers however its gates end; `release` is None until one is published."""

    release: PublishedRelease | None
    batch: str
    flow_run_id: str
    n_model_calls: int
    objectives: dict[str, ObjectiveRow]
    split: str
    part: str
    engine: str
    pick: PickFields
    critic: str | None
    n_critic_tokens: int


class NightlyFields(NightFields, GateFields):
    """The fields of `understudy nightly`, those of the release beside them."""

    licence: str
    n_dialogues: int
    n_examples: int
    figures: dict[str, ReleasedFigure]


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
    limits: ReadingLimits = stages.LIMITS,
    options: RunOptions = RunOptions(),
) -> NightlyFields:
    """The fields of `understudy nightly`. Raises GateFailed, which ends the run Failed, when a gate says no."""
    # what fails at publishing fails before anything is played
    checked_name(dataset, of="data set")
    release = checked_name(name or f"{dataset}-seekers", of="release")
    batch = checked_name(default_batch(batch), of="batch")
    # held from beginning to end, so that no other process writes between two stages
    with store_open(options.store) as store, snapshot_kept(store):
        stages.ingest(reader or dataset, [data], dataset=dataset, limits=limits, store=store)
        stages.profile(dataset, store=store)
        with models_open(dataset, options, store) as opened:
            found = stages.optimize(dataset, setting=setting, search=search, options=opened)
            objectives = stages.compare(found, report=report, options=opened)
            pick = found["pick"]["genome_digest"]
            played = stages.simulate(dataset, genome_digest=pick, batch=batch, n=n, report=report, options=opened)
            n_model_calls = opened.gateway.n_calls
        fields: NightFields = {
            "release": None,
            "batch": played["batch"],
            "flow_run_id": str(flow_run.get_id()),
            "n_model_calls": n_model_calls,
            "objectives": objectives,
            "split": DIVIDED,
            "part": REPORTING,
            "engine": played["engine"],
            "pick": found["pick"],
            "critic": found["critic"],
            "n_critic_tokens": found["n_critic_tokens"],
        }
        with answering(fields):
            judged = stages.validate(played["batch"], batch_key=played["batch_key"], store=store)
        # what the gates said is answered as well where the release is refused
        with answering({**fields, **judged}):
            published = stages.publish(
                played["batch"], release, batch_key=played["batch_key"], releases=releases, store=store
            )
        return {**fields, **judged, **published}
