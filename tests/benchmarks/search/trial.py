"""One run of one optimizer on one surface: what it may use, how it is scored, and what it leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from search.meter import OutOfDialogues
from search.rewriting import Rewriter
from search.stage import Measurement, Stage
from search.world import World
from understudy.objectives import NAMES
from understudy.parameters import PanelSize
from understudy.prompt.genome import Genome

PANEL = PanelSize(per_stratum=6, behaviour=10, free=8)
BLOCK = PanelSize(per_stratum=3, behaviour=5, free=4)
"""Half of a panel: a datapoint of optimizers that want several."""
# equal, then one for how it reacts and what it gives away, one for how it talks; in the order of NAMES
WEIGHTS = ((0.25, 0.25, 0.25, 0.25), (0.1, 0.4, 0.1, 0.4), (0.4, 0.1, 0.4, 0.1))
N_WEIGHTS = 1
"""How many of them an optimizer with one objective uses where nothing else is said."""
WORST = 2.0


@dataclass(slots=True)
class Trial:
    """What an optimizer is given. `options` are its own dials; `handed` is what it hands in where it chooses for itself."""

    world: World
    stage: Stage
    rewriter: Rewriter
    seed: int
    seed_prompt: Genome
    options: dict[str, float | int | str] = field(default_factory=dict)
    handed: list[Genome] | None = None
    pick: Genome | None = None
    outcome: dict[str, object] = field(default_factory=dict)
    lost_texts: int = 0
    _scale: tuple[np.ndarray, float] | None = None

    def measure(self, genome: Genome, *, rotation: int = 0, label: str = "") -> Measurement:
        """The genome on one full panel; the first of them by default, so that all candidates share it. Raises OutOfDialogues."""
        return self.stage.measure(genome, self.world.panel("search", PANEL, seed=self.seed, rotation=rotation), label=label)

    def measure_all(self, genomes: Sequence[Genome], *, label: str = "") -> list[Measurement]:
        """Several genomes on the first panel. Raises OutOfDialogues, with those before measured."""
        return self.stage.measure_all(genomes, self.world.panel("search", PANEL, seed=self.seed), label=label)

    def measure_blocks(self, genomes: Sequence[Genome], block: int, *, label: str = "") -> list[Measurement]:
        """Genomes on one block, half a panel. Raises OutOfDialogues."""
        return self.stage.measure_all(genomes, self.world.panel("search", BLOCK, seed=self.seed, rotation=block), label=label)

    def starts(self, weights: Sequence[float] = WEIGHTS[0], *, label: str = "") -> list[Genome]:
        """What a run begins with: the seed prompt, or with the option `shipped` all shipped prompts, measured, the best by score first."""
        if not self.options.get("shipped"):
            return [self.seed_prompt]
        found = self.measure_all(self.world.shipped_prompts(self.seed), label=label)
        self.rewriter.known += [one.genome for one in found]
        return [one.genome for one in sorted(found, key=lambda one: -self.score(one, weights))]

    def score(self, measurement: Measurement, weights: Sequence[float] = WEIGHTS[0]) -> float:
        """One number for optimizers that want one, higher better, the seed prompt at about .5: weighted shares and violation.

        Objectives are shares of what the seed prompt was first measured at; constraints count as far as they are violated beside it.
        """
        scale, violated = self.scale()
        shares = np.minimum(WORST, np.where(np.isfinite(measurement.values), measurement.values, np.inf) / scale)
        return float(1.0 - 0.3 * np.dot(weights, shares) - 0.2 * min(WORST, measurement.violation / violated))

    def shares(self, measurement: Measurement) -> np.ndarray:
        """The objectives as shares of the seed prompt's."""
        return np.asarray(np.minimum(WORST, np.where(np.isfinite(measurement.values), measurement.values, np.inf) / self.scale()[0]))

    def scale(self) -> tuple[np.ndarray, float]:
        """What the seed prompt was measured at first, at least .1 in each objective; its violation. It is measured where it was not."""
        if self._scale is None:
            first = next((one for one in self.stage.trace if one.genome.digest == self.seed_prompt.digest), None)
            first = first or self.measure(self.seed_prompt)
            self._scale = (np.maximum(0.1, np.nan_to_num(np.array(first.values), nan=1.0)), max(0.1, first.violation))
        return self._scale

    def worst(self, measurement: Measurement, weights: Sequence[float], rng: np.random.Generator) -> str:
        """The objective to be treated: that of the largest share along a weight vector drawn around `weights`."""
        drawn = rng.dirichlet(4 * np.asarray(weights) + 0.5)
        return NAMES[int(np.argmax(drawn * self.shares(measurement)))]

    def spend(self, upto: int) -> bool:
        """Whether a part of the budget, up to this many dialogues in all, still covers a panel."""
        return self.stage.meter.n_dialogues + pieces_of(PANEL) <= min(upto, self.stage.meter.budget)


def pieces_of(size: PanelSize) -> int:
    """Dialogues of a full panel: reactions of four strata and decoys, dialogues replayed whole, free runs."""
    return 5 * size.per_stratum + size.behaviour + size.free


__all__ = ("BLOCK", "N_WEIGHTS", "PANEL", "WEIGHTS", "OutOfDialogues", "Trial", "pieces_of")
