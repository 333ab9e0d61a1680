from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from understudy.measure.reference import Reference
from understudy.measure.values import ObjectiveValue
from understudy.objectives import MODULES
from understudy.profile.anchors import disjoint_halves, human_anchors, human_figures
from understudy.records import Measured


def test_halves_of_humans_share_no_worker(reference: Reference) -> None:
    one, other = disjoint_halves(reference, seed=1)
    assert one
    assert other
    workers = []
    for side in (one, other):
        rows = reference.speakers.filter(pl.col("dialogue_id").is_in(sorted(side)))
        workers.append({*rows["seeker_id"], *rows["recommender_id"]})
    assert not workers[0] & workers[1]
    assert disjoint_halves(reference, seed=2) != (one, other)


def test_every_objective_has_a_floor_and_every_figure_its_interval(reference: Reference) -> None:
    sizes = {"per_stratum": 40, "behaviour": 20, "free": 20}
    anchors = {anchor.name: anchor for anchor in human_anchors(reference, split="select", sizes=sizes, seed=1, n_halvings=6)}
    for name in MODULES:
        floor = anchors[name]
        assert floor.floor is not None, floor
        assert floor.floor_lo is not None
        assert floor.floor_hi is not None
        assert floor.floor_lo <= floor.floor <= floor.floor_hi
        assert floor.n_floor == 6
        assert floor.reason.endswith("; only 6 divisions of the humans could be measured")
    for name in ("accept_liked_unseen", "tokens_per_turn", "turns_per_dialogue", "distinct_2", "human_copying"):
        figure = anchors[name]
        assert figure.value is not None, figure
        assert figure.lo is not None
        assert figure.hi is not None
        assert figure.lo <= figure.value <= figure.hi
        assert figure.n > 0
    assert anchors["turns_per_dialogue"].value == 5
    assert anchors["human_title"].value is None
    assert anchors["human_title"].reason
    assert list(anchors) == sorted(anchors)
    again = human_anchors(reference, split="select", sizes=sizes, seed=1, n_halvings=6)
    assert again == list(anchors.values())


PARTS = {
    "positive_bias": ("liked_seen", "liked_unseen", "disliked", "unstated"),
    "diversity_gap": ("distinct_2", "self_similarity", "act_entropy", "openings"),
    "behavioural_distance": ("acts", "tokens", "turns", "classifier"),
    "data_leakage": ("copying", "short_turns"),
}


def test_every_part_has_a_floor_and_the_human_figure_beside_it(reference: Reference) -> None:
    sizes = {"per_stratum": 40, "behaviour": 20, "free": 20}
    anchors = {anchor.name: anchor for anchor in human_anchors(reference, split="select", sizes=sizes, seed=1, n_halvings=4)}
    for objective, parts in PARTS.items():
        for part in parts:
            anchor = anchors[f"{objective}.{part}"]
            assert anchor.n_floor == 4, anchor
            assert anchor.floor is not None
            assert anchor.floor_lo is not None
            assert anchor.floor_hi is not None
            assert anchor.signed_lo is not None
            assert anchor.signed_hi is not None
            assert 0 <= anchor.floor_lo <= anchor.floor <= anchor.floor_hi
            assert anchor.signed_lo <= anchor.signed_hi
    assert anchors["positive_bias.disliked"].value == anchors["accept_disliked"].value
    assert anchors["data_leakage.copying"].value == anchors["human_copying"].value
    assert anchors["behavioural_distance.turns"].value == anchors["turns_per_dialogue"].value
    assert anchors["behavioural_distance.acts"].value is None
    # without a target nothing can be given away: no floor, and the reason is said
    assert anchors["data_leakage.title"].floor is None
    assert "no free run with a target" in anchors["data_leakage.title"].reason
    assert anchors["behavioural_distance.same_setting"].floor is not None


def test_smaller_sizes_have_wider_floors(reference: Reference) -> None:
    floors = []
    for n in (8, 40):
        sizes = {"per_stratum": n, "behaviour": n, "free": n}
        anchors = {anchor.name: anchor for anchor in human_anchors(reference, split="select", sizes=sizes, seed=1, n_halvings=12)}
        floors.append([anchors[name].floor or 0 for name in ("positive_bias", "diversity_gap", "behavioural_distance")])
    assert all(small > large for small, large in zip(*floors, strict=True))


def test_distinct_2_is_that_of_as_many_dialogues(reference: Reference) -> None:
    few, many = (human_figures(reference, n_dialogues=n)["distinct_2"].value for n in (8, 80))
    assert few is not None
    assert many is not None
    assert few > many
    assert human_figures(reference, n_dialogues=10**6)["distinct_2"].value is not None


def test_humans_who_all_know_each_other_have_no_floor(world: dict[str, Any]) -> None:
    human = world["humans"]()
    one_worker = {name: pl.lit("only") for name in ("seeker_id", "recommender_id")}
    alone = replace(
        human,
        reactions=human.reactions.with_columns(**one_worker),
        behaviour=human.behaviour.with_columns(**one_worker),
        turns=human.turns.with_columns(**one_worker),
    )
    anchors = human_anchors(Reference.build(alone, seed=1), split="select", seed=1, n_halvings=3)
    floors = [anchor for anchor in anchors if anchor.name in MODULES]
    assert {floor.floor for floor in floors} == {None}
    assert all("share no worker" in floor.reason for floor in floors)


def test_the_ends_of_a_floor_hold_all_halvings_but_one_in_twenty(reference: Reference, monkeypatch: pytest.MonkeyPatch) -> None:
    def counted(*_: Any, seed: int, intervals: bool) -> ObjectiveValue:  # noqa: ARG001  as objectives are called
        value = Measured(float(seed))
        return ObjectiveValue("counted", value, {"part": value}, {"part": Measured(-float(seed))})

    for module in MODULES.values():
        monkeypatch.setattr(module, "measure", counted)
    found = human_anchors(reference, split="select", seed=1, n_halvings=40)
    anchors = {anchor.name: anchor for anchor in found if anchor.name.split(".")[0] in MODULES and anchor.n_floor}
    assert {*MODULES, *(f"{name}.part" for name in MODULES)} <= set(anchors)
    for anchor in anchors.values():
        ends = [(anchor.floor_lo or 0.0, anchor.floor_hi or 0.0)]
        ends += [(-(anchor.signed_hi or 0.0), -(anchor.signed_lo or 0.0))] if anchor.name.endswith(".part") else []
        assert [sum(low <= value <= high for value in range(1, 41)) for low, high in ends] == [38] * len(ends)
