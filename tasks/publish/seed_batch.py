"""Stage publish: the dialogues of the seed prompt, beside which a TSTR sets those of a release. They are a batch with a name of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from understudy.doors.store import Store
from understudy.errors import BudgetExhausted, ProviderFailed
from understudy.names import checked_name
from understudy.parameters import REPORT_PANEL, RunOptions
from understudy.tasks.play.opened import OpenRun, models_open
from understudy.tasks.simulate.batch import play_batch
from understudy.tasks.simulate.plan import BatchPlan
from understudy.tasks.simulate.report import options_given, require_same_run
from understudy.tasks.studies.planned import planned_calls

_SAME = "the release was played with the seed prompt itself, so its dialogues are those of the seed prompt"
_WRITTEN = "no search of this store proposed the prompt of the release, so the seed prompt is not known"


@dataclass(frozen=True, slots=True)
class SeedBatch:
    """The batch that the seed prompt played; `batch_key` is empty where there is none, and `reason` says why."""

    batch_key: str
    reason: str = ""


@contextmanager
def run_of_batch(store: Store, batch: Mapping[str, Any], options: RunOptions | OpenRun | None) -> Iterator[OpenRun]:
    """The run that is open, or one that plays as the batch was played: its recommender, its seed. Raises BadInput for other models."""
    if isinstance(options, OpenRun):
        yield options
        return
    given = options_given(options, batch["batch"])
    own = given.model_copy(update={"recommender": batch["recommender"], "seed": batch["seed"]})
    with models_open(batch["dataset"], own, store) as opened:
        require_same_run(opened, batch)
        yield opened


def seed_batch(opened: OpenRun, batch: Mapping[str, Any]) -> SeedBatch:
    """As many dialogues of the seed prompt as the batch has; what is there already is not played again.

    Where a cap or a failing model ends it, what was paid for is in the ledger, and the same command goes on from there.
    """
    genome_digest, reason = seed_prompt(opened.store, batch)
    if reason:
        return SeedBatch("", reason)
    plan = BatchPlan(seed_batch_name(batch["batch"]), batch["n_dialogues"], REPORT_PANEL)
    try:
        planned_calls(opened, genome_digest=genome_digest, plan=plan, with_report=False)
        return SeedBatch(play_batch(opened, genome_digest=genome_digest, plan=plan)["batch_key"])
    except (BudgetExhausted, ProviderFailed) as error:
        return SeedBatch("", f"the dialogues of the seed prompt could not be played: {error.message}")


def seed_prompt(store: Store, batch: Mapping[str, Any]) -> tuple[str, str]:
    """The digest of the prompt that the search for the batch's prompt began with, or empty and why there is none."""
    parts = {name: batch[name] for name in ("genome_digest", "profile_key")}
    seeds = [row["genome_digest"] for row in store.rows("publish/seed_prompts", **parts)]
    if not seeds:
        return "", _WRITTEN
    return ("", _SAME) if batch["genome_digest"] in seeds else (seeds[0], "")


def seed_batch_name(batch: str) -> str:
    """The name of the batch that the seed prompt plays for a batch of that name. Raises BadInput where it is too long."""
    return checked_name(f"{batch}-seed-prompt", of="batch")
