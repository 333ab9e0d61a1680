"""What the whole benchmark consists of. Every surface of 100-129 is played once by each optimizer, with its own seed.

An ablation decides what stays in the search, which is tuning: it is played on surfaces of 0-9.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from search.contenders import FIRST_EIGHT, MODULES, WITH_CRITIC
from search.scoring import BenchmarkRun

QUALITY = 0.6
SURFACES = tuple(range(100, 130))
FEWER = tuple(range(100, 105))
TRIAL = (*(str(seed) for seed in range(4)), *(f"nonconvex-{seed}" for seed in range(4)))
# mechanisms that can act on rehearsal: its critic reads no turns, so how these are chosen (`influence`) cannot
ABLATED = (
    "critic", "chains", "merge", "rewording", "crossover", "sentences", "exemplars", "controls", "adaptation", "rotation", "remeasuring",
    "constraints", "probabilistic_front", "worst_case",
)  # fmt: skip
N_NULL, N_ADVERSE = 40, 10
# optimizers with one objective, that can be run once a weight vector and merged
WEIGHTED = ("opro", "capo", "evoprompt", "textgrad")
# what eight surfaces said to go is asked again on the other trial surfaces, as try-outs are
AGAIN = ("remeasuring",)
OTHERS = (*(str(seed) for seed in range(4, 10)), *(f"nonconvex-{seed}" for seed in range(4, 10)))
# protocol 3: fresh surfaces, whose seed was committed before any row, and the same chains for everybody with a critic
EQUAL_SEED, N_EQUAL = 200, 30
EQUAL = tuple(range(EQUAL_SEED, EQUAL_SEED + N_EQUAL))
EQUAL_FEWER, EQUAL_QUALITIES = EQUAL[:5], (0.5, 0.0)
CHAINS = (("chains", 1),)
# protocol 4: what was tuned on 0-9 after protocol 3 was lost, tested once on fresh surfaces, whose seed was committed before any row.
# Everybody has the shipped prompts to begin with and chains of up to six
AHEAD_SEED, N_AHEAD = 230, 30
AHEAD = tuple(range(AHEAD_SEED, AHEAD_SEED + N_AHEAD))
AHEAD_AGAINST = ("best_shipped", "gepa", "textgrad", "opro", "evoprompt", "capo")
AHEAD_OPTIONS = (("chain", 6), ("shipped", 1))
# nearly all children are the critic's treatments, and a panel is as large as everybody's
AHEAD_OWN = (*AHEAD_OPTIONS, ("critic_share", 0.99), ("pieces", 48), ("without", "merge,rewording"))
BLOCKS = (
    "ahead", "ahead_nonconvex", "equal", "equal_nonconvex", "equal_quality", "main", "nonconvex", "null",
    "adverse", "quality", "ablation", "try", "weights",
)  # fmt: skip


def cases_of(blocks: Sequence[str]) -> list[BenchmarkRun]:
    """The cases of the blocks named, or of all, in the order in which they are played."""
    made: dict[str, Callable[[], Iterator[BenchmarkRun]]] = {
        "ahead": lambda: _ahead(""),
        "ahead_nonconvex": lambda: _ahead("nonconvex-"),
        "equal": lambda: _equal(""),
        "equal_nonconvex": lambda: _equal("nonconvex-"),
        "equal_quality": _equal_quality,
        "main": _main,
        "nonconvex": _nonconvex,
        "quality": _quality,
        "null": _null,
        "adverse": _adverse,
        "ablation": _ablation,
        "try": _again,
        "weights": _weights,
    }
    return [case for name in (blocks or BLOCKS) for case in made[name]()]


def _ahead(kind: str) -> Iterator[BenchmarkRun]:
    block = "ahead_nonconvex" if kind else "ahead"
    for seed in AHEAD:
        yield BenchmarkRun("understudy", f"{kind}{seed}", seed, QUALITY, AHEAD_OWN, block=block)
        for optimizer in AHEAD_AGAINST:
            options = (*CHAINS, *AHEAD_OPTIONS) if optimizer in WITH_CRITIC else ()
            yield BenchmarkRun(optimizer, f"{kind}{seed}", seed, QUALITY, options, block=block)


def _equal(kind: str) -> Iterator[BenchmarkRun]:
    for seed in EQUAL:
        for optimizer in MODULES:
            yield _chained(optimizer, f"{kind}{seed}", seed, QUALITY, block="equal_nonconvex" if kind else "equal")


def _equal_quality() -> Iterator[BenchmarkRun]:
    for seed in EQUAL_FEWER:
        for kind in ("", "nonconvex-"):
            for quality in EQUAL_QUALITIES:
                for optimizer in WITH_CRITIC:
                    yield _chained(optimizer, f"{kind}{seed}", seed, quality, block="equal_quality")


def _chained(optimizer: str, surface: str, seed: int, quality: float, *, block: str) -> BenchmarkRun:
    """A run of protocol 3; our own search has chains of its own, and what asks no critic has none."""
    chains = CHAINS if optimizer in WITH_CRITIC and optimizer != "understudy" else ()
    return BenchmarkRun(optimizer, surface, seed, quality, chains, block=block)


def _main() -> Iterator[BenchmarkRun]:
    for seed in SURFACES:
        for optimizer in FIRST_EIGHT:
            yield BenchmarkRun(optimizer, str(seed), seed, QUALITY, block="main")


def _nonconvex() -> Iterator[BenchmarkRun]:
    for seed in SURFACES[:15]:
        for optimizer in FIRST_EIGHT:
            yield BenchmarkRun(optimizer, f"nonconvex-{seed}", seed, QUALITY, block="nonconvex")


def _quality() -> Iterator[BenchmarkRun]:
    for seed in FEWER:
        for quality in (0.3, 0.9):
            for optimizer in WITH_CRITIC:
                yield BenchmarkRun(optimizer, str(seed), seed, quality, block="quality")


def _null() -> Iterator[BenchmarkRun]:
    for seed in range(N_NULL):
        yield BenchmarkRun("understudy", "null", 100 + seed, QUALITY, block="null")


def _adverse() -> Iterator[BenchmarkRun]:
    for seed in range(N_ADVERSE):
        yield BenchmarkRun("understudy", "adverse", 100 + seed, QUALITY, block="adverse")


def _weights() -> Iterator[BenchmarkRun]:
    for surface in (*(str(seed) for seed in FEWER), *(f"nonconvex-{seed}" for seed in FEWER)):
        seed = _seed(surface)
        for optimizer in WEIGHTED:
            yield BenchmarkRun(optimizer, surface, seed, QUALITY, (("weights", 3),), block="weights")


def _again() -> Iterator[BenchmarkRun]:
    for surface in OTHERS:
        seed = _seed(surface)
        yield BenchmarkRun("understudy", surface, seed, QUALITY, block="try")
        for name in AGAIN:
            yield BenchmarkRun("understudy", surface, seed, QUALITY, (("without", name),), block="try")


def _seed(surface: str) -> int:
    return int(surface.removeprefix("nonconvex-"))


def _ablation() -> Iterator[BenchmarkRun]:
    for surface in TRIAL:
        seed = _seed(surface)
        yield BenchmarkRun("understudy", surface, seed, QUALITY, block="ablation")
        for name in ABLATED:
            yield BenchmarkRun("understudy", surface, seed, QUALITY, (("without", name),), block="ablation")
        # off by default: whether it pays is asked here
        yield BenchmarkRun("understudy", surface, seed, QUALITY, (("racing", 1),), block="ablation")
