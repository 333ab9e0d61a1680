"""Rates whose units come in clusters: what one person says is alike, so many units of few people are worth fewer.

Closed form: the variance of a ratio over clusters (Cochran 1977, section 9; clusters that are missing count as sampled with
replacement) gives a design effect, Wilson's interval is taken at the number of units divided by it (Korn and Graubard 1998; Franco,
Little, Louis and Slud 2019), and the two intervals are joined as Newcombe does, with the correlation of clusters that stand on both
sides (Zou and Donner 2008). Resampling covers a rare rate in 30 to 67 % (docs/objectives.md, control 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from understudy.records import Measured
from understudy.statistics.halves import Floats
from understudy.statistics.rates import difference, wilson


@dataclass(frozen=True, slots=True)
class Clustered:
    """Hits `k` among `n` units of each cluster. `names`: the clusters with units, each once, in order."""

    names: tuple[str, ...]
    k: Floats
    n: Floats

    @classmethod
    def of(cls, names: Sequence[str], k: Floats, n: Floats) -> Clustered:
        """From rows of (cluster, hits, units); rows of one cluster are added, clusters without units left out."""
        known, place = np.unique(np.asarray(names, dtype=str), return_inverse=True)
        hits, units = (np.asarray(np.bincount(place, weights=one, minlength=len(known)), dtype=np.float64) for one in (k, n))
        there = units > 0
        return cls(tuple(known[there].tolist()), hits[there], units[there])

    @property
    def effect(self) -> float:
        """The design effect, at least 1: how many units are worth one. A single cluster is worth one unit, whatever its size."""
        total = float(self.n.sum())
        if len(self.names) < 2:
            return max(1.0, total)
        share = float(self.k.sum()) / total
        binomial = share * (1 - share) / total
        # where all or none are hits there is no spread to see how alike a cluster is
        return max(1.0, float((self.residuals**2).sum()) / binomial) if binomial > 0 else 1.0

    @property
    def residuals(self) -> Floats:
        """(n_clusters,): what each adds to the deviation of the rate; the sum of their squares is its variance."""
        total, m = max(float(self.n.sum()), 1.0), len(self.names)
        return np.asarray((self.k - self.k.sum() / total * self.n) / total * np.sqrt(m / max(m - 1, 1)))

    def rate(self, nothing: str) -> Measured:
        """The share of hits; without units not measured, because of `nothing`."""
        return wilson(int(self.k.sum()), int(self.n.sum()), nothing=nothing, effect=self.effect)


def rates_apart(one: Clustered, other: Clustered, *, nothing: str) -> Measured:
    """Rate of `one` less rate of `other`; clusters of the same name are the same people on both sides."""
    sides = joined([one, other])
    return difference(one.rate(nothing), other.rate(nothing), correlation=_correlation(sides[:, 0], sides[:, 1]))


def joined(parts: Sequence[Clustered]) -> Floats:
    """(n_clusters, n_parts): the residuals of each part, a row per cluster of any; 0 where a part has nothing of it."""
    names = sorted({name for part in parts for name in part.names})
    place = {name: row for row, name in enumerate(names)}
    found = np.zeros((len(names), len(parts)))
    for column, part in enumerate(parts):
        found[[place[name] for name in part.names], column] = part.residuals
    return found


def correlations(residuals: Floats) -> Floats:
    """(n_parts, n_parts) correlations of the parts behind `joined` residuals; a part without spread goes with none."""
    n = residuals.shape[1]
    pairs = [[_correlation(residuals[:, i], residuals[:, j]) if i != j else 1.0 for j in range(n)] for i in range(n)]
    return np.array(pairs).reshape(n, n)


def _correlation(one: Floats, other: Floats) -> float:
    size = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return float(one @ other) / size if size > 0 else 0.0
