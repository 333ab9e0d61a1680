"""The dialogues of one prompt in chunks: where the run has workers, a batch or a report is played by all of them.

A chunk goes to a worker as a piece of work with a part of the panel, which is keys and small values, and comes back as what was played.
The process of the run alone writes it. Which chunks there are depends on neither the runner nor the number of its workers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from prefect import task

from understudy.doors import gauge
from understudy.play.dialogue import Played
from understudy.play.panels import Panel, divided
from understudy.play.scene import Scene
from understudy.rows import played as rows
from understudy.tasks.names import with_prompt
from understudy.tasks.play.elsewhere import here
from understudy.tasks.play.opened import OpenRun
from understudy.tasks.play.scenes import play_scenes, scenes_of
from understudy.tasks.play.work import Work
from understudy.tasks.play.workers import Workers

CALLS_IN_A_CHUNK = 128
# a run that is killed finds so many dialogues at least as rows; the replies of the others are in the ledger
KEPT_TOGETHER = 1000


@task(name="play chunk", task_run_name=with_prompt("play chunk of"), persist_result=False)
@here
def play_chunk(work: Work, opened: OpenRun) -> list[Played]:
    """What of a chunk was not in the store, played, as a task that is mapped over chunks."""
    scenes = scenes_of(opened, work)
    there = rows.load_played(opened.store, [scene.play_key for scene in scenes])
    piece, n_played = work.key, 0

    def on_played() -> None:
        nonlocal n_played
        n_played += 1
        gauge.reached(piece, n_played, opened.gateway.spent)

    # where another worker was killed in the middle of the chunk, it begins anew
    gauge.reached(piece, 0, opened.gateway.spent)
    played = play_scenes(opened, work, [scene for scene in scenes if scene.play_key not in there], on_played)
    opened.gateway.catch_up()
    return played


def played_in_chunks(opened: OpenRun, workers: Workers, work: Work, missing: Sequence[Scene]) -> list[Played]:
    """The scenes of a piece of work that are missing in the store, in their order, as the workers of the run play them now.

    Dialogues are written as they come where there are many; those without a reply are left to the caller, who may refuse them.
    """
    chunks = [replace(work, panel=part) for part in divided(_panel_of(work.panel, missing), CALLS_IN_A_CHUNK)]
    played: dict[str, Played] = {}
    waiting: list[Played] = []
    for chunk, fresh in zip(chunks, workers.in_order(play_chunk, chunks, opened), strict=True):
        gauge.reached(chunk.key, len(fresh), opened.gateway.spent, has_ended=True)
        played |= {one.play_key: one for one in fresh}
        waiting += [one for one in fresh if one.status != "missing"]
        if len(waiting) >= KEPT_TOGETHER:
            with opened.store.transaction():
                rows.keep_played(opened.store, waiting, profile_key=work.profile_key)
            waiting = []
    return [played[scene.play_key] for scene in missing]


def _panel_of(panel: Panel, scenes: Sequence[Scene]) -> Panel:
    """The pieces of a panel that the scenes belong to."""
    wanted = {_piece_of(scene) for scene in scenes}
    return replace(
        panel,
        reactions=tuple(one for one in panel.reactions if ("reactions", one) in wanted),
        behaviour=tuple(one for one in panel.behaviour if ("behaviour", one) in wanted),
        free=tuple(one for one in panel.free if ("free", one) in wanted),
    )


def _piece_of(scene: Scene) -> tuple[str, object]:
    if scene.mode == "free":
        return "free", (scene.scenario_id, scene.replicate)
    # the turns of a dialogue that is replayed whole are of no stratum
    return ("behaviour", scene.dialogue_id) if scene.stratum is None else ("reactions", scene.scenario_id)
