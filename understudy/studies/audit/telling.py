"""What several audited files give together, in the contract's form and in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from understudy.studies.audit.ranking import FilePair, Order, Ranking, Standings

Fields = dict[str, Any]
_LEAST_SHOWN = 0.0005  # of what a part adds; less is written as 0.000


def standings_fields(standing: Standings) -> Fields:
    """`ranking`, `pairs` and `pairings` of an audit of several files."""
    return {
        "ranking": [_ranking(one, standing.pairs) for one in standing.rankings],
        "pairs": [_pair(one) for one in standing.pairs],
        "pairings": [asdict(one) for one in standing.pairings],
    }


def _ranking(one: Ranking, pairs: Sequence[FilePair]) -> Fields:
    return {
        "objective": one.objective,
        **_order(one.whole),
        "over": list(one.over),
        "parts": {name: dict(values) for name, values in one.parts.items()},
        "without": {
            name: {**_order(order), "is_other_order": order.order != one.whole.order, "is_other_first": _first(order) != _first(one.whole)}
            for name, order in one.without.items()
        },
        "not_ranked": dict(one.not_ranked),
        "told": ranking_in_words(one, pairs),
    }


def ranking_in_words(one: Ranking, pairs: Sequence[FilePair]) -> str:
    """The ranking in sentences: who is nearest to the humans, with whom in a tie, which parts make it so, and which one alone does."""
    if len(one.whole.order) < 2:
        return "Fewer than two files could be ranked."
    first = _first(one.whole)
    nearest = f"{first[0]} is nearest to the humans" if len(first) == 1 else f"{_listed(first)} are nearest, and no two of them differ"
    others = [name for name, order in one.without.items() if _contradicts(order, one.whole)]
    hangs = [f"Without {name.replace('_', ' ')}, {one.without[name].order[0]} is." for name in others]
    return " ".join([f"{nearest}.", *_lead(one, pairs), *hangs])


def paired_in_words(one: Mapping[str, Any]) -> str:
    """How the dialogues of two files stand to each other, from a row of `pairings`."""
    if one["by"] == "none":
        return f"{one['a']} and {one['b']} share no dialogue: each is resampled by its own dialogues."
    same = "stand for the same humans" if one["by"] == "human" else "have the same scenario or id"
    return f"{one['a']} and {one['b']} are compared in pairs: {one['n_shared']} of {one['n_a']} and {one['n_b']} dialogues {same}."


def _lead(one: Ranking, pairs: Sequence[FilePair]) -> list[str]:
    """What each part adds to the distance between the nearest file and the next one that differs from it; nothing where none does."""
    first, *others = one.whole.order
    other = next((name for name in others if not _tied(first, name, one.whole)), None)
    found = next((pair for pair in pairs if pair.objective == one.objective and {pair.a, pair.b} == {first, other}), None)
    if found is None or found.difference.difference is None or len(found.parts) < 2:
        return []
    sign = 1 if found.a == other else -1
    parts = sorted(((name, sign * value) for name, value in found.parts.items()), key=lambda part: -abs(part[1]))
    shown = ", ".join(f"{name.replace('_', ' ')} {value:+.3f}" for name, value in parts if abs(value) >= _LEAST_SHOWN)
    return [f"{other} is {sign * found.difference.difference:.3f} farther: {shown}."] if shown else []


def _contradicts(order: Order, whole: Order) -> bool:
    """Whether another file is nearest in `order`, and not by chance as far as one of the two orders says."""
    was, now = whole.order[0], order.order[0]
    return was != now and not (_tied(was, now, whole) and _tied(was, now, order))


def _tied(one: str, other: str, order: Order) -> bool:
    return any(one in group and other in group for group in order.ties)


def _first(order: Order) -> tuple[str, ...]:
    """The nearest, with those of the largest group in which no two differ."""
    groups = [group for group in order.ties if order.order[0] in group]
    return max(groups, key=len, default=order.order[:1])


def _order(one: Order) -> Fields:
    return {"order": list(one.order), "ties": [list(group) for group in one.ties]}


def _pair(one: FilePair) -> Fields:
    found = one.difference
    return {
        "objective": one.objective, "a": one.a, "b": one.b, "difference": found.as_measured().as_json(), "p": found.p,
        "p_holm": found.p_holm, "outcome": found.outcome, "reason": found.reason, "parts": dict(one.parts),
    }  # fmt: skip


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
