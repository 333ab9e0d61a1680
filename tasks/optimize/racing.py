"""The first lap of a generation, where a search races: half of the panel, after which the clearly dominated are out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
from prefect import task

from understudy.doors.store import Store
from understudy.objectives import NAMES
from understudy.search.racing import Lap, RaceOutcome, resampled
from understudy.tasks.optimize.generations import Run, panel_of, part_of, work_of
from understudy.tasks.play.evaluation import Done, Work, keep, measured, performed, row_of


@dataclass(frozen=True, slots=True)
class LapDone:
    """What a first lap leaves: the evaluation of a part of the panel, and the lap as the race takes it."""

    done: Done
    lap: Lap


@task(name="evaluate first part of panel", persist_result=False)
def first_lap(work: Work) -> LapDone:
    """Half of a candidate's panel, played and measured with resamples, as a task that is mapped over candidates."""
    part = part_of(work)
    played, fresh = performed(part)
    evaluation = measured(part, played)
    done = Done(part, row_of(part, played, evaluation), fresh)
    replicates = {name: evaluation.objectives[name].replicates for name in NAMES}
    draws = resampled(work.genome_digest, replicates, NAMES)
    return LapDone(done, Lap(work.genome_digest, draws, done.row["n_tokens"], done.row["n_dialogues"]))


@task(name="store first parts", persist_result=False)
def keep_laps(run: Run, laps: Sequence[LapDone]) -> None:
    """Writes the first laps, those of a race that a cap cut short as well."""
    with Store.open(run.store) as store, store.transaction():
        keep(store, [lap.done for lap in laps])


@task(name="store race", persist_result=False)
def keep_race(run: Run, generation: int, race: Sequence[RaceOutcome]) -> None:
    """Writes how a race went."""
    panel = panel_of(run, run.plan.rotation(generation))
    rows = [
        {
            "run_key": run.run_key, "generation": generation, "genome_digest": one.genome_digest,
            "evaluation_key": part_of(work_of(run, one.genome_digest, "search", panel, intervals=False)).key,
            "p_dominated": one.p_dominated, "dropped": one.p_dominated is not None, "n_dialogues": one.n_dialogues,
            "n_tokens": one.n_tokens,
        }
        for one in race
    ]  # fmt: skip
    with Store.open(run.store) as store, store.transaction():
        store.add("optimize.races", pl.DataFrame(rows, schema_overrides={"p_dominated": pl.Float64}))
