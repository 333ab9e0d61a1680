"""A planned turn: the model is told one thing last, stock phrases need no model, and what was planned is kept beside what was said."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import numpy as np
import pytest

from tests.play.test_playing import Crs, Script
from tests.policy.world import DRAMA, ITEMS, fitted, offered, planner
from understudy.completion import Message
from understudy.errors import UnderstudyError
from understudy.play import dialogue
from understudy.play.dialogue import Played
from understudy.play.scene import Scene, free_scene, replay_scene
from understudy.play.turn import request_of
from understudy.policy.plans import TurnPlan
from understudy.policy.stock import _PHRASES, ENGINE, said
from understudy.policy.words import in_words
from understudy.prompt.dials import PolicyDials
from understudy.prompt.genome import Genome
from understudy.prompt.setting import load_setting
from understudy.records import Context, Scenario
from understudy.rehearsal.instruction import instruction_in
from understudy.search.operators import Pool, mutate_controls

PLANNED = load_setting("planned").genome
ALONE = load_setting("planned_without_words").genome
PLANNER = planner()


def scene(genome: Genome = PLANNED, name: str = "c1") -> Scene:
    context = Context(name, "d1", 4, "disliked", "2", DRAMA, offered("2"))
    return replay_scene(context, genome=genome, exemplars=(), target=None, model="m", replicate=0, planner=PLANNER)


def played(genome: Genome, script: Script) -> Played:
    free = free_scene(
        Scenario("s", "d1", DRAMA, "2"), genome=genome, exemplars=(), target=ITEMS["2"], recommender="crs", model="m", replicate=0,
        planner=PLANNER,
    )  # fmt: skip
    return asyncio.run(dialogue.play(free, complete=script, recommender=Crs()))


def test_the_plan_is_what_the_model_is_told_last() -> None:
    one = scene()
    plan, last = one.plan(one.history, 0), request_of(one, one.history, 0).messages[-1]
    assert last.role == "system"
    assert plan is not None
    told = instruction_in(request_of(one, one.history, 0).messages)
    assert told is not None
    assert told.acts[0] == plan.act


@pytest.mark.parametrize("has_offer", [True, False])
@pytest.mark.parametrize("act", sorted(_PHRASES))
@pytest.mark.parametrize("draws", [("s", seed) for seed in range(8)])
def test_every_act_is_understood_by_rehearsal_and_has_stock_phrases(act: str, has_offer: bool, draws: tuple[str | int, ...]) -> None:
    plan = TurnPlan(act, "none", 5, ("comedy",), ends=True, has_offer=has_offer)
    told = instruction_in([Message("system", "brief"), Message("user", "hi"), Message("system", in_words(plan, *draws))])
    assert told is not None
    assert told.acts[0] == {"prefer": "taste", "close": "thanks", "other": "chat"}.get(act, act)
    assert (told.n_words, told.wishes, told.leaves) == (5, "comedy", True)
    assert said(plan, *draws).endswith(", I like comedy, bye")


def test_a_prompt_without_a_policy_is_told_nothing_more() -> None:
    bare = scene(load_setting("planned_without_policy").genome)
    assert bare.plan(bare.history, 0) is None
    assert [one.role for one in request_of(bare, bare.history, 0).messages][-1] == "user"
    assert bare.genome.sections == PLANNED.sections


def test_a_reply_that_cannot_be_used_is_asked_for_with_the_plan_again() -> None:
    script = Script("", "ok that one then")
    kept = asyncio.run(dialogue.play(scene(), complete=script))
    assert kept.status == "complete"
    first, second = (request.messages[-1].content for request in script.requests)
    assert second == f"{first}\nUse words of your own."


def test_what_is_planned_may_be_said_as_it_stands_and_its_frame_may_not() -> None:
    one = scene()
    frame, _, gist = request_of(one, one.history, 0).messages[-1].content.partition(": ")
    assert asyncio.run(dialogue.play(one, complete=Script(gist))).status == "complete"
    echoed = f"{frame}, please, and do so with care"
    assert asyncio.run(dialogue.play(one, complete=Script(echoed, echoed))).status == "invalid"


def test_what_was_planned_is_kept_beside_what_was_said() -> None:
    kept = played(PLANNED, Script())
    assert [turn.plan is not None for turn in kept.turns] == [turn.role == "seeker" for turn in kept.turns]


def test_the_policy_ends_a_dialogue_whatever_the_model_says() -> None:
    kept = played(replace(PLANNED, policy=PolicyDials(ending=2.0)), Script(*(f"line {n} of many" for n in range(30))))
    *before, last = [turn.plan or "" for turn in kept.turns if turn.role == "seeker"]
    assert kept.status == "complete"
    assert last.endswith("/end")
    assert not any(plan.endswith("/end") for plan in before)


def test_stock_phrases_need_no_model() -> None:
    script = Script()
    kept = played(ALONE, script)
    assert script.requests == []
    assert kept.engine == ENGINE
    assert kept.n_tokens == 0
    assert [turn.plan for turn in kept.turns if turn.role == "seeker"]


def test_a_policy_is_part_of_the_key_and_the_fit_too() -> None:
    other = planner(replace(fitted(), n_turns=1))
    keys = {scene().play_key, replace(scene(), planner=other).play_key, scene(replace(PLANNED, policy=None)).play_key}
    assert len(keys) == 3


def test_without_a_fitted_policy_nothing_is_played() -> None:
    with pytest.raises(UnderstudyError, match="nothing was fitted"):
        _ = replace(scene(), planner=None).play_key


def test_a_genome_with_a_policy_survives_json_and_the_others_keep_their_digest() -> None:
    assert Genome.from_json(json.loads(json.dumps(PLANNED.as_json()))) == PLANNED
    assert Genome.from_json(json.loads(json.dumps(PLANNED.as_json()))).digest == PLANNED.digest
    assert "policy" not in load_setting("zero_shot").genome.as_json()
    assert len({PLANNED.digest, ALONE.digest, replace(PLANNED, policy=None).digest}) == 3


def test_the_search_moves_the_dials_of_a_policy_and_not_who_words_it() -> None:
    children = [mutate_controls((ALONE, ALONE), pool=Pool(), rng=np.random.default_rng(seed)) for seed in range(60)]
    dials = [child.policy for child in children if child is not None and child.policy is not None]
    assert {one.words for one in dials} == {"stock"}
    for name in ("acceptance", "telling", "ending", "length", "sharpness"):
        assert len({getattr(one, name) for one in dials}) > 2
    idle = {(child.controls.patience, child.controls.disclosure) for child in children if child is not None}
    assert idle == {(PLANNED.controls.patience, PLANNED.controls.disclosure)}
