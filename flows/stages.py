"""One flow per stage. A flow says in which order its tasks run; what they do stands in tasks/ and understudy/."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner

import tasks.ingest
import tasks.optimize
import tasks.profile
import tasks.publish
import tasks.simulate
import tasks.validate
from tasks.models import models_open
from understudy.doors.events import emit
from understudy.parameters import Caps, Models, Search

Fields = dict[str, Any]
STORE = "understudy.duckdb"


@flow(name="ingest")
def ingest(reader: str, paths: list[str], dataset: str, store: str = STORE, split: str | None = None) -> Fields:
    """Human logs into the store; the fields of `understudy ingest`."""
    done = tasks.ingest.ingest_logs(store, reader, paths, dataset=dataset, split=split)
    emit("ingest", "ingest_done", done["source_sha256"])
    return done


@flow(name="profile")
def profile(dataset: str, store: str = STORE) -> Fields:
    """Splits, needs, contexts, anchors and instruments of a data set; the fields of `understudy profile`."""
    done = tasks.profile.profile_dataset(store, dataset)
    emit("profile", "profile_done", done["profile_key"])
    return done


# mapped candidates wait for model calls most of the time: threads, one per candidate in flight
@flow(name="optimize", task_runner=ThreadPoolTaskRunner(max_workers=8))
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
    with models_open(store, dataset, models=models, caps=caps, surface=surface) as open_models:
        run = tasks.optimize.open_run(
            store, dataset, setting=setting, recommender=recommender, seed=seed, search=search, model=open_models.seeker
        )
        stopped = "generations"
        for generation in range(search.generations + 1):
            candidates = tasks.optimize.propose(store, run, generation)
            emit("optimize", "generation_started", f"{run}/{generation}")
            played = tasks.optimize.evaluate.map(candidates)
            stopped = tasks.optimize.keep_generation(store, run, generation, tasks.optimize.settled(played))
            emit("optimize", "generation_done", f"{run}/{generation}")
            if stopped:
                break
        finalists = tasks.optimize.finalists(store, run)
        measured = tasks.optimize.evaluate.map(finalists)
        return tasks.optimize.conclude(store, run, tasks.optimize.settled(measured), stopped)
