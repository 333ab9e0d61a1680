"""A turn's influence is what the objective would lose with it: held against leaving the turn out in earnest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from understudy.search.influence import ComparedTurn, Exhibit, Reading, evidence, influences


def reading(label: str = "neither", act: str = "other", text: str = "a b c d e f", before: str = "start") -> Reading:
    return Reading(label, act, before, tuple(text.split()))


def reaction(at: int, ours: str, theirs: str = "reject", stratum: str = "disliked") -> ComparedTurn:
    return ComparedTurn(f"d{at}", Exhibit("Try this?", f"{ours} {at}", f"human {at}"), reading(ours), reading(theirs), stratum)


def spoken(at: int, text: str, human: str = "i like dogs", act: str = "other") -> ComparedTurn:
    return ComparedTurn(f"d{at}", Exhibit("", text, human), reading(act=act, text=text), reading(text=human))


def bias(cases: list[ComparedTurn], human: dict[str, float]) -> float:
    rates = {s: np.mean([one.ours.label == "accept" for one in cases if one.stratum == s]) for s in human}
    return float(np.mean([abs(rates[s] - human[s]) for s in human]))


def test_influence_on_acceptance_is_exact() -> None:
    human = {"disliked": 0.1, "unstated": 0.6}
    cases = [reaction(i, "accept" if i % 3 else "reject") for i in range(9)]
    cases += [reaction(20 + i, "accept" if i % 4 == 0 else "neither", stratum="unstated") for i in range(8)]
    whole = bias(cases, human)
    signed = {s: float(np.mean([one.ours.label == "accept" for one in cases if one.stratum == s]) - human[s]) for s in human}
    found = influences("positive_bias", cases, signed)
    for at in range(len(cases)):
        assert found[at] == pytest.approx(whole - bias(cases[:at] + cases[at + 1 :], human))


def distinct(cases: list[ComparedTurn]) -> float:
    pairs = [pair for one in cases for pair in zip(one.ours.tokens, one.ours.tokens[1:], strict=False)]
    return len(set(pairs)) / len(pairs)


def test_influence_on_distinct_bigrams_is_exact() -> None:
    cases = [spoken(at, text) for at, text in enumerate(["one two three", "one two three", "four five six seven", "one two nine"])]
    signed = {"distinct_2": -0.4}
    found = influences("diversity_gap", cases, signed)
    for at in range(len(cases)):
        change = np.log(distinct(cases[:at] + cases[at + 1 :])) - np.log(distinct(cases))
        assert found[at] == pytest.approx(change)


@pytest.mark.parametrize(("part", "sign"), [("openings", 1.0), ("self_similarity", 1.0)])
def test_a_stock_phrase_makes_talk_uniform_and_a_turn_of_its_own_does_not(part: str, sign: float) -> None:
    cases = [spoken(at, "sounds great thank you so much") for at in range(4)] + [spoken(9, "nah old westerns bore me stiff")]
    found = influences("diversity_gap", cases, {part: sign})
    assert found[:4].min() > 0 > found[4]
    assert influences("diversity_gap", cases, {part: -sign})[4] > 0


def test_an_act_that_people_do_less_often_weighs_on_the_distance() -> None:
    cases = [spoken(at, "a b c", act="accept") for at in range(5)] + [spoken(9, "a b c", act="other")]
    found = influences("behavioural_distance", cases, {"acts": 0.3, "tokens": 0.0})
    assert found[0] > 0 > found[5]


def test_turns_longer_than_peoples_weigh_on_the_distance() -> None:
    cases = [spoken(0, " ".join(["word"] * 40)), *(spoken(at, "a b c") for at in range(1, 6))]
    found = influences("behavioural_distance", cases, {"tokens": 0.2})
    assert found[0] > 0
    assert int(np.argmax(found)) == 0


def test_the_turn_that_gives_the_title_away_is_shown() -> None:
    runs = [ComparedTurn(f"r{at}", Exhibit("", f"turn {at}"), reading()) for at in range(6)]
    runs[2] = replace(runs[2], leaks=frozenset({"title"}))
    found = influences("data_leakage", runs, {"title": 1 / 6 - 0.05})
    assert found[2] == pytest.approx(1 / (6 * 0.05))
    assert found.sum() == pytest.approx(found[2])
    shown = evidence("data_leakage", runs, {"title": 1 / 6 - 0.05}, seed=1)
    assert shown is not None
    assert [one.said for one in shown.failing] == ["turn 2"]


def test_failing_turns_stand_beside_what_people_did_there_and_passing_ones_agree_with_them() -> None:
    cases = [reaction(at, "accept") for at in range(6)] + [reaction(at, "reject") for at in range(6, 9)]
    shown = evidence("positive_bias", cases, {"disliked": 0.6}, seed=1)
    assert shown is not None
    assert all(one.said.startswith("accept") and one.human for one in shown.failing)
    assert all(one.said.startswith("reject") for one in shown.passing)
    assert "disliked" in shown.worst


def test_without_influence_turns_are_drawn_and_with_it_they_are_not() -> None:
    cases = [reaction(at, "accept" if at < 3 else "reject") for at in range(30)]
    drawn = [evidence("positive_bias", cases, {"disliked": 0.5}, seed=seed, by_influence=False) for seed in range(8)]
    assert any(one.said.startswith("reject") for each in drawn if each for one in each.failing)
    assert evidence("positive_bias", [], {}, seed=1) is None


def test_of_an_objective_without_a_formula_turns_weigh_in_which_the_human_did_something_else() -> None:
    cases = [reaction(at, "accept" if at < 3 else "reject") for at in range(6)]
    assert influences("charm", cases, {}).tolist() == [1.0] * 3 + [0.0] * 3
    shown = evidence("charm", cases, {"charm": 0.2}, seed=1)
    assert shown is not None
    assert all(one.said.startswith("accept") for one in shown.failing)
