"""A recommender judged by simulated seekers: played on scenarios that no fit has seen, measured, set beside the humans' own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

import polars as pl
from prefect import task

from understudy.completion import Complete, engine_of
from understudy.errors import BadInput
from understudy.instruments.chosen import ANSWERS, Instruments
from understudy.instruments.text import Titles
from understudy.keys import seed_of
from understudy.play.dialogue import Played, PlayedTurn, ends_of
from understudy.play.panels import Panel, draw_panel
from understudy.play.satisfaction import SAID_NOTHING, Score, satisfaction, satisfaction_key
from understudy.play.scene import Scene
from understudy.play.second_models import FAILURES, ReplyRecord, asked_while_it_answers
from understudy.profile.splits import people_named
from understudy.prompt.structured import Invalid
from understudy.recommenders import chosen
from understudy.records import DIVIDED, REPORTING
from understudy.report.figures import figure
from understudy.report.markdown import table
from understudy.rows import played as rows
from understudy.rows.handle import Humans
from understudy.studies.evaluate import judging, scores
from understudy.studies.evaluate.judging import DialogueOutcome
from understudy.tasks.artifacts import page
from understudy.tasks.play.evaluation import performed
from understudy.tasks.play.missing import require_replies
from understudy.tasks.play.opened import OpenRun
from understudy.tasks.play.scenes import scenes_of
from understudy.tasks.play.work import Work
from understudy.tasks.simulate.results import EndFields
from understudy.tasks.studies.results.judged import AgreementFields, EvaluateFields, HumanRecommenders, JudgedFields, JudgedFigure

VERSION = 1
# what fitting may see is what popularity is counted on; no seeker here had a part in the choice of a prompt; test stays closed
PEOPLE = REPORTING
GIVEN_UP = f"{FAILURES} replies of the judge in a row could not be read, so it was not asked any more"
_MISSING = "missing"
Fields = dict[str, Any]


@task(name="judge recommenders", persist_result=False)
def judge(opened: OpenRun, *, genome_digest: str, recommenders: Sequence[str], n: int) -> EvaluateFields:
    """The fields of `understudy evaluate`. `recommenders` as they were asked for.

    Raises BadInput, and ProviderFailed where more than half of a recommender's dialogues are missing; what was played is kept.
    """
    named, humans, seed = _named(recommenders, opened), opened.humans, opened.options.seed
    panel = _panel(humans, n=n, seed=seed)
    works = {written: opened.work(genome_digest, panel, split=PEOPLE, recommender=name) for written, name in named.items()}
    titles, instruments = Titles.of(humans.items), humans.instruments
    judged: dict[str, list[DialogueOutcome]] = {}
    found: list[JudgedFields] = []
    for written, work in works.items():
        played = _played(opened, work)
        said = {one.play_key: one.turns for one in played}
        accepting = _accepting(said, titles, instruments)
        satisfied, why = _satisfactions(opened, work, played)
        judged[written] = [_outcome(one, accepting[one.play_key], satisfied.get(one.play_key)) for one in played if _counts(one)]
        found.append(_row(written, work.recommender, played, judged[written], why, seed=seed))
    fields: dict[str, object] = {
        "dataset": opened.dataset, "split": DIVIDED, "part": PEOPLE, "genome_digest": genome_digest,
        "model": opened.cast.seeker, "judge": opened.cast.judge,
        "engine": engine_of(one["engine"] for one in found), "instrument": instruments.kinds["reaction"],
        "instruments": instruments.described(),
        **(found[0] if len(found) == 1 else {}),
        "rows": found,
        "differences": [one.as_json() for one in judging.contrasts(judged, seed=seed)],
        "human": _humans(humans, panel, titles, seed=seed),
        "rank_agreement": _rank_agreement(opened, judged, named, seed=seed),
        "n_model_calls": opened.gateway.n_calls, "tokens": opened.gateway.tokens, "usd": opened.gateway.usd,
    }  # fmt: skip
    return cast(EvaluateFields, fields)


@task(name="show evaluation", persist_result=False)
def show(fields: EvaluateFields) -> None:
    """The page of an evaluation, for the UI."""
    names: tuple[JudgedFigure, ...] = ("success", "rounds", "satisfaction")
    cells = []
    for row in fields["rows"]:
        figures = [*(row[name] for name in names), *row["recall"].values()]
        cells.append([row["recommender"], *(figure(one, reason=True) for one in figures), str(row["n_missing"])])
    text = table(["recommender", *names, *(f"recall@{k}" for k in judging.KS), "missing"], cells)
    page(text, key="evaluation", description=f"Recommenders evaluated by simulated seekers on {people_named(PEOPLE)}")


def _named(recommenders: Sequence[str], opened: OpenRun) -> dict[str, str]:
    """Recommender as it was asked for → the name under which its dialogues are kept. Raises BadInput where one is asked for twice."""
    named = {written: opened.recommender_named(written) for written in recommenders}
    if len(set(named.values())) < len(recommenders):
        raise BadInput("a recommender was named more than once", hint="name each recommender once")
    return named


def _panel(humans: Humans, *, n: int, seed: int) -> Panel:
    scenarios = humans.scenarios(PEOPLE).values()
    own = seed_of("evaluate", VERSION, seed)
    return draw_panel((), scenarios, per_stratum=0, n_behaviour=0, n_free=n, seed=seed, replicate=own)


def _played(opened: OpenRun, work: Work) -> list[Played]:
    """The dialogues of one recommender, those played now kept."""
    played, fresh = performed(opened, work)
    require_replies(opened, work, played, fresh)
    with opened.store.transaction():
        rows.keep_played(opened.store, fresh, profile_key=work.profile_key)
    return played


def _counts(one: Played) -> bool:
    return one.status in ("complete", "capped")


def _outcome(one: Played, accepting: set[int], satisfied: int | None) -> DialogueOutcome:
    unit = (one.scenario_id, one.replicate)
    return judging.outcome(unit, one.turns, target=one.target or "", accepting=accepting, satisfaction=satisfied)


def _accepting(said: Mapping[str, Sequence[PlayedTurn]], titles: Titles, instruments: Instruments) -> dict[str, set[int]]:
    """Dialogue → the places of the seeker turns that take what the recommender has just said, by the profile's reaction instrument."""
    places = [
        (name, place, turns[place - 1].text, turn.text)
        for name, turns in said.items()
        for place, turn in enumerate(turns)
        if turn.role == "seeker" and place > 0 and turns[place - 1].item_ids
    ]
    found: dict[str, set[int]] = {name: set() for name in said}
    if not places:
        return found
    answers = pl.DataFrame([(answered, text) for _, _, answered, text in places], schema=ANSWERS, orient="row")
    for (name, place, _, _), label in zip(places, instruments.reactions(answers, titles), strict=True):
        if label == "accept":
            found[name].add(place)
    return found


def _satisfactions(opened: OpenRun, work: Work, played: Sequence[Played]) -> tuple[dict[str, int], str]:
    """Dialogue → the seeker's score where it gave one, and why others have none. Scores that are in the store are not asked for again."""
    wanted = {one.play_key: one for one in played if _counts(one)}
    judge, store = opened.cast.judge, opened.store
    keys = {satisfaction_key(play_key, judge): play_key for play_key in wanted}
    there = {keys[name]: score for name, score in rows.load_satisfactions(store, list(keys)).items()}
    scenes = [scene for scene in scenes_of(opened, work) if scene.play_key in wanted.keys() - there.keys()]
    record = opened.judgements
    for play_key in wanted:
        if play_key in there and (usable := _is_usable(*there[play_key])) is not None:
            record.note(is_usable=usable)
    asked = opened.gateway.run(_asked(scenes, wanted, opened.gateway.complete, judge, record, opened.options.models.concurrency))
    with store.transaction():
        # a call that failed may succeed another time
        rows.keep_satisfactions(store, {name: one for name, one in asked.items() if not _is_missing(one)}, model=judge)
    if record.is_given_up and len(there) + len(asked) < len(wanted):
        # those that it did score are no sample of all
        return {}, GIVEN_UP
    told = {**there, **{name: _score_and_reason(one) for name, one in asked.items()}}
    reasons = sorted({reason for score, reason in told.values() if score is None})
    return {name: score for name, (score, _) in told.items() if score is not None}, "; ".join(reasons[:3])


async def _asked(
    scenes: Sequence[Scene], played: Mapping[str, Played], complete: Complete, model: str, record: ReplyRecord, at_once: int
) -> dict[str, Score | Invalid]:
    """Dialogue → what the judge says of it; without those for which it is not asked any more."""
    by_key = {scene.play_key: scene for scene in scenes}

    async def ask(play_key: str) -> Score | Invalid:
        return await satisfaction(by_key[play_key], played[play_key].turns, complete, judge=model)

    def is_usable(one: Score | Invalid) -> bool | None:
        return _is_usable(*_score_and_reason(one))

    return await asked_while_it_answers(list(by_key), ask, is_usable=is_usable, record=record, at_once=at_once)


def _is_usable(score: int | None, reason: str) -> bool | None:
    """Whether the judge answered; None where a call failed or where nothing was asked, which says nothing of it."""
    if score is not None:
        return True
    return None if reason == SAID_NOTHING or reason.startswith(_MISSING) else False


def _score_and_reason(one: Score | Invalid) -> tuple[int | None, str]:
    return (None, one.reason) if isinstance(one, Invalid) else (one.satisfaction, "")


def _is_missing(one: Score | Invalid) -> bool:
    return isinstance(one, Invalid) and one.reason.startswith(_MISSING)


def _row(written: str, name: str, played: Sequence[Played], outcomes: Sequence[DialogueOutcome], why: str, *, seed: int) -> JudgedFields:
    told = {metric: measured.as_json() for metric, measured in judging.figures(outcomes, seed=seed).items()}
    if told["satisfaction"]["value"] is None and why:
        told["satisfaction"]["reason"] = why
    ended = cast(EndFields, ends_of(played))
    counted = [turn.n_ungrounded for one in played for turn in one.turns if turn.role == "recommender"]
    return {
        "recommender": written,
        "name": name,
        "recall": {str(k): told[f"recall_{k}"] for k in judging.KS},
        "recall_last": {str(k): told[f"recall_last_{k}"] for k in judging.KS},
        "success": told["success"],
        "rounds": told["rounds"],
        "satisfaction": told["satisfaction"],
        "acceptance": told["acceptance"],
        "n_dialogues": len(played),
        **ended,
        "n_scored": sum(one.satisfaction is not None for one in outcomes),
        "n_ungrounded": sum(filter(None, counted)),
        "missing_by_reason": ended["ends"]["missing"],
        "engine": engine_of(one.engine for one in played),
    }


def _humans(humans: Humans, panel: Panel, titles: Titles, *, seed: int) -> HumanRecommenders:
    """success, rounds and acceptance of the human recommenders with the humans of the same scenarios, by the same instrument.

    A reference of a kind: that the target was suggested and liked is what made it the target.
    """
    scenarios = humans.scenarios(PEOPLE)
    targets = {scenarios[name].dialogue_id: (name, scenarios[name].target) for name, _ in panel.free}
    turns = humans.turns(PEOPLE)
    said: dict[str, list[PlayedTurn]] = {}
    for row in turns.filter(pl.col("dialogue_id").is_in(list(targets))).iter_rows(named=True):
        said.setdefault(row["dialogue_id"], []).append(PlayedTurn(row["role"], row["text"], tuple(row["item_ids"])))
    accepting = _accepting(said, titles, humans.instruments)
    outcomes = [
        judging.outcome((targets[name][0], 0), said[name], target=targets[name][1], accepting=accepting[name], satisfaction=None)
        for name in sorted(said)
    ]
    found = judging.figures(outcomes, seed=seed)
    return {"success": found["success"].as_json(), "rounds": found["rounds"].as_json(), "acceptance": found["acceptance"].as_json()}


def _rank_agreement(
    opened: OpenRun, judged: Mapping[str, Sequence[DialogueOutcome]], recommenders: Mapping[str, str], *, seed: int
) -> AgreementFields:
    """Kendall's tau between people and simulated seekers over the systems that both have scored."""
    used, human = scores.by_system(opened.store.rows("play/human_scores", dataset=opened.dataset, names=list(scores.NAMES)))
    if not human:
        return {"value": None, "reason": "the logs hold no scores of named recommenders", "n": 0}
    by = "satisfaction" if any(one.satisfaction is not None for outcomes in judged.values() for one in outcomes) else "success"
    machine = {
        _system(recommenders[written]): {
            one.unit: float(value) for one in outcomes if (value := one.satisfaction if by == "satisfaction" else one.success) is not None
        }
        for written, outcomes in judged.items()
    }
    told = judging.rank_agreement(human, machine, seed=seed).as_json()
    return {**told, "human": used, "simulated": by, "systems": sorted(human.keys() & machine.keys())}


def _system(name: str) -> str:
    """How logs name a recommender: as its file says, else by its module."""
    choice = chosen(name, model="")
    told = json.loads(choice.options.get("crs", "{}")).get("name")
    return str(told or choice.module)
