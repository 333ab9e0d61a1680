"""Playing and measuring a prompt on a panel, through the meter: the only way in which any optimizer of the benchmark gets a figure."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from search.handing import Claim
from search.meter import Meter, OutOfDialogues, Provider, playing
from search.reading import Readings, remembered
from search.world import World
from understudy import objectives
from understudy.objectives import NAMES, Evaluation
from understudy.play.dialogue import Played, play
from understudy.play.frames import simulated
from understudy.play.panels import Panel
from understudy.play.scene import Scene, free_scene, replay_scene
from understudy.prompt.genome import Genome

MODEL = "rehearsal/bench"


@dataclass(frozen=True, slots=True)
class Measurement:
    """What was measured of a prompt: objectives in the order of NAMES (NaN where not), total violation, when by the meter."""

    genome: Genome
    values: tuple[float, ...]
    violation: float
    constraints: Mapping[str, float]
    sure: Mapping[str, float]
    n_pieces: int
    n_tokens: int
    work: int | None
    at: int
    label: str
    evaluation: Evaluation = field(repr=False, compare=False)

    @property
    def usable(self) -> bool:
        """Whether every objective was measured."""
        return bool(np.isfinite(self.values).all())

    @property
    def claim(self) -> Claim:
        """What an optimizer may claim by it."""
        return Claim(self.genome, self.values, self.constraints, self.sure, self.n_pieces)


@dataclass(slots=True)
class Stage:
    """One run's stage. `trace` holds every measurement in order."""

    world: World
    provider: Provider
    seed: int
    trace: list[Measurement] = field(default_factory=list)
    _played: dict[str, Played] = field(default_factory=dict)
    _readings: Readings = field(default_factory=Readings)

    @property
    def meter(self) -> Meter:
        """The meter of the run."""
        return self.provider.meter

    def measure(self, genome: Genome, panel: Panel, *, split: str = "search", label: str = "", intervals: bool = False) -> Measurement:
        """Plays and measures. Raises OutOfDialogues; a panel that the budget does not cover leaves no figure."""
        return self.judge(genome, self.play(genome, panel, split=split), split=split, label=label, intervals=intervals)

    def measure_all(
        self, genomes: Sequence[Genome], panel: Panel, *, split: str = "search", label: str = "", intervals: bool = False
    ) -> list[Measurement]:
        """Several prompts on one panel, in their order; where the budget ends among them, those before are measured all the same."""
        played: list[tuple[list[Played], int]] = []
        spent: OutOfDialogues | None = None
        for genome in genomes:
            try:
                played.append((self.play(genome, panel, split=split), self.meter.n_dialogues))
            except OutOfDialogues as error:
                spent = error
                break
        reference = self.world.reference(split)
        said = [turn.text for dialogues, _ in played for one in dialogues for turn in one.turns if turn.role == "seeker"]
        if said:
            self._readings.read([pl.Series("text", said)], reference.titles, reference.instruments)
        found = [
            self.judge(genome, dialogues, split=split, label=label, intervals=intervals, at=at)
            for genome, (dialogues, at) in zip(genomes, played, strict=False)
        ]
        if spent is not None:
            raise spent
        return found

    def play(self, genome: Genome, panel: Panel, *, split: str = "search") -> list[Played]:
        """The panel, played with the genome, in its order."""
        return asyncio.run(self._play(self.scenes(genome, panel, split)))

    def judge(
        self,
        genome: Genome,
        played: Sequence[Played],
        *,
        split: str = "search",
        label: str = "",
        intervals: bool = False,
        at: int | None = None,
    ) -> Measurement:
        """What the objectives say of played dialogues, kept in the trace. `at`: the meter when they were played, now by default."""
        with remembered(self._readings):
            frames = simulated(played, self.world.context_turns(split))
            evaluation = objectives.measure_all(frames, self.world.reference(split), seed=0, intervals=intervals)
        found = [evaluation.objectives[name].measured.value for name in NAMES]
        values = tuple(float("nan") if value is None else float(value) for value in found)
        constraints, sure = (objectives.constraints(evaluation, self.world.floors, surely=surely) for surely in (False, True))
        violation = sum(max(0.0, value) for value in constraints.values())
        pieces = len({_piece_of(one.mode, one.scenario_id, one.dialogue_id, one.stratum, one.replicate) for one in played})
        tokens = sum(one.n_tokens for one in played)
        work = None if any(one.work_tokens is None for one in played) else sum(one.work_tokens or 0 for one in played)
        done = Measurement(
            genome, values, violation, constraints, sure, pieces, tokens, work, self.meter.n_dialogues if at is None else at, label,
            evaluation,
        )  # fmt: skip
        self.trace.append(done)
        return done

    async def _play(self, scenes: Sequence[Scene]) -> list[Played]:
        out = []
        for scene in scenes:
            if scene.play_key not in self._played:
                piece = _piece_of(scene.mode, scene.scenario_id, scene.dialogue_id, scene.stratum, scene.replicate)
                with playing(f"{scene.genome.digest}/{piece}"):
                    done = await play(scene, complete=self.provider.complete, recommender=self.world.recommender)
                self._played[scene.play_key] = done
            out.append(self._played[scene.play_key])
        return out

    def scenes(self, genome: Genome, panel: Panel, split: str) -> list[Scene]:
        """What a panel asks to be played."""
        world = self.world
        shown = [world.exemplars[name] for name in genome.exemplars]
        contexts, scenarios = world.contexts(split), world.scenarios(split)
        wanted = set(panel.behaviour)
        turns = [one for one in contexts.values() if one.stratum is None and one.dialogue_id in wanted]
        same: dict[str, Any] = {"genome": genome, "exemplars": shown, "model": MODEL}
        replays = [
            replay_scene(one, target=world.items[one.need.targets[0]] if one.need.targets else None, replicate=panel.replicate, **same)
            for one in [*(contexts[name] for name in panel.reactions), *turns]
        ]
        runs = [
            free_scene(scenarios[name], target=world.items[scenarios[name].target], recommender="retrieval", replicate=replicate, **same)
            for name, replicate in panel.free
        ]
        return [*replays, *runs]


def _piece_of(mode: str, scenario_id: str, dialogue_id: str, stratum: str | None, replicate: int) -> str:
    """The piece that a scene belongs to: all replayed turns of a human dialogue are one."""
    whole = mode == "replay" and stratum is None
    return f"{mode}/{'whole/' + dialogue_id if whole else scenario_id}/{replicate}"
