"""Ways to write a prompt on a surface, and good ones found by descent: what they reach cuts the enumeration of a front short."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from understudy.prompt.genome import MAX_EXEMPLARS, Controls, Genome
from understudy.rehearsal.parameters import read
from understudy.rehearsal.phrases import OFF, options
from understudy.rehearsal.surfaces import Surface
from understudy.rehearsal.truth import DRIVERS, OBJECTIVES, Floats, objectives_of, true_point

# as warm as does no harm: what heat brings begins above it
_WARM = 1.1
# the weight of the other objectives in a descent that looks at one above all
_LITTLE = 0.05


@dataclass(frozen=True, slots=True)
class PromptChoice:
    """A way to write a prompt: how each lever is set (those that are off left out), controls, number of examples."""

    levers: Mapping[str, str]
    controls: Controls
    n_exemplars: int

    def genome(self, exemplars: Sequence[str] = ()) -> Genome:
        """The genome that is written so. `exemplars`: as many ids as wanted or more; without, placeholders that cannot be played."""
        ids = exemplars or [f"exemplar-{at}" for at in range(1, MAX_EXEMPLARS + 1)]
        sections = dict(read("truth.toml")["neutral"])
        for lever, known in options().items():
            chosen = next(option for option in known if option.name == self.levers.get(lever, OFF))
            if chosen.text:
                sections[chosen.section] += f" {chosen.text}"
        return Genome(sections, self.controls, tuple(ids[: self.n_exemplars]))

    def with_lever(self, lever: str, option: str) -> PromptChoice:
        """The same with one lever set to the option of that name."""
        others = {name: way for name, way in self.levers.items() if name != lever}
        return replace(self, levers=others if option == OFF else {**others, lever: option})


def good_choices(surface: Surface, first: PromptChoice) -> list[PromptChoice]:
    """Good choices from many sides, `first` among them.

    Descents that look at one objective above all, and from each of them every setting of a single lever.
    """
    n = len(OBJECTIVES)
    weightings = [np.where(np.arange(n) == at, 1.0, _LITTLE) for at in range(n)]
    ends = [first, *(descended(surface, weights) for weights in weightings)]
    return [*ends, *(end.with_lever(lever, option.name) for end in ends for lever, known in options().items() for option in known)]


def descended(surface: Surface, weights: Floats) -> PromptChoice:
    """A good choice by the weighted sum of objectives, found by setting one lever or control at a time until nothing helps.

    weights: (n_objectives,), above 0, of the objectives as shares of what they are with every fault at its worst.
    """
    scale = objectives_of(np.ones((1, len(DRIVERS))))[0] / weights

    def worth(choice: PromptChoice) -> tuple[float, float]:
        point = true_point(choice.genome(), surface)
        return round(float((point.vector / scale).sum()), 9), sum(point.faults.values())

    best = PromptChoice({}, Controls(temperature=_WARM, persona="full", visibility="hidden"), 0)
    before = None
    while before != best:
        before = best
        for lever, known in options().items():
            best = min([best, *(best.with_lever(lever, option.name) for option in known)], key=worth)
        best = min([best, *(replace(best, n_exemplars=n) for n in range(MAX_EXEMPLARS + 1))], key=worth)
    return best
