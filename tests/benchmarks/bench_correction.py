"""Coverage of corrected rates of acceptance on planted confusions: uncorrected, prediction-powered, Rogan-Gladen (`make bench-correction`).

A trial draws labelled turns with one mix of classes and unlabelled turns with another, misreads both by the same planted confusion, and
asks whether the 95 % interval of the share of acceptances among the unlabelled holds the true one. PPI is that of Angelopoulos et al.
(2023) for a mean; Rogan-Gladen is `understudy.statistics.rogan_gladen`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from tables import Table, write_section

from understudy.errors import NotMeasured
from understudy.statistics.confusion import Confusion
from understudy.statistics.rates import Z, wilson
from understudy.statistics.rogan_gladen import corrected

CLASSES = ("accept", "reject", "neither")
N_TRIALS, N_LABELLED, N_READ = 1000, (100, 300, 540), 150
# P(read | true), a row per true class: about what the shipped instrument does, one twice as bad, and one that reads refusals as neither
CONFUSIONS = {
    "good": ((0.90, 0.03, 0.07), (0.05, 0.85, 0.10), (0.06, 0.06, 0.88)),
    "fair": ((0.80, 0.05, 0.15), (0.10, 0.70, 0.20), (0.15, 0.10, 0.75)),
    "misses refusals": ((0.90, 0.02, 0.08), (0.10, 0.30, 0.60), (0.05, 0.02, 0.93)),
}
LABELLED_MIX = (0.45, 0.20, 0.35)
MIXES = {"as the labelled": LABELLED_MIX, "hardly anybody accepts": (0.05, 0.45, 0.50), "most accept": (0.80, 0.05, 0.15)}
Interval = tuple[float, float] | None
Codes = NDArray[np.int64]


def uncorrected(read: Codes, truth: Codes, guessed: Codes) -> Interval:
    """The Wilson interval of the share that is read as acceptance."""
    del truth, guessed
    found = wilson(int((read == 0).sum()), len(read), nothing="")
    return found.lo or 0.0, found.hi or 0.0


def powered(read: Codes, truth: Codes, guessed: Codes) -> Interval:
    """PPI: the share read, moved by the mean error on the labelled turns."""
    errors = (truth == 0).astype(float) - (guessed == 0)
    value = (read == 0).mean() + errors.mean()
    spread = np.sqrt((read == 0).var() / len(read) + errors.var() / len(errors))
    return float(value - Z * spread), float(value + Z * spread)


def inverted(read: Codes, truth: Codes, guessed: Codes) -> Interval:
    """Rogan-Gladen by the confusion of the labelled turns; None where it refuses."""
    table = np.zeros((3, 3))
    np.add.at(table, (truth, guessed), 1.0)
    counts = {name: int((read == at).sum()) for at, name in enumerate(CLASSES)}
    try:
        found = corrected(counts, Confusion(CLASSES, tuple(tuple(row) for row in table.tolist())))["accept"]
    except NotMeasured:
        return None
    return found.lo or 0.0, found.hi or 0.0


METHODS: dict[str, Callable[[Codes, Codes, Codes], Interval]] = {"uncorrected": uncorrected, "PPI": powered, "Rogan-Gladen": inverted}


def covered(
    confusion: tuple[tuple[float, ...], ...], mix: tuple[float, ...], n_labelled: int, seed: int
) -> dict[str, tuple[float, float, int]]:
    """Method → (share of intervals that hold the truth, mean width, trials in which it refuses)."""
    rng, given, true = np.random.default_rng(seed), np.asarray(confusion), mix[0]
    found: dict[str, list[Interval]] = {name: [] for name in METHODS}
    for _ in range(N_TRIALS):
        truth = rng.choice(3, size=n_labelled, p=LABELLED_MIX)
        guessed, read = _misread(truth, given, rng), _misread(rng.choice(3, size=N_READ, p=mix), given, rng)
        for name, method in METHODS.items():
            found[name].append(method(read, truth, guessed))
    told = {}
    for name, intervals in found.items():
        kept = [one for one in intervals if one is not None]
        held = sum(low <= true <= high for low, high in kept) / max(len(kept), 1)
        told[name] = (held, float(np.mean([high - low for low, high in kept])), len(intervals) - len(kept))
    return told


def _misread(truth: Codes, given: NDArray[np.float64], rng: np.random.Generator) -> Codes:
    drawn = rng.random(len(truth))[:, None]
    return np.asarray((drawn > given.cumsum(axis=1)[truth]).sum(axis=1).clip(0, 2))


def main() -> None:
    """Measures and writes the section."""
    rows = []
    for name, confusion in CONFUSIONS.items():
        for told, mix in MIXES.items():
            for n in N_LABELLED:
                found = covered(confusion, mix, n, seed=len(rows))
                cells = [f"{held:.3f} ({width:.2f})" + (f", refuses {gone}" if gone else "") for held, width, gone in found.values()]
                rows.append([name, told, f"{n}", *cells])
    header = ["instrument", "mix of the unlabelled", "labelled", *METHODS]
    title = f"Share of 95 % intervals of acceptance that hold the true share (mean width); {N_READ} turns read, {N_TRIALS} trials a row"
    write_section("Correction of reactions", [Table(title, header, rows)], command="make bench-correction")


if __name__ == "__main__":
    main()
