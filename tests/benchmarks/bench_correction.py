"""Coverage of corrected rates of acceptance on planted confusions: uncorrected, prediction-powered, Rogan-Gladen (`make bench-correction`).

A trial draws labelled turns with one mix of classes and unlabelled turns with another, misreads both by the same planted confusion, and
asks whether the 95 % interval of the share of acceptances among the unlabelled holds the true one. PPI is that of Angelopoulos et al.
(2023) for a mean; Rogan-Gladen is `understudy.statistics.rogan_gladen`.

The second table is about the gate on corrected acceptance: how often it refuses an engine that accepts as people do, and how often one
that accepts more, where the instrument misreads the two in different ways. Figures are made by `understudy.measure.corrected`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from tables import Table, write_section

from understudy.errors import NotMeasured
from understudy.measure.corrected import HUMAN, Register, StratumRead, corrected_bias
from understudy.records import STRATA
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
# of the gate: people as they answer in the strata of ReDial, how many of their turns are read there, and their labelled turns by class
PEOPLE = {
    "liked_seen": (0.80, 0.05, 0.15), "liked_unseen": (0.55, 0.05, 0.40), "disliked": (0.10, 0.60, 0.30), "unstated": (0.40, 0.10, 0.50),
}  # fmt: skip
N_PEOPLE, HUMAN_LABELS, HUMAN_READS = {"liked_seen": 869, "liked_unseen": 842, "disliked": 165, "unstated": 438}, (256, 100, 184), "fair"
ENGINES = {**CONFUSIONS, "misses acceptances": ((0.50, 0.02, 0.48), (0.10, 0.50, 0.40), (0.05, 0.05, 0.90))}
# of a class, contexts of a stratum, how much more is accepted; clusters of people make 1.4 turns worth one
ENGINE_LABELS, PER_STRATUM, SHIFTS, EFFECT, BOUND, N_GATED = (20, 50, 100), (60, 80, 150), (0.0, 0.30), 1.4, 0.15, 400
Interval = tuple[float, float] | None
Shares = tuple[tuple[float, ...], ...]
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


def refused(engine: Shares, n_labels: int, per_stratum: int, shift: float, seed: int) -> tuple[float, float]:
    """(share of batches that the corrected bound refuses, that the uncorrected one does): |mean difference| above BOUND."""
    rng, found = np.random.default_rng(seed), []
    for _ in range(N_GATED):
        ours = Register("engine", _labelled((n_labels,) * 3, engine, rng))
        people = Register(HUMAN, _labelled(HUMAN_LABELS, CONFUSIONS[HUMAN_READS], rng))
        own = {name: _stratum(_shifted(PEOPLE[name], shift), engine, per_stratum, rng) for name in STRATA}
        theirs = {name: _stratum(PEOPLE[name], CONFUSIONS[HUMAN_READS], N_PEOPLE[name], rng) for name in STRATA}
        told = corrected_bias(own, theirs, simulated=ours, human=people, min_contexts=150).over_acceptance.value
        read = np.mean([_rate(own[name]) - _rate(theirs[name]) for name in STRATA])
        found.append((told is None or abs(told) > BOUND, read > BOUND))
    both = np.mean(found, axis=0)
    return float(both[0]), float(both[1])


def _rate(read: StratumRead) -> float:
    return read.counts["accept"] / read.n


def _labelled(n_of_class: tuple[int, ...], given: Shares, rng: np.random.Generator) -> Confusion:
    return Confusion(CLASSES, tuple(tuple(rng.multinomial(n, row).astype(float)) for n, row in zip(n_of_class, given, strict=True)))


def _stratum(true: tuple[float, ...], given: Shares, n: int, rng: np.random.Generator) -> StratumRead:
    drawn = rng.multinomial(round(n / EFFECT), np.asarray(true) @ np.asarray(given)) * EFFECT
    return StratumRead({name: round(float(one)) for name, one in zip(CLASSES, drawn, strict=True)}, EFFECT)


def _shifted(true: tuple[float, ...], shift: float) -> tuple[float, ...]:
    accepted = min(1.0, true[0] + shift)
    return (accepted, *(one * (1 - accepted) / (1 - true[0]) for one in true[1:]))


def gate_table() -> Table:
    """How the bound on corrected acceptance errs, beside the bound on what is read."""
    rows = []
    for name, engine in ENGINES.items():
        for n_labels in ENGINE_LABELS:
            for per_stratum in PER_STRATUM:
                each = [refused(engine, n_labels, per_stratum, shift, seed=len(rows)) for shift in SHIFTS]
                cells = [f"{corrected_:.3f}" for corrected_, _ in each] + [f"{read:.3f}" for _, read in each]
                rows.append([name, f"{n_labels}", f"{per_stratum}", *cells])
    outcomes = ["corrected: as people", "30 points more", "read: as people", "more"]
    header = ["engine is read", "labelled of a class", "contexts of a stratum", *outcomes]
    people = f"people being read as `{HUMAN_READS}`"
    told = f"Share of batches that are refused at |mean difference| > {BOUND}, {people}; {N_GATED} trials a cell"
    return Table(told, header, rows)


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
    write_section("Correction of reactions", [Table(title, header, rows), gate_table()], command="make bench-correction")


if __name__ == "__main__":
    main()
