"""What an estimate counts and draws in the human logs: the replays of a panel, and prompts of every length."""

from __future__ import annotations

from understudy.keys import share_of
from understudy.parameters import PanelSize
from understudy.play.scene import Scene, replay_scene
from understudy.prompt.genome import Genome
from understudy.records import REPORTING, Context
from understudy.rows.handle import Humans

_N_SAMPLED = 60


def n_reactions(humans: Humans, size: PanelSize, seed: int) -> int:
    """Replayed reactions of a report of this size."""
    return len(humans.panel(REPORTING, size, seed=seed).reactions)


def n_replays(humans: Humans, split: str, size: PanelSize, seed: int) -> int:
    """Replayed seeker turns of a panel of a split, reactions and behaviour."""
    panel = humans.panel(split, size, seed=seed)
    wanted = set(panel.behaviour)
    return len(panel.reactions) + sum(one.stratum is None and one.dialogue_id in wanted for one in humans.contexts(split).values())


def sampled(humans: Humans, genome: Genome, seed: int) -> list[Scene]:
    """Replays of the search split, drawn by `seed`: prompts of every length that a dialogue comes to."""
    contexts = sorted(humans.contexts("search").values(), key=lambda one: share_of("estimate", seed, one.context_id))
    shown = [humans.exemplars[name] for name in genome.exemplars]

    planner = humans.planner if genome.policy is not None else None

    def scene(context: Context) -> Scene:
        target = humans.items.get(context.need.targets[0]) if context.need.targets else None
        return replay_scene(context, genome=genome, exemplars=shown, target=target, model="any", replicate=0, planner=planner)

    return [scene(context) for context in contexts[:_N_SAMPLED]]
