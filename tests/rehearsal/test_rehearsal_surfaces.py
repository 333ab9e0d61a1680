"""Surfaces: drawn by seed, treatable, null and adverse as named; files are checked."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from understudy.completion import Message
from understudy.errors import BadInput
from understudy.rehearsal import FAULTS, Surface, faults, surface
from understudy.rehearsal.conflicts import conflict_of
from understudy.rehearsal.phrases import options

NEED = "Genres you like: comedy, drama\nThe title that would suit you today: Grey Water (1998)\n"
PLAIN = (
    "You are a user who talks to a recommender.\n\nHow you react: React.\n\n"
    f"What you want: These are your likes.\n{NEED}"
)
CAREFUL = (
    "You are an ordinary person, a seeker.\n\n"
    "How much you tell: Tell it bit by bit. Hold the title back.\n\n"
    "How you react: Be critical and turn things down. If you have already seen it, say so.\n\n"
    "How you talk: Short, casual messages. Vary your wording. Use your own words. Ask questions.\n\n"
    "When you stop: Say goodbye once you have found enough.\n\n"
    "Them: hi\nMe: hey\n\n"
    f"What you want: Your likes.\n{NEED}"
)
TREATABLE = ("positivity", "title_leak", "attribute_leak", "sameness", "wordiness", "drift")


def levels(system: str, which: Surface) -> dict[str, float]:
    return dict(faults([Message("system", system)], surface=which, temperature=0.9, top_p=1.0))


@pytest.mark.parametrize("seed", [str(seed) for seed in range(10)])
def test_care_treats_every_fault_on_a_drawn_surface(seed: str) -> None:
    plain, careful = levels(PLAIN, surface(seed)), levels(CAREFUL, surface(seed))
    assert all(0 <= value <= 1 for value in (*plain.values(), *careful.values()))
    assert all(careful[fault] < plain[fault] for fault in TREATABLE)


def test_an_untuned_prompt_shows_the_published_faults_on_the_default_surface() -> None:
    level = levels(PLAIN, surface("0"))
    assert all(level[fault] > 0.4 for fault in ("positivity", "title_leak", "attribute_leak", "sameness", "wordiness"))


def test_nothing_in_a_prompt_changes_a_fault_on_the_null_surface() -> None:
    plain, careful = levels(PLAIN, surface("null")), levels(CAREFUL, surface("null"))
    assert all(plain[fault] == careful[fault] for fault in FAULTS if fault != "parroting")


def test_the_usual_advice_hurts_on_the_adverse_surface() -> None:
    plain, careful = levels(PLAIN, surface("adverse")), levels(CAREFUL, surface("adverse"))
    assert sum(careful[fault] for fault in TREATABLE) > sum(plain[fault] for fault in TREATABLE)


def test_surfaces_are_drawn_by_their_seed_alone() -> None:
    assert surface("3").digest == surface("03").digest
    assert len({surface(str(seed)).digest for seed in range(6)} | {surface("null").digest, surface("adverse").digest}) == 8


def test_a_title_that_is_not_told_cannot_leak() -> None:
    told = PLAIN.replace("The title that would suit you today: Grey Water (1998)\n", "")
    assert levels(told, surface("0"))["title_leak"] == 0


def test_a_surface_from_a_file_acts_as_written() -> None:
    base = "\n".join(f"{fault} = -9.0" for fault in FAULTS if fault != "positivity")
    one = Surface.from_toml(f'name = "mine"\n[base]\npositivity = 2.0\n{base}\n[main.positivity]\ncritical = -20.0\n')
    assert levels(PLAIN, one)["positivity"] > 0.8
    assert levels(CAREFUL, one)["positivity"] == 0


@pytest.mark.parametrize(
    "text",
    [
        "name = ",
        'name = "x"\n[base]\npositivity = 1.0\n',
        'name = "x"\nextra = 1\n',
        'name = "a/b"\n[base]\n' + "\n".join(f"{fault} = 0.0" for fault in FAULTS),
        'name = "x"\n[base]\n' + "\n".join(f"{fault} = nan" for fault in FAULTS),
        'name = "x"\n[base]\n' + "\n".join(f"{fault} = 0.0" for fault in FAULTS) + "\n[main.positivity]\nshouting = 1.0\n",
    ],
)
def test_a_broken_surface_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        Surface.from_toml(text)


COMMITTED = {
    "82871113a658fc7aa038e529400e18194fcae800fe94485f19187a9e48bbed2c": [*range(10), *range(100, 130), "null", "adverse"],
    "0f1e989e0670596fd3b7770e85cfb3c8e6f8e70f4a805cc7cf0bf3bbbc8cfd90": [f"nonconvex-{seed}" for seed in range(10)],
}


@pytest.mark.parametrize("digest", COMMITTED)
def test_the_surfaces_are_drawn_as_committed_in_the_guide(digest: str) -> None:
    drawn = "\n".join(f"{name} {surface(str(name)).digest}" for name in COMMITTED[digest])
    assert hashlib.sha256(drawn.encode()).hexdigest() == digest
    assert digest in (Path(__file__).parents[2] / "docs" / "rehearsal.md").read_text()


@pytest.mark.parametrize("seed", range(8))
def test_on_a_nonconvex_surface_one_lever_treats_one_fault_and_feeds_another(seed: int) -> None:
    conflict, on = conflict_of(seed), surface(f"nonconvex-{seed}")
    moved = {fault: sorted(effects) for fault, effects in _effects(on).items()}
    assert moved[conflict.treats][0] == (pytest.approx(-8.5, abs=2.0), conflict.lever)
    assert moved[conflict.feeds][-1] == (pytest.approx(8.0, abs=2.0), conflict.lever)
    for fault in (conflict.treats, conflict.feeds):
        assert all(abs(effect) < 1 for effect, lever in moved[fault] if lever != conflict.lever)
    others = {fault: effects for fault, effects in _effects(on).items() if fault not in (conflict.treats, conflict.feeds)}
    plain = _effects(surface(str(seed)))
    assert others == {fault: plain[fault] for fault in others}


def _effects(on: Surface) -> dict[str, list[tuple[float, str]]]:
    return {fault: [(effect, lever) for own, lever, effect in on.main if own == fault] for fault in FAULTS}


def test_pairs_of_levers_interact() -> None:
    on = surface("0")
    fault, one, other, effect = max(on.pairs, key=lambda pair: abs(pair[3]))
    assert abs(effect) > 0.2
    alone = Surface("alone", on.base, on.main, on.numbers, tuple(pair for pair in on.pairs if pair[:3] != (fault, one, other)))
    said = {lever: next(option.text for option in options()[lever] if option.name == "up plain") for lever in (one, other)}
    both = PLAIN + "\n\n" + " ".join(said.values())
    assert levels(both, on)[fault] != levels(both, alone)[fault]
    # without either lever a pair does nothing
    assert levels(f"\n\nWhat you want: {NEED}", on)[fault] == levels(f"\n\nWhat you want: {NEED}", alone)[fault]


@pytest.mark.parametrize("name", ["", "-1", "best", "1.5", "nonconvex", "nonconvex-", "nonconvex-x", "convex-1", "--1", "nonconvex--1"])
def test_an_unknown_surface_is_refused(name: str) -> None:
    with pytest.raises(BadInput):
        surface(name)
