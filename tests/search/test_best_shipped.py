"""Best shipped: the prompts that are there, played for the dialogues of a search and chosen by its rule."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.search import plain
from understudy.errors import BadInput
from understudy.rows.handle import Humans
from understudy.tasks.optimize import shipped
from understudy.tasks.optimize.shipped import choose, has_room

FEW = ["planned", "target_free", "zero_shot"]
# of a prompt that is planned every turn is read on its own, which takes as long as all the rest (tests/policy/test_planned_turns.py)
WORDED = FEW[1:]


@pytest.fixture
def store(profiled_sample: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(profiled_sample, tmp_path / "shipped.duckdb"))


def test_the_prompts_are_played_once_at_least_and_again_while_there_is_room(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipped, "setting_names", lambda: WORDED)
    search = plain.small(1)
    with plain.run_open(store, search) as (_, opened):
        once = choose(opened, search, plain.Functions(), n_dialogues=0)
        n_calls = opened.gateway.n_calls
        again = choose(opened, search, plain.Functions(), n_dialogues=0)
        assert opened.gateway.n_calls == n_calls
        twice = choose(opened, search, plain.Functions(), n_dialogues=2.1 * once["n_dialogues"])
    assert once == again
    assert (once["n_rounds"], twice["n_rounds"]) == (1, 2)
    assert once["n_dialogues"] < twice["n_dialogues"] <= 2.1 * once["n_dialogues"]
    assert once["settings"] == WORDED
    assert once["setting"] in WORDED
    assert once["left_out"] == {}


def test_what_the_data_set_cannot_play_is_left_out_with_its_reason(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_planner(humans: Humans) -> None:  # noqa: ARG001
        raise BadInput("the data set has no policy")

    monkeypatch.setattr(shipped, "setting_names", lambda: FEW)
    monkeypatch.setattr(Humans, "planner", property(no_planner))
    search = plain.small(1)
    with plain.run_open(store, search) as (_, opened):
        entrants = shipped.entered.fn(opened, search)
    assert entrants.left_out == {"planned": "the data set has no policy"}
    assert sorted(entrants.named.values()) == ["target_free", "zero_shot"]


@given(st.lists(st.integers(1, 500), min_size=1, max_size=30), st.integers(0, 5000))
@example([1], 247)
def test_no_round_is_begun_that_would_pass_the_dialogues_of_a_search(sizes: list[int], budget: int) -> None:
    size, played, rounds = sizes[0], 0, list[list[object]]()
    while has_room(rounds, played=played, budget=budget):
        rounds.append([])
        played += size
    assert len(rounds) == 1 or played <= budget
    assert played + size > budget
