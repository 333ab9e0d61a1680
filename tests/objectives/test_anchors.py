from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl

from understudy.anchors import disjoint_halves, human_anchors
from understudy.evidence import Reference
from understudy.objectives import MODULES


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
        assert floor.reason.endswith("; 6 halvings could be measured")
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
    assert all("without a common worker" in floor.reason for floor in floors)
