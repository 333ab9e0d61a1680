"""Panels: equal strata, seeded, rotating."""

from __future__ import annotations

from collections import Counter

import pytest

from understudy.errors import BadInput
from understudy.play.panels import CALLS, MOST_OF_ONE_SEEKER, Panel, divided, draw_free, draw_panel
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


def shares(n: int, *, n_scenarios: int, n_seekers: int, of_first: int = 0) -> list[int]:
    """How many of `n` free runs each seeker has, the most first; `of_first` scenarios are all of one seeker."""
    scenarios = [Scenario(f"s{number}", f"d{number}", Need(), "x") for number in range(n_scenarios)]
    seekers = {f"d{number}": "p0" if number < of_first else f"p{number % n_seekers}" for number in range(n_scenarios)}
    drawn = draw_free(scenarios, seekers, n, seed=3, replicate=7)
    assert len(drawn) == len(set(drawn)) == n
    assert min((replicate for _, replicate in drawn), default=7) == 7
    return sorted(Counter(seekers[f"d{scenario[1:]}"] for scenario, _ in drawn).values(), reverse=True)


def test_no_seeker_stands_for_more_than_a_hundredth_of_a_batch_and_its_release() -> None:
    # the design's default batch, with one seeker whose scenarios are a third of all
    most = shares(800, n_scenarios=300, n_seekers=200, of_first=100)[0]
    assert most <= MOST_OF_ONE_SEEKER * 800
    # also where the tenth of the batch that may go to quarantine is of other seekers
    assert most / (0.9 * 800) <= 0.01


def test_where_there_are_too_few_seekers_each_has_as_many_as_the_others() -> None:
    assert shares(800, n_scenarios=40, n_seekers=10) == [80] * 10
    assert shares(25, n_scenarios=12, n_seekers=10, of_first=6)[0] == 5
    assert shares(0, n_scenarios=12, n_seekers=10) == []


def test_free_runs_of_a_batch_are_those_of_a_panel_where_nobody_has_too_many() -> None:
    seekers = {f"d{number}": f"p{number}" for number in range(12)}
    assert draw_free(SCENARIOS, seekers, 30, seed=0) == draw_panel((), SCENARIOS, per_stratum=0, n_behaviour=0, n_free=30, seed=0).free


def test_without_a_scenario_no_free_run_can_be_drawn() -> None:
    with pytest.raises(BadInput, match="no scenario that could be played"):
        draw_free([], {}, 1, seed=0)


@pytest.mark.parametrize("n_calls", [1, 8, 13, 128, 10_000])
def test_the_parts_of_a_panel_hold_each_of_its_pieces_once_and_in_order(n_calls: int) -> None:
    panel = Panel(tuple(f"r{n}" for n in range(30)), tuple(f"b{n}" for n in range(20)), tuple((f"f{n}", n) for n in range(40)), 7)
    parts = divided(panel, n_calls)
    for kind in CALLS:
        assert [piece for part in parts for piece in getattr(part, kind)] == list(getattr(panel, kind))
    assert {part.replicate for part in parts} == {7}
    sizes = [sum(n * len(getattr(part, kind)) for kind, n in CALLS.items()) for part in parts]
    # a piece is not cut, so that a part may be larger by less than one
    assert max(sizes) < n_calls + max(CALLS.values())
    assert min(sizes) > 0
    assert len(parts) <= sum(sizes) // n_calls + 1


def test_an_empty_panel_has_no_parts() -> None:
    assert divided(Panel((), (), ()), 128) == []
