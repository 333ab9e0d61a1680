"""One flow per stage. A flow says in which order its tasks run; what they do stands in tasks/ and understudy/."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prefect import flow

from understudy.doors.events import emit
from understudy.doors.hub_upload import HubPlace
from understudy.doors.limits import ReadingLimits
from understudy.doors.objects import is_address
from understudy.doors.store import Store
from understudy.flows.runners import threads
from understudy.flows.searching import searched
from understudy.names import checked_name
from understudy.parameters import REPORT_PANEL, PanelSize, RunOptions, Search
from understudy.readers import Options, files_of
from understudy.records import REPORTING
from understudy.rows.named import batch_key_of
from understudy.tasks.ingest.logs import IngestFields, ingest_logs
from understudy.tasks.names import with_batch
from understudy.tasks.optimize.finals import SearchFields
from understudy.tasks.optimize.search import open_run
from understudy.tasks.play.metering import metered
from understudy.tasks.play.naming import default_batch, releases_of
from understudy.tasks.play.opened import OpenRun, joined, models_open, store_open
from understudy.tasks.profile.dataset import profile_dataset
from understudy.tasks.profile.results import ProfileFields
from understudy.tasks.publish.batch import ReleaseFields, publish_batch, require_publishable
from understudy.tasks.publish.seed_batch import run_of_batch, seed_batch
from understudy.tasks.publish.uploading import require_honest, store_release, upload_release
from understudy.tasks.publish.usefulness import TEST, measure_usefulness
from understudy.tasks.simulate.batch import answered, play_batch, prompt_of
from understudy.tasks.simulate.plan import BatchPlan
from understudy.tasks.simulate.report import batch_of, is_reported, options_given, report_batch
from understudy.tasks.simulate.results import SimulateFields
from understudy.tasks.studies.evaluate import judge
from understudy.tasks.studies.evaluate import show as show_judged
from understudy.tasks.studies.planned import planned_calls
from understudy.tasks.studies.report import ObjectiveRow
from understudy.tasks.studies.report import compare as compare_with_seed
from understudy.tasks.studies.results.judged import EvaluateFields
from understudy.tasks.studies.results.sized import SizedFields
from understudy.tasks.validate.batch import ValidateFields, answering, require_passed, validate_batch
from understudy.tasks.validate.broken import show_broken

STORE = RunOptions().store
LIMITS, AS_KNOWN = ReadingLimits(), Options()


@flow(name="ingest", flow_run_name="ingest {dataset}")
def ingest(
    reader: str,
    paths: list[str],
    dataset: str,
    split: str | None = None,
    options: Options = AS_KNOWN,
    limits: ReadingLimits = LIMITS,
    store: Path | Store = STORE,
) -> IngestFields:
    """Human logs into the store; the fields of `understudy ingest`."""
    checked_name(dataset, of="data set")
    files_of(reader, paths, fields=options.fields)  # a path that cannot be used leaves no store behind
    with store_open(store) as opened:
        done = ingest_logs(opened, reader, paths, dataset=dataset, split=split, options=options, limits=limits)
    emit("ingest", "ingest_done", done["source_sha256"])
    return done


@flow(name="profile", flow_run_name="profile {dataset}")
def profile(dataset: str, at: PanelSize | None = None, out: str | None = None, store: Path | Store = STORE) -> ProfileFields:
    """Splits, needs, contexts, anchors, drawings and instruments of a data set; the fields of `understudy profile`."""
    with store_open(store) as opened:
        done = profile_dataset(opened, dataset, at=at, out=out)
    emit("profile", "profile_done", done["profile_key"])
    return done


class OptimizeFields(SearchFields):
    """What a search has found, and the calls that it took."""

    n_model_calls: int


class OptimizeAnswer(OptimizeFields):
    """The fields of `understudy optimize`; `sized` is None where the size was given."""

    sized: SizedFields | None


@flow(name="optimize", flow_run_name="optimize {dataset} {setting}", task_runner=threads(4))
def optimize(
    dataset: str, setting: str = "zero_shot", search: Search = Search(), options: RunOptions | OpenRun = RunOptions()
) -> OptimizeFields:
    """The search over prompts, generation by generation; the fields of `understudy optimize`."""
    with joined(dataset, options) as opened:
        run = open_run(opened, setting=setting, search=search)
        with metered(opened, run.run_key):
            found = searched(opened, run)
        emit("optimize", "search_done", f"{run.run_key}/{found['pick']['genome_digest']}")
        return {**found, "n_model_calls": opened.gateway.n_calls}


@flow(name="compare", flow_run_name="compare seed and pick of {result[dataset]}")
def compare(
    result: Mapping[str, Any], batch: str, n: int, report: PanelSize = REPORT_PANEL, options: RunOptions | OpenRun = RunOptions()
) -> dict[str, ObjectiveRow]:
    """Seed and pick of a search, objective by objective, on what the report of a batch of `n` dialogues replays."""
    with joined(result["dataset"], options) as opened:
        return compare_with_seed(opened, result, plan=BatchPlan(batch, n, report))


@flow(name="simulate", flow_run_name=with_batch("simulate"))
def simulate(
    dataset: str,
    setting: str | None = None,
    genome_file: str | None = None,
    genome_digest: str | None = None,
    n: int = 800,
    batch: str | None = None,
    report: PanelSize = REPORT_PANEL,
    with_report: bool = True,
    options: RunOptions | OpenRun = RunOptions(),
) -> SimulateFields:
    """A batch of dialogues with one prompt, then its report for the gates; the fields of `understudy simulate`."""
    named = checked_name(default_batch(batch), of="batch")
    with joined(dataset, options) as opened:
        genome = genome_digest or prompt_of(opened, setting=setting, genome_file=genome_file)
        plan = BatchPlan(named, n, report)
        planned = planned_calls(opened, genome_digest=genome, plan=plan, with_report=with_report)
        played = play_batch(opened, genome_digest=genome, plan=plan)
        made = {"dialogues": played["n_model_calls"], "report": report_batch(opened, played["batch_key"]) if with_report else 0}
        emit("simulate", "batch_played", played["batch_key"])
        return answered(opened, played["batch_key"], planned=planned, made=made)


@flow(name="evaluate", flow_run_name="judge recommenders on {dataset}")
def evaluate(
    dataset: str,
    recommenders: list[str],
    setting: str | None = None,
    genome_file: str | None = None,
    n: int = 200,
    options: RunOptions | OpenRun = RunOptions(),
) -> EvaluateFields:
    """Recommenders judged by simulated seekers; the fields of `understudy evaluate`. `recommenders` replaces that of the options."""
    with joined(dataset, options) as opened:
        genome = prompt_of(opened, setting=setting, genome_file=genome_file)
        judged = judge(opened, genome_digest=genome, recommenders=recommenders, n=n)
        show_judged(judged)
        emit("evaluate", "recommenders_judged", genome)
        return judged


@flow(name="validate", flow_run_name="validate {batch}")
def validate(
    batch: str,
    dataset: str | None = None,
    batch_key: str | None = None,
    again: bool = False,
    store: Path | Store = STORE,
    options: RunOptions | None = None,
) -> ValidateFields:
    """A batch against the gates; the fields of `understudy validate`. Raises GateFailed when one says no.

    `again`: a batch that other suites have judged is judged by those of today.

    A report that is not there is played first, by the models of `options`. Raises BadInput where there are none.
    """
    with store_open(store) as opened:
        chosen = batch_key or batch_key_of(opened, batch, dataset)
        n_calls = 0
        if not is_reported(opened, chosen):
            with models_open(batch_of(opened, chosen)["dataset"], options_given(options, batch), opened) as playing:
                n_calls = report_batch(playing, chosen)
        judged = validate_batch(opened, chosen, again=again)
        if not judged["passed"]:
            show_broken(opened, chosen, batch=batch, failed=[one for one in judged["verdicts"] if one["outcome"] == "failed"])
    calls = {"report": n_calls}
    with answering({"calls": calls}):
        return {**require_passed(judged), "calls": calls}


def usefulness(store: Store, batch_key: str, *, people: str, options: RunOptions | OpenRun | None) -> int:
    """The calls that the seed prompt's dialogues took, after which the TSTR of a batch on the humans of `people` is in the store."""
    batch = batch_of(store, batch_key)
    with run_of_batch(store, batch, options) as opened:
        n_before = opened.gateway.n_calls
        seed = seed_batch(opened, batch)
        measure_usefulness(opened, batch_key, genome_digest=batch["genome_digest"], seed=seed, people=people)
        return opened.gateway.n_calls - n_before


@flow(name="publish", flow_run_name="publish {batch} as {name}")
def publish(
    batch: str,
    name: str,
    dataset: str | None = None,
    batch_key: str | None = None,
    releases: str | None = None,
    waiver: str = "",
    to: str | None = None,
    tstr: bool = False,
    final: bool = False,
    store: Path | Store = STORE,
    options: RunOptions | OpenRun | None = None,
) -> ReleaseFields:
    """A batch that passed, as a release; the fields of `understudy publish`.

    `waiver`: why a source need not state a licence. `to`: a repository of the Hugging Face hub, `hf:OWNER/NAME`, or an address on an
    object store, that gets the release too.
    `tstr`: models learn from its dialogues and are tested on human ones first, where the models of `options` play the seed prompt; `final`:
    on those of the split `test`.
    """
    place = None if to is None or is_address(to) else HubPlace.of(to)
    with store_open(store) as opened:
        chosen = batch_key or batch_key_of(opened, batch, dataset)
        if place is not None:
            # what the hub's name may not be is said before anything is published
            require_honest(place, batch_of(opened, chosen)["engine"])
        people = (TEST if final else REPORTING) if tstr else None
        n_calls = 0
        if people is not None:
            require_publishable(opened, chosen, name=name, waiver=waiver)
            n_calls = usefulness(opened, chosen, people=people, options=options)
        published = publish_batch(
            opened, chosen, name=name, releases_dir=releases_of(opened.path, releases), waiver=waiver, people=people, n_model_calls=n_calls
        )
    if to is None or published["release"] is None:
        return published
    if place is None:
        return {**published, "stored": store_release(published["release"]["path"], to)}
    return {**published, "hub": upload_release(published["release"]["path"], to)}
