"""What a dialogue comes to, what figures say of many, and when two recommenders differ."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from understudy.play.dialogue import PlayedTurn
from understudy.studies.evaluate import scores
from understudy.studies.evaluate.judging import NO_RANKING, DialogueOutcome, contrasts, figures, outcome, rank_agreement

SEEKER = PlayedTurn("seeker", "something")


def offers(*named: str, ranked: tuple[str, ...] = ()) -> PlayedTurn:
    return PlayedTurn("recommender", "How about it?", named, ranked)


def judged(*turns: PlayedTurn, accepting: Any = ()) -> DialogueOutcome:
    return outcome(("s", 0), turns, target="t", accepting=set(accepting), satisfaction=None)


def test_success_is_the_target_named_and_then_taken() -> None:
    turns = (SEEKER, offers("a", "t"), SEEKER, offers("b"), SEEKER)
    assert judged(*turns, accepting={2}).success
    assert judged(*turns, accepting={2}).rounds == 2, "the dialogue counts up to the acceptance"
    assert not judged(*turns, accepting={4}).success, "another item was taken"
    assert judged(*turns, accepting={4}).rounds == 3
    assert not judged(*turns[:2]).success, "nobody reacted"


def test_acceptance_is_of_all_that_was_recommended_and_answered() -> None:
    turns = (SEEKER, offers("a"), SEEKER, PlayedTurn("recommender", "What else?"), SEEKER, offers("t"), SEEKER, offers("b"))
    assert judged(*turns, accepting={2, 4}).acceptance == 0.5
    assert judged(*turns[3:5]).acceptance is None


def test_what_comes_after_the_acceptance_is_in_no_ranking() -> None:
    turns = (SEEKER, offers("t", ranked=("a", "t")), SEEKER, offers("a", ranked=("t", "a")), SEEKER)
    assert (judged(*turns, accepting={2}).best, judged(*turns, accepting={2}).last) == (2, 2)
    assert (judged(*turns).best, judged(*turns).last) == (1, 1)


def test_the_best_place_is_of_any_ranking_and_the_last_of_the_last_one() -> None:
    one = judged(SEEKER, offers("t", ranked=("a", "t")), SEEKER, offers("a", ranked=("a", "b")), SEEKER)
    assert (one.best, one.last) == (2, None)
    assert judged(SEEKER, offers("t")).has_ranking is False


def many(n: int, *, success: int, first: str = "s", satisfaction: int | None = None, rank: int | None = 3) -> list[DialogueOutcome]:
    return [DialogueOutcome((f"{first}{i}", 0), rank is not None, rank, rank, i < success, 2 + i % 3, satisfaction) for i in range(n)]


def test_rates_have_wilson_intervals_and_what_has_no_score_is_not_measured() -> None:
    found = figures(many(40, success=10), seed=0)
    assert (found["success"].value, found["success"].n) == (0.25, 40)
    assert found["success"].lo == pytest.approx(0.1419, abs=1e-3)
    assert (found["recall_1"].value, found["recall_10"].value) == (0.0, 1.0)
    assert found["rounds"].lo < found["rounds"].value < found["rounds"].hi  # type: ignore[operator]
    assert (found["satisfaction"].value, found["satisfaction"].reason) == (None, "no dialogue has a score")


def test_a_recommender_without_ranking_has_no_recall_and_is_not_given_nought() -> None:
    found = figures(many(40, success=10, rank=None), seed=0)
    assert (found["recall_10"].value, found["recall_10"].reason) == (None, NO_RANKING)
    assert figures([], seed=0)["success"].value is None


def test_replicates_of_a_scenario_are_no_further_evidence() -> None:
    once = many(30, success=15)
    thrice = [DialogueOutcome((one.unit[0], k), True, 1, 1, one.success, one.rounds) for one in once for k in range(3)]
    narrow, wide = figures(thrice, seed=0)["success"], figures(once, seed=0)["success"]
    assert narrow.n == 30
    assert narrow.value == wide.value
    assert narrow.hi - narrow.lo > 0.8 * (wide.hi - wide.lo)  # type: ignore[operator]


def test_the_mean_s_interval_covers_as_it_says() -> None:
    rng = np.random.default_rng(1)
    hits = 0
    for trial in range(200):
        drawn = rng.integers(1, 9, size=50)
        one = figures(
            [DialogueOutcome((f"{trial}-{i}", 0), False, None, None, False, int(value)) for i, value in enumerate(drawn)], seed=trial
        )
        hits += one["rounds"].lo <= 4.5 <= one["rounds"].hi  # type: ignore[operator]
    assert 0.90 <= hits / 200 <= 0.99


def test_two_recommenders_are_paired_by_scenario_and_holm_counts_all_tests() -> None:
    better, worse = many(60, success=40), many(60, success=10)
    found = {(one.metric, one.one, one.other): one for one in contrasts({"a": better, "b": worse, "c": many(60, success=40)}, seed=0)}
    one = found["success", "a", "b"]
    assert (one.direction, one.difference.value) == ("higher", 0.5)
    assert one.p is not None
    assert one.p_holm is not None
    assert one.p_holm > one.p
    assert found["success", "a", "c"].direction == "inconclusive"
    assert found["success", "b", "c"].direction == "lower"
    assert found["satisfaction", "a", "b"].direction == "not_measured"


def test_too_few_shared_scenarios_are_not_compared() -> None:
    few = contrasts({"a": many(19, success=19), "b": many(19, success=0)}, seed=0)
    assert {one.direction for one in few} == {"not_measured"}
    assert "at least 20 scenarios are needed; there are 19" in {one.difference.reason for one in few}
    strangers = contrasts({"a": many(30, success=30), "b": many(30, success=0, first="other")}, seed=0)
    assert {one.direction for one in strangers} == {"not_measured"}


def test_false_alarms_between_equal_recommenders_are_as_rare_as_they_should_be() -> None:
    rng = np.random.default_rng(2)
    alarms = 0
    for trial in range(120):
        sides = {}
        for name in "ab":
            taken = rng.random(60) < 0.4
            length = rng.integers(1, 9, size=60)
            sides[name] = [DialogueOutcome((f"{trial}-{i}", 0), False, None, None, bool(taken[i]), int(length[i])) for i in range(60)]
        alarms += any(one.direction in ("higher", "lower") for one in contrasts(sides, seed=trial))
    assert alarms / 120 <= 0.1


def systems(*means: float, n: int = 60, seed: int = 0) -> dict[str, dict[Any, float]]:
    rng = np.random.default_rng(seed)
    return {f"crs{i}": {(f"d{i}-{k}", 0): mean + rng.normal() for k in range(n)} for i, mean in enumerate(means)}


def test_rank_agreement_is_one_where_both_order_alike_and_minus_one_where_they_do_not() -> None:
    human = {name: {unit[0]: value for unit, value in one.items()} for name, one in systems(1, 3, 5, 7).items()}
    same = rank_agreement(human, systems(0, 10, 20, 30, seed=1), seed=0)
    assert (same.value, same.n) == (1.0, 4)
    assert same.lo is not None
    assert rank_agreement(human, systems(30, 20, 10, 0, seed=1), seed=0).value == -1.0
    vague = rank_agreement(human, systems(1, 1.02, 1.01, 1.03, seed=3), seed=0)
    assert vague.hi - vague.lo > same.hi - same.lo  # type: ignore[operator]


def test_rank_agreement_needs_three_systems_that_differ() -> None:
    two = rank_agreement({"a": {"d": 1.0}, "b": {"d": 2.0}, "z": {"d": 3.0}}, {"a": {("s", 0): 1.0}, "b": {("s", 0): 2.0}}, seed=0)
    assert (two.value, two.reason) == (None, "at least 3 systems with both scores are needed; there are 2")
    level = {name: {("s", 0): 1.0} for name in "abc"}
    assert rank_agreement({name: {"d": float(ord(name))} for name in "abc"}, level, seed=0).value is None


def test_scores_of_logs_are_words_or_numbers_of_one_label() -> None:
    rows = [
        {"name": "sentiment", "recommender_id": "x", "dialogue_id": "1", "value": "satisfied"},
        {"name": "sentiment", "recommender_id": "x", "dialogue_id": "2", "value": "Frustrated"},
        {"name": "sentiment", "recommender_id": "y", "dialogue_id": "3", "value": "who knows"},
        {"name": "score", "recommender_id": "y", "dialogue_id": "3", "value": "4"},
    ]
    assert scores.by_system(rows) == ("sentiment", {"x": {"1": 1.0, "2": 0.0}})
    assert scores.by_system(rows[3:]) == ("score", {"y": {"3": 4.0}})
    assert scores.by_system(rows[2:3]) == ("", {})
    assert scores.by_system([{**rows[3], "value": "nan"}]) == ("", {})
