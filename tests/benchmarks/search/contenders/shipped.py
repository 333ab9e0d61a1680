"""Best shipped: the dialogues of a search spent on playing the shipped prompts as they are, panel after panel; nothing is bred."""

from __future__ import annotations

from search.trial import PANEL, Trial
from understudy.prompt.setting import load_setting, seed_genome, setting_names


def run_best_shipped(trial: Trial) -> None:
    """Every shipped prompt on one panel, then all of them on the next, until no dialogue is left.

    `planned` is left out: its policy is fitted on humans, and the truth of a surface reads a prompt alone.
    """
    exemplars = sorted(trial.world.exemplars)
    settings = [load_setting(name) for name in setting_names()]
    prompts = [seed_genome(one, exemplars, seed=trial.seed) for one in settings if one.genome.policy is None]
    rotation = 0
    while True:
        panel = trial.world.panel("search", PANEL, seed=trial.seed, rotation=rotation)
        trial.stage.measure_all(prompts, panel, label=f"panel {rotation}")
        rotation += 1
