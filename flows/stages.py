"""One flow per stage. A flow says in which order its tasks run; what they do stands in tasks/ and understudy/."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner

from understudy.doors.events import emit
from understudy.flows.searching import generation
from understudy.parameters import REPORT_PANEL, Caps, Models, PanelSize, Search
from understudy.tasks.ingest.logs import ingest_logs
from understudy.tasks.optimize.finals import conclude, confirm
from understudy.tasks.optimize.search import finalists, open_run
from understudy.tasks.play.evaluation import recommender_named, settled
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


# mapped candidates wait for model calls most of the time, so they are threads
@flow(name="optimize", task_runner=ThreadPoolTaskRunner(max_workers=4))
def optimize(
    dataset: str,
    store: str = STORE,
    setting: str = "zero_shot",
    surface: str = "0",
    recommender: str = "retrieval",
    seed: int = 0,
    search: Search = Search(),
    models: Models = Models(),
    caps: Caps = Caps(),
) -> Fields:
    """The search over prompts, generation by generation; the fields of `understudy optimize`."""
    with store_held(store), models_open(store, dataset, models=models, caps=caps, surface=surface) as opened, ExitStack() as metering:
        run = open_run(
            store, dataset, setting=setting, recommender=recommender_named(recommender, opened), seed=seed,
            search=search, model=opened.seeker, critic_model=opened.critic,
        )  # fmt: skip
        metering.enter_context(metered(store, run.run_key))
        stopped = ""
        for number in range(search.generations + 1):
            stopped = generation(run, number)
            if stopped:
                break
        works = finalists(run)
        done, capped = settled(confirm.map(works))
        found = conclude(run, done, len(works), capped or stopped or "generations")
        emit("optimize", "search_done", f"{run.run_key}/{found['pick']['genome_digest']}")
        return {**found, "n_model_calls": opened.gateway.n_calls}


@flow(name="compare")
def compare(
    found: Fields,
    store: str = STORE,
    surface: str = "0",
    recommender: str = "retrieval",
    seed: int = 0,
    report: PanelSize = REPORT_PANEL,
    models: Models = Models(),
    caps: Caps = Caps(),
) -> Fields:
    """Seed and pick of a search, objective by objective, on dialogues that the search has not seen."""
    with models_open(store, found["dataset"], models=models, caps=caps, surface=surface) as opened:
        crs = recommender_named(recommender, opened)
        return compare_with_seed(store, found, model=opened.seeker, recommender=crs, seed=seed, size=report)


@flow(name="simulate")
def simulate(
    dataset: str,
    store: str = STORE,
    setting: str | None = None,
    genome_file: str | None = None,
    genome_digest: str | None = None,
    n: int = 800,
    recommender: str = "retrieval",
    batch: str | None = None,
    surface: str = "0",
    seed: int = 0,
    report: PanelSize = REPORT_PANEL,
    models: Models = Models(),
    caps: Caps = Caps(),
) -> Fields:
    """A batch of dialogues with one prompt; the fields of `understudy simulate`."""
    with store_held(store), models_open(store, dataset, models=models, caps=caps, surface=surface) as opened:
        genome = genome_digest or prompt_of(store, dataset, setting=setting, genome_file=genome_file, seed=seed)
        played = play_batch(
            store, dataset, genome_digest=genome, batch=default_batch(batch), n=n, size=report,
            recommender=recommender_named(recommender, opened), model=opened.seeker, seed=seed,
        )  # fmt: skip
        emit("simulate", "batch_played", played["batch_key"])
        return played


@flow(name="evaluate")
def evaluate(
    dataset: str,
    recommenders: list[str],
    store: str = STORE,
    setting: str | None = None,
    genome_file: str | None = None,
    n: int = 200,
    surface: str = "0",
    seed: int = 0,
    models: Models = Models(),
    caps: Caps = Caps(),
) -> Fields:
    """Recommenders judged by simulated seekers; the fields of `understudy evaluate`."""
    with store_held(store), models_open(store, dataset, models=models, caps=caps, surface=surface):
        genome = prompt_of(store, dataset, setting=setting, genome_file=genome_file, seed=seed)
        judged = judge(store, dataset, genome_digest=genome, recommenders=recommenders, n=n, seed=seed)
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
