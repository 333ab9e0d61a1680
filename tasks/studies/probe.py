"""Probes of a model: what it knows that it should not, and the five tasks of Yoon et al., each beside the humans of a data set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from understudy import probes
from understudy.doors.gateway.failure_kinds import hint_of
from understudy.doors.store import Store
from understudy.errors import BadInput, ProviderFailed
from understudy.probes import HumanLogs, JudgedItem, LoggedDialogue, Opinion, Persona, ProbeAnswer, Question, Questions, Refusal
from understudy.probes.asking import judgements
from understudy.probes.asking.calls import AnswerCounts, ask_all, unasked
from understudy.records import Need, Turn
from understudy.rows import humans as stock
from understudy.rows.handle import Humans
from understudy.tasks.play.opened import OpenRun
from understudy.tasks.studies.results.probes import AllProbesFields, OneProbeFields, ProbeAbout, ProbeFields, TaskFields

ALL = "all"
# the probes report on what no fit has seen, and leave the test split closed
SPLIT = "select"
MAX_MISSING = 0.5
_ASK_ANEW = "run the same command again to ask them anew"
_SEEN = ("liked_seen", "disliked")
# gold acts that turn a suggestion down or criticize it (IARD)
_TURNED_DOWN = frozenset(("REJ", "CRI-F", "CRI-A", "CRI-C"))
Fields = dict[str, Any]


def probe_model(opened: OpenRun, *, task: str, n: int, ratings: str | None = None) -> ProbeFields:
    """The fields of `understudy probe`: those of one task, or under `tasks` those of all.

    `ratings`: the data set whose ratings stand for the humans of binary preference, where it is another one. Raises BadInput without
    a profile or for an unknown task, ProviderFailed when more than half of a task's answers are missing.
    """
    model, seed = opened.cast.seeker, opened.options.seed
    humans, asked = questions_of(opened.store, opened.humans, task=task, model=model, n=n, seed=seed, ratings=ratings)
    found = {name: _probed(questions, humans, opened, name=name, seed=seed) for name, questions in asked.items()}
    about: ProbeAbout = {
        "dataset": opened.dataset, "split": SPLIT, "model": model, "task": task, "n_model_calls": opened.gateway.n_calls,
    }  # fmt: skip
    if task == ALL:
        every: AllProbesFields = {**about, "tasks": found}
        return every
    return cast(OneProbeFields, {**about, **found[task]})


def questions_of(
    store: Store, people: Humans, *, task: str, model: str, n: int, seed: int, ratings: str | None = None
) -> tuple[HumanLogs, dict[str, Questions]]:
    """The humans, and what each task that is meant would ask `model`, whether or not it is asked. Raises BadInput."""
    modules = {name: probes.load(name) for name in tasks_named(task)}
    humans = humans_of(store, people, ratings=ratings)
    return humans, {name: module.questions(humans, n=n, model=model, seed=seed) for name, module in modules.items()}


def is_asked(model: str) -> bool:
    """Whether a model is asked what a probe asks: rehearsal is not."""
    return not model.startswith("rehearsal")


def tasks_named(task: str) -> list[str]:
    """The tasks that `--task` means. Raises BadInput that lists what there is."""
    if task not in (ALL, *probes.names()):
        raise BadInput(f"there is no task {task!r}", hint=f"choose one of {', '.join((*probes.names(), ALL))}")
    return probes.names() if task == ALL else [task]


def humans_of(store: Store, people: Humans, *, ratings: str | None = None) -> HumanLogs:
    """What the store holds of a data set's humans for probes: talks of `select`, personas and judgements of `search` and `select`."""
    talks = talks_of(people, SPLIT)
    personas = store.rows("profile/personas", profile_key=people.profile_key)
    judged, origin, reason = _judged(store, people, ratings)
    return HumanLogs(
        items=people.items,
        popularity=people.popularity,
        talks=talks,
        personas=tuple(Persona(row["dialogue_id"], row["seeker_id"], stock.need_from(row["need"])) for row in personas),
        opinions=opinions_of(people, SPLIT),
        refusals=refusals_of(people, SPLIT),
        judged=judged,
        judged_from=origin,
        no_judgements=reason,
        scenarios=tuple(people.scenarios(SPLIT).values()),
        instruments=people.instruments,
    )


def opinions_of(people: Humans, split: str) -> tuple[Opinion, ...]:
    """What seekers of a split say after one item was named that their form says they have seen, in dialogues that lend their text."""
    lending = {talk.dialogue_id for talk in talks_of(people, split)}
    texts = {row["context_id"]: row for row in people.reactions(split).to_dicts() if row["dialogue_id"] in lending}
    found = []
    for one in people.contexts(split).values():
        item = people.items.get(one.item_id or "")
        if one.stratum in _SEEN and one.context_id in texts and item is not None and item.label in one.need.seen:
            row = texts[one.context_id]
            found.append(Opinion(one.context_id, row["seeker_id"], item.item_id, one.need, row["text"]))
    return tuple(found)


def refusals_of(people: Humans, split: str) -> tuple[Refusal, ...]:
    """What seekers of a split answer to a suggestion that their form marks disliked, or that gold acts say they turned down.

    A turn that is known by its form counts once, whatever acts it has. Of a turn that only its acts name, no taste is known.
    """
    contexts = people.contexts(split)
    seekers = {row["dialogue_id"]: row["seeker_id"] for row in people.turns(split).iter_rows(named=True) if row["lends_text"]}
    by_form = {
        (context.dialogue_id, context.turn_index): Refusal(
            row["context_id"], row["seeker_id"], row["item_id"] or "", context.need, row["answered"], row["text"]
        )
        for row in people.reactions(split).iter_rows(named=True)
        if row["stratum"] == "disliked" and row["dialogue_id"] in seekers and row["text"]
        for context in (contexts[row["context_id"]],)
    }
    by_act = {
        (row["dialogue_id"], row["turn_index"]): Refusal(
            f"{row['dialogue_id']}/{row['turn_index']}", seekers[row["dialogue_id"]], "", Need(), row["answered"], row["text"]
        )
        for row in people.rows("profile/gold_acts")
        if row["role"] == "seeker" and row["dialogue_id"] in seekers and row["text"] and row["answered"]
        and not _TURNED_DOWN.isdisjoint(row["acts"])
    }  # fmt: skip
    return tuple(one for _, one in sorted((by_act | by_form).items()))


def _probed(questions: Questions, humans: HumanLogs, opened: OpenRun, *, name: str, seed: int) -> TaskFields:
    module = probes.load(name)
    about = {"human": module.HUMAN, "n_unusable": dict(questions.n_unusable)}
    if not questions.asked:
        counted = AnswerCounts.of(()).as_json()
        return cast(TaskFields, {**about, "outcome": "not_measured", "reason": questions.reason, **counted, "figures": {}})
    answers = _answers(module, questions.asked, opened)
    n_missing = sum(one.missing for one in answers)
    if n_missing > MAX_MISSING * len(answers):
        why = next(one.reason for one in answers if one.missing)
        raise ProviderFailed(
            f"{n_missing} of {len(answers)} answers of the probe {name} are missing; the first because: {why}",
            hint=f"{told}; {_ASK_ANEW}" if (told := hint_of(why)) else _ASK_ANEW,
        )
    return cast(TaskFields, {**about, **module.measured(questions, answers, humans, seed=seed)})


def _answers(module: Any, questions: Sequence[Question], opened: OpenRun) -> list[ProbeAnswer]:
    if not is_asked(opened.cast.seeker):
        return unasked(questions, module.REHEARSAL)
    return opened.gateway.run(ask_all(questions, opened.gateway.complete))


def talks_of(people: Humans, split: str) -> tuple[LoggedDialogue, ...]:
    """The dialogues of a split whose text may be shown, in order of id."""
    turns: dict[tuple[str, str], list[Turn]] = {}
    for row in people.turns(split).iter_rows(named=True):
        if row["lends_text"]:
            turn = Turn(row["role"], row["text"], 1, tuple(row["item_ids"]))
            turns.setdefault((row["dialogue_id"], row["seeker_id"]), []).append(turn)
    return tuple(LoggedDialogue(dialogue_id, seeker_id, tuple(said)) for (dialogue_id, seeker_id), said in sorted(turns.items()))


def _judged(store: Store, people: Humans, ratings: str | None) -> tuple[tuple[JudgedItem, ...], str, str]:
    """The judgements of humans, their source, and the reason if there are none."""
    dataset, items = people.dataset, people.items
    bounds = {"liked_from": judgements.LIKED_FROM, "disliked_to": judgements.DISLIKED_TO}
    rated = store.rows("profile/rating_judgements", dataset=ratings or dataset, **bounds)
    if ratings and not rated:
        raise BadInput(
            f"the data set {ratings!r} has no ratings", hint="ingest ratings first: `understudy ingest movielens PATH --dataset NAME`"
        )
    if not rated:
        judged = judgements.from_forms(store.rows("profile/form_judgements", profile_key=people.profile_key), items)
        return judged, "forms" if judged else "", "" if judged else judgements.NOTHING
    highest = rated[0]["highest"]
    if highest > judgements.HIGHEST:
        return (), "", f"ratings go up to {highest:g}; what a like is, is known for scales up to {judgements.HIGHEST:g} alone"
    catalogue = stock.load_items(store, ratings) if ratings and ratings != dataset else None
    return judgements.from_ratings(rated, items, catalogue=catalogue), "ratings", ""
