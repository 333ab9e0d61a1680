"""Best shipped: the dialogues of a search spent on playing the shipped prompts as they are, panel after panel; nothing is bred."""

from __future__ import annotations

from search.trial import PANEL, Trial


def run_best_shipped(trial: Trial) -> None:
    """Every shipped prompt on one panel, then all of them on the next, until no dialogue is left."""
    prompts = trial.world.shipped_prompts(trial.seed)
    rotation = 0
    while True:
        panel = trial.world.panel("search", PANEL, seed=trial.seed, rotation=rotation)
        trial.stage.measure_all(prompts, panel, label=f"panel {rotation}")
        rotation += 1
