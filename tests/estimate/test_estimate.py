"""What a run would cost: the sums are right, bounds hold around them, what is unknown is said, and no model is called."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.doors.gateway.budget import Price
from understudy.studies.estimate import Estimate, RoleCalls, Stage, StageGroup, Way, estimated

EXACT = Estimate.exactly
WAY = Way(concurrency=10, rpm=None, tpm=None, call_s=EXACT(0.001), evaluation_s=EXACT(0), start_s=EXACT(0))


def calls(price: Price | None = None, *, latency: float = 1.0, per_turn: float = 1.0, model: str = "a/b") -> RoleCalls:
    return RoleCalls(model, EXACT(per_turn), EXACT(100), EXACT(20), EXACT(latency), price, "")


def stage(n: float = 2, replays: float = 50, free: float = 10, turns: float = 5) -> Stage:
    return Stage("one", EXACT(n), replays, free, EXACT(turns))


def test_calls_tokens_money_and_minutes_are_what_they_should_be() -> None:
    told = estimated([StageGroup("", [stage()], {"seeker": calls(Price(1e-3, 1e-2))})], WAY)
    assert told["n_calls"] == {"value": 200, "range": [200, 200]}
    assert (told["n_dialogues"]["value"], told["n_free_runs"]["value"]) == (120, 20)
    assert told["tokens"]["value"] == 200 * 120
    assert told["usd"]["value"] == pytest.approx(200 * (0.1 + 0.2))
    assert told["minutes"]["value"] == pytest.approx(200 * 1.0 / 10 / 60, abs=0.01)


def test_a_recommender_that_is_a_model_is_asked_in_free_runs_alone() -> None:
    told = estimated([StageGroup("", [stage()], {"seeker": calls(), "recommender": calls()})], WAY)
    assert told["n_calls"]["value"] == 200 + 100


def test_what_is_asked_after_a_free_run_is_counted_once_for_each_and_takes_its_time() -> None:
    asked = {"seeker": calls(), "judge": replace(calls(per_turn=0), per_run=EXACT(1))}
    told = estimated([StageGroup("", [stage()], asked)], WAY)
    assert told["n_calls"]["value"] == 200 + 20
    wide = Way(10_000, None, None, EXACT(0), EXACT(0), EXACT(0))
    assert estimated([StageGroup("", [stage()], asked)], wide)["minutes"]["value"] == pytest.approx((5 + 1) / 60, abs=0.01)


def test_a_critic_is_asked_beside_the_dialogues() -> None:
    critic = replace(calls(per_turn=0), per_rewriting=EXACT(2))
    told = estimated([StageGroup("", [replace(stage(), n_rewritings=EXACT(7)), stage()], {"seeker": calls(), "critic": critic})], WAY)
    assert [row["n_calls"]["value"] for row in told["stages"]] == [200 + 14, 200]


def test_parts_are_added_each_with_its_own_calls_and_the_start_once() -> None:
    asks = replace(calls(per_turn=0), per_question=EXACT(2))
    probe = StageGroup("probe", [Stage("contamination", EXACT(0), 0, 0, EXACT(0), n_questions=EXACT(9))], {"seeker": asks})
    way = replace(WAY, start_s=EXACT(600))
    told = estimated(
        [probe, StageGroup("a", [stage()], {"seeker": calls()}), StageGroup("b", [stage()], {"seeker": calls(per_turn=3)})], way
    )
    assert [(row["part"], row["n_calls"]["value"]) for row in told["stages"]] == [("probe", 18), ("a", 200), ("b", 600)]
    assert told["n_calls"]["value"] == 18 + 200 + 600
    assert (told["n_dialogues"]["value"], told["n_free_runs"]["value"]) == (240, 40)
    assert told["minutes"]["value"] == pytest.approx(sum(row["minutes"]["value"] for row in told["stages"]) + 10, abs=0.02)


def test_an_unknown_price_is_said_to_be_unknown_and_by_name() -> None:
    told = estimated([StageGroup("", [stage()], {"seeker": calls(Price(0, 0)), "verifier": calls(model="x/unpriced")})], WAY)
    assert told["usd"]["value"] is None
    assert "x/unpriced" in told["usd"]["reason"]
    assert "a/b" not in told["usd"]["reason"]
    assert told["stages"][0]["usd"]["value"] is None


@pytest.mark.parametrize(
    ("way", "seconds"),
    [
        (Way(1000, None, None, EXACT(0), EXACT(0), EXACT(0)), 5.0),
        (Way(10, 60, None, EXACT(0), EXACT(0), EXACT(0)), 200.0),
        (Way(10, None, 12_000, EXACT(0), EXACT(0), EXACT(0)), 120.0),
        (Way(10, None, None, EXACT(1.0), EXACT(0), EXACT(0)), 200.0),
        (Way(10, None, None, EXACT(0), EXACT(30), EXACT(60)), 20.0 + 60 + 60),
    ],
)
def test_time_is_that_of_the_narrowest_place(way: Way, seconds: float) -> None:
    """The longest dialogue, the requests a minute, the tokens a minute, our own work, what comes on top."""
    told = estimated([StageGroup("", [stage()], {"seeker": calls()})], way)
    assert told["minutes"]["value"] == pytest.approx(seconds / 60, abs=0.01)


figures = (
    st.tuples(st.floats(0, 100), st.floats(0, 100), st.floats(0, 100)).map(sorted).map(lambda three: Estimate(three[1], three[0], three[2]))
)


@given(figures, figures, figures, figures)
def test_an_expectation_stays_between_its_bounds(n: Estimate, turns: Estimate, tokens: Estimate, latency: Estimate) -> None:
    asked = RoleCalls("m", EXACT(1), tokens, tokens, latency, Price(1e-3, 1e-3), "")
    told = estimated([StageGroup("", [Stage("one", n, 3, 4, turns), Stage("two", turns, 1, 0, turns)], {"seeker": asked})], WAY)
    for name in ("n_dialogues", "n_calls", "tokens", "usd", "minutes"):
        lo, hi = told[name]["range"]
        assert lo <= told[name]["value"] <= hi
