"""Racing: what is dominated with confidence after a part of the panel is not played to its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
VERSION = 1
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Resampled:
    """A genome's objectives over half-samples that all genomes of a panel share. draws: (n_draws, n_objectives)."""

    genome_digest: str
    draws: Floats


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


def dropped(runners: Sequence[Resampled], survivors: Sequence[str]) -> dict[str, float]:
    """Genome → P(dominated by a survivor), of those that are out: at .95 and above. Survivors themselves always go on."""
    draws = [one.draws for one in runners]
    ahead = [at for at, one in enumerate(runners) if one.genome_digest in survivors]
    found = {
        one.genome_digest: p_dominated(at, draws, ahead) for at, one in enumerate(runners) if one.genome_digest not in survivors
    }
    return {name: share for name, share in found.items() if share >= CONFIDENCE}
