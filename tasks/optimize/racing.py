"""The first lap of a generation, where a search races: half of the panel, after which the clearly dominated are out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
from prefect import task

from understudy.doors.store import Store
from understudy.search.racing import Lap, RaceOutcome, resampled
from understudy.tasks.names import with_prompt
from understudy.tasks.optimize.generations import Run, panel_of, part_of, work_of
from understudy.tasks.play.elsewhere import here
from understudy.tasks.play.evaluation import Done, keep, measured
from understudy.tasks.play.opened import OpenRun
from understudy.tasks.play.work import Work


@dataclass(frozen=True, slots=True)
class LapDone:
    """What a first lap leaves: the evaluation of a part of the panel, and the lap as the race takes it."""

    done: Done
    lap: Lap


@task(name="evaluate first part of panel", task_run_name=with_prompt("evaluate first part of"), persist_result=False)
@here
def first_lap(work: Work, opened: OpenRun, run: Run) -> LapDone:
    """Half of a candidate's panel, played and measured with resamples, as a task that is mapped over candidates."""
    found = measured(opened, part_of(work))
    done = found.done
    replicates = {name: found.evaluation.objectives[name].replicates for name in run.played}
    draws = resampled(work.genome_digest, replicates, run.played)
    return LapDone(done, Lap(work.genome_digest, draws, done.row["n_tokens"], done.row["n_dialogues"], done.row["work_tokens"]))


@task(name="store first parts", persist_result=False)
def keep_laps(store: Store, laps: Sequence[LapDone]) -> None:
    """Writes the first laps, those of a race that a cap cut short as well."""
    with store.transaction():
        keep(store, [lap.done for lap in laps])


@task(name="store race", task_run_name="store race of generation {generation}", persist_result=False)
def keep_race(opened: OpenRun, run: Run, generation: int, race: Sequence[RaceOutcome]) -> None:
    """Writes how a race went."""
    panel = panel_of(opened, run, run.plan.rotation(generation))
    rows = [
        {
            "run_key": run.run_key, "generation": generation, "genome_digest": one.genome_digest,
            "evaluation_key": part_of(work_of(opened, run, one.genome_digest, "search", panel, intervals=False)).key,
            "p_dominated": one.p_dominated, "dropped": one.p_dominated is not None, "n_dialogues": one.n_dialogues,
            "n_tokens": one.n_tokens, "work_tokens": one.work,
        }
        for one in race
    ]  # fmt: skip
    with opened.store.transaction():
        opened.store.add("optimize.races", pl.DataFrame(rows, schema_overrides={"p_dominated": pl.Float64, "work_tokens": pl.Int64}))
