"""One flow per stage. A flow says in which order its tasks run; what they do stands in tasks/ and understudy/."""

from __future__ import annotations

from typing import Any

from prefect import flow

from understudy.doors.events import emit
from understudy.flows.runners import threads
from understudy.flows.searching import searched
from understudy.parameters import REPORT_PANEL, PanelSize, RunOptions, Search
from understudy.tasks.ingest.logs import ingest_logs
from understudy.tasks.optimize.search import open_run
from understudy.tasks.play.evaluation import recommender_named
from understudy.tasks.play.metering import metered
from understudy.tasks.play.models import default_batch, models_open, releases_of, store_held
from understudy.tasks.profile.dataset import profile_dataset
from understudy.tasks.publish.batch import publish_batch
from understudy.tasks.simulate.batch import batch_key_of, play_batch, prompt_of
from understudy.tasks.studies.evaluate import judge
from understudy.tasks.studies.evaluate import show as show_judged
from understudy.tasks.studies.report import compare as compare_with_seed
from understudy.tasks.validate.batch import require_passed, validate_batch

Fields = dict[str, Any]
STORE = "understudy.duckdb"


@flow(name="ingest")
def ingest(
    reader: str, paths: list[str], dataset: str, store: str = STORE, split: str | None = None, roles: dict[str, str] | None = None
) -> Fields:
    """Human logs into the store; the fields of `understudy ingest`."""
    done = ingest_logs(store, reader, paths, dataset=dataset, split=split, roles=roles)
    emit("ingest", "ingest_done", done["source_sha256"])
    return done


@flow(name="profile")
def profile(dataset: str, store: str = STORE, at: PanelSize | None = None, out: str | None = None) -> Fields:
    """Splits, needs, contexts, anchors, drawings and instruments of a data set; the fields of `understudy profile`."""
    done = profile_dataset(store, dataset, at=at, out=out)
    emit("profile", "profile_done", done["profile_key"])
    return done


@flow(name="optimize", task_runner=threads(4))
def optimize(
    dataset: str, setting: str = "zero_shot", search: Search = Search(), options: RunOptions = RunOptions()
) -> Fields:
    """The search over prompts, generation by generation; the fields of `understudy optimize`."""
    store = str(options.store)
    with store_held(store), models_open(dataset, options) as opened:
        run = open_run(
            store, dataset, setting=setting, recommender=recommender_named(options.recommender, opened), seed=options.seed,
            search=search, model=opened.seeker, critic_model=opened.critic,
        )  # fmt: skip
        with metered(store, run.run_key):
            found = searched(run)
        emit("optimize", "search_done", f"{run.run_key}/{found['pick']['genome_digest']}")
        return {**found, "n_model_calls": opened.gateway.n_calls}


@flow(name="compare")
def compare(result: Fields, report: PanelSize = REPORT_PANEL, options: RunOptions = RunOptions()) -> Fields:
    """Seed and pick of a search, objective by objective, on dialogues that the search has not seen."""
    with models_open(result["dataset"], options) as opened:
        crs = recommender_named(options.recommender, opened)
        return compare_with_seed(str(options.store), result, model=opened.seeker, recommender=crs, seed=options.seed, size=report)


@flow(name="simulate")
def simulate(
    dataset: str,
    setting: str | None = None,
    genome_file: str | None = None,
    genome_digest: str | None = None,
    n: int = 800,
    batch: str | None = None,
    report: PanelSize = REPORT_PANEL,
    options: RunOptions = RunOptions(),
) -> Fields:
    """A batch of dialogues with one prompt; the fields of `understudy simulate`."""
    store = str(options.store)
    with store_held(store), models_open(dataset, options) as opened:
        genome = genome_digest or prompt_of(store, dataset, setting=setting, genome_file=genome_file, seed=options.seed)
        played = play_batch(
            store, dataset, genome_digest=genome, batch=default_batch(batch), n=n, size=report,
            recommender=recommender_named(options.recommender, opened), model=opened.seeker, seed=options.seed,
        )  # fmt: skip
        emit("simulate", "batch_played", played["batch_key"])
        return played


@flow(name="evaluate")
def evaluate(
    dataset: str,
    recommenders: list[str],
    setting: str | None = None,
    genome_file: str | None = None,
    n: int = 200,
    options: RunOptions = RunOptions(),
) -> Fields:
    """Recommenders judged by simulated seekers; the fields of `understudy evaluate`. `recommenders` replaces that of the options."""
    store = str(options.store)
    with store_held(store), models_open(dataset, options):
        genome = prompt_of(store, dataset, setting=setting, genome_file=genome_file, seed=options.seed)
        judged = judge(store, dataset, genome_digest=genome, recommenders=recommenders, n=n, seed=options.seed)
        show_judged(judged)
        emit("evaluate", "recommenders_judged", genome)
        return judged


@flow(name="validate")
def validate(batch: str, store: str = STORE, dataset: str | None = None, batch_key: str | None = None) -> Fields:
    """A batch against the gates; the fields of `understudy validate`. Raises GateFailed when one says no."""
    judged = validate_batch(store, batch_key or batch_key_of(store, batch, dataset))
    return require_passed(judged)


@flow(name="publish")
def publish(
    batch: str, name: str, store: str = STORE, dataset: str | None = None, releases: str | None = None, batch_key: str | None = None
) -> Fields:
    """A batch that passed, as a release; the fields of `understudy publish`."""
    chosen = batch_key or batch_key_of(store, batch, dataset)
    return publish_batch(store, chosen, name=name, releases_dir=releases_of(store, releases))
