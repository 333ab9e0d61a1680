"""What a search is made of: its plan, its candidates before and after they are played, and what selection makes of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from understudy.parameters import CRITIC_SHARE, LONGEST_CHAIN, Mechanism
from understudy.prompt.genome import Genome
from understudy.records import Measured
from understudy.statistics.rates import Z

SEED, SURVIVOR, SHIPPED = "seed", "survivor", "shipped"
RACED = "dominated with confidence after a part of the panel"
# a survivor measured again is a child that is not played: on surfaces 0-9 a third did best, all of them far worse
SURVIVING, MIN_SURVIVORS = 1 / 3, 2


def n_survivors(population: int) -> int:
    """How many of a generation are measured again beside as many children as `population` says."""
    return max(MIN_SURVIVORS, round(SURVIVING * population))


@dataclass(frozen=True, slots=True)
class Plan:
    """What is fixed for a search: its objectives (all lower better, 0 ideal) in order, its size, algorithm and seed.

    `has_critic`: a model rewrites sections; `without`: mechanisms that are left out; `racing`: candidates that are dominated
    with confidence after a part of the panel are not played to its end; `period`: generations that share a panel before the next one
    takes its place. `critic_share`: the share of children that are drawn as the critic's, `longest_chain`: in how many steps it
    rewrites one at most.
    """

    objectives: tuple[str, ...]
    population: int
    algorithm: str
    seed: int
    has_critic: bool = False
    without: frozenset[str] = frozenset()
    racing: bool = False
    period: int = 1
    critic_share: float = CRITIC_SHARE
    longest_chain: int = LONGEST_CHAIN

    @property
    def n_survivors(self) -> int:
        """How many of a generation are measured again and breed."""
        return n_survivors(self.population)

    def rotation(self, generation: int) -> int:
        """Which panel a generation plays: the next one after every `period`, or always the first where panels do not rotate."""
        return generation // self.period if self.has("rotation") else 0

    def has(self, mechanism: Mechanism) -> bool:
        """Whether the search works with a mechanism."""
        return mechanism not in self.without


@dataclass(frozen=True, slots=True)
class Proposal:
    """A candidate for the next generation; one that is not `ok` is kept as a row with its `reason` and never played.

    `n_tokens`: what the critic wrote for it; `work`: what its calls took (Completion.work), in the seeker's price where both are known,
    None where that was not counted; `place`: the place of its commission, None where it had none.
    """

    genome: Genome
    operator: str
    parents: tuple[str, ...]
    ok: bool = True
    reason: str = ""
    n_tokens: int = 0
    place: int | None = None
    work: int | None = 0


@dataclass(frozen=True, slots=True)
class Individual:
    """A played candidate: objectives in natural units, constraints at most 0 where feasible; None is not measured.

    `spreads`: standard error of each objective; `n_tokens`, `n_dialogues`: what playing it cost, the critic's tokens included.
    `work`: the same in computed tokens (Completion.work), None where it was not counted.
    `dropped`: why it was not played to its end; then it is compared with nothing. `underpowered`: the objectives that were measured on
    fewer units than a choice by them needs.
    """

    genome: Genome
    operator: str
    objectives: Mapping[str, float | None]
    constraints: Mapping[str, float | None]
    spreads: Mapping[str, float] = field(default_factory=dict)
    n_tokens: int = 0
    n_dialogues: int = 0
    dropped: str = ""
    underpowered: frozenset[str] = frozenset()
    work: int | None = None

    @classmethod
    def played(
        cls,
        proposal: Proposal,
        measured: Mapping[str, Measured],
        constraints: Mapping[str, float | None],
        *,
        n_tokens: int,
        n_dialogues: int,
        work: int | None = None,
    ) -> Individual:
        """A proposal that was played; a spread is known of each objective that was measured with an interval."""
        spreads = {name: (one.hi - one.lo) / (2 * Z) for name, one in measured.items() if one.lo is not None and one.hi is not None}
        values = {name: one.value for name, one in measured.items()}
        weak = frozenset(name for name, one in measured.items() if one.is_underpowered)
        n_all, took = n_tokens + proposal.n_tokens, _together(work, proposal.work)
        return cls(proposal.genome, proposal.operator, values, constraints, spreads, n_all, n_dialogues, underpowered=weak, work=took)

    @classmethod
    def out_of_race(cls, proposal: Proposal, *, n_tokens: int, n_dialogues: int, work: int | None = None) -> Individual:
        """A proposal that a race dropped: it is compared with nothing, and what it cost is counted."""
        spent = n_tokens + proposal.n_tokens, n_dialogues
        return cls(proposal.genome, proposal.operator, {}, {}, {}, *spent, RACED, work=_together(work, proposal.work))

    def not_measured(self, objectives: Sequence[str]) -> str:
        """Why this individual cannot be compared; empty when it can."""
        if self.dropped:
            return self.dropped
        values = {name: self.objectives.get(name) for name in objectives} | dict(self.constraints)
        names = [name for name, value in values.items() if value is None or not math.isfinite(value)]
        return f"not measured: {', '.join(names)}" if names else ""


def _together(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


Generation = Sequence[Individual]
History = Sequence[Generation]


@dataclass(frozen=True, slots=True)
class Selection:
    """What selection makes of one generation; genomes by digest.

    `set_aside` says why each of its members could not be compared; they neither survive nor breed.
    """

    survivors: tuple[str, ...]
    front: tuple[str, ...]
    hypervolume: float
    set_aside: Mapping[str, str]
