"""One night: from human logs to a published training set.

Read it as a method section. Human logs are ingested and profiled; a prompt is searched for against the four objectives;
seed and pick are compared on dialogues that the search did not see; the pick plays a batch; the batch is held against the
gates; what passes is published.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from prefect import flow
from prefect.runtime import flow_run

from understudy.doors.limits import ReadingLimits
from understudy.flows import stages
from understudy.names import checked_name
from understudy.parameters import REPORT_PANEL, PanelSize, RunOptions, Search
from understudy.readers import Options
from understudy.tasks.artifacts import gathered
from understudy.tasks.kept import snapshot_kept
from understudy.tasks.names import with_batch
from understudy.tasks.play.naming import default_batch
from understudy.tasks.play.opened import models_open, store_open
from understudy.tasks.publish.batch import ReleasedFigure, ReleaseFields
from understudy.tasks.publish.nights import recorded
from understudy.tasks.publish.usefulness import Usefulness
from understudy.tasks.runs import tell_why
from understudy.tasks.simulate.doomed import require_enough, require_evidence
from understudy.tasks.studies.night import NightFields, night_fields, require_feasible, with_tstr
from understudy.tasks.studies.results.sized import SizedFields
from understudy.tasks.validate.batch import answering
from understudy.tasks.validate.results import GateFields


class NightlyFields(NightFields, GateFields):
    """The fields of `understudy nightly`, those of the release beside them."""

    licence: str
    n_dialogues: int
    n_examples: int
    figures: dict[str, ReleasedFigure]
    tstr: Usefulness


class NightlyAnswer(NightlyFields):
    """The fields of `understudy nightly`; `sized` is None where the size of the search was given."""

    sized: SizedFields | None


@flow(name="read logs", flow_run_name="read logs of {dataset}")
def read_logs(
    dataset: str, data: str, reader: str | None = None, layout: Options = stages.AS_KNOWN, limits: ReadingLimits = stages.LIMITS,
    store: Path = stages.STORE,
) -> str:  # fmt: skip
    """The key of the profile of these logs: what a night begins with, before its search can be sized."""
    stages.ingest(reader or dataset, [data], dataset=dataset, options=layout, limits=limits, store=store)
    return stages.profile(dataset, store=store)["profile_key"]


@flow(name="nightly", flow_run_name=with_batch("nightly"), on_failure=[tell_why])
def nightly(
    dataset: str,
    data: str,
    reader: str | None = None,
    layout: Options = stages.AS_KNOWN,
    setting: str = "zero_shot",
    batch: str | None = None,
    n: int = 800,
    name: str | None = None,
    releases: str | None = None,
    anyway: bool = False,
    tstr: bool = False,
    search: Search = Search(),
    report: PanelSize = REPORT_PANEL,
    limits: ReadingLimits = stages.LIMITS,
    options: RunOptions = RunOptions(),
) -> NightlyFields:
    """The fields of `understudy nightly`. Raises GateFailed, which ends the run Failed, when a gate says no.

    A night whose gates must fail, by its size or by its humans, is refused before it is paid, unless it is to be played `anyway`.
    `tstr`: once the gates have passed, models learn from the dialogues and are tested on human ones.
    """
    # what fails at publishing fails before anything is played
    checked_name(dataset, of="data set")
    release = checked_name(name or f"{dataset}-seekers", of="release")
    # a night that passes midnight is of the day on which it began
    named = checked_name(default_batch(batch), of="batch")
    require_enough(n, report, anyway=anyway)
    # held from beginning to end, so that no other process writes between two stages
    with store_open(options.store) as store, snapshot_kept(store), recorded(store, dataset=dataset, batch=named) as night, gathered():
        stages.ingest(reader or dataset, [data], dataset=dataset, options=layout, limits=limits, store=store)
        stages.profile(dataset, store=store)
        with answering({"flow_run_id": str(flow_run.get_id())}):
            require_evidence(store, dataset, report, batch=named, anyway=anyway)
        with models_open(dataset, options, store, run_id=night.run_id) as opened:
            found = stages.optimize(dataset, setting=setting, search=search, options=opened)
            tell = partial(night_fields, found, named, flow_run.get_id(), n_searching=found["n_model_calls"])
            with answering(tell(objectives={})):
                require_feasible(found["pick"], anyway=anyway)
            objectives = stages.compare(found, batch=named, n=n, report=report, options=opened)
            pick = found["pick"]["genome_digest"]
            played = stages.simulate(dataset, genome_digest=pick, batch=named, n=n, report=report, options=opened)
            night.batch_key = played["batch_key"]
            fields = tell(objectives=objectives, played=played)
            with answering(fields):
                judged = stages.validate(played["batch"], batch_key=played["batch_key"], store=store)
            # what the gates said is answered as well where the release is refused
            with answering({**judged, **fields}):
                published = stages.publish(
                    played["batch"], release, batch_key=played["batch_key"], releases=releases, tstr=tstr, store=store, options=opened
                )
            night.released(published["release"])
        return with_release(judged, fields, published, is_tested=tstr)


def with_release(judged: GateFields, fields: NightFields, published: ReleaseFields, *, is_tested: bool) -> NightlyFields:
    """The fields of a night whose batch was published. `is_tested`: whether models learned from it (TSTR)."""
    return {
        **judged, **fields, "release": published["release"], "engine": published["engine"], "licence": published["licence"],
        "n_dialogues": published["n_dialogues"], "n_examples": published["n_examples"], "figures": published["figures"],
        "tstr": published["tstr"], **with_tstr(fields, published["n_model_calls"], is_asked=is_tested),
    }  # fmt: skip
