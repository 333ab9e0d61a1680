"""understudy's own search, whole, by its driver: nothing here but where it is played."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from search.meter import OutOfDialogues
from search.stage import MODEL, Measurement
from search.trial import BLOCK, PANEL, Trial, pieces_of
from understudy import objectives
from understudy.objectives import NAMES
from understudy.parameters import CRITIC_SHARE, LONGEST_CHAIN, PanelSize
from understudy.prompt.genome import Genome
from understudy.search.critic import Commission, Treated, criticise
from understudy.search.drive import Conclusion, Material, Setup, search
from understudy.search.memory import ProcessMemory
from understudy.search.picking import Finalist
from understudy.search.plan import Individual, Plan, Proposal
from understudy.search.racing import Lap, Resampled, resampled

POPULATION, N_FRONT, GENERATIONS, PERIOD = 2, 4, 100, 4
# pieces → the panel of a generation
PANELS = {48: PANEL, 36: PanelSize(per_stratum=4, behaviour=9, free=7), 28: PanelSize(per_stratum=3, behaviour=8, free=5), 24: BLOCK}
PIECES = 28


def run_understudy(trial: Trial) -> None:
    """The search with all its mechanisms, or without those named in the options; its front and pick are what it hands in."""
    off = frozenset(str(trial.options.get("without", "")).split(",")) - {""}
    plan = Plan(
        NAMES, population=int(trial.options.get("population", POPULATION)), algorithm=str(trial.options.get("algorithm", "unsga3")),
        seed=trial.seed, has_critic=True, without=off, racing=bool(trial.options.get("racing", 0)),
        period=int(trial.options.get("period", PERIOD)), critic_share=float(trial.options.get("critic_share", CRITIC_SHARE)),
        longest_chain=int(trial.options.get("chain", LONGEST_CHAIN)),
    )  # fmt: skip
    weights = dict.fromkeys(NAMES, 1.0)
    starts = trial.world.shipped_prompts(trial.seed)[1:] if trial.options.get("shipped") else ()
    setup = Setup([trial.seed_prompt], plan, GENERATIONS, n_front=N_FRONT, weights=weights, traded=objectives.TRADED, starts=starts)
    ground = MeteredGround(trial, PANELS[int(trial.options.get("pieces", PIECES))], n_finalists=N_FRONT + 1)
    ended = search(setup, ground, ProcessMemory())
    trial.outcome |= {
        "stopped": ended.stopped, "generations": len(ended.history), "confirmed": len(ended.finalists) if ended.complete else 0,
    }  # fmt: skip
    # what was not measured on the split that chooses is handed in by the rule for all (scoring)
    if ended.complete:
        _hand_in(trial, ended)


def _hand_in(trial: Trial, ended: Conclusion) -> None:
    chosen = ended.pick
    trial.pick = ended.genomes[chosen.genome_digest]
    trial.handed = [ended.genomes[one.genome_digest] for one in ended.finalists if one.genome_digest != trial.seed_prompt.digest]
    trial.handed += [] if trial.pick in trial.handed else [trial.pick]
    trial.outcome |= {"dominates_seed": chosen.dominates_seed, "p_dominates_seed": chosen.p_dominates_seed, "front": len(chosen.front)}


class MeteredGround:
    """Where the search is played: rehearsal through the meter, panels of the sample (understudy.search.drive.Ground).

    What the choice at the end needs for `n_finalists` is kept back from the budget. Finalists are played on `split`.
    """

    def __init__(
        self, trial: Trial, size: PanelSize, *, front_size: PanelSize = PANEL, n_finalists: int, split: str = "select"
    ) -> None:
        self._trial, self._size, self._front_size, self._split = trial, size, front_size, split
        self._reserve = n_finalists * pieces_of(front_size)
        self._measured: dict[tuple[str, int], Measurement] = {}
        self._paid: dict[tuple[str, int], int] = {}

    def material(self) -> Material:
        return Material(self._trial.world.pool, self._trial.rewriter.screen)

    def criticised(self, commissions: Sequence[Commission]) -> list[Treated]:
        trial = self._trial
        shown = [[trial.world.exemplars[name] for name in one.parents[0].exemplars] for one in commissions]
        asked = [
            criticise(trial.stage.provider.complete, one, None, model=MODEL, seed=trial.seed, shown=exemplars)
            for one, exemplars in zip(commissions, shown, strict=True)
        ]
        return [Treated(one, {}, asyncio.run(answer)) for one, answer in zip(commissions, asked, strict=True)]

    def first_laps(self, proposals: Sequence[Proposal], rotation: int) -> list[Lap]:
        """Every second piece of the panel."""
        self._require(proposals, rotation)
        panel = self._trial.world.panel("search", self._size, seed=self._trial.seed, rotation=rotation)
        half = replace(panel, reactions=panel.reactions[::2], behaviour=panel.behaviour[::2], free=panel.free[::2])
        laps = self._trial.stage.measure_all([one.genome for one in proposals], half, label="lap", intervals=True)
        self._paid |= {(one.genome.digest, rotation): one.n_pieces for one in laps}
        return [Lap(one.genome.digest, _draws(one), one.n_tokens, one.n_pieces, one.work) for one in laps]

    def measured(self, proposals: Sequence[Proposal], rotation: int) -> list[Individual]:
        new = self._require(proposals, rotation)
        panel = self._trial.world.panel("search", self._size, seed=self._trial.seed, rotation=rotation)
        measurements = self._trial.stage.measure_all([one.genome for one in new], panel, label=f"g{rotation}")
        self._measured |= {(one.genome.digest, rotation): each for one, each in zip(new, measurements, strict=True)}
        return [_individual(one, self._measured[one.genome.digest, rotation]) for one in proposals]

    def confirmed(self, genomes: Sequence[Genome]) -> list[Finalist]:
        trial = self._trial
        panel = trial.world.panel(self._split, self._front_size, seed=trial.seed)
        return [_finalist(one) for one in trial.stage.measure_all(genomes, panel, split=self._split, label="select", intervals=True)]

    def _require(self, proposals: Sequence[Proposal], rotation: int) -> list[Proposal]:
        """Those that were not measured on the panel yet. Raises OutOfDialogues where they would eat into what is kept back."""
        new = [one for one in proposals if (one.genome.digest, rotation) not in self._measured]
        needed = sum(pieces_of(self._size) - self._paid.get((one.genome.digest, rotation), 0) for one in new)
        if self._trial.stage.meter.left - needed < self._reserve:
            raise OutOfDialogues("what is left is kept for the choice")
        return new


def _individual(one: Proposal, measurement: Measurement) -> Individual:
    measured = {name: measurement.evaluation.objectives[name].measured for name in NAMES}
    return Individual.played(
        one, measured, measurement.sure, n_tokens=measurement.n_tokens, n_dialogues=measurement.n_pieces, work=measurement.work
    )


def _draws(measurement: Measurement) -> Resampled | None:
    replicates = {name: measurement.evaluation.objectives[name].replicates for name in NAMES}
    return resampled(measurement.genome.digest, replicates, NAMES)


def _finalist(measurement: Measurement) -> Finalist:
    values = measurement.evaluation.objectives
    return Finalist(
        measurement.genome.digest, {name: values[name].measured for name in NAMES}, measurement.constraints,
        {name: values[name].replicates for name in NAMES}, measurement.sure,
    )  # fmt: skip
