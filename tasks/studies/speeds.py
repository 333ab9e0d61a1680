"""The speed of the local models that an estimate is asked for: a few prompts as the run would send them, timed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path

from understudy.completion import Request
from understudy.doors.local.servers import LocalServer
from understudy.doors.local.speed import N_CALLS, Speed, speed_of
from understudy.doors.reading_copy import readable
from understudy.doors.store import Store
from understudy.play.scene import replay_scene
from understudy.play.turn import request_of
from understudy.prompt.setting import load_setting, seed_genome
from understudy.rows.handle import Humans
from understudy.tasks.studies.asked import Asked
from understudy.tasks.studies.compare import settings_asked


def measured_speeds(store: Path, asked: Asked, servers: Mapping[str, LocalServer]) -> dict[str, Speed]:
    """The speed of each local model by its name in keys; none where the seconds of a call are given. Raises ProviderFailed."""
    if not servers or asked.latency_s is not None:
        return {}
    # the store is closed again before the model is asked: whoever waits to write need not wait for it
    with readable(store) as reading:
        requests = _sample(reading.store, asked)
    return {name: speed_of(server, [replace(one, model=name) for one in requests]) for name, server in servers.items()}


def _sample(store: Store, asked: Asked) -> list[Request]:
    """Prompts of different seekers, as the first setting that is asked for begins them."""
    humans = Humans.of(store, asked.dataset)
    genome = seed_genome(load_setting(settings_asked(asked.setting)[0]), sorted(humans.exemplars), seed=asked.seed)
    exemplars = [humans.exemplars[name] for name in genome.exemplars]
    planner = humans.planner if genome.policy is not None else None
    requests: list[Request] = []
    # one of each dialogue: the next turn of the same one would find nearly all of its prompt computed
    of_dialogues = {one.dialogue_id: one for one in humans.contexts("search").values()}
    for context in islice(of_dialogues.values(), N_CALLS):
        target = humans.items.get(context.need.targets[0]) if context.need.targets else None
        scene = replay_scene(context, genome=genome, exemplars=exemplars, target=target, model="any", replicate=0, planner=planner)
        requests.append(request_of(scene, scene.history, len(scene.history)))
    return requests
