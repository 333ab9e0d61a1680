"""Common random numbers: scenario and replicate fix every draw on our side, whatever the prompt, the order and the concurrency."""

from __future__ import annotations

import asyncio
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.completion import Completion, Request
from understudy.keys import seed_of
from understudy.play.dialogue import Played, play_all
from understudy.play.scene import Scene, free_scene
from understudy.prompt.genome import SECTIONS, Controls, Genome
from understudy.recommenders import Recommendation
from understudy.records import Item, Need, Scenario

TARGET = Item("9", "Salt Harbour", 1994, ("drama",))
CONTROLS = st.builds(
    Controls,
    temperature=st.floats(0, 2),
    patience=st.integers(1, 8),
    disclosure=st.sampled_from(["upfront", "gradual", "on_request"]),
    reasoning=st.sampled_from(["none", "think"]),
    staging=st.sampled_from(["none", "by_act"]),
    persona_source=st.sampled_from(["need", "seen"]),
    verifier=st.booleans(),
)
GENOMES = st.builds(lambda text, controls: Genome({name: f"{name} {text}" for name in SECTIONS}, controls), st.text(max_size=9), CONTROLS)


class World:
    """A model and a recommender whose replies depend on seeds alone; calls take a random while, so that they interleave."""

    def __init__(self, haste: int) -> None:
        self.random = random.Random(haste)
        self.sessions: list[int] = []

    async def complete(self, request: Request) -> Completion:
        for _ in range(self.random.randrange(4)):
            await asyncio.sleep(0)
        if request.role == "verifier":
            return Completion('{"passes": true}', "m", "m", "stop", "", 1, 1)
        said = "bye now" if len(request.messages) > 8 else f"words of {request.seed}"
        return Completion(said, "m", "m", "stop", "", 1, 1)

    def start(self, seed: int) -> Session:
        self.sessions.append(seed)
        return Session(seed)


class Session:
    """What is said depends on the session's seed and the count of turns."""

    def __init__(self, seed: int) -> None:
        self.seed, self.n = seed, 0

    async def reply(self, utterance: str) -> Recommendation:  # noqa: ARG002
        self.n += 1
        await asyncio.sleep(0)
        return Recommendation(f"take {seed_of(self.seed, self.n)}", (), (), "recommend")


def scenes(genome: Genome, ids: list[str]) -> list[Scene]:
    return [
        free_scene(
            Scenario(name, name, Need(genres=("drama",)), "9"),
            genome=genome,
            exemplars=(),
            target=TARGET,
            recommender="crs",
            model="m",
            replicate=replicate,
        )
        for name in ids
        for replicate in (0, 1)
    ]


def run(todo: list[Scene], haste: int = 0) -> tuple[dict[str, Played], World]:
    world = World(haste)
    done = asyncio.run(play_all(todo, complete=world.complete, recommenders={"crs": world}, on_dialogue=lambda: None))
    return {f"{one.scenario_id}/{one.replicate}": one for one in done}, world


@settings(max_examples=25, deadline=None)
@given(GENOMES, GENOMES)
def test_two_genomes_meet_the_same_sessions_and_turn_seeds(one: Genome, other: Genome) -> None:
    first, world = run(scenes(one, ["a", "b"]))
    second, again = run(scenes(other, ["a", "b"]))
    assert sorted(world.sessions) == sorted(again.sessions)
    assert len(set(world.sessions)) == 4
    # every word here is made of a seed, so equal words are equal seeds
    assert {name: done.turns for name, done in first.items()} == {name: done.turns for name, done in second.items()}


@settings(max_examples=25, deadline=None)
@given(GENOMES, st.permutations(["a", "b", "c"]), st.integers(0, 99))
def test_neither_order_nor_concurrency_changes_a_dialogue(genome: Genome, order: list[str], haste: int) -> None:
    together, _ = run(scenes(genome, ["a", "b", "c"]))
    shuffled, _ = run(scenes(genome, order), haste)
    alone = {name: done for one in scenes(genome, order) for name, done in run([one], haste + 1)[0].items()}
    assert together == shuffled == alone


def test_replicates_and_scenarios_differ() -> None:
    genome = Genome({name: name for name in SECTIONS})
    done, _ = run(scenes(genome, ["a", "b"]))
    assert len({played.turns for played in done.values()}) == 4
