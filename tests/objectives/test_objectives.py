from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from understudy.instruments.disclosure import ItemIndex
from understudy.measure.reference import BEHAVIOUR, FREE_DIALOGUES, FREE_TURNS, REACTIONS, Reference, Simulated, observe
from understudy.objectives import MODULES, Evaluation, compare, constraints, measure_all
from understudy.records import STRATA, Item, Measured

YES = {**dict.fromkeys(STRATA, 0.95), "decoy": 0.9}


def value(evaluation: Evaluation, name: str) -> float:
    found = evaluation.objectives[name].measured.value
    assert found is not None
    return found


@pytest.mark.parametrize("name", sorted(MODULES))
def test_an_objective_declares_itself_and_measures_within_its_range(name: str, reference: Reference, world: dict[str, Any]) -> None:
    module = MODULES[name]
    assert module.BETTER == "lower"
    assert module.UNIT
    value = module.measure(observe(world["simulator"](), reference), reference, seed=3)
    assert value.name == name
    assert set(value.unit_counts) == {"simulated", "human"}
    found = value.measured
    assert module.RANGE[0] <= found.lo <= found.value <= found.hi <= module.RANGE[1]
    assert found.n > 0
    if value.terms:
        again = value.over(list(value.terms))
        assert again.measured.value == pytest.approx(found.value)
        assert again.measured.n == found.n
        assert again.replicates == pytest.approx(value.replicates)
        left = list(value.terms)[1:]
        pooled = np.mean if value.pooled == "mean" else np.sum
        assert value.over(left).measured.value == pytest.approx(float(pooled([value.terms[one].value for one in left])))
        assert next(iter(value.terms)) in value.over(left).left_out


def test_the_figures_of_variety_on_both_sides_never_contradict_the_difference(reference: Reference, world: dict[str, Any]) -> None:
    # long turns of few words: plain distinct-2 of whole texts says the opposite of distinct-2 at as many word pairs
    simulators = (world["simulator"](), world["simulator"](speak=lambda rng, _: " ".join(rng.choice(list("abcdefgh"), 40))))
    for simulated in simulators:
        found = measure_all(simulated, reference, seed=3).objectives["diversity_gap"]
        for name, signed in found.signed.items():
            one, other = found.own[name].value, found.human[name].value
            assert signed.value is not None
            assert abs(signed.value) < 0.01 or (one > other) == (signed.value > 0), (name, signed, one, other)


def test_a_simulator_like_the_humans_is_near_them_and_a_faulty_one_is_not(reference: Reference, world: dict[str, Any]) -> None:
    same = measure_all(world["simulator"](), reference, seed=3)
    stock = measure_all(
        world["simulator"](rates=YES, speak=lambda *_: "I am looking for a wonderful movie to enjoy tonight!"), reference, seed=3
    )
    assert value(same, "positive_bias") < 0.1 < 0.4 < value(stock, "positive_bias")
    assert value(same, "diversity_gap") < 0.4 < 1.0 < value(stock, "diversity_gap")
    assert value(same, "behavioural_distance") < 0.2 < 0.5 < value(stock, "behavioural_distance")
    assert value(same, "data_leakage") == 0
    assert stock.objectives["positive_bias"].signed["disliked"].value == pytest.approx(0.85, abs=0.1)
    assert stock.diagnostics["over_acceptance"].value == pytest.approx(0.7, abs=0.1)
    assert stock.diagnostics["decoy_acceptance"].value == pytest.approx(0.9, abs=0.08)


def test_noise_is_not_taken_for_diversity(reference: Reference, world: dict[str, Any]) -> None:
    def babble(rng: np.random.Generator, _: int) -> str:
        return " ".join("".join(rng.choice(list("abcdefghijkl"), 6)) for _ in range(7))

    same, noisy = (measure_all(world["simulator"](**kind), reference, seed=3) for kind in ({}, {"speak": babble}))
    assert value(noisy, "diversity_gap") > value(same, "diversity_gap") + 0.3
    assert noisy.objectives["diversity_gap"].signed["distinct_2"].value > 0
    assert noisy.diagnostics["fluency"].value < 0.05 < 0.9 < same.diagnostics["fluency"].value


def test_titles_given_away_are_counted_and_break_the_constraint(reference: Reference, world: dict[str, Any]) -> None:
    leaky = measure_all(world["simulator"](opening="hi, I want {}"), reference, seed=3)
    assert leaky.leakage["title"].value == 1.0
    assert value(leaky, "data_leakage") >= 19
    assert constraints(leaky, {})["title"] == pytest.approx(0.95)
    fine = measure_all(world["simulator"](), reference, seed=3)
    assert fine.leakage["title"].value == 0
    assert max(constraints(fine, {}).values()) <= 0


def test_turns_copied_from_other_workers_leak(reference: Reference, world: dict[str, Any]) -> None:
    longest = max(world["humans"]().behaviour["text"].to_list(), key=len)
    parrot = world["simulator"](speak=lambda *_: longest)
    found = measure_all(parrot, reference, seed=3).leakage["copying"]
    fresh = measure_all(world["simulator"](speak=lambda *_: "one two three four five six seven eight nine"), reference, seed=3)
    assert found.value > 0.9
    assert fresh.leakage["copying"].value == 0


def test_coin_flips_agree_with_no_human_item(reference: Reference, world: dict[str, Any]) -> None:
    human = world["humans"]().reactions
    faithful = replace(world["simulator"](), reactions=human)
    flips = replace(faithful, reactions=human.with_columns(pl.col("text").shuffle(seed=1)))
    told = [measure_all(one, reference, seed=3).diagnostics["item_agreement"].value for one in (faithful, flips)]
    assert told[0] == 1.0
    assert told[1] == pytest.approx(0.5, abs=0.08)


def test_a_stratum_with_too_few_human_contexts_leaves_the_mean_and_is_named(world: dict[str, Any]) -> None:
    human = world["humans"]()
    few = pl.col("stratum") != "disliked"
    thin = replace(human, reactions=pl.concat([human.reactions.filter(few), human.reactions.filter(~few).head(20)]))
    found = measure_all(world["simulator"](rates=YES), Reference.build(thin, seed=1), seed=3).objectives["positive_bias"]
    assert found.left_out == ("disliked",)
    assert "underpowered: at least 150 human contexts are needed in disliked; there are 20" in found.parts["disliked"].reason
    assert found.parts["disliked"].n == 20
    none = measure_all(world["simulator"](), Reference.build(thin, seed=1, min_contexts=1000), seed=3).objectives["positive_bias"]
    assert none.measured.value is None
    assert "no stratum has enough contexts" in none.measured.reason


def test_nothing_played_is_not_measured_and_never_nought(reference: Reference) -> None:
    shapes = (REACTIONS, BEHAVIOUR, FREE_DIALOGUES, FREE_TURNS)
    empty = Simulated(*(pl.DataFrame(schema=shape) for shape in shapes))
    found = measure_all(empty, reference, seed=3)
    assert all(one.measured.value is None and one.measured.reason for one in found.objectives.values())
    assert found.diagnostics["invalid"].value is None
    assert constraints(found, {}) == {}


def test_missing_and_invalid_dialogues_are_counted_and_not_read(reference: Reference, world: dict[str, Any]) -> None:
    dialogues, turns = world["free"](40, "hi, I want {}")
    broken = dialogues.with_columns(
        status=pl.when(pl.int_range(pl.len()) < 10).then(pl.lit("invalid")).otherwise("status"),
        reason=pl.when(pl.int_range(pl.len()) < 4).then(pl.lit("role_flip")).otherwise("reason"),
    )
    found = measure_all(replace(world["simulator"](), free_dialogues=broken, free_turns=turns), reference, seed=3)
    assert found.leakage["title"].n == 30
    assert found.diagnostics["invalid"].value == pytest.approx(0.25)
    assert found.diagnostics["role_flips"].value == pytest.approx(0.1)


def test_turns_per_dialogue_count_only_in_the_same_setting(reference: Reference, world: dict[str, Any]) -> None:
    other = measure_all(world["simulator"](), reference, seed=3).objectives["behavioural_distance"]
    same = measure_all(replace(world["simulator"](), same_setting=True), reference, seed=3).objectives["behavioural_distance"]
    assert other.left_out == ("turns",)
    assert "setting differs" in other.parts["turns"].reason
    assert same.left_out == ()
    assert same.parts["turns"].value == pytest.approx(1.0)


def test_an_evaluation_survives_json_and_repeats_itself(reference: Reference, world: dict[str, Any]) -> None:
    one, other = (measure_all(world["simulator"](), reference, seed=3) for _ in range(2))
    assert one.as_json() == other.as_json()
    assert one.objectives["diversity_gap"].replicates == other.objectives["diversity_gap"].replicates
    assert Evaluation.from_json(json.loads(json.dumps(one.as_json(), allow_nan=False))).as_json() == one.as_json()


def test_values_are_the_same_without_intervals(reference: Reference, world: dict[str, Any]) -> None:
    full, quick = (measure_all(world["simulator"](), reference, seed=3, intervals=wanted) for wanted in (True, False))
    assert {name: value(full, name) for name in MODULES} == {name: value(quick, name) for name in MODULES}
    assert quick.objectives["positive_bias"].replicates == ()


def test_a_comparison_finds_what_changed_and_claims_nothing_else(reference: Reference, world: dict[str, Any]) -> None:
    leaky = world["simulator"](5, rates=YES, opening="hi, I want {}")
    found = compare(leaky, world["simulator"](6), reference, seed=3, floors={})
    assert found["positive_bias"].outcome == "better"
    assert found["data_leakage"].outcome == "better"
    assert found["positive_bias"].difference < 0
    back = compare(world["simulator"](6), leaky, reference, seed=3, floors={})
    assert back["positive_bias"].outcome == "worse"
    assert back["positive_bias"].difference == pytest.approx(-found["positive_bias"].difference)


def test_the_same_simulator_twice_is_inconclusive_everywhere(reference: Reference, world: dict[str, Any]) -> None:
    for seed in range(6, 8):
        found = compare(world["simulator"](5), world["simulator"](seed), reference, seed=3, floors={})
        assert {one.outcome for one in found.values()} <= {"inconclusive"}, found
    itself = compare(world["simulator"](5), world["simulator"](5), reference, seed=3, floors={})
    assert {one.difference for one in itself.values()} == {0.0}


def test_a_difference_below_the_floor_is_no_gain(reference: Reference, world: dict[str, Any]) -> None:
    found = compare(world["simulator"](5, rates=YES), world["simulator"](6), reference, seed=3, floors={"positive_bias": 0.99})
    assert found["positive_bias"].outcome == "inconclusive"
    assert "within the human split-half baseline" in found["positive_bias"].reason


def test_few_units_or_missing_sides_are_not_compared(reference: Reference, world: dict[str, Any]) -> None:
    tiny = world["simulator"](n=2, n_dialogues=3, n_free=5)
    found = compare(tiny, world["simulator"](), reference, seed=3, floors={})
    assert {one.outcome for one in found.values()} == {"not_measured"}
    assert all(one.reason for one in found.values())


def test_a_stratum_that_only_the_simulator_lacks_makes_the_bias_not_measured(reference: Reference, world: dict[str, Any]) -> None:
    played = world["simulator"]()
    found = measure_all(replace(played, reactions=played.reactions.filter(pl.col("stratum") != "disliked")), reference, seed=3)
    bias = found.objectives["positive_bias"]
    assert bias.measured.value is None
    assert "no reactions in disliked" in bias.measured.reason
    assert bias.left_out == ()
    assert bias.parts["liked_seen"].value is not None


def test_attributes_of_items_that_have_none_are_not_measured_and_never_0(reference: Reference, world: dict[str, Any]) -> None:
    titles = {item_id: Item(item_id, item.title) for item_id, item in reference.catalogue.items.items()}
    bare = measure_all(world["simulator"](), replace(reference, catalogue=ItemIndex(titles)), seed=3)
    leaks = bare.objectives["data_leakage"]
    assert (bare.leakage["attributes"].value, bare.leakage["attributes"].reason) == (None, "of the targets only titles are known")
    assert leaks.left_out == ("attributes",)
    assert leaks.measured.value is not None
    half = {item_id: item if int(item_id) % 2 else titles[item_id] for item_id, item in reference.catalogue.items.items()}
    some = measure_all(world["simulator"](), replace(reference, catalogue=ItemIndex(half)), seed=3)
    assert (some.leakage["title"].n, some.leakage["attributes"].n) == (200, 100)
    assert some.objectives["data_leakage"].left_out == ()


def test_a_seeker_who_never_varies_is_measured_and_far(reference: Reference, world: dict[str, Any]) -> None:
    found = measure_all(world["simulator"](speak=lambda *_: "I am looking for a wonderful movie to enjoy tonight!"), reference, seed=3)
    gap = found.objectives["diversity_gap"]
    assert gap.left_out == ()
    assert gap.signed["act_entropy"].value < -2
    assert gap.signed["self_similarity"].value > 0.5
    assert gap.signed["openings"].value > 1


def test_turns_too_short_for_a_part_leave_the_objective_not_measured(reference: Reference, world: dict[str, Any]) -> None:
    found = measure_all(world["simulator"](speak=lambda *_: "no thanks", n_free=0), reference, seed=3)
    assert found.objectives["diversity_gap"].measured.value is None
    assert "openings: no two turns of at least six tokens" in found.objectives["diversity_gap"].measured.reason
    assert "copying: no turn has at least 8 tokens" in found.objectives["data_leakage"].measured.reason
    assert found.objectives["data_leakage"].left_out == ("title", "attributes")


def test_targets_that_were_given_and_never_played_out_are_required(reference: Reference, world: dict[str, Any]) -> None:
    dialogues, _ = world["free"](30, "hi", status="missing", reason="timeout")
    found = measure_all(replace(world["simulator"](), free_dialogues=dialogues), reference, seed=3).objectives["data_leakage"]
    assert found.left_out == ()
    assert found.measured.value is None
    assert "title: there is no free run with a target" in found.measured.reason


def test_every_part_carries_the_human_figure_and_its_floor(reference: Reference, world: dict[str, Any]) -> None:
    found = measure_all(world["simulator"](), reference, seed=3)
    assert found.objectives["positive_bias"].human["disliked"].value == found.diagnostics["accept_disliked_human"].value
    assert found.objectives["behavioural_distance"].human["tokens"].value == pytest.approx(7, abs=2)
    assert found.objectives["behavioural_distance"].human["turns"].value == 5
    assert found.objectives["behavioural_distance"].human["acts"].value is None
    assert found.objectives["data_leakage"].human["short_turns"].n > 0
    for name, part in found.objectives["diversity_gap"].human.items():
        assert part.lo <= part.value <= part.hi, name
    told = found.with_floors({"diversity_gap": Measured(0.2, 0.1, 0.3, 40), "diversity_gap.openings": Measured(0.4, 0.2, 0.6, 40)})
    gap = told.as_json()["objectives"]["diversity_gap"]
    assert gap["floor"] == {"value": 0.2, "ci": [0.1, 0.3], "n": 40}
    assert gap["floors"] == {"openings": {"value": 0.4, "ci": [0.2, 0.6], "n": 40}}
    assert told.as_json()["objectives"]["positive_bias"]["floor"]["value"] is None
    assert Evaluation.from_json(json.loads(json.dumps(told.as_json()))).as_json() == told.as_json()


def test_who_says_what_the_humans_said_is_neither_told_apart_nor_seen_through(world: dict[str, Any]) -> None:
    """A replay and the human dialogue that it replays are scored by the same model: one that had learned the one would know the other."""
    human, n = world["humans"](), 24
    length, marks = (pl.col("dialogue_id").str.slice(1).cast(pl.Int64) % k for k in (7, 5))
    own = pl.concat_str(pl.lit("slow ").repeat_by(length + 1).list.join(""), pl.lit("?!").repeat_by(marks).list.join(""))
    spoken = human.behaviour.filter(pl.col("dialogue_id").is_in([f"d{i}" for i in range(n)])).with_columns(text=own)
    turns = spoken.with_columns(role=pl.lit("seeker"), item_ids=pl.lit([], dtype=pl.List(pl.String)), split=pl.lit("select"))
    reference = Reference.build(replace(human, behaviour=spoken, turns=turns), seed=1)
    # not all of the dialogues, so that the same one stands at another place on either side
    for echoed in (spoken, spoken.filter(~pl.col("dialogue_id").is_in(["d0", "d5", "d12"]))):
        echo = observe(replace(world["simulator"](n=5, n_free=5), behaviour=echoed), reference)
        apart = MODULES["behavioural_distance"].measure(echo, reference, seed=3, intervals=False).signed["classifier"]
        assert apart.value == pytest.approx(0.0, abs=0.2)


def test_dialogues_of_a_seeker_in_two_splits_are_contaminated(world: dict[str, Any]) -> None:
    human = world["humans"]()
    # of the four dialogues of seeker s0 one is in another split
    crossing = pl.when(pl.col("dialogue_id") == "d50").then(pl.lit("search")).otherwise("split")
    rates = []
    for turns in (human.turns, human.turns.with_columns(split=crossing)):
        reference = Reference.build(replace(human, turns=turns), seed=1)
        rates.append(measure_all(world["simulator"](n=5, n_free=5, n_dialogues=160), reference, seed=3).leakage["split"].value)
    assert rates == [0.0, 4 / 160]
