"""The first lap of a generation, where a search races: half of the panel, after which the clearly dominated are out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
from prefect import task

from understudy.doors.store import Store
from understudy.objectives import NAMES
from understudy.search import loop
from understudy.search.racing import Resampled, dropped, resampled
from understudy.tasks.optimize.generations import Run, part_of
from understudy.tasks.play.evaluation import Done, Work, keep, measured, performed, row_of


@dataclass(frozen=True, slots=True)
class Lap:
    """A candidate after a part of its panel; `draws` is None where an objective could not be measured on so little."""

    done: Done
    draws: Resampled | None


@task(name="evaluate first part of panel", persist_result=False)
def first_lap(work: Work) -> Lap:
    """Half of a candidate's panel, played and measured with resamples, as a task that is mapped over candidates."""
    part = part_of(work)
    played, fresh = performed(part)
    found = measured(part, played)
    replicates = {name: found.objectives[name].replicates for name in NAMES}
    return Lap(Done(part, row_of(part, played, found), fresh), resampled(work.genome_digest, replicates, NAMES))


@task(name="drop dominated candidates", persist_result=False)
def race(run: Run, generation: int, works: Sequence[Work], laps: Sequence[Lap], capped: str) -> list[Work]:
    """The work that goes on, with the laps kept. A race that a cap cut short drops nobody, and is run to its end another time."""
    if capped:
        with Store.open(run.store) as store, store.transaction():
            keep(store, [lap.done for lap in laps])
        return []
    with Store.open(run.store) as store:
        candidates = store.rows("optimize/candidates", run_key=run.run_key, generation=generation)
        ahead = [row["genome_digest"] for row in candidates if row["operator"] in (loop.SEED, loop.SURVIVOR)]
        out = dropped([lap.draws for lap in laps if lap.draws is not None], ahead)
        with store.transaction():
            keep(store, [lap.done for lap in laps])
            store.add("optimize.races", _frame(run, generation, laps, out))
    return [work for work in works if work.genome_digest not in out]


def raced_before(run: Run, generation: int, works: Sequence[Work]) -> list[Work] | None:
    """The work that goes on after a race that was run before the search was stopped; None where there was none."""
    with Store.open(run.store) as store:
        rows = store.rows("optimize/races", run_key=run.run_key, generation=generation)
    if not rows:
        return None
    out = {row["genome_digest"] for row in rows if row["dropped"]}
    return [work for work in works if work.genome_digest not in out]


def _frame(run: Run, generation: int, laps: Sequence[Lap], out: dict[str, float]) -> pl.DataFrame:
    rows = [
        {
            "run_key": run.run_key, "generation": generation, "genome_digest": lap.done.work.genome_digest,
            "evaluation_key": lap.done.work.key, "p_dominated": out.get(lap.done.work.genome_digest),
            "dropped": lap.done.work.genome_digest in out, "n_dialogues": lap.done.row["n_dialogues"], "n_tokens": lap.done.row["n_tokens"],
        }
        for lap in laps
    ]  # fmt: skip
    return pl.DataFrame(rows, schema_overrides={"p_dominated": pl.Float64})
