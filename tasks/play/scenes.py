"""What a piece of work asks to be played, and playing it in this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from understudy.doors.events import emit
from understudy.play.dialogue import Played, play_all
from understudy.play.scene import Scene, free_scene, replay_scene
from understudy.records import Context, Item
from understudy.rows import played as rows
from understudy.tasks.play.opened import OpenRun
from understudy.tasks.play.work import Work


def scenes_of(opened: OpenRun, work: Work) -> list[Scene]:
    """What the panel of a piece of work asks to be played: reactions, then whole dialogues turn by turn, then free runs."""
    side, genome = opened.humans, rows.load_genome(opened.store, work.genome_digest)
    shown = [side.exemplars[name] for name in genome.exemplars]
    planner = side.planner if genome.policy is not None else None
    contexts, panel = side.contexts(work.split), work.panel
    wanted = set(panel.behaviour)
    turns = [one for one in contexts.values() if one.stratum is None and one.dialogue_id in wanted] if wanted else []
    replays = [
        replay_scene(
            one, genome=genome, exemplars=shown, target=_target(one, side.items), model=work.model, replicate=panel.replicate,
            verifier=work.verifier, planner=planner,
        )
        for one in [*(contexts[name] for name in panel.reactions), *turns]
    ]  # fmt: skip
    scenarios = side.scenarios(work.free_split)
    runs = [
        free_scene(
            scenarios[name], genome=genome, exemplars=shown, target=side.items[scenarios[name].target],
            recommender=work.recommender, model=work.model, replicate=replicate, verifier=work.verifier, planner=planner,
        )
        for name, replicate in panel.free
    ]  # fmt: skip
    return [*replays, *runs]


def play_scenes(opened: OpenRun, work: Work, scenes: Sequence[Scene], on_played: Callable[[], None]) -> list[Played]:
    """The scenes of a piece of work as they are played now, in their order; `on_played` is called after each."""
    gateway = opened.gateway
    crs = {work.recommender: opened.recommender_of(work.recommender)} if work.panel.free else {}
    playing = play_all(
        scenes, complete=gateway.complete, recommenders=crs, on_dialogue=gateway.count_dialogue, on_played=on_played,
        at_once=gateway.n_dialogues_at_once(work.model), checks=opened.checks,
    )  # fmt: skip
    was_given_up = opened.checks.is_given_up
    played = gateway.run(playing)
    if opened.checks.is_given_up and not was_given_up:
        emit("play", "verifier_given_up", work.verifier or work.model)
    return played


def _target(context: Context, items: dict[str, Item]) -> Item | None:
    """What a replayed seeker may be told of its target: never the item at stake, which `Need.targets` leaves out."""
    return items[context.need.targets[0]] if context.need.targets else None
