"""The report of a batch: its prompt replayed on human contexts, which is what most gates read. Played with the batch, or by `validate`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from prefect import task

from understudy.completion import engine_of
from understudy.doors.events import emit
from understudy.doors.gateway import ages
from understudy.doors.store import Store
from understudy.errors import BadInput
from understudy.names import shown_model
from understudy.parameters import RunOptions
from understudy.play.panels import Panel
from understudy.records import REPORTING
from understudy.rows import played as rows
from understudy.tasks.play.evaluation import keep, measured, performed
from understudy.tasks.play.opened import OpenRun
from understudy.tasks.play.work import Work
from understudy.tasks.simulate.plan import panel_of
from understudy.tasks.simulate.results import OverlapFields, SharedFields

Fields = Mapping[str, Any]


@task(name="play report", task_run_name="play report of batch {batch_key:.12}", persist_result=False)
def report_batch(opened: OpenRun, batch_key: str) -> int:
    """How many model calls the report of a batch took now; 0 where it is there. Raises BadInput where another run played the batch."""
    store, gateway = opened.store, opened.gateway
    batch = batch_of(store, batch_key)
    if batch["is_reported"]:
        return 0
    n_before, work = gateway.n_calls, _work(opened, batch)
    replays = replace(work, panel=replace(work.panel, free=()))
    replayed, fresh = performed(opened, replays)
    with store.transaction():
        # kept before they are measured: what was paid for is not asked again
        rows.keep_played(store, fresh, profile_key=work.profile_key)
    found = measured(opened, work)
    with store.transaction():
        keep(store, [found.done])
        store.add("simulate.reports", [{
            "batch_key": batch_key, "engine": engine_of(one.engine for one in replayed), "n_replays": len(replayed),
            "n_missing": sum(one.status == "missing" for one in replayed),
        }])  # fmt: skip
    emit("simulate", "report_played", batch_key)
    return gateway.n_calls - n_before


def is_reported(store: Store, batch_key: str) -> bool:
    """Whether the report of a batch has been played. Raises BadInput where there is no such batch."""
    return bool(batch_of(store, batch_key)["is_reported"])


def batch_of(store: Store, batch_key: str) -> dict[str, Any]:
    """The row of a batch. Raises BadInput where there is none."""
    found = store.rows("simulate/batch", batch_key=batch_key)
    if not found:
        raise BadInput(f"there is no batch {batch_key}", hint="run `understudy simulate` to play one")
    return found[0]


def options_given(options: RunOptions | None, batch: str) -> RunOptions:
    """The options of a run that has to play a report. Raises BadInput where there are none."""
    if options is None:
        raise BadInput(f"the report of the batch {batch!r} has not been played", hint="run `understudy validate`, which plays it")
    return options


def overlap_of(store: Store, batch_key: str) -> OverlapFields:
    """How much of what the report of a batch replays, earlier reports of the data set have replayed too: contexts, never replies."""
    rows_of_strata = store.rows("simulate/overlap", batch_key=batch_key)
    strata: dict[str, SharedFields] = {row["stratum"]: {"n": row["n"], "n_shared": row["n_shared"]} for row in rows_of_strata}
    earlier = store.rows("simulate/earlier", batch_key=batch_key)[0]
    n, n_shared = sum(one["n"] for one in strata.values()), sum(one["n_shared"] for one in strata.values())
    found: OverlapFields = {"value": None, "n": n, "n_shared": n_shared, "n_batches": earlier["n_batches"], "strata": strata}
    if not n:
        found["reason"] = "what this batch replays was not recorded by the version that made it"
    elif earlier["n_unrecorded"]:
        found["reason"] = f"what {earlier['n_unrecorded']} of the earlier batches replayed was not recorded by the version that made them"
    else:
        found["value"] = n_shared / n
    return found


def require_same_run(opened: OpenRun, batch: Fields) -> None:
    """Raises BadInput where this run has other humans or other models than the one that played the batch."""
    if opened.humans.profile_key != batch["profile_key"]:
        raise BadInput(
            f"the batch {batch['batch']!r} was played with another profile of {batch['dataset']!r} than the newest one",
            hint="simulate a batch of another name: its report is held against the humans of the newest profile",
        )
    if ages.bare(opened.cast.seeker) != ages.bare(batch["model"]) or opened.verifier != batch["verifier"]:
        raise BadInput(
            f"the batch {batch['batch']!r} was played by {_models(batch['model'], batch['verifier'])}, but the options name "
            f"{_models(opened.cast.seeker, opened.verifier)}",
            hint="give `validate` the same --model, --verifier-model and --surface as the command that played the batch",
        )


def _work(opened: OpenRun, batch: Fields) -> Work:
    """The evaluation that the batch was played for. Raises BadInput where this run would make another one."""
    require_same_run(opened, batch)
    panel: Panel = panel_of(opened.store, batch["batch_key"])
    work = opened.work(batch["genome_digest"], panel, split=REPORTING, free_split="search", recommender=batch["recommender"])
    work = replace(work, model=batch["model"], seed=batch["seed"])
    if work.key != batch["evaluation_key"]:
        raise BadInput(
            f"the batch {batch['batch']!r} was played by another version of understudy",
            hint="simulate a batch of another name: objectives or dialogues mean something else now",
        )
    return work


def _models(seeker: str, verifier: str | None) -> str:
    return shown_model(f"{seeker} with the verifier {verifier}" if verifier else seeker)
