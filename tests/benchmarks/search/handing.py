"""What an optimizer claims of its prompts, which of them it hands in, and its pick: one rule for everybody, the product's own.

An optimizer that chooses by a rule of its own making is measured by that rule as much as by its search; so nobody does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from understudy.objectives import NAMES, TRADED
from understudy.prompt.genome import Genome
from understudy.records import Measured
from understudy.search.archive import Met, nominated
from understudy.search.picking import Finalist, pick

MOST = 4
FULL_PANEL = 48


@dataclass(frozen=True, slots=True)
class Claim:
    """What was measured of a prompt: objectives in the order of NAMES, constraints (at most 0 is feasible) by value and by what is sure."""

    genome: Genome
    values: tuple[float, ...]
    constraints: Mapping[str, float]
    sure: Mapping[str, float]
    n_pieces: int

    @property
    def violation(self) -> float:
        """How far the constraints are above 0, summed."""
        return sum(max(0.0, value) for value in self.constraints.values())


def claims_of(measured: Sequence[Claim], at_least: int = FULL_PANEL) -> list[Claim]:
    """One claim a prompt, the mean of its measurements by their pieces; what was measured on less than a full panel is left out.

    Where nobody was measured on a full panel, all are kept. What was not measured in some objective makes no claim.
    """
    groups: dict[str, list[Claim]] = {}
    for one in measured:
        if np.isfinite(one.values).all():
            groups.setdefault(one.genome.digest, []).append(one)
    pooled = [_pooled(of) for of in groups.values()]
    return [one for one in pooled if one.n_pieces >= at_least] or pooled


def handed_in(claims: Sequence[Claim], reference: NDArray[np.float64], *, most: int = MOST) -> list[Claim]:
    """At most `most` prompts, nominated as the search nominates its own. `reference`: what the seed measured, a tenth worse."""
    candidates = [Met(one.genome, np.array([one.values]), one.violation) for one in claims]
    by_digest = {one.genome.digest: one for one in claims}
    return [by_digest[genome.digest] for genome in nominated(candidates, reference=list(reference), n=most)]


def picked(claims: Sequence[Claim], seed: Genome, reference: NDArray[np.float64]) -> Claim:
    """The one that the product's own choice takes with equal weights."""
    values = [{name: Measured(value) for name, value in zip(NAMES, one.values, strict=True)} for one in claims]
    finalists = [Finalist(one.genome.digest, told, one.constraints, sure=one.sure) for one, told in zip(claims, values, strict=True)]
    chosen = pick(
        finalists, objectives=NAMES, seed_digest=seed.digest, reference=list(reference), weights=dict.fromkeys(NAMES, 1.0), traded=TRADED
    )
    return next(one for one in claims if one.genome.digest == chosen.genome_digest)


def _pooled(of: Sequence[Claim]) -> Claim:
    weights = [one.n_pieces for one in of]
    values = np.average([one.values for one in of], axis=0, weights=weights)
    bounds, sure = (_means(of, [getattr(one, what) for one in of]) for what in ("constraints", "sure"))
    return Claim(of[0].genome, tuple(float(value) for value in values), bounds, sure, sum(weights))


def _means(of: Sequence[Claim], bounds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """A constraint that one measurement has no figure for counts by the others."""
    names = sorted({name for one in bounds for name in one})
    seen = {name: [(one[name], claim.n_pieces) for one, claim in zip(bounds, of, strict=True) if name in one] for name in names}
    return {name: sum(value * n for value, n in pairs) / sum(n for _, n in pairs) for name, pairs in seen.items()}
