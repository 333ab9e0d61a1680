"""The parts of `make bench-search` that need no peer: the meter, the merging of runs into one front, the indicators, texts of prompts."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from understudy import rehearsal
from understudy.completion import Message, Request
from understudy.errors import BadInput, BudgetExhausted
from understudy.parameters import LONGEST_CHAIN
from understudy.prompt.genome import Genome
from understudy.prompt.setting import load_setting
from understudy.search.genes import Screen

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))
from search.handing import Claim, claims_of, handed_in, picked
from search.indicators import igd_plus, noisy_r2, on_grid, reached, share_of_front
from search.meter import Meter, OutOfDialogues, Provider, playing
from search.plan import BLOCKS, cases_of
from search.rewriting import Rewriter, as_genome, as_text
from search.statistics import holm_over, paired, wins

ONES = np.ones(2)
SEED = load_setting("zero_shot").genome


def claim(name: str, *values: float, n: int = 48, **bounds: float) -> Claim:
    """A prompt called `name` with these objectives, the last one repeated for those that are not said, and these constraints."""
    told = (*values, *(values[-1:] * (4 - len(values))))
    return Claim(replace(SEED, sections={**SEED.sections, "role": f"Prompt {name}."}), told, bounds, bounds, n)


def names(claims: list[Claim]) -> list[str]:
    return [one.genome.sections["role"].split()[1].rstrip(".") for one in claims]


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
    measured = [
        claim("a", 1.0, 0.0, n=24, leaks=0.0), claim("b", 9.0, n=24), claim("a", 4.0, 0.0, leaks=3.0, decoys=0.1), claim("c", np.nan),
    ]  # fmt: skip
    (found,) = claims_of(measured)
    assert names([found]) == ["a"]
    assert found.values == (3.0, 0.0, 0.0, 0.0)
    # a constraint is the mean of what was measured of it
    assert found.constraints == pytest.approx({"leaks": 2.0, "decoys": 0.1})
    assert found.violation == pytest.approx(2.1)
    # where nobody saw a whole panel, all are kept: an optimizer that was stopped early hands in what it has
    assert names(claims_of([claim("a", 1.0, n=24), claim("b", 2.0, n=24)])) == ["a", "b"]
    assert claims_of([]) == []


def test_what_is_handed_in_spreads_over_the_front_and_is_four_at_most() -> None:
    points = {"a": (0.1, 0.9), "b": (0.9, 0.1), "c": (0.5, 0.5), "d": (0.6, 0.6), "e": (0.2, 0.7), "f": (0.7, 0.2)}
    front = [claim(name, *both) for name, both in points.items()]
    chosen = names(handed_in(front, 1.1 * np.ones(4)))
    assert len(chosen) == 4
    assert "d" not in chosen
    # of two alike, the one that keeps the bounds; what breaks them still comes in for what it adds
    bound = [claim("kept", 0.5, leaks=-0.1), claim("broken", 0.5, leaks=0.2), claim("far", 0.1, 0.9, leaks=0.2)]
    assert names(handed_in(bound, 1.1 * np.ones(4), most=2)) == ["kept", "far"]
    assert handed_in([], np.ones(4)) == []


def test_the_pick_keeps_the_bounds_first_and_is_the_most_balanced_then() -> None:
    kept, broken = claim("kept", 0.5, leaks=-0.1), claim("broken", 0.1, leaks=0.2)
    assert picked([broken, kept], SEED, np.ones(4)) is kept
    # with none feasible, what may be one unlucky case does not rule a better prompt out
    unlucky = replace(broken, sure={"leaks": -0.1})
    assert picked([replace(kept, constraints={"leaks": 0.1}, sure={"leaks": -0.1}), unlucky], SEED, np.ones(4)) is unlucky
    # a constraint that was measured of one alone binds that one alone
    assert names([picked([claim("a", 0.5, decoys=0.1), claim("b", 0.6)], SEED, np.ones(4))]) == ["b"]


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


def test_with_chains_a_child_is_rewritten_as_often_as_one_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str | None] = []

    def criticised(self: Rewriter, genome: Genome, objective: str | None, material: str) -> Genome:  # noqa: ARG001
        asked.append(objective)
        return replace(genome, sections={**genome.sections, "role": f"Prompt {len(asked)} of its own kind."})

    monkeypatch.setattr(Rewriter, "_criticised", criticised)
    lengths: dict[bool, list[int]] = {}
    for chains in (False, True):
        rewriter = Rewriter(None, Screen.of([SEED]), 3, chains=chains, known=[SEED, SEED])  # type: ignore[arg-type]
        lengths[chains] = []
        for _ in range(60):
            asked.clear()
            assert rewriter.treated(SEED, "first", dials=False, then=lambda: "further") is not None
            rewriter.known = [SEED, SEED]
            lengths[chains].append(len(asked))
            assert asked == ["first", *["further"] * (len(asked) - 1)]
    assert set(lengths[False]) == {1}
    assert set(lengths[True]) == set(range(1, LONGEST_CHAIN + 1))


def test_the_longest_chain_of_a_peer_can_be_set() -> None:
    rewriter = Rewriter(None, Screen.of([SEED]), 3, chains=True, longest=6, known=[SEED, SEED])  # type: ignore[arg-type]
    assert {1 + rewriter._n_more(np.random.default_rng(at)) for at in range(200)} == set(range(1, 7))


@pytest.mark.parametrize("changed", [{"verifier": True}, {"deliberation": "steps"}, {"staging": "by_act"}, {"reasoning": "think"}])
def test_a_prompt_as_text_keeps_its_structure(changed: dict[str, Any]) -> None:
    genome = replace(SEED, controls=replace(SEED.controls, **changed))
    assert as_genome(as_text(genome), SEED).controls == genome.controls
    # a text without it has that of the prompt it stands for
    plain = "\n".join(line for line in as_text(genome).splitlines() if not line.startswith("[dials]"))
    dials = next(line for line in as_text(genome).splitlines() if line.startswith("[dials]")).partition(" reasoning=")[0]
    assert as_genome(f"{plain}\n{dials}", SEED).controls == SEED.controls


def test_protocol_4_gives_everybody_with_a_critic_the_same_starts_and_chains_on_surfaces_that_no_block_had() -> None:
    cases = cases_of(["ahead", "ahead_nonconvex"])
    before = cases_of([name for name in BLOCKS if not name.startswith("ahead")])
    assert len({case.key for case in cases}) == len(cases) == 2 * 30 * 7
    assert not {case.surface for case in cases} & {case.surface for case in before}
    asked = {case.optimizer: dict(case.options) for case in cases}
    assert {name for name, options in asked.items() if not options} == {"best_shipped"}
    assert {(options["shipped"], options["chain"]) for options in asked.values() if options} == {(1, 6)}


def test_protocol_3_plays_everybody_on_as_many_nonconvex_as_drawn_surfaces_that_no_earlier_block_has() -> None:
    cases, before = cases_of(["equal", "equal_nonconvex"]), cases_of(["main", "nonconvex", "quality", "ablation", "try", "weights"])
    assert len({case.key for case in cases}) == len(cases) == 2 * 30 * 9
    assert not {case.surface for case in cases} & {case.surface for case in before}
    assert {case.optimizer for case in cases if case.options} == {"random", "opro", "gepa", "capo", "evoprompt", "textgrad"}
    assert {case.quality for case in cases_of(["equal_quality"])} == {0.5, 0.0}
    assert len(before) == len({case.key for case in before})
