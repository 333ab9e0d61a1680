"""History leak: whether the item that a context or a scenario is about was named before its turn comes.

Looked up by id in the turns, by title in their text, and in the words of the need. What leaks is flagged and left out of panels,
scenarios and human rates alike, so that simulators and humans are read on the same contexts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from understudy.instruments.disclosure import ItemIndex
from understudy.records import Need, Turn

VERSION = 1
Leak = Literal["", "id", "title", "need"]


def leak_of(item_id: str, before: Sequence[Turn], need: Need, catalogue: ItemIndex, *, seen: bool = False) -> Leak:
    """How the item was named in the turns `before` or in the need, the plainest way first; empty where it was not.

    With `seen` the titles that the seeker has seen count too: a target must not stand there, an item at stake may.
    """
    if any(item_id in turn.item_ids for turn in before):
        return "id"
    if any(turn.text and catalogue.names(item_id, turn.text) for turn in before):
        return "title"
    words = "; ".join((*need.liked, *need.disliked, *need.people, *need.disliked_people, *(need.seen if seen else ())))
    return "need" if words and catalogue.names(item_id, words) else ""


def before_suggestion(item_id: str, turns: Sequence[Turn], catalogue: ItemIndex) -> Sequence[Turn]:
    """The turns before the one in which the recommender suggests the item: by id, or by title where it never does by id."""
    spoken = [(index, turn) for index, turn in enumerate(turns) if turn.role == "recommender"]
    linked = next((index for index, turn in spoken if item_id in turn.item_ids), None)
    if linked is None:
        linked = next((index for index, turn in spoken if turn.text and catalogue.names(item_id, turn.text)), len(turns))
    return turns[:linked]
