"""Genomes on which the reading of a brief is compared: every shipped setting, and prompts with sentences of rehearsal's own put in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tests.settings import scenery
from understudy.prompt.genome import Genome
from understudy.prompt.setting import load_setting, setting_names
from understudy.rehearsal.phrases import sentences

N_ALTERED = 44
# a setting that was not there when the readings were recorded
LATER = "planned"


def genomes() -> Iterator[Genome]:
    """The shipped settings with examples, then those with a sentence more in one section, in a fixed order."""
    shipped = [_shown(name) for name in setting_names() if name != LATER]
    yield from shipped
    said = sentences()
    for at in range(N_ALTERED):
        genome, sentence = shipped[at % len(shipped)], said[at * 7 % len(said)]
        section = sentence.section if sentence.section in genome.sections else "style"
        yield replace(genome, sections={**genome.sections, section: f"{genome.sections[section]} {sentence.text}"})


def _shown(name: str) -> Genome:
    setting = load_setting(name)
    shown = scenery.EXEMPLARS[: setting.n_exemplars]
    return replace(setting.genome, exemplars=tuple(one.dialogue_id for one in shown))
