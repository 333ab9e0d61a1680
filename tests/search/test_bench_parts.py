"""The parts of `make bench-search` that need no peer: the meter, the merging of runs into one front, the indicators, texts of prompts."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import numpy as np
import pytest

from understudy import rehearsal
from understudy.completion import Message, Request
from understudy.errors import BadInput, BudgetExhausted
from understudy.setting import load_setting

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))
from search.indicators import (
    Claims,
    claims_of,
    handed_in,
    igd_plus,
    noisy_r2,
    on_grid,
    picked,
    reached,
    share_of_front,
)
from search.meter import Meter, OutOfDialogues, Provider, playing
from search.rewriting import as_genome, as_text
from search.statistics import holm_over, paired, wins

ONES = np.ones(2)


def claims(F: list[list[float]], violations: list[float] | None = None) -> Claims:
    return Claims(tuple("abcdefgh"[: len(F)]), np.array(F), np.array(violations or [0.0] * len(F)))


def test_a_dialogue_is_counted_once_however_many_calls_it_takes_and_the_budget_is_hard() -> None:
    meter = Meter(2)
    for piece in ("g/free/s1/0", "g/free/s1/0", "g/replay/whole/d1/0"):
        meter.open(piece)
    assert (meter.n_dialogues, meter.left) == (2, 0)
    meter.open("g/free/s1/0")
    with pytest.raises(OutOfDialogues):
        meter.open("g/free/s2/0")
    assert meter.n_dialogues == 2
    # the search itself ends on it as on any spent budget
    assert issubclass(OutOfDialogues, BudgetExhausted)


def test_the_provider_counts_seekers_and_lets_the_critic_answer_when_nothing_may_be_played() -> None:
    meter = Meter(0)
    provider = Provider(rehearsal.surface("0"), rehearsal.UNFITTED, 1.0, meter)
    section = Message("user", '<section name="reaction">\nBe nice.\n</section>')
    answer = asyncio.run(provider.complete(Request("critic", "rehearsal/bench", (section,), 0.8, 1.0, 100, 1)))
    assert "Section: reaction" in answer.text
    assert (meter.n_critic_calls, meter.n_dialogues) == (1, 0)
    assert meter.critic_tokens == meter.tokens > 0
    with playing("g/free/s1/0"), pytest.raises(OutOfDialogues):
        provider.answer(Request("seeker", "rehearsal/bench", (Message("system", "You are a user."),), 0.7, 1.0, 100, 1))


def test_claims_are_means_by_pieces_and_what_saw_less_than_a_panel_is_left_out() -> None:
    found = claims_of(
        ["a", "b", "a", "c"], [(1.0, 0.0), (9.0, 9.0), (4.0, 0.0), (float("nan"), 1.0)], [0.0, 0.0, 3.0, 0.0], [24, 24, 48, 48]
    )
    assert found.names == ("a",)
    assert found.F.tolist() == [[3.0, 0.0]]
    assert found.violations.tolist() == [2.0]
    # where nobody saw a whole panel, all are kept: an optimizer that was stopped early hands in what it has
    assert claims_of(["a", "b"], [(1.0, 0.0), (2.0, 0.0)], [0.0, 0.0], [24, 24]).names == ("a", "b")


def test_what_is_handed_in_is_not_dominated_feasible_first_and_never_more_than_four() -> None:
    front = claims([[0.0, 1.0], [1.0, 0.0], [0.5, 0.5], [0.6, 0.6], [0.2, 0.7], [0.7, 0.2]])
    chosen = handed_in(front)
    assert len(chosen) == 4
    assert 3 not in chosen
    # a prompt that breaks a bound is taken only to fill up, the smallest breach first
    mended = claims([[0.0, 0.0], [0.9, 0.9], [0.1, 0.1], [0.2, 0.2]], [0.5, 0.0, 0.1, 0.3])
    assert handed_in(mended) == [1, 2, 3]
    assert picked(mended, [1, 2, 3], ONES) == 1
    assert handed_in(claims_of([], [], [], [])) == []


def test_indicators_are_1_0_and_least_on_the_true_front_itself() -> None:
    front = np.array([[0.0, 0.8], [0.4, 0.4], [0.8, 0.0]])
    assert share_of_front(front, front, ONES) == pytest.approx(1.0)
    assert igd_plus(front, front, ONES) == 0.0
    worse = front + 0.1
    assert share_of_front(worse, front, ONES) < 0.9
    assert igd_plus(worse, front, ONES) == pytest.approx(np.hypot(0.1, 0.1))
    # what is better than the front in one objective is no further from it
    assert igd_plus(np.array([[0.0, 0.5]]), np.array([[0.2, 0.5]]), ONES) == 0.0


def test_noisy_r2_is_what_trusting_the_claims_brings() -> None:
    true = np.array([[0.1, 0.1], [0.9, 0.9]])
    assert noisy_r2(true, true, ONES) < noisy_r2(true[::-1], true, ONES)


def test_a_curve_is_read_at_its_last_step_and_reached_at_its_first() -> None:
    curve = [(48, 0.1), (96, 0.6), (150, 0.5), (300, 0.9)]
    assert on_grid(curve, [40, 100, 200, 400]) == [0.0, 0.6, 0.5, 0.9]
    assert reached(curve, 0.6) == 96
    assert reached(curve, 0.95) is None


def test_a_prompt_survives_being_one_text_and_a_lost_section_is_seen() -> None:
    genome = load_setting("zero_shot").genome
    text = as_text(genome)
    assert as_genome(text, genome).digest == genome.digest
    assert as_genome(text, genome, more_examples=("e1", "e1", "e2")).exemplars == ("e1", "e2")
    with pytest.raises(BadInput, match="lost style"):
        as_genome("\n".join(line for line in text.splitlines() if not line.startswith("[style]")), genome)
    with pytest.raises(BadInput, match="dials"):
        as_genome(text.replace("top_p=1.0", "top_p"), genome)


def test_paired_differences_carry_an_interval_over_surfaces_and_wins_count_ties_apart() -> None:
    ours, theirs = {f"{i}": 0.8 + 0.01 * i for i in range(10)}, {f"{i}": 0.5 + 0.01 * i for i in range(10)}
    found = paired(ours, theirs)
    assert found.n == 10
    assert found.mean == pytest.approx(0.3)
    assert found.lo == pytest.approx(0.3)
    assert found.p < 0.01
    assert paired(ours, ours).p == 1.0
    assert wins({"a": 1.0, "b": 0.5, "c": 0.2}, {"a": 0.5, "b": 0.5, "c": 0.9}) == (1, 1, 1)
    assert holm_over({"x": 0.01, "y": 0.04}) == {"x": 0.02, "y": 0.04}
