"""Racing: what is dominated with confidence after a part of the panel is not played to its end."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from understudy.search.plan import Individual, Proposal

Floats = NDArray[np.float64]
VERSION = 1
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Resampled:
    """A genome's objectives over half-samples that all genomes of a panel share. draws: (n_draws, n_objectives)."""

    genome_digest: str
    draws: Floats


@dataclass(frozen=True, slots=True)
class Lap:
    """A candidate after a part of its panel; `draws` is None where an objective could not be measured on so little."""

    genome_digest: str
    draws: Resampled | None
    n_tokens: int
    n_dialogues: int
    work: int | None = None


@dataclass(frozen=True, slots=True)
class RaceOutcome:
    """A candidate after a race, with what its part of the panel cost.

    `p_dominated`: the probability that a survivor dominates it, where that dropped it; None for who goes on.
    """

    genome_digest: str
    p_dominated: float | None
    n_tokens: int
    n_dialogues: int
    work: int | None = None


def outcomes(laps: Sequence[Lap], ahead: Collection[str]) -> list[RaceOutcome]:
    """The race over these laps. `ahead`: genomes that may drop others and cannot be dropped, which are seeds and survivors."""
    out = dropped([lap.draws for lap in laps if lap.draws is not None], ahead)
    return [RaceOutcome(lap.genome_digest, out.get(lap.genome_digest), lap.n_tokens, lap.n_dialogues, lap.work) for lap in laps]


def dropped_out(race: Sequence[RaceOutcome], proposals: Sequence[Proposal]) -> dict[str, Individual]:
    """Genome → its individual, of the proposals that a race dropped."""
    by_digest = {each.genome.digest: each for each in proposals}
    return {
        one.genome_digest: Individual.out_of_race(
            by_digest[one.genome_digest], n_tokens=one.n_tokens, n_dialogues=one.n_dialogues, work=one.work
        )
        for one in race
        if one.p_dominated is not None
    }


def resampled(genome_digest: str, replicates: Mapping[str, Sequence[float]], objectives: Sequence[str]) -> Resampled | None:
    """The joint draws of the objectives; None where one of them has none, for it could not be measured."""
    columns = [replicates.get(name, ()) for name in objectives]
    if not all(len(column) for column in columns) or len({len(column) for column in columns}) > 1:
        return None
    return Resampled(genome_digest, np.column_stack([np.asarray(column, dtype=float) for column in columns]))


def p_dominates(one: Floats, other: Floats) -> float:
    """The share of draws in which `one` dominates `other`: nowhere worse, somewhere better. (n_draws, n_objectives) each."""
    return float(np.mean(np.all(one <= other, axis=1) & np.any(one < other, axis=1)))


def p_dominated(which: int, draws: Sequence[Floats], rivals: Sequence[int]) -> float:
    """The share of draws in which at least one of the rivals dominates a member, in [0, 1]."""
    own, beaten = draws[which], np.zeros(len(draws[which]), dtype=bool)
    for rival in rivals:
        if rival != which:
            beaten |= np.all(draws[rival] <= own, axis=1) & np.any(draws[rival] < own, axis=1)
    return float(beaten.mean()) if len(beaten) else 0.0


def dropped(runners: Sequence[Resampled], survivors: Collection[str]) -> dict[str, float]:
    """Genome → P(dominated by a survivor), of those that are out: at .95 and above. Survivors themselves always go on."""
    draws = [one.draws for one in runners]
    ahead = [at for at, one in enumerate(runners) if one.genome_digest in survivors]
    shares = {
        one.genome_digest: p_dominated(at, draws, ahead) for at, one in enumerate(runners) if one.genome_digest not in survivors
    }
    return {name: share for name, share in shares.items() if share >= CONFIDENCE}
