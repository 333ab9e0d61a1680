"""From what people did to a policy. Nothing here knows a form's label: an observation has no place for one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from understudy.errors import BadInput
from understudy.policy.fitted import MOST_TOLD, QUANTILES, FittedPolicy, end_views, move_of, state_of
from understudy.policy.moments import Moment

VERSION = 1
MIN_TURNS = 100
"""Turns below which nothing is fitted: with ten acts and five settings, fewer say hardly anything of any state."""
MIN_FITS = 30
_N_BINS = 3


@dataclass(frozen=True, slots=True)
class Observation:
    """One human turn: the state before it, what it did as the instruments read it, its words, and whether it was the seeker's last.

    `reaction` is `none` where not exactly one item was suggested; `is_exemplar`: of the split on which the fit of items is binned.
    """

    moment: Moment
    act: str
    reaction: str
    n_words: int
    n_told: int
    is_last: bool
    is_exemplar: bool


def fit(observations: Iterable[Observation]) -> FittedPolicy:
    """The policy of these turns. Raises BadInput where they are fewer than MIN_TURNS."""
    seen = list(observations)
    if len(seen) < MIN_TURNS:
        raise BadInput(f"the splits `exemplar` and `search` hold {len(seen)} turns of seekers; a policy needs at least {MIN_TURNS}")
    edges = edges_of([one.moment.fit for one in seen if one.is_exemplar and one.moment.fit is not None])
    moves: dict[str, Counter[str]] = defaultdict(Counter)
    for one in seen:
        moves[state_of(one.moment, edges)][move_of(one.act, one.reaction)] += 1
    return FittedPolicy(
        edges=edges,
        moves={state: dict(sorted(of.items())) for state, of in sorted(moves.items())},
        lengths=_lengths(seen),
        wishes_told=_wish_counts(seen),
        ends=_ends(seen),
        n_turns=len(seen),
    )


def edges_of(fits: Sequence[float]) -> tuple[float, ...]:
    """The borders of thirds of these fits; none where there are fewer than MIN_FITS, which leaves the fit without a part."""
    if len(fits) < MIN_FITS:
        return ()
    inner = [place / _N_BINS for place in range(1, _N_BINS)]
    return tuple(round(float(edge), 6) for edge in np.quantile(np.array(fits), inner))


def _lengths(seen: Sequence[Observation]) -> Mapping[str, tuple[float, ...]]:
    words: dict[str, list[int]] = defaultdict(list)
    for one in seen:
        for name in ("", one.act):
            words[name].append(one.n_words)
    return {name: tuple(float(value) for value in np.quantile(np.array(of), QUANTILES)) for name, of in sorted(words.items())}


def _wish_counts(seen: Sequence[Observation]) -> Mapping[str, tuple[int, ...]]:
    counts: dict[str, list[int]] = defaultdict(lambda: [0] * (MOST_TOLD + 1))
    for one in seen:
        for name in ("", one.act):
            counts[name][min(one.n_told, MOST_TOLD)] += 1
    return {name: tuple(of) for name, of in sorted(counts.items())}


def _ends(seen: Sequence[Observation]) -> Mapping[str, tuple[int, int]]:
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for one in seen:
        for view in end_views(one.act, one.moment):
            counts[view][0] += one.is_last
            counts[view][1] += 1
    return {view: (last, n) for view, (last, n) in sorted(counts.items())}
