"""TSTR on planted training sets: a copy of the humans scores as they do, permuted labels score as popularity, nobody is on both sides."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.usefulness.planted import INDEX, conversation, humans, permuted
from understudy.errors import UnderstudyError
from understudy.studies.usefulness.conversations import Origin
from understudy.studies.usefulness.fields import TstrFields
from understudy.studies.usefulness.figures import NAMES
from understudy.studies.usefulness.measurement import usefulness
from understudy.studies.usefulness.pools import SEEDS, Pools, require_apart

REAL, TESTED = humans("real", 160), humans("test", 80, form=True)
FEW = REAL[:30]


@pytest.fixture(scope="module")
def measured() -> TstrFields:
    """The release is a copy of the human dialogues; the seed prompt's dialogues have permuted labels."""
    return usefulness(Pools(REAL, permuted(REAL), REAL), TESTED, INDEX, people="reporting")


def test_a_copy_of_the_humans_scores_as_they_do(measured: TstrFields) -> None:
    trained = measured["trained_on"]
    assert trained["release"]["figures"] == trained["real"]["figures"]
    assert all((one["value"], one["ci"]) == (0.0, [0.0, 0.0]) for one in trained["release"]["versus_real"].values())


def test_what_the_humans_teach_is_better_than_the_baselines(measured: TstrFields) -> None:
    real = measured["trained_on"]["real"]
    assert real["versus_baseline"]["mrr"]["ci"][0] > 0
    assert real["versus_baseline"]["macro_f1"]["ci"][0] > 0
    assert measured["baselines"]["popularity"]["mrr"]["value"] < real["figures"]["mrr"]["value"]
    assert set(measured["baselines"]) == {"popularity", "majority"}


def test_permuted_labels_are_about_as_good_as_popularity(measured: TstrFields) -> None:
    wrong = measured["trained_on"]["seed_prompt"]
    for name in ("mrr", "recall_1"):
        low, high = wrong["versus_baseline"][name]["ci"]
        assert low <= 0 <= high, name
        assert abs(wrong["versus_baseline"][name]["value"]) < measured["trained_on"]["real"]["versus_baseline"][name]["value"] / 4, name
    assert wrong["versus_real"]["mrr"]["ci"][1] < 0
    assert wrong["figures"]["macro_f1"]["value"] < measured["trained_on"]["real"]["figures"]["macro_f1"]["value"] - 0.2


def test_sets_are_of_equal_size_and_too_small_ones_are_underpowered(measured: TstrFields) -> None:
    assert measured["n_train"] == 128
    assert {one["n_dialogues"] for one in measured["trained_on"].values()} == {128}
    assert measured["n_seeds"] == len(SEEDS) >= 3
    assert (measured["split"], measured["part"], measured["underpowered"], measured["min_n"]) == ("select", "reporting", True, 500)
    figure = measured["trained_on"]["mix"]["figures"]["recall_10"]
    assert (figure["n"], figure["min_n"], figure["underpowered"], len(figure["by_seed"])) == (80, 500, True, len(SEEDS))


def test_the_mix_is_half_of_each_and_draws_are_the_same_again() -> None:
    pools = Pools(REAL, [], humans("played", 30))
    first = pools.drawn(0)
    assert pools.size == 24
    assert [len(one) for one in first.values()] == [24, 24, 24]
    names = [one.dialogue_id for one in first["mix"]]
    assert sum(name.startswith("real") for name in names) == sum(name.startswith("played") for name in names) == 12
    assert Pools(REAL[::-1], [], humans("played", 30)[::-1]).drawn(0) == first
    assert pools.drawn(1) != first
    assert pools.spread_factor("release") == pytest.approx(4), "four fifths of the smallest set"
    assert pools.spread_factor("real") == pytest.approx(24 / (160 - 24))
    assert pools.spread_factor("mix") == pytest.approx(12 / (30 - 12))


def test_what_cannot_be_trained_is_not_measured_with_its_reason() -> None:
    missing = usefulness(Pools(FEW, [], FEW, {"seed_prompt": "a cap ended it"}), TESTED, INDEX, people="test")
    assert {one["reason"] for one in missing["trained_on"]["seed_prompt"]["figures"].values()} == {"a cap ended it"}
    assert missing["trained_on"]["seed_prompt"]["n_dialogues"] == 0
    assert missing["trained_on"]["mix"]["figures"]["mrr"]["value"] is not None
    assert (missing["split"], missing["part"]) == ("test", None)
    alone = usefulness(Pools([], [], FEW), TESTED, INDEX, people="reporting")["trained_on"]
    assert all(alone[arm]["figures"][name]["value"] is None for arm in ("real", "mix") for name in NAMES)
    assert alone["release"]["figures"]["mrr"]["value"] is not None
    assert "real" in alone["release"]["versus_real"]["mrr"]["reason"]


def test_fewer_than_ten_dialogues_on_a_side_are_not_measured() -> None:
    few = usefulness(Pools(FEW, [], FEW), TESTED[:9], INDEX, people="reporting")
    assert {one["value"] for one in few["trained_on"]["real"]["figures"].values()} == {None}
    assert "at least 10 are needed" in few["trained_on"]["real"]["figures"]["mrr"]["reason"]


def test_dialogues_without_suggestions_teach_acts_alone() -> None:
    silent = [conversation(f"s{at}", "noir", likes=False) for at in range(30)]
    found = usefulness(Pools(FEW, [], silent), TESTED, INDEX, people="reporting")["trained_on"]["release"]["figures"]
    assert "no suggestion" in found["mrr"]["reason"]
    assert found["macro_f1"]["value"] is not None


@pytest.mark.parametrize("origin", [Origin("test3", "anybody"), Origin("real3", "seeker of test3"), Origin("elsewhere", "anybody")])
def test_a_dialogue_of_the_test_or_of_no_training_split_is_refused(origin: Origin) -> None:
    trainable = [one.dialogue_id for one in REAL]
    require_apart(REAL, TESTED, trainable=trainable)
    with pytest.raises(UnderstudyError, match="planted"):
        require_apart([*REAL, replace(REAL[0], dialogue_id="planted", origin=origin)], TESTED, trainable=trainable)
