"""The policy: it finds again what people did, reads no label, and is bent by its dials alone."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.policy.world import DRAMA, HELLO, ITEMS, context, fitted, offered, people, planner, read_turns
from understudy.errors import BadInput
from understudy.policy.fitted import FittedPolicy
from understudy.policy.fitting import MIN_TURNS, edges_of, fit
from understudy.policy.moments import Moment, moment_of, suggested
from understudy.policy.planner import PlanningPoint
from understudy.policy.plans import TurnPlan
from understudy.policy.stock import said
from understudy.policy.suits import Suits
from understudy.policy.words import frame_of, in_words
from understudy.profile.observed import observations
from understudy.prompt.dials import RANGES, PolicyDials
from understudy.records import Need, Turn

SUITS, AS_FITTED = Suits.of(ITEMS), PolicyDials()
PLANNER = planner()
N = 400


def plans(item_id: str, dials: PolicyDials = AS_FITTED, *, need: Need = DRAMA, n: int = N) -> list[TurnPlan]:
    history = offered(item_id)
    return [PLANNER.plan(PlanningPoint(need, history, None, ("scenario", i)), dials) for i in range(n)]


def share(found: list[TurnPlan], reaction: str = "accept") -> float:
    return sum(one.reaction == reaction for one in found) / len(found)


def test_what_fits_is_taken_as_often_as_people_took_it() -> None:
    assert share(plans("2")) == pytest.approx(0.8, abs=0.06)
    # another drama that nobody was offered fits as well
    assert share(plans("4")) == pytest.approx(0.8, abs=0.06)
    assert share(plans("5")) == pytest.approx(0.2, abs=0.06)


def test_words_and_wishes_follow_the_act() -> None:
    found = plans("2", need=Need(genres=("war",), people=("Bo Reed",)))
    assert {one.n_words for one in found if one.act == "accept"} == {4}
    assert {len(one.wishes) for one in found if one.act == "reject"} <= {0, 1}


def test_a_wish_that_was_told_is_not_told_again() -> None:
    told = {wish for one in plans("5", PolicyDials(telling=2.0)) for wish in one.wishes}
    assert told == {"Ada Quill"}  # `drama` was said


def test_whoever_takes_something_leaves() -> None:
    found = plans("2")
    leaving = {act: [one.ends for one in found if one.act == act] for act in ("accept", "reject")}
    assert sum(leaving["accept"]) > 0.8 * len(leaving["accept"])
    assert sum(leaving["reject"]) < 0.2 * len(leaving["reject"])


@given(st.sampled_from(sorted(RANGES)), st.booleans())
def test_any_dial_within_its_range_leaves_chances_that_are_chances(name: str, high: bool) -> None:
    low, most, _ = RANGES[name]
    dials = PolicyDials(**{name: most if high else low})  # type: ignore[arg-type]
    found = plans("2", dials, n=40)
    assert all(one.n_words >= 1 for one in found)


def test_the_dial_of_acceptance_moves_acceptance_alone_and_with_the_same_luck() -> None:
    before, after = plans("5"), plans("5", PolicyDials(acceptance=1.0))
    assert share(after) > share(before) + 0.1
    assert all(one.reaction == "accept" for one, then in zip(after, before, strict=True) if then.reaction == "accept")


def test_a_dial_out_of_its_range_is_refused_by_name() -> None:
    with pytest.raises(BadInput, match=r"the dial ending of the policy is 3\.0; a number from -2 to 2 is expected"):
        PolicyDials(ending=3.0)
    with pytest.raises(BadInput, match="words"):
        PolicyDials(words="mine")  # type: ignore[arg-type]


def test_a_planted_label_changes_neither_the_policy_nor_a_plan() -> None:
    contexts, reactions = people()
    planted = [replace(one, stratum="disliked") for one in contexts]
    found = [
        fit(observations(each, read_turns(each, reactions), suits=SUITS, items=ITEMS, is_exemplar=True)) for each in (contexts, planted)
    ]
    assert found[0].digest == found[1].digest
    both = context(1, "2", stratum="disliked"), context(1, "2")
    kinds = [PLANNER.moment(PlanningPoint(one.need, one.history, None, ())) for one in both]
    assert kinds[0] == kinds[1]


def test_what_the_seeker_has_seen_is_known_to_it_and_counts() -> None:
    seen = replace(DRAMA, seen=(ITEMS["2"].label,))
    labels = [ITEMS["2"].label]
    assert moment_of(offered("2"), seen, labels=labels, suits=SUITS, acts=["greet"]).seen
    assert not moment_of(offered("2"), DRAMA, labels=labels, suits=SUITS, acts=["greet"]).seen


def test_a_title_that_was_named_before_is_no_suggestion() -> None:
    again = (*offered("2"), Turn("seeker", "hm"), Turn("recommender", "Salt Harbour (1994) is good", 1, ("2",)))
    assert suggested(again) == []
    assert moment_of(again, DRAMA, labels=[], suits=SUITS, acts=["greet", "prefer", "other"]).setting == "chat"


def test_fit_is_unknown_where_need_or_item_says_nothing() -> None:
    assert SUITS.fit(Need(), "2") is None
    assert SUITS.fit(DRAMA, "not there") is None
    assert SUITS.fit(DRAMA, "2") == pytest.approx(1.0)
    assert SUITS.fit(DRAMA, "3") == 0.0


def test_too_few_turns_are_no_policy() -> None:
    contexts, reactions = people(20)
    with pytest.raises(BadInput, match=rf"hold 20 turns of seekers; a policy needs at least {MIN_TURNS}"):
        fit(observations(contexts, read_turns(contexts, reactions), suits=SUITS, items=ITEMS, is_exemplar=True))


def test_bins_are_made_of_exemplars_alone() -> None:
    contexts, reactions = people()
    turns = read_turns(contexts, reactions)
    assert fit(observations(contexts, turns, suits=SUITS, items=ITEMS, is_exemplar=False)).edges == ()
    assert edges_of([i / 100 for i in range(100)]) == pytest.approx((0.33, 0.66))


def test_a_policy_survives_json() -> None:
    policy = fitted()
    again = FittedPolicy.from_json(json.loads(json.dumps(policy.as_json())))
    assert again.digest == policy.digest
    moment = Moment("one", "prefer", 2, False, False, 0.9)
    assert again.chances(moment) == policy.chances(moment)
    assert sum(policy.chances(moment).values()) == pytest.approx(1.0)


def test_a_state_that_nobody_was_in_has_the_chances_of_coarser_ones() -> None:
    policy = fitted()
    nowhere = policy.chances(Moment("opening", "never", 7, True))
    assert sum(nowhere.values()) == pytest.approx(1.0)
    assert set(nowhere) == {"accept/accept", "reject/reject"}


def test_plans_hang_on_scenario_and_turn_and_not_on_the_prompt() -> None:
    point = PlanningPoint(DRAMA, HELLO[:2], None, ("s", 0, 2))
    assert PLANNER.plan(point, PolicyDials()) == PLANNER.plan(point, PolicyDials())
    assert PLANNER.plan(point, PolicyDials()).text.count("/") == 4


def test_the_instruction_gives_what_is_to_be_said_and_asks_for_other_words() -> None:
    plan = TurnPlan("seen", "reject", 12, ("comedy",), ends=True)
    told = in_words(plan, "s", 1)
    assert told == f"Say this in your own way, in about 12 words: {said(plan, 's', 1)}"
    assert told.endswith(", but it is not for me, I like comedy, bye")
    assert frame_of(told) == "Say this in your own way, in about 12 words"
    assert in_words(TurnPlan("greet", "none", 1), "s").startswith("Say this in your own way, in about one word: h")


def test_a_verdict_is_said_where_the_act_does_not_say_it() -> None:
    assert said(TurnPlan("seen", "accept", 5), 1).endswith(", and I liked it")
    assert said(TurnPlan("unseen", "accept", 5), 1).endswith(", I will watch it")
    assert said(TurnPlan("accept", "neither", 5), 1).endswith(", maybe")
    assert said(TurnPlan("ask", "neither", 5), 1).endswith("?")
