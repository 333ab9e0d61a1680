"""What a handed-in front is worth: by the truth of the surface, and beside what the optimizer itself claimed. Pure numbers."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from understudy.search.moo import Survival, achievement, hypervolume, violation

Floats = NDArray[np.float64]
MOST, LEAST = 4, 3
FULL_PANEL = 48


@dataclass(frozen=True, slots=True)
class Claims:
    """What an optimizer measured of its prompts. F: (n, n_objectives), mean of each one's measurements; violations: (n,)."""

    names: tuple[str, ...]
    F: Floats
    violations: Floats


def claims_of(
    names: list[str], values: list[tuple[float, ...]], violations: list[float], pieces: list[int], at_least: int = FULL_PANEL
) -> Claims:
    """Means over the measurements of each prompt. What was measured on less than a full panel is left out, unless all was."""
    groups: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        if np.isfinite(values[i]).all():
            groups.setdefault(name, []).append(i)
    sizes = {name: sum(pieces[i] for i in rows) for name, rows in groups.items()}
    kept = [name for name in groups if sizes[name] >= at_least] or list(groups)
    F = [np.average([values[i] for i in groups[name]], axis=0, weights=[pieces[i] for i in groups[name]]) for name in kept]
    G = [np.average([violations[i] for i in groups[name]], weights=[pieces[i] for i in groups[name]]) for name in kept]
    return Claims(tuple(kept), np.array(F, dtype=float).reshape(len(kept), len(values[0]) if kept else 0), np.array(G, dtype=float))


def handed_in(claims: Claims, *, most: int = MOST, least: int = LEAST) -> list[int]:
    """The front an optimizer hands in: its feasible prompts that none of its others dominates, spread, `most` of them.

    Where fewer than `least` are feasible, those that violate least fill up: nobody is made to come empty-handed.
    """
    if not len(claims.F):
        return []
    standings = Survival("nsga2", n_objectives=claims.F.shape[1], population=most).select(
        claims.F, claims.violations[:, None], n_survive=min(most, len(claims.F)), seed=0
    )
    front = [one.index for one in standings if one.violation <= 0 and one.rank == 0]
    rest = [int(i) for i in np.lexsort((claims.F.sum(axis=1), claims.violations)) if i not in front]
    return front + rest[: max(0, least - len(front))]


def picked(claims: Claims, rows: list[int], reference: Floats) -> int:
    """The one of `rows` that is best by claims with equal weights; feasible ones first."""
    worth = achievement(claims.F[rows] / reference, np.ones((1, claims.F.shape[1])))
    return min(rows, key=lambda i: (max(0.0, claims.violations[i]), worth[rows.index(i)]))


def share_of_front(true: Floats, front: Floats, reference: Floats) -> float:
    """The true hypervolume of a set of prompts as a share of the true front's, up to 1 and a little above by sentences in between."""
    whole = hypervolume(front, reference)
    return hypervolume(true, reference) / whole if whole > 0 else float("nan")


def igd_plus(true: Floats, front: Floats, reference: Floats) -> float:
    """Mean over the true front of how far the nearest prompt falls short of it, in shares of the reference (Ishibuchi 2015)."""
    short = np.maximum(true[None, :, :] / reference - front[:, None, :] / reference, 0.0)
    return float(np.sqrt((short**2).sum(axis=2)).min(axis=1).mean())


def noisy_r2(claimed: Floats, true: Floats, reference: Floats) -> float:
    """Mean over weights of the true Chebyshev value of the prompt that the claims prefer; lower is better.

    It asks what a user gets who trusts the claims: a front with one good prompt that nobody can tell from its others is worth little.
    """
    chosen, values = claimed / reference, true / reference
    weights = _weights(claimed.shape[1])
    return float(np.mean([(weight * values[int(np.argmin((weight * chosen).max(axis=1)))]).max() for weight in weights]))


def reached(curve: list[tuple[int, float]], level: float) -> int | None:
    """The dialogues after which a curve (dialogues, value) is at `level` for the first time; None where it never is."""
    return next((n for n, value in curve if value >= level), None)


def on_grid(curve: list[tuple[int, float]], grid: list[int]) -> list[float]:
    """The value of a curve at each point of a grid: that of the last step before it, 0 before the first."""
    return [next((value for n, value in reversed(curve) if n <= at), 0.0) for at in grid]


def total_violation(G: Floats) -> Floats:
    """The summed violation of every row."""
    return violation(G)


def _weights(n: int, parts: int = 5) -> Floats:
    """Weights on a grid of the simplex, none of them 0."""
    grid = [one for one in product(range(parts + 1), repeat=n) if sum(one) == parts]
    return (np.array(grid, dtype=float) + 0.1) / (parts + 0.1 * n)
