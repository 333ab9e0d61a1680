"""What a handed-in front is worth: by the truth of the surface, and beside what the optimizer itself claimed. Pure numbers."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from understudy.search.moo import hypervolume

Floats = NDArray[np.float64]


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


def _weights(n: int, parts: int = 5) -> Floats:
    """Weights on a grid of the simplex, none of them 0."""
    grid = [one for one in product(range(parts + 1), repeat=n) if sum(one) == parts]
    return (np.array(grid, dtype=float) + 0.1) / (parts + 0.1 * n)
