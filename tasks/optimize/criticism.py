"""The critic's part of a generation: what it is asked, with which turns beside it, and what it answered. Mapped before playing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import polars as pl
from prefect import task

from understudy.keys import canonical_json, seed_of
from understudy.play import cases
from understudy.search import critic
from understudy.search.critic import Commission, Treated
from understudy.search.influence import ComparedTurn, Evidence, evidence
from understudy.tasks.optimize.generations import Run, evaluation_of, panel_of, work_of
from understudy.tasks.play.elsewhere import here
from understudy.tasks.play.evaluation import performed, reference_of
from understudy.tasks.play.opened import OpenRun
from understudy.tasks.play.work import Work

# what is shown to these is the section alone: they are to say the same in other words
_WORDING = ("paraphrase", "compress")


@task(name="rewrite section", task_run_name="rewrite for place {wanted.place} of generation {wanted.generation}", persist_result=False)
@here
def criticise(wanted: Commission, opened: OpenRun, run: Run) -> Treated:
    """What the critic answers, as a task that is mapped over the places of a generation. What was asked before comes from the ledger."""
    shown, gateway = evidence_for(opened, run, wanted), opened.gateway
    examples = [opened.humans.exemplars[name] for name in wanted.parents[0].exemplars]
    context, ratio = gateway.context_of(run.critic), gateway.price_ratio(run.critic, opened.cast.seeker)
    asked = critic.criticise(gateway.complete, wanted, shown, model=run.critic, seed=run.seed, shown=examples, context=context)
    answer = gateway.run(asked)
    return Treated(wanted, shown, replace(answer, work=round(ratio * answer.work)))


def commission_frame(run: Run, treated: Sequence[Treated]) -> pl.DataFrame:
    """Rows of optimize.commissions."""
    texts = ("run_key", "operator", "section", "reason")
    schema: dict[str, Any] = {**dict.fromkeys(texts, pl.String), **dict.fromkeys(("parents", "objectives"), pl.List(pl.String))}
    schema |= dict.fromkeys(("generation", "place", "n_tokens", "work_tokens", "n_shortened"), pl.Int64)
    rows = [
        {
            "run_key": run.run_key, "generation": one.commission.generation, "place": one.commission.place,
            "work_tokens": one.answer.work, "n_shortened": one.answer.n_shortened,
            "operator": one.commission.operator, "section": one.commission.section or "", "objectives": list(one.commission.objectives),
            "parents": [parent.digest for parent in one.commission.parents], "reason": one.answer.reason, "n_tokens": one.answer.n_tokens,
        }
        for one in treated
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=schema)


def rewriting_frame(run: Run, treated: Sequence[Treated]) -> pl.DataFrame:
    """Rows of optimize.rewritings."""
    texts = ("run_key", "objective", "evidence", "fault", "section", "text")
    schema: dict[str, Any] = {**dict.fromkeys(texts, pl.String), **dict.fromkeys(("generation", "place", "step", "n_tokens"), pl.Int64)}
    rows = [
        {
            "run_key": run.run_key, "generation": one.commission.generation, "place": one.commission.place, "step": step,
            "evidence": canonical_json(one.evidence.get(rewrite.objective)), **asdict(rewrite),
        }
        for one in treated
        for step, rewrite in enumerate(one.answer.rewrites)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=schema)


def evidence_for(opened: OpenRun, run: Run, wanted: Commission) -> dict[str, Evidence]:
    """Objective → the turns that show what is wrong with the prompt to be rewritten; empty before it was played."""
    work = None if wanted.generation == 0 or wanted.operator in _WORDING else _last_work(opened, run, wanted)
    if work is None:
        return {}
    measured = evaluation_of(opened.store.rows("optimize/evaluation", evaluation_key=work.key)[0]).objectives
    draw = seed_of("evidence", run.seed, wanted.generation, wanted.place)
    found = {
        name: evidence(
            name, _cases(opened, work), {part: one.value for part, one in measured[name].signed.items()}, seed=draw,
            by_influence=run.plan.has("influence"),
        )
        for name in dict.fromkeys(wanted.objectives)
    }  # fmt: skip
    return {name: one for name, one in found.items() if one is not None}


def _last_work(opened: OpenRun, run: Run, wanted: Commission) -> Work | None:
    """The newest evaluation of the prompt in this search."""
    for generation in range(wanted.generation - 1, -1, -1):
        panel = panel_of(opened, run, run.plan.rotation(generation))
        work = work_of(opened, run, wanted.parents[0].digest, "search", panel, intervals=False)
        if opened.store.rows("optimize/evaluation", evaluation_key=work.key):
            return work
    return None


def _cases(opened: OpenRun, work: Work) -> list[ComparedTurn]:
    return opened.recent(("cases", work), lambda: _read_cases(opened, work))


def _read_cases(opened: OpenRun, work: Work) -> list[ComparedTurn]:
    split, humans = work.split, opened.humans
    played, _ = performed(opened, work)
    words = humans.once(("words at contexts", split), lambda: cases.HumanTurns.of(humans.reactions(split), humans.behaviour(split)))
    return cases.cases(played, contexts=humans.contexts(split), humans=words, reference=reference_of(opened, work))
