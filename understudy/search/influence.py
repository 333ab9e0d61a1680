"""The influence of single turns on an objective, by leaving one turn out at a time; it selects the evidence that the critic sees.

For each signed part of an objective there is a cheap statistic of which the influence of one turn is known in closed form; a turn's
influence is how far the objective would fall without it. docs/search.md holds the formulas.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from understudy.keys import rng_of

Floats = NDArray[np.float64]
VERSION = 1
N_FAILING, N_PASSING = 4, 2
_MAX_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A simulated turn to be shown: what was said before it, the turn, the human's turn in the same place, and what is wrong with it."""

    heard: str
    said: str
    human: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the critic is shown of one objective; `worst` names the signed part that weighs most."""

    objective: str
    worst: str
    failing: tuple[Exhibit, ...]
    passing: tuple[Exhibit, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """A turn as the instruments read it: `label` of a reaction, `act` after the act `before`, its first words and its length in tokens."""

    label: str
    act: str
    before: str
    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ComparedTurn:
    """A simulated turn with the human's turn in the same place.

    `stratum` is set for reactions; `leaks` says which kinds of leakage the turn is counted under (title, attributes, copying,
    short_turns). `theirs` is None where no human spoke there, as in a free run. `place` is the key of what was played and the turn in it.
    """

    dialogue_id: str
    exhibit: Exhibit
    ours: Reading
    theirs: Reading | None = None
    stratum: str | None = None
    leaks: frozenset[str] = frozenset()
    place: tuple[str, int] = ("", 0)


def evidence(
    objective: str, cases: Sequence[ComparedTurn], signed: Mapping[str, float | None], *, seed: int, by_influence: bool = True
) -> Evidence | None:
    """What the critic is shown of an objective; None where there is no turn to show.

    `signed`: the objective's signed parts as they were measured. With `by_influence=False` turns are drawn at random.
    """
    if not cases:
        return None
    rng = rng_of("evidence", VERSION, objective, seed)
    values = influences(objective, cases, signed) if by_influence else rng.normal(size=len(cases))
    lots = rng.random(len(cases))
    # of turns that weigh alike, those are shown where the human did something else
    apart = [_differs(one) for one in cases]
    worst_first = sorted(range(len(cases)), key=lambda i: (-round(float(values[i]), 9), -apart[i], lots[i]))
    failing = _picked([i for i in worst_first if values[i] > 0], cases, N_FAILING)
    passing = _picked([i for i in reversed(worst_first) if values[i] <= 0 and not apart[i]], cases, N_PASSING)
    return Evidence(objective, _worst(signed), tuple(failing), tuple(passing))


def influences(objective: str, cases: Sequence[ComparedTurn], signed: Mapping[str, float | None]) -> Floats:
    """(n_cases,): how far the objective would fall without each turn, in its own unit; 0 for turns that it does not read.

    Of an objective without a formula here, turns in which the human did something else weigh 1.
    """
    known = {name: value for name, value in signed.items() if value is not None}
    return _INFLUENCES.get(objective, _apart)(cases, known)


def _acceptance(cases: Sequence[ComparedTurn], signed: Mapping[str, float]) -> Floats:
    """Mean over strata of |P_S - P_H|: leaving a turn out moves P_S of its stratum to (k - a) / (n - 1)."""
    out = np.zeros(len(cases))
    for stratum, apart in signed.items():
        at = [i for i, one in enumerate(cases) if one.stratum == stratum]
        if len(at) < 2:
            continue
        taken = np.array([float(cases[i].ours.label == "accept") for i in at])
        left = (taken.sum() - taken) / (len(at) - 1)
        out[at] = (abs(apart) - np.abs(apart + left - taken.mean())) / len(signed)
    return out


def _variety(cases: Sequence[ComparedTurn], signed: Mapping[str, float]) -> Floats:
    """Mean |ln(D_S / D_H)|: per measure -sign(ln ratio) · Δ ln D_S without the turn."""
    out, n_parts = np.zeros(len(cases)), max(1, len(signed))
    measures: Mapping[str, Callable[[Sequence[ComparedTurn]], Floats]] = {
        "openings": lambda known: _pairwise(_same_opening(known)),
        "self_similarity": lambda known: _pairwise(_alike(known)),
        "distinct_2": _distinct,
        "act_entropy": _surprise,
    }
    spoken = [i for i, one in enumerate(cases) if one.stratum is None and one.theirs is not None and one.ours.tokens]
    if len(spoken) < 3:
        return out
    known = [cases[i] for i in spoken]
    for name, measure in measures.items():
        if name in signed:
            out[spoken] -= np.sign(signed[name]) * measure(known) / n_parts
    return out


def _pairwise(kernel: Floats) -> Floats:
    """Δ ln of a mean over pairs without each turn, to first order: -2/n (k_i / k - 1). kernel: (n, n), 0 within a dialogue."""
    each = kernel.mean(axis=1)
    whole = each.mean()
    return -2 / len(kernel) * (each / whole - 1) if whole > 0 else np.zeros(len(kernel))


def _same_opening(cases: Sequence[ComparedTurn]) -> Floats:
    starts = [one.ours.tokens[:6] if len(one.ours.tokens) >= 6 else None for one in cases]
    other = _others(cases)
    return np.array([[float(a is not None and a == b) for b in starts] for a in starts]) * other


def _alike(cases: Sequence[ComparedTurn]) -> Floats:
    words = sorted({word for one in cases for word in one.ours.tokens})
    place = {word: at for at, word in enumerate(words)}
    counts = np.zeros((len(cases), len(words)))
    for row, one in enumerate(cases):
        for word in one.ours.tokens:
            counts[row, place[word]] += 1
    weighed = counts * (1 + np.log((1 + len(cases)) / (1 + (counts > 0).sum(axis=0))))
    unit = weighed / np.maximum(np.linalg.norm(weighed, axis=1, keepdims=True), 1e-12)
    return np.asarray((unit @ unit.T) * _others(cases))


def _others(cases: Sequence[ComparedTurn]) -> Floats:
    names = np.array([one.dialogue_id for one in cases])
    return np.asarray(names[:, None] != names[None, :], dtype=float)


def _distinct(cases: Sequence[ComparedTurn]) -> Floats:
    """Δ ln(different / all bigrams) without each turn, exact."""
    pairs = [Counter(zip(one.ours.tokens, one.ours.tokens[1:], strict=False)) for one in cases]
    total: Counter[tuple[str, str]] = sum(pairs, Counter())
    n, different = sum(total.values()), len(total)
    out = np.zeros(len(cases))
    for at, own in enumerate(pairs):
        left, kinds = n - sum(own.values()), different - sum(total[pair] == times for pair, times in own.items())
        if left > 0 and kinds > 0:
            out[at] = np.log(kinds / left) - np.log(different / n)
    return out


def _surprise(cases: Sequence[ComparedTurn]) -> Floats:
    """Δ ln H(act | act before) without each turn, to first order: -(surprise - H) / (n H)."""
    joint = Counter((one.ours.before, one.ours.act) for one in cases)
    before = Counter(one.ours.before for one in cases)
    surprise = np.array([-np.log2(joint[one.ours.before, one.ours.act] / before[one.ours.before]) for one in cases])
    whole = surprise.mean()
    return -(surprise - whole) / (len(cases) * whole) if whole > 0 else np.zeros(len(cases))


def _ways(cases: Sequence[ComparedTurn], signed: Mapping[str, float]) -> Floats:
    """Mean of roots of the Jensen-Shannon divergence of act bigrams and of the energy coefficient of lengths, to first order."""
    out = np.zeros(len(cases))
    paired = [i for i, one in enumerate(cases) if one.stratum is None and one.theirs is not None]
    if len(paired) < 3:
        return out
    known = [cases[i] for i in paired]
    n_parts = max(1, len(signed))
    for measure in (_acts, _lengths):
        distance, slope = measure(known)
        if distance > 1e-9:
            out[paired] += (slope - slope.mean()) / (len(known) * 2 * np.sqrt(distance) * n_parts)
    return out


def _acts(cases: Sequence[ComparedTurn]) -> tuple[float, Floats]:
    ours = Counter((one.ours.before, one.ours.act) for one in cases)
    theirs = Counter((one.theirs.before, one.theirs.act) for one in cases if one.theirs is not None)
    n, m = sum(ours.values()), sum(theirs.values())
    middle = {cell: (ours[cell] / n + theirs[cell] / m) / 2 for cell in {*ours, *theirs}}
    slope = {cell: 0.5 * np.log2(ours[cell] / n / middle[cell]) for cell in ours}
    others = sum(0.5 * theirs[cell] / m * np.log2(theirs[cell] / m / middle[cell]) for cell in theirs)
    distance = float(sum(ours[cell] / n * slope[cell] for cell in ours) + others)
    return distance, np.array([slope[one.ours.before, one.ours.act] for one in cases])


def _lengths(cases: Sequence[ComparedTurn]) -> tuple[float, Floats]:
    ours = [min(_MAX_LENGTH, len(one.ours.tokens)) for one in cases]
    theirs = [min(_MAX_LENGTH, len(one.theirs.tokens)) for one in cases if one.theirs is not None]
    f, g = (np.cumsum(np.bincount(lengths, minlength=_MAX_LENGTH + 1) / len(lengths)) for lengths in (ours, theirs))
    between = float(2 * np.sum(f * (1 - g) + g * (1 - f)))
    if between <= 1e-12:
        return 0.0, np.zeros(len(cases))
    # one more turn of length v raises F from v on
    slope = np.cumsum((4 * (f - g) / between)[::-1])[::-1]
    return float(2 * np.sum((f - g) ** 2) / between), np.array([slope[length] for length in ours])


def _giving_away(cases: Sequence[ComparedTurn], signed: Mapping[str, float]) -> Floats:
    """Sum over kinds of max(0, rate / cap - 1): a turn that leaks counts 1 / (n · cap), a hundredth of it below the cap."""
    out = np.zeros(len(cases))
    for kind, over in signed.items():
        # titles and attributes are counted by free run, copies by turn
        units = {one.dialogue_id for one in cases if one.theirs is None} if kind in ("title", "attributes") else range(len(cases))
        leaks = np.array([kind in one.leaks for one in cases], dtype=float)
        n = len(units)
        cap = leaks.sum() / n - over if n else 0.0
        if n and leaks.any() and cap > 0:
            out += leaks / (n * cap) * (1.0 if over > 0 else 0.01)
    return out


def _apart(cases: Sequence[ComparedTurn], signed: Mapping[str, float]) -> Floats:  # noqa: ARG001
    return np.array([float(_differs(one)) for one in cases])


_INFLUENCES: Mapping[str, Callable[[Sequence[ComparedTurn], Mapping[str, float]], Floats]] = {
    "positive_bias": _acceptance,
    "diversity_gap": _variety,
    "behavioural_distance": _ways,
    "data_leakage": _giving_away,
}


def _differs(one: ComparedTurn) -> bool:
    if one.theirs is None:
        return bool(one.leaks)
    return (one.ours.label, one.ours.act) != (one.theirs.label, one.theirs.act) or bool(one.leaks)


def _picked(order: Sequence[int], cases: Sequence[ComparedTurn], n: int) -> list[Exhibit]:
    """The first `n` of different wording."""
    chosen: dict[str, Exhibit] = {}
    for at in order:
        chosen.setdefault(cases[at].exhibit.said.casefold(), cases[at].exhibit)
        if len(chosen) == n:
            break
    return list(chosen.values())


def _worst(signed: Mapping[str, float | None]) -> str:
    known = {name: value for name, value in signed.items() if value is not None and value != 0}
    if not known:
        return ""
    name = max(known, key=lambda one: abs(known[one]))
    return f"{name.replace('_', ' ')} ({known[name]:+.2f} beside people)"
