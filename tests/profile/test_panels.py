"""Panels: equal strata, seeded, rotating."""

from __future__ import annotations

import pytest

from understudy.errors import BadInput
from understudy.play.panels import Panel, draw_panel
from understudy.records import DECOY, STRATA, Context, Need, Scenario, Stratum


def context(number: int, stratum: Stratum | None) -> Context:
    return Context(f"{stratum}-{number}", f"d{number % 20}", number, stratum, None, Need(), ())


CONTEXTS = [context(number, stratum) for stratum in (*STRATA, DECOY, None) for number in range(60)]
SCENARIOS = [Scenario(f"s{number}", f"d{number}", Need(), "x") for number in range(12)]


def draw(rotation: int = 0, n_free: int = 4, seed: int = 0) -> Panel:
    return draw_panel(CONTEXTS, SCENARIOS, per_stratum=10, n_behaviour=5, n_free=n_free, seed=seed, rotation=rotation)


def test_every_stratum_and_the_decoys_have_the_same_number() -> None:
    counted = [sum(one.startswith(f"{stratum}-") for one in draw().reactions) for stratum in (*STRATA, DECOY)]
    assert counted == [10] * 5
    assert (len(draw().behaviour), len(draw().free)) == (5, 4)


def test_rotations_share_nothing_until_all_were_drawn() -> None:
    panels = [draw(rotation) for rotation in range(3)]
    for part in ("reactions", "behaviour", "free"):
        drawn = [one for panel in panels for one in getattr(panel, part)]
        assert len(drawn) == len(set(drawn)), part
    assert draw(0).reactions == draw(6).reactions


def test_a_panel_depends_on_seed_and_rotation_alone() -> None:
    reordered = draw_panel(CONTEXTS[::-1], SCENARIOS[::-1], per_stratum=10, n_behaviour=5, n_free=4, seed=0)
    assert reordered.key == draw().key
    assert len({draw(0, seed=0).key, draw(1, seed=0).key, draw(0, seed=1).key}) == 3


def test_more_free_runs_than_scenarios_are_replicates() -> None:
    free = draw(n_free=30).free
    assert len(set(free)) == 30
    assert sorted({replicate for _, replicate in free}) == [0, 1, 2]
    assert len(set(draw(1, n_free=30).free)) == 30


def test_a_stratum_with_too_few_gives_all_it_has() -> None:
    panel = draw_panel([context(1, "disliked")], SCENARIOS, per_stratum=10, n_behaviour=5, n_free=0, seed=0)
    assert (panel.reactions, panel.behaviour, panel.free) == (("disliked-1",), (), ())


def test_free_runs_without_a_scenario_are_refused() -> None:
    with pytest.raises(BadInput):
        draw_panel(CONTEXTS, [], per_stratum=1, n_behaviour=1, n_free=1, seed=0)
