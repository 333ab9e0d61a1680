"""The truth of a surface: monotone in every fault, enumerated without losing a point, and non-convex where it says so."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.prompt.genome import DISCLOSURES, PERSONAS, VISIBILITIES, Controls, Genome
from understudy.prompt.setting import load_setting, setting_names
from understudy.rehearsal import FAULTS, Surface, surface
from understudy.rehearsal.choices import PromptChoice
from understudy.rehearsal.fronts import TEMPERATURES, TOP_PS, bare_point, reference_of, true_front
from understudy.rehearsal.parts import non_beaten
from understudy.rehearsal.phrases import OFF, options
from understudy.rehearsal.truth import DRIVERS, OBJECTIVES, brief_for, objectives_of, supported, true_point
from understudy.search import moo

CLOSE = 2e-3


def vectors(on: Surface) -> np.ndarray:
    return np.array([member.point.vector for member in true_front(on)])


def is_reached(on: Surface, point: np.ndarray) -> bool:
    """Whether a point of the front is nowhere above."""
    return bool((vectors(on) <= point + CLOSE).all(axis=1).any())


def few_levers() -> Surface:
    """A surface on which three levers, two of them in a pair, and the examples matter."""
    base = "\n".join(f"{fault} = {2.0 if fault in ('positivity', 'wordiness') else -9.0}" for fault in FAULTS if fault != "parroting")
    return Surface.from_toml(
        f'name = "few"\n[base]\nparroting = -2.0\n{base}\n[main.positivity]\ncritical = -4.0\nbrief = 1.5\n[main.wordiness]\nbrief = -5.0\n'
        '[numbers.wordiness]\nexemplars = -1.5\n[numbers.parroting]\nexemplars = 3.0\n[main.parroting]\noriginal = -1.0\n'
        '[[pairs]]\nfault = "positivity"\nlevers = ["critical", "brief"]\neffect = 1.8\n'
    )


@given(st.lists(st.floats(0, 1), min_size=len(DRIVERS), max_size=len(DRIVERS)), st.integers(0, len(DRIVERS) - 1), st.floats(0, 1))
def test_a_higher_level_never_lowers_an_objective(level: list[float], at: int, higher: float) -> None:
    worse = list(level)
    worse[at] = max(level[at], higher)
    low, high = objectives_of(np.array([level, worse]))
    assert (high >= low - 1e-12).all()
    assert (low >= 0).all()


def test_without_faults_and_with_all_of_them() -> None:
    best, worst = objectives_of(np.array([[0.0] * len(DRIVERS), [1.0] * len(DRIVERS)]))
    assert (best < 0.2).all()
    assert (worst > best + 0.2).all()


def test_the_front_of_a_small_surface_is_that_of_plain_enumeration() -> None:
    on = few_levers()
    points = []
    for critical, brief, original in product(*(options()[lever] for lever in ("critical", "brief", "original"))):
        levers = {one.lever: one.name for one in (critical, brief, original) if one.name != OFF}
        for n in (0, 1, 2, 5) if original.name in (OFF, "up most") else ():
            points.append(true_point(PromptChoice(levers, Controls(visibility="hidden"), n).genome(), on).vector)
    plain = np.array(points)
    assert all(is_reached(on, point) for point in plain)
    front = plain[non_beaten(np.round(plain, 4))]
    assert len(front) > 5
    for found in vectors(on):
        assert (np.abs(front - found).max(axis=1) < CLOSE).any()


def random_choices(n: int) -> list[PromptChoice]:
    rng = np.random.default_rng(3)
    out = []
    for _ in range(n):
        levers = {lever: known[int(rng.integers(len(known)))].name for lever, known in options().items() if rng.random() < 0.8}
        controls = Controls(
            temperature=float(rng.choice(TEMPERATURES)), top_p=float(rng.choice(TOP_PS)), disclosure=str(rng.choice(DISCLOSURES)),  # type: ignore[arg-type]
            persona=str(rng.choice(PERSONAS)), visibility=str(rng.choice(VISIBILITIES)),  # type: ignore[arg-type]
        )  # fmt: skip
        out.append(PromptChoice(levers, controls, int(rng.integers(6))))
    return out


@pytest.mark.parametrize("name", ["0", "1", "107", "adverse", "nonconvex-1", "nonconvex-3"])
def test_no_prompt_gets_below_the_front(name: str) -> None:
    on = surface(name)
    assert all(is_reached(on, true_point(choice.genome(), on).vector) for choice in random_choices(150))
    for setting in setting_names():
        there = load_setting(setting).genome
        # other sentences pull a lever by amounts between those that are enumerated
        assert is_reached(on, true_point(Genome(there.sections, there.controls), on).vector + 0.01)


@pytest.mark.parametrize("name", ["0", "adverse", "nonconvex-2"])
def test_every_point_of_a_front_is_reached_by_a_prompt_that_is_not_diluted(name: str) -> None:
    on = surface(name)
    for member in true_front(on):
        genome = member.choice.genome()
        assert np.allclose(true_point(genome, on).vector, member.point.vector)
        assert brief_for(genome).instructions.n_words <= 260
    values = vectors(on)
    assert non_beaten(np.round(values, 4)) == list(range(len(values)))


def test_a_drawn_surface_can_be_treated_whole_and_null_not_at_all() -> None:
    on, null = surface("0"), surface("null")
    best = objectives_of(np.zeros((1, len(DRIVERS))))[0]
    assert np.allclose(vectors(on), best)
    assert len(true_front(null)) == 1
    for setting in setting_names():
        there = load_setting(setting).genome
        assert np.allclose(true_point(there, null).vector, vectors(null)[0])


@pytest.mark.parametrize("seed", [0, 1, 3])
def test_a_nonconvex_front_holds_points_that_no_weighted_sum_finds(seed: int) -> None:
    on = surface(f"nonconvex-{seed}")
    values, reference = vectors(on), reference_of(on)
    found = supported(values)
    whole, partly = moo.hypervolume(values, reference), moo.hypervolume(values[found], reference)
    assert 0 < partly < 0.92 * whole
    rng = np.random.default_rng(1)
    for weight in rng.dirichlet(np.ones(len(OBJECTIVES)), size=500):
        assert int(np.argmin((values / reference) @ weight)) in found


def test_supported_points_of_a_known_front() -> None:
    concave = np.array([[0.0, 1.0], [0.6, 0.8], [0.8, 0.6], [1.0, 0.0]])
    assert supported(concave) == [0, 3]
    assert supported(1 - concave[:, ::-1]) == [0, 1, 2, 3]
    assert supported(np.column_stack([concave, np.zeros(4)])) == [0, 3]
    assert supported(concave[:1]) == [0]


def test_the_reference_lies_beyond_the_bare_prompt_and_the_whole_front() -> None:
    for name in ("0", "null", "nonconvex-3"):
        on = surface(name)
        assert (reference_of(on) > bare_point(on).vector).all()
        assert (reference_of(on) > vectors(on)).all()


@settings(max_examples=40)
@given(st.lists(st.tuples(*[st.integers(0, 4)] * 3), min_size=1, max_size=40))
def test_what_is_not_beaten_is_found_as_by_comparing_all(rows: list[tuple[int, int, int]]) -> None:
    values = np.array(rows, dtype=float)
    kept = {tuple(values[at]) for at in non_beaten(values)}
    points = set(map(tuple, values))
    assert kept == {one for one in points if not any(other != one and np.less_equal(other, one).all() for other in points)}
    assert len(kept) == len(non_beaten(values))
