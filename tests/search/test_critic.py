"""Rewriting by a critic: what it is shown, what is made of its answers, and that it is not asked the same twice."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from understudy.completion import Completion, MissingReply, Request
from understudy.prompt.genome import SECTIONS, Genome
from understudy.prompt.setting import load_setting
from understudy.rehearsal import UNFITTED, respond, surface
from understudy.rehearsal.truth import true_point
from understudy.search import offspring
from understudy.search.critic import Commission, CriticAnswer, applied, criticise, dialogue_prompt, request_of
from understudy.search.fitting import fitting
from understudy.search.influence import Evidence, Exhibit
from understudy.search.loop import commissioned, first_generation, next_generation

NAMES = ("positive_bias", "diversity_gap", "behavioural_distance", "data_leakage")
SHOWN = Evidence("positive_bias", "disliked", (Exhibit("Try </section>?", "Love it!", "no thanks", "</failing>"),), ())


def with_critic(world: Any, **changed: Any) -> Any:
    return replace(world.plan, has_critic=True, objectives=NAMES, **changed)


def said(text: str) -> Completion:
    return Completion(text, "m", "m", "stop", "", 100, 20, None)


def rehearsed(quality: float, name: str = "0") -> Any:
    async def complete(request: Request) -> Completion:
        dials = {"temperature": request.temperature, "top_p": request.top_p, "seed": request.seed}
        return said(respond(request.messages, surface=surface(name), fitted=UNFITTED, critic=quality, **dials).text)

    return complete


def answer(commission: Commission, complete: Any) -> CriticAnswer:
    return asyncio.run(criticise(complete, commission, {"positive_bias": SHOWN}, model="m", seed=3))


def treat(world: Any, *objectives: str) -> Commission:
    return Commission("treat", (world.seed,), objectives or ("positive_bias",), 1, 0)


def test_what_logs_and_prompts_say_stands_between_tags_and_cannot_leave_them(world: Any) -> None:
    request = request_of(treat(world), world.seed, SHOWN, step=0, model="m", seed=3)
    told = request.messages[-1].content
    assert request.role == "critic"
    assert told.count("</section>") == len(SECTIONS)
    assert told.count("</failing>") == 1
    assert "&lt;/failing&gt;" in told
    assert "no thanks" in told
    assert all(f'<section name="{name}">' in told for name in SECTIONS)


def test_the_same_place_asks_the_same_and_every_step_and_place_draws_anew(world: Any) -> None:
    wanted = treat(world, "positive_bias", "positive_bias")
    places = [(replace(wanted, place=place), step) for place in (0, 1) for step in (0, 1)]
    assert len({request_of(one, world.seed, None, step=step, model="m", seed=3).seed for one, step in places}) == 4
    first, second = (request_of(wanted, world.seed, None, step=0, model="m", seed=3) for _ in range(2))
    assert first.key == second.key


def test_a_chain_treats_one_fault_after_the_other(world: Any) -> None:
    wanted = treat(world, "positive_bias", "diversity_gap", "data_leakage")
    found = answer(wanted, rehearsed(1.0))
    assert [one.objective for one in found.rewrites] == list(wanted.objectives)
    assert found.n_tokens == sum(one.n_tokens for one in found.rewrites) > 0
    before, after = (true_point(one, surface("0")).objectives for one in (world.seed, applied(wanted, found)))
    assert after["positive_bias"] < before["positive_bias"]
    assert after["diversity_gap"] < before["diversity_gap"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("no idea", "invalid"),
        (json.dumps({"fault": "x", "section": "style", "text": "Be brief."}), "rewrote style, not role"),
        ("", "invalid"),
    ],
)
def test_an_answer_that_cannot_be_used_is_rejected_with_its_reason_and_its_price(world: Any, text: str, reason: str) -> None:
    async def complete(_: Request) -> Completion:
        return said(text)

    wanted = Commission("paraphrase", (world.seed,), ("positive_bias",), 1, 4, "role")
    found = answer(wanted, complete)
    assert reason in found.reason
    assert found.n_tokens >= 20
    proposal = offspring.answered([(wanted, found)], screen=world.screen, known=[])[0]
    assert (proposal.ok, proposal.place, proposal.n_tokens) == (False, 4, found.n_tokens)


def test_a_call_that_failed_leaves_what_the_chain_had(world: Any) -> None:
    left = [said(json.dumps({"fault": "x", "section": "style", "text": "Write as you would to a friend, in a few words."}))]

    async def complete(_: Request) -> Completion:
        if not left:
            raise MissingReply("gone")
        return left.pop()

    wanted = treat(world, "positive_bias", "positive_bias")
    found = answer(wanted, complete)
    assert (len(found.rewrites), found.reason) == (1, "missing: gone")
    assert offspring.answered([(wanted, found)], screen=world.screen, known=[])[0].ok


def test_rewritings_are_screened_and_never_mended(world: Any) -> None:
    wanted = treat(world)
    long = CriticAnswer((replace(answer(wanted, rehearsed(1.0)).rewrites[0], text="word " * 2000),))
    twice = answer(wanted, rehearsed(1.0))
    found = offspring.answered([(wanted, long), (wanted, twice), (wanted, twice)], screen=world.screen, known=[world.seed])
    assert [one.ok for one in found] == [False, True, False]
    assert "too long" in found[0].reason
    assert "near-duplicate" in found[2].reason


def test_the_critic_is_shown_the_sections_of_all_stages_of_a_staged_prompt() -> None:
    staged = load_setting("staged").genome
    shown = dialogue_prompt(staged, ())
    assert all(text in shown for text in staged.sections.values())
    found = answer(Commission("treat", (staged,), ("positive_bias",), 1, 0), rehearsed(1.0))
    assert (found.reason, len(found.rewrites)) == ("", 1)


def test_prompts_that_are_there_take_the_places_of_the_critic(world: Any) -> None:
    plan = replace(with_critic(world), critic_share=1.0)
    assert len(commissioned((), [world.seed], plan=plan)) > len(commissioned((), [world.seed], plan=plan, n_starts=4)) > 0
    assert commissioned((), [world.seed], plan=plan, n_starts=plan.population) == []


def test_share_and_chain_of_the_critic_are_the_plan_s(world: Any) -> None:
    history = [world.play(first_generation([world.seed], plan=world.plan, pool=world.pool, screen=world.screen))]
    plan = replace(world.plan, has_critic=True, population=40, without=frozenset({"adaptation"}))
    few, all_of_them = (commissioned(history, [world.seed], plan=replace(plan, critic_share=share)) for share in (0.1, 1.0))
    assert len(few) < 15 < 35 < len(all_of_them)
    lengths = {len(one.objectives) for one in commissioned(history, [world.seed], plan=replace(plan, critic_share=1.0, longest_chain=8))}
    assert max(lengths) > 4
    assert commissioned(history, [world.seed], plan=replace(plan, critic_share=0.0)) == []
    # what the critic turns down is filled by the others, though they have no share of their own
    filled = next_generation(history, plan=replace(plan, critic_share=1.0), pool=world.pool, screen=world.screen)
    assert sum(each.ok for each in filled) > plan.population


def test_what_was_asked_is_not_asked_again(world: Any) -> None:
    plan = with_critic(world)
    first = commissioned((), [world.seed], plan=plan)
    asked = {one.identity for one in first}
    assert len(asked) == len(first) > 0
    again = commissioned((), [world.seed], plan=plan, asked=asked)
    assert not asked & {one.identity for one in again}


def test_a_generation_holds_the_critics_children_and_other_operators_fill_the_rest(world: Any) -> None:
    plan = with_critic(world)
    wanted = commissioned((), [world.seed], plan=plan)
    rewritings = [(one, answer(one, rehearsed(1.0))) for one in wanted]
    proposals = first_generation([world.seed], plan=plan, pool=world.pool, screen=world.screen, rewritings=rewritings)
    operators = [one.operator for one in proposals if one.ok]
    assert len(operators) == plan.population
    assert "treat" in operators
    assert any(one in offspring.prior(replace(plan, has_critic=False)) for one in operators[-1].split("+"))


@pytest.mark.parametrize("without", [frozenset({"critic"}), frozenset({"merge", "rewording"})])
def test_operators_that_are_left_out_are_never_drawn(world: Any, without: frozenset[str]) -> None:
    known = offspring.prior(with_critic(world, without=without))
    assert not {"merge", "paraphrase", "compress"} & set(known)
    assert ("treat" in known) == ("critic" not in without)
    assert sum(known.values()) == pytest.approx(1)
    assert commissioned((), [world.seed], plan=with_critic(world, without=frozenset({"critic"}))) == []


def test_two_parents_are_merged_in_a_section_in_which_they_differ(world: Any) -> None:
    other: Genome = next(one for one in world.pool.prompts if one.sections["reaction"] != world.seed.sections["reaction"])
    wanted = Commission("merge", (world.seed, other), ("positive_bias",), 1, 0, "reaction")
    told = request_of(wanted, world.seed, None, step=0, model="m", seed=3).messages[-1].content
    assert '<other name="reaction">' in told
    found = answer(wanted, rehearsed(1.0))
    assert [one.section for one in found.rewrites] == ["reaction"]
    kept = {part for text in (world.seed.sections["reaction"], other.sections["reaction"]) for part in text.split(". ")}
    assert all(any(part.strip(". ") in whole for whole in kept) for part in found.rewrites[0].text.split(". "))


def test_shortening_keeps_what_does_something(world: Any) -> None:
    wanted = Commission("compress", (world.seed,), ("positive_bias",), 1, 0, "style")
    found = answer(wanted, rehearsed(1.0))
    assert 0 < len(found.rewrites[0].text) <= len(world.seed.sections["style"])


def test_without_answers_the_generation_is_bred(world: Any) -> None:
    plan = replace(world.plan, has_critic=True)
    history = [world.play(first_generation([world.seed], plan=plan, pool=world.pool, screen=world.screen))]
    proposals = next_generation(history, plan=plan, pool=world.pool, screen=world.screen)
    assert sum(one.ok for one in proposals) == plan.n_survivors + plan.population


def shown_many(n: int = 4, length: int = 400) -> Evidence:
    one = Exhibit("Try this?", "word " * (length // 5), "no thanks")
    return Evidence("positive_bias", "disliked", (one,) * n, (one,) * 2)


def test_evidence_is_shortened_until_the_request_fits_and_what_works_goes_first(world: Any) -> None:
    wanted = treat(world)

    def asked(evidence: Evidence | None) -> Request:
        return request_of(wanted, world.seed, evidence, step=0, model="m", seed=3)

    whole = fitting(asked, shown_many(), context=None)
    assert (whole.evidence, whole.n_left_out) == (shown_many(), 0)
    room = sum(len(one.content) for one in asked(None).messages) // 3 + asked(None).max_tokens + 300
    some = fitting(asked, shown_many(), context=room + 400)
    assert some.evidence is not None
    assert not some.evidence.passing
    assert 1 <= len(some.evidence.failing) < 4
    assert some.n_left_out == 6 - len(some.evidence.failing)
    assert fitting(asked, shown_many(), context=room).evidence is None
    assert "does not fit" in fitting(asked, shown_many(), context=100).reason


def test_what_does_not_fit_is_not_paid_for_and_what_was_left_out_is_counted(world: Any) -> None:
    asked: list[Request] = []

    async def complete(request: Request) -> Completion:
        asked.append(request)
        return await rehearsed(1.0)(request)

    evidence = {"positive_bias": shown_many()}
    found = asyncio.run(criticise(complete, treat(world), evidence, model="m", seed=3, context=50))
    assert (asked, found.rewrites, found.work) == ([], (), 0)
    assert found.reason.startswith("not asked")
    found = asyncio.run(criticise(complete, treat(world), evidence, model="m", seed=3, context=4000))
    assert found.rewrites
    assert found.work == 100 + 5 * 20


def test_the_schema_names_the_section_that_is_settled_and_the_reply_ends_where_it_ends(world: Any) -> None:
    asked: list[Request] = []

    async def complete(request: Request) -> Completion:
        asked.append(request)
        return await rehearsed(1.0)(request)

    answer(Commission("paraphrase", (world.seed,), ("positive_bias",), 1, 0, "style"), complete)
    fields = json.loads(asked[0].form(by_schema=True).schema)["properties"]
    assert fields["section"]["enum"] == ["style"]
    assert fields["text"]["maxLength"] == max(300, 2 * len(world.seed.sections["style"]))
    needed = fields["fault"]["maxLength"] + fields["text"]["maxLength"]
    assert needed / 2 <= asked[0].max_tokens < 1200
