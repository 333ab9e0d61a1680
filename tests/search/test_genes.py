"""What is turned away before a token is spent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from understudy.prompt.genome import SECTIONS, Controls, Genome
from understudy.search.genes import Screen, grams, log_grams, near_duplicate

PLAIN = Genome({name: f"You play a person who is after something to watch, part {name}." for name in SECTIONS})
LOG = "i really want to see something with a dog in it tonight please"


def with_section(genome: Genome, **changed: str) -> Genome:
    return replace(genome, sections={**genome.sections, **changed})


@pytest.fixture
def screen() -> Screen:
    return Screen.of([PLAIN], log_grams=log_grams([LOG, "hi"]), exemplar_ids=["e1", "e2"])


def test_the_seed_itself_passes(screen: Screen) -> None:
    assert screen.check(PLAIN).ok


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"style": "word " * 300}, "too long"),
        ({"style": "  "}, "a section is empty"),
        ({"style": "Say <need> again."}, "angle bracket"),
        ({"style": "Say: I really want to see something, with a DOG in it."}, "8 consecutive words"),
    ],
)
def test_a_section_that_may_not_be_is_turned_away_with_its_reason(screen: Screen, changed: dict[str, str], reason: str) -> None:
    verdict = screen.check(with_section(PLAIN, **changed))
    assert not verdict.ok
    assert reason in verdict.reason


def test_seven_words_of_the_logs_are_no_copy(screen: Screen) -> None:
    assert screen.check(with_section(PLAIN, style="i really want to see something with patience")).ok


def test_exemplars_come_from_the_exemplar_split_alone(screen: Screen) -> None:
    assert screen.check(replace(PLAIN, exemplars=("e1",))).ok
    assert "exemplar split" in screen.check(replace(PLAIN, exemplars=("e1", "s1"))).reason


def test_the_length_limit_is_twice_the_seed() -> None:
    seed = Genome(dict.fromkeys(SECTIONS, "abcd"))
    assert Screen.of([seed]).check(with_section(seed, role="a" * 28)).ok
    assert not Screen.of([seed]).check(with_section(seed, role="a" * 29)).ok


def test_a_near_duplicate_is_the_same_text_but_for_a_few_letters(screen: Screen) -> None:
    nearly = with_section(PLAIN, role=PLAIN.sections["role"].upper() + "!")
    assert near_duplicate(PLAIN, nearly)
    assert "near-duplicate" in screen.check(nearly, [PLAIN]).reason
    assert screen.check(replace(nearly, controls=Controls(temperature=1.1)), [PLAIN]).ok
    assert screen.check(replace(nearly, exemplars=("e1",)), [PLAIN]).ok
    assert screen.check(with_section(PLAIN, role="Somebody else entirely talks here about what is on."), [PLAIN]).ok


def test_grams_ignore_case_and_punctuation_and_short_texts() -> None:
    assert grams("one two three four five six seven") == []
    assert grams("One, two three four. Five six seven EIGHT") == grams("one two three four five six seven eight")
    assert len(grams("a b c d e f g h i")) == 2
