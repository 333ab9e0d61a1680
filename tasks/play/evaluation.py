"""Stage play: a genome is played on a panel and measured. The search, the report and the release batch all come through here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from prefect import task
from prefect.futures import PrefectFuture

from understudy import objectives
from understudy.doors import gauge
from understudy.doors.store import Store
from understudy.errors import BudgetExhausted
from understudy.keys import canonical_json
from understudy.measure.reference import Reference
from understudy.play.dialogue import Played
from understudy.play.frames import simulated
from understudy.rows import played as rows
from understudy.tasks.names import with_prompt
from understudy.tasks.play.chunks import played_in_chunks
from understudy.tasks.play.elsewhere import here
from understudy.tasks.play.missing import require_replies
from understudy.tasks.play.opened import OpenRun
from understudy.tasks.play.scenes import play_scenes, scenes_of
from understudy.tasks.play.work import EvaluationRow, Work

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Done:
    """What a piece of work leaves: its row of optimize.evaluations, and the dialogues that were not in the store before."""

    work: Work
    row: EvaluationRow
    played: tuple[Played, ...] = ()


@dataclass(frozen=True, slots=True)
class Measurement:
    """A piece of work that was played and measured: every dialogue in the order of its panel, and those of them that are new."""

    work: Work
    evaluation: objectives.Evaluation
    played: tuple[Played, ...]
    fresh: tuple[Played, ...]

    @property
    def done(self) -> Done:
        """What is written of it."""
        return Done(self.work, row_of(self.work, self.played, self.evaluation), self.fresh)


@task(name="evaluate candidate", task_run_name=with_prompt("evaluate"), persist_result=False)
@here
def evaluate(work: Work, opened: OpenRun) -> Done:
    """One evaluation, as a task that is mapped over candidates. What is in the store is neither played nor measured again."""
    found = opened.store.rows("optimize/evaluation", evaluation_key=work.key)
    return stored(work, found) or measured(opened, work).done


def stored(work: Work, evaluations: Sequence[Mapping[str, Any]]) -> Done | None:
    """The evaluation that a query has found; None where it has found none."""
    return Done(work, cast(EvaluationRow, evaluations[0])) if evaluations else None


def measured(opened: OpenRun, work: Work, *, needs_replies: bool = False) -> Measurement:
    """A prompt played where it was not yet, and what the objectives say of its dialogues, which are not written yet.

    Raises ProviderFailed where the work `needs_replies` and more than half of its free runs are missing.
    """
    played, fresh = performed(opened, work)
    if needs_replies:
        require_replies(opened, work, played, fresh)
    seen = simulated(played, opened.humans.context_turns(work.split))
    reference = reference_of(opened, work)
    evaluation = objectives.measure_all(seen, reference, seed=work.seed, intervals=work.intervals)
    return Measurement(work, evaluation, tuple(played), fresh)


def reference_of(opened: OpenRun, work: Work) -> Reference:
    """The humans against which a piece of work is measured."""
    return opened.humans.reference(work.split, seed=work.seed, min_contexts=work.min_contexts)


def performed(opened: OpenRun, work: Work) -> tuple[list[Played], tuple[Played, ...]]:
    """Every dialogue of the work in the order of its panel, and those of them that had to be played now.

    They are played by the workers of the run, where it has some and this is not one of them.
    """
    scenes = scenes_of(opened, work)
    there = rows.load_played(opened.store, [scene.play_key for scene in scenes])
    missing = [scene for scene in scenes if scene.play_key not in there]
    fresh: list[Played] = []
    if missing:
        gauge.planned(len(missing))
        if opened.workers is not None:
            fresh = played_in_chunks(opened, opened.workers, work, missing)
        else:
            gateway = opened.gateway

            def on_played() -> None:
                gauge.played(gauge.SpentSoFar(gateway.n_calls, gateway.tokens, gateway.usd))

            fresh = play_scenes(opened, work, missing, on_played)
    by_key = {**there, **{one.play_key: one for one in fresh}}
    return [by_key[scene.play_key] for scene in scenes], tuple(fresh)


def settled(futures: Iterable[PrefectFuture[Result]]) -> tuple[list[Result], str]:
    """What mapped tasks returned, in order, and `budget` where a cap stopped some of them. Any other failure is raised."""
    done: list[Result] = []
    stopped = ""
    for future in futures:
        try:
            done.append(future.result())
        except BudgetExhausted:
            stopped = "budget"
    return done, stopped


def keep(store: Store, done: Iterable[Done]) -> None:
    """Writes evaluations and the dialogues played for them; the caller opens the transaction."""
    done = list(done)
    for profile_key in sorted({one.work.profile_key for one in done}):
        fresh = [played for one in done if one.work.profile_key == profile_key for played in one.played]
        rows.keep_played(store, fresh, profile_key=profile_key)
    store.add("optimize.evaluations", [one.row for one in done])


def row_of(work: Work, played: Sequence[Played], evaluation: objectives.Evaluation) -> EvaluationRow:
    """The row of optimize.evaluations."""
    told = evaluation.as_json()
    return {
        "evaluation_key": work.key,
        "genome_digest": work.genome_digest,
        "profile_key": work.profile_key,
        "split": work.split,
        "panel_key": work.panel.key,
        "model": work.model,
        "objectives": canonical_json(told["objectives"]),
        "leakage": canonical_json(told["leakage"]),
        "diagnostics": canonical_json(told["diagnostics"]),
        "n_dialogues": len(played),
        "n_missing": sum(one.status == "missing" for one in played),
        "n_tokens": sum(one.n_tokens for one in played),
        "work_tokens": None if any(one.work_tokens is None for one in played) else sum(one.work_tokens or 0 for one in played),
    }
