"""What `replicate` would take: the places are drawn and the prompts rendered as the run would; what models write is bounded, not known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from understudy.completion import ModelRole, Request
from understudy.doors import textual_gradients
from understudy.doors.gateway import ages, lengths
from understudy.doors.local.servers import local_models
from understudy.doors.local.speed import Speed, speed_of
from understudy.doors.store import Store
from understudy.parameters import Models, RunOptions
from understudy.probes.replication import feedback_score, tastes
from understudy.probes.replication.people import HistoryUser, PaperHumans
from understudy.probes.replication.prompting import ToldOfUser, request_of, seed_prompt
from understudy.probes.replication.settings import shown_rows
from understudy.probes.replication.tasks import neg_feedback
from understudy.rows.handle import Humans
from understudy.studies import estimate
from understudy.studies.estimate import NONE, Estimate, RoleCalls, Stage, StageGroup
from understudy.tasks.studies.call_sizes import MEAN_SPREAD, N_ENOUGH, asked_apart, seconds_beside_others, way_of
from understudy.tasks.studies.probe import is_asked
from understudy.tasks.studies.replicate_humans import paper_humans
from understudy.tasks.studies.replicating.asked import PaperCell, ReplicateAsked, grid, shared_tasks
from understudy.tasks.studies.replicating.cells import REPORTED
from understudy.tasks.studies.results.estimates import CostFields

# a summary of two or three sentences, which stands in a prompt before it is known
_SUMMARY = "x" * 300
# TextGrad's calls for one reply: forward, loss, a gradient for the reply, a gradient for the prompt and a step, three times; then the reply
_FORWARD, _TUNING = textual_gradients.EPOCHS + 1, 4 * textual_gradients.EPOCHS
# its own questions hold the prompt, the reply, the evaluation and instructions
_TUNING_PROMPT = Estimate(4.0, 2.5, 8.0)


@dataclass(frozen=True, slots=True)
class Sizing:
    """What the calls of an estimate are sized from. `speeds`: of local models of which the ledger has too few calls, by name in keys."""

    humans: PaperHumans
    asked: ReplicateAsked
    models: Models
    seed: int
    speeds: Mapping[str, Speed]


def estimate_of(store: Store, dataset: str, options: RunOptions, *, ratings: str | None, asked: ReplicateAsked) -> CostFields:
    """Calls, tokens, USD and minutes of every cell if nothing of it had been answered. Raises BadInput.

    No model is asked, but for a few timed calls of a local one of which the ledger has too few.
    """
    humans = paper_humans(store, Humans.of(store, dataset), ratings=ratings, seed=options.seed)
    measured = {(ages.bare(row["model"]), row["role"]): row for row in store.rows("play/measured_calls") if row["n"] >= N_ENOUGH}
    with local_models(options.models) as (models, servers):
        sizing = Sizing(humans, asked, models, options.seed, {})
        untimed = {name: server for name, server in servers.items() if not any(model == name for model, _ in measured)}
        requests = _requests(sizing, grid(asked)[0]) if untimed else []
        sizing = replace(sizing, speeds={name: speed_of(one, requests) for name, one in untimed.items()} if requests else {})
    parts = [*_summaries(sizing), *(_cell(sizing, cell) for cell in grid(asked)), *_shared(sizing)]
    return cast(CostFields, estimate.estimated([_timed(measured, models, one) for one in parts], way_of(models)))


def _summaries(sizing: Sizing) -> list[StageGroup]:
    """The summaries of tastes, one for each user of any task and each size."""
    sizes = sorted({one.n_summed_up for one in sizing.asked.settings if one.n_summed_up})
    users: dict[str, HistoryUser] = {}
    for task in sizing.asked.tasks:
        places = task.places(sizing.humans, REPORTED, n=sizing.asked.n_users, seed=sizing.seed).places
        users |= {place.user.user_id: place.user for place in places}
    if not users or not sizes or not is_asked(sizing.models.seeker):
        return []
    requests = [
        tastes.request_of(user, tastes.rows_to_sum_up(user, n=n, seed=sizing.seed), model=sizing.models.seeker, seed=sizing.seed)
        for user in users.values()
        for n in sizes
    ]
    # one that names a title is asked for once more
    return [_group("summaries", "users", sizing, requests, Estimate(1.2, 1, tastes.ATTEMPTS) * len(requests))]


def _cell(sizing: Sizing, cell: PaperCell) -> StageGroup:
    name = f"{cell.setting.name}, {cell.optimizer}"
    requests = _requests(sizing, cell)
    if not requests or not is_asked(sizing.models.seeker):
        return StageGroup(name, [Stage(cell.task.NAME, NONE, 0, 0, NONE)], {})
    n = Estimate.exactly(len(requests))
    if cell.optimizer == "textgrad_instance":
        return _judged(_by_instance(name, cell, sizing, requests), cell, len(requests), sizing)
    if cell.optimizer == "ours":
        # the search may be stopped by its number of calls, and summaries of its users are among them
        n += Estimate(1.0, 0.5, 1.0) * sizing.asked.template_calls
    return _judged(_group(name, cell.task.NAME, sizing, requests, n), cell, len(requests), sizing)


def _requests(sizing: Sizing, cell: PaperCell) -> list[Request]:
    """The questions of a cell, as they will be but for what is not known yet: the persons and the summaries of tastes."""
    genome, found = seed_prompt(cell.task.NAME), []
    for place in cell.task.places(sizing.humans, REPORTED, n=sizing.asked.n_users, seed=sizing.seed).places:
        rows = tuple(shown_rows(cell.setting, place, cell.task.query(place), seed=sizing.seed))
        told_of = ToldOfUser("", _SUMMARY if cell.setting.n_summed_up else "", rows)
        found.append(request_of(genome, cell.task, place, told_of, model=sizing.models.seeker, seed=sizing.seed))
    return found


def _by_instance(name: str, cell: PaperCell, sizing: Sizing, requests: Sequence[Request]) -> StageGroup:
    group = _group(name, cell.task.NAME, sizing, requests, Estimate.exactly(len(requests)))
    seeker = group.calls["seeker"]
    # a step that fails ends nothing: every reply takes all calls
    prompt, reply = seeker.prompt_tokens * _TUNING_PROMPT, Estimate(250, 60, 800)
    speed = sizing.speeds.get(sizing.models.of("critic"))
    seconds = seeker.latency_s if speed is None else seconds_beside_others(speed, sizing.models, prompt, reply)
    tuning = replace(seeker, prompt_tokens=prompt, reply_tokens=reply, latency_s=seconds, per_question=Estimate.exactly(_TUNING))
    forward = replace(seeker, per_question=Estimate.exactly(_FORWARD))
    return replace(group, calls={**group.calls, "seeker": forward, "critic": tuning})


def _shared(sizing: Sizing) -> list[StageGroup]:
    """The search of the shared template, one for each setting."""
    if "shared" not in sizing.asked.optimizers or not is_asked(sizing.models.seeker):
        return []
    found = []
    for setting in sizing.asked.settings:
        requests = [
            request_of(seed_prompt(task.NAME), task, place, ToldOfUser(), model=sizing.models.seeker, seed=sizing.seed)
            for task in shared_tasks()
            for place in task.places(sizing.humans, "search", n=10, seed=sizing.seed).places
        ]
        n = Estimate(1.0, 0.5, 1.0) * (sizing.asked.template_calls * len(shared_tasks()))
        found.append(_group(f"{setting.name}, shared", "template", sizing, requests, n))
    return found


def _group(name: str, stage: str, sizing: Sizing, requests: Sequence[Request], n: Estimate) -> StageGroup:
    calls = asked_apart(sizing.models.seeker, sizing.models, requests, latency_s=None, speeds=sizing.speeds)
    # a reply in plain words needs no repair
    plain = replace(calls, per_question=Estimate.exactly(1))
    return StageGroup(name, [Stage(stage, NONE, 0, 0, NONE, n_questions=n)], {"seeker": plain})


def _judged(group: StageGroup, cell: PaperCell, n: int, sizing: Sizing) -> StageGroup:
    """The same with the judge's questions, two a place: its score of the reply and of the human's text."""
    if cell.task.NAME != neg_feedback.NAME or not is_asked(sizing.models.of("judge")):
        return group
    places = cell.task.places(sizing.humans, REPORTED, n=n, seed=sizing.seed).places
    requests = [
        feedback_score.request_of("x" * 200, neg_feedback.as_refusal(place, ""), model=sizing.models.of("judge"), seed=sizing.seed)
        for place in places
    ]
    calls = asked_apart(sizing.models.of("judge"), sizing.models, requests, latency_s=None, speeds=sizing.speeds)
    share = 2 * n / max(1.0, group.stages[0].n_questions.value)
    return replace(group, calls={**group.calls, "judge": replace(calls, per_question=Estimate(1.05, 1, 2) * share)})


def _timed(measured: Mapping[tuple[str, str], Mapping[str, Any]], models: Models, group: StageGroup) -> StageGroup:
    """The same with the seconds of a call as the ledger has them, where it has enough calls of the model in that role."""
    calls: dict[ModelRole, RoleCalls] = {}
    for role, one in group.calls.items():
        row = measured.get((lengths.named(models.of(role), models.reply_tokens.get(role)), role))
        if row is not None:
            mean = float(row["latency"])
            seconds = Estimate(mean, mean * (1 - MEAN_SPREAD), mean * (1 + MEAN_SPREAD))
            calls[role] = replace(one, latency_s=seconds, source=f"{one.source.partition('; seconds')[0]}; seconds: {row['n']} calls")
        else:
            calls[role] = one
    return replace(group, calls=calls)
