"""What humans judged of items, from ratings or from forms, in two halves that share no judge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from understudy.keys import share_of
from understudy.probes import JudgedItem
from understudy.records import Item
from understudy.titles import titled

# ratings of MovieLens and Amazon go up to 5; what lies between these bounds is neither a like nor a dislike
LIKED_FROM, DISLIKED_TO, HIGHEST = 4.0, 2.5, 5.0
NOTHING = "the logs hold neither ratings nor forms that state what seekers like"


def from_ratings(
    counted: Iterable[Mapping[str, Any]], items: Mapping[str, Item], *, catalogue: Mapping[str, Item] | None = None
) -> tuple[JudgedItem, ...]:
    """Judgements of `items`, in order of id. `counted`: item_id, half (0 or 1), n_liked, n_judged.

    With a `catalogue` the ratings are of its items, and count for the item of ours that bears the same title and year.
    """
    same = {item_id: item_id for item_id in items} if catalogue is None else _same(catalogue, items)
    halves: dict[str, list[tuple[int, int]]] = {}
    for row in counted:
        item_id = same.get(row["item_id"])
        if item_id is not None:
            both = halves.setdefault(item_id, [(0, 0), (0, 0)])
            liked, n = both[row["half"]]
            both[row["half"]] = (liked + row["n_liked"], n + row["n_judged"])
    return tuple(JudgedItem(item_id, (both[0], both[1])) for item_id, both in sorted(halves.items()))


def from_forms(judgements: Iterable[Mapping[str, Any]], items: Mapping[str, Item]) -> tuple[JudgedItem, ...]:
    """The same from what seekers say in forms: item_id, seeker_id, liked; one row a seeker and item."""
    rows = ({"item_id": one["item_id"], "half": _half(one["seeker_id"]), "n_liked": int(one["liked"]), "n_judged": 1} for one in judgements)
    return from_ratings(rows, items)


def _half(seeker_id: str) -> int:
    return int(share_of("probe", "half", seeker_id) < 0.5)


def _same(catalogue: Mapping[str, Item], items: Mapping[str, Item]) -> dict[str, str]:
    """Item id of another catalogue → item of ours with the same title and year; titles without a year or that two items bear are out."""
    bearers: dict[tuple[str, int], list[str]] = {}
    for item in items.values():
        if item.year:
            bearers.setdefault(_name(item), []).append(item.item_id)
    found = {other: bearers.get(_name(item), []) for other, item in catalogue.items() if item.year}
    return {other: ours[0] for other, ours in found.items() if len(ours) == 1}


def _name(item: Item) -> tuple[str, int]:
    return titled(item.title).title.casefold(), item.year or 0
