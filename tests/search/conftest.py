"""A toy world for the search: objectives computed from a genome's text, so that improvement is possible and known."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from understudy.keys import share_of
from understudy.prompt.genome import Genome
from understudy.prompt.setting import load_setting, setting_names
from understudy.search.genes import Screen
from understudy.search.operators import Pool
from understudy.search.plan import Individual, Plan, Proposal

OBJECTIVES = ("bias", "sameness", "distance", "leaks")
EXEMPLARS = tuple(f"e{i}" for i in range(12))


class World:
    """Scores candidates without noise: what a text says decides, controls shift it."""

    plan = Plan(OBJECTIVES, population=10, algorithm="unsga3", seed=5)
    seed = load_setting("zero_shot").genome
    pool = Pool(tuple(load_setting(name).genome for name in setting_names()), EXEMPLARS)
    screen = Screen.of([seed], exemplar_ids=EXEMPLARS)

    def play(self, proposals: Sequence[Proposal]) -> list[Individual]:
        return [self.individual(each.genome, each.operator) for each in proposals if each.ok]

    def individual(self, genome: Genome, operator: str = "controls") -> Individual:
        text = " ".join(genome.sections.values())
        controls = genome.controls
        values = (
            0.1 + 0.3 * ("say no" not in text) + 0.1 * ("accept the" in text) + 0.02 * controls.patience,
            0.1 + abs(controls.temperature - 1.1) + 0.2 * ("Vary" not in text) + 0.02 * share_of(genome.digest),
            0.1 + 0.05 * (5 - len(genome.exemplars)) + 0.2 * ("short" not in text),
            1.5 * (controls.visibility == "title"),
        )
        return Individual(genome, operator, dict(zip(OBJECTIVES, values, strict=True)), {"titles": values[3] - 0.5})


@pytest.fixture
def world() -> World:
    return World()
