"""understudy's own search, whole, by its library-level driver: nothing here but where it is played."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from search.meter import OutOfDialogues
from search.stage import MODEL, Measurement
from search.trial import BLOCK, PANEL, Trial, pieces_of
from understudy import objectives
from understudy.objectives import NAMES
from understudy.parameters import PanelSize
from understudy.play.panels import Panel
from understudy.prompt.genome import Genome
from understudy.search.critic import Answer, Commission, criticise
from understudy.search.drive import search
from understudy.search.picking import Finalist
from understudy.search.plan import SEED, SURVIVOR, Individual, Plan, Proposal
from understudy.search.racing import dropped, resampled
from understudy.statistics.rates import Z

POPULATION, N_FRONT, GENERATIONS, PERIOD = 2, 4, 100, 4
# pieces → the panel of a generation
PANELS = {48: PANEL, 36: PanelSize(per_stratum=4, behaviour=9, free=7), 28: PanelSize(per_stratum=3, behaviour=8, free=5), 24: BLOCK}
PIECES = 28
FRONT_PANEL = PANEL


def run_understudy(trial: Trial) -> None:
    """The search with all its mechanisms, or without those named in the options; its front and pick are what it hands in."""
    off = frozenset(str(trial.options.get("without", "")).split(",")) - {""}
    plan = Plan(
        NAMES, population=int(trial.options.get("population", POPULATION)), algorithm=str(trial.options.get("algorithm", "unsga3")),
        seed=trial.seed, has_critic=True, without=off, racing=bool(trial.options.get("racing", 0)),
        period=int(trial.options.get("period", PERIOD)),
    )  # fmt: skip
    ground = _Ground(trial)
    found = search(
        ground, [trial.seed_prompt], plan=plan, pool=trial.world.pool, screen=trial.rewriter.screen, generations=GENERATIONS,
        n_front=N_FRONT, weights=dict.fromkeys(NAMES, 1.0), traded=objectives.TRADED,
    )  # fmt: skip
    chosen = found.pick
    trial.outcome |= {"stopped": found.stopped, "generations": len(found.steps), "confirmed": len(found.finalists)}
    if chosen is not None:
        trial.pick = found.genomes[chosen.genome_digest]
        trial.handed = [found.genomes[one.genome_digest] for one in found.finalists if one.genome_digest != trial.seed_prompt.digest]
        trial.handed += [] if trial.pick in trial.handed else [trial.pick]
        trial.outcome |= {"dominates_seed": chosen.dominates_seed, "p_dominates_seed": chosen.p_dominates_seed, "front": len(chosen.front)}


class _Ground:
    """Where the search is played: rehearsal through the meter, panels of the sample."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self._reserve = (N_FRONT + 1) * pieces_of(FRONT_PANEL)
        self._measured: dict[tuple[str, int], Measurement] = {}
        self._races = bool(trial.options.get("racing", 0))
        self._size = PANELS[int(trial.options.get("pieces", PIECES))]

    def criticised(self, commissions: Sequence[Commission]) -> Sequence[Answer]:
        trial = self._trial
        return [
            asyncio.run(
                criticise(
                    trial.stage.provider.complete,
                    one,
                    None,
                    model=MODEL,
                    seed=trial.seed,
                    shown=[trial.world.exemplars[name] for name in one.parents[0].exemplars],
                )
            )
            for one in commissions
        ]

    def measured(self, proposals: Sequence[Proposal], rotation: int) -> Sequence[Individual]:
        trial = self._trial
        # what the choice at the end needs is kept back; the generation that would eat into it is not begun
        new = [one for one in proposals if (one.genome.digest, rotation) not in self._measured]
        if trial.stage.meter.left - len(new) * pieces_of(self._size) < self._reserve:
            raise OutOfDialogues("what is left is kept for the choice")
        panel = trial.world.panel("search", self._size, seed=trial.seed, rotation=rotation)
        out = self._raced(proposals, panel) if self._races and new else {}
        going = [one for one in new if one.genome.digest not in out]
        found = trial.stage.measure_all([one.genome for one in going], panel, label=f"g{rotation}")
        self._measured |= {(one.genome.digest, rotation): each for one, each in zip(going, found, strict=True)}
        return [
            _fallen(one, out[one.genome.digest])
            if one.genome.digest in out
            else self._individual(one, self._measured[one.genome.digest, rotation])
            for one in proposals
        ]

    def _raced(self, proposals: Sequence[Proposal], panel: Panel) -> dict[str, int]:
        """Genome → dialogues, of those that a survivor or the seed dominates with confidence after every second piece of the panel."""
        half = replace(panel, reactions=panel.reactions[::2], behaviour=panel.behaviour[::2], free=panel.free[::2])
        laps = self._trial.stage.measure_all([one.genome for one in proposals], half, label="lap", intervals=True)
        draws = [resampled(one.genome.digest, {name: one.evaluation.objectives[name].replicates for name in NAMES}, NAMES) for one in laps]
        ahead = [one.genome.digest for one in proposals if one.operator in (SEED, SURVIVOR)]
        gone = dropped([one for one in draws if one is not None], ahead)
        return {one.genome.digest: one.n_pieces for one in laps if one.genome.digest in gone}

    def confirmed(self, genomes: Sequence[Genome]) -> Sequence[Finalist]:
        trial = self._trial
        panel = trial.world.panel("select", FRONT_PANEL, seed=trial.seed, replicate=1)
        return [_finalist(one) for one in trial.stage.measure_all(genomes, panel, split="select", label="select", intervals=True)]

    def _individual(self, one: Proposal, found: Measurement) -> Individual:
        values = {name: (float(value) if np.isfinite(value) else None) for name, value in zip(NAMES, found.values, strict=True)}
        told = {name: found.evaluation.objectives[name].measured for name in NAMES}
        spreads = {name: (each.hi - each.lo) / (2 * Z) for name, each in told.items() if each.lo is not None and each.hi is not None}
        tokens = one.n_tokens + found.n_tokens
        return Individual(one.genome, one.operator, values, dict(found.sure), spreads, tokens, found.n_pieces)


def _fallen(one: Proposal, n_dialogues: int) -> Individual:
    return Individual(one.genome, one.operator, {}, {}, n_tokens=one.n_tokens, n_dialogues=n_dialogues, dropped="dominated with confidence")


def _finalist(found: Measurement) -> Finalist:
    values = found.evaluation.objectives
    return Finalist(
        found.genome.digest, {name: values[name].measured for name in NAMES}, found.constraints,
        {name: values[name].replicates for name in NAMES}, found.sure,
    )  # fmt: skip
