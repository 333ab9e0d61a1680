"""What a need says of eras and disliked people stands in the prompt, and moves the embedded model by nothing."""

from __future__ import annotations

from dataclasses import replace

from understudy.prompt.setting import load_setting, seed_genome
from understudy.prompt.template import system_prompt
from understudy.records import Need
from understudy.rehearsal.reading import brief_of

PLAIN = Need(liked=("Amber Ferry (1994)",), genres=("drama",), people=("Tom Quill",))
FULL = replace(PLAIN, eras=("1990s", "2000s"), disliked_eras=("1950s",), disliked_people=("Ada <Finch>",))


def test_eras_and_disliked_people_are_told_beside_the_others() -> None:
    genome = seed_genome(load_setting("zero_shot"), [], seed=0)
    plain, full = (system_prompt(genome, need, exemplars=(), target=None) for need in (PLAIN, FULL))
    added = [line for line in full.splitlines() if line not in plain.splitlines()]
    size = {"none": 0, "brief": 2, "full": 8}[genome.controls.persona]
    assert size >= 2
    assert added == ["People whose work you avoid: Ada < Finch>", "Eras you like: 1990s, 2000s", "Eras you avoid: 1950s"]


def test_rehearsal_understands_the_same_with_and_without_them() -> None:
    genome = seed_genome(load_setting("zero_shot"), [], seed=0)
    plain, full = (brief_of(system_prompt(genome, need, exemplars=(), target=None)) for need in (PLAIN, FULL))
    assert plain == full
