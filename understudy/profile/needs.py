"""Information needs: what a seeker wants, derived from the seeker's form without the labels at stake.

A title counts as known to the seeker before the conversation when the seeker has seen it or named it first. A title
that was suggested and is not seen is news: its label is a reaction, never part of what the seeker sets out with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from understudy.records import Dialogue, Item, Mention, Need

N_GENRES = 5
N_PEOPLE = 5
N_ERAS = 3


def targets_of(dialogue: Dialogue, items: Mapping[str, Item]) -> tuple[str, ...]:
    """Ids of the items that were suggested by the recommender, unseen and liked, in the order of the ids."""
    hits = (one.item_id for one in dialogue.mentions if one.suggested and one.seen is False and one.liked)
    return tuple(sorted(item_id for item_id in hits if item_id in items))


def references_of(dialogue: Dialogue, items: Mapping[str, Item]) -> tuple[Item, ...]:
    """The reference items: those that the seeker judges and knew before the conversation, in the order of the form."""
    judged = (one for one in dialogue.mentions if one.liked is not None and _known_before(one))
    return tuple(items[one.item_id] for one in judged if one.item_id in items)


def era_of(item: Item) -> str | None:
    """The decade of an item as it is said (`1990s`); None where the year is unknown."""
    return f"{item.year // 10 * 10}s" if item.year else None


def need_of(dialogue: Dialogue, items: Mapping[str, Item], *, at_stake: Collection[str] = (), hidden: Collection[str] = ()) -> Need:
    """The seeker's need without the items `at_stake`; titles of `hidden` items do not appear at all.

    An item at stake is not among the liked or disliked, its genres, people and era do not count, and it is no target;
    `seen` names it when the form says that it was seen. Other items of the same title are left out with it.
    """
    mentions = [one for one in dialogue.mentions if one.item_id in items]
    judged = [one for one in mentions if one.item_id not in at_stake]
    told = HiddenTitles(items[item_id] for item_id in (*at_stake, *hidden) if item_id in items)
    unseen = HiddenTitles(items[item_id] for item_id in hidden if item_id in items)
    liked = [items[one.item_id] for one in judged if one.liked]
    disliked = [items[one.item_id] for one in judged if one.liked is False]
    known = {one.item_id for one in judged if _known_before(one)}
    genres, disliked_genres = _sides(liked, disliked, lambda item: item.genres, N_GENRES)
    people, disliked_people = _sides(liked, disliked, lambda item: item.people, N_PEOPLE)
    eras, disliked_eras = _sides(liked, disliked, _eras, N_ERAS)
    return Need(
        liked=told.without(item for item in liked if item.item_id in known),
        disliked=told.without(item for item in disliked if item.item_id in known),
        seen=unseen.without(items[one.item_id] for one in mentions if one.seen),
        genres=genres,
        disliked_genres=disliked_genres,
        people=people,
        targets=tuple(one for one in targets_of(dialogue, items) if one not in at_stake),
        disliked_people=disliked_people,
        eras=eras,
        disliked_eras=disliked_eras,
    )


class HiddenTitles:
    """Titles that a need must not give away."""

    def __init__(self, items: Iterable[Item]) -> None:
        hidden = list(items)
        self._titles = {item.title.casefold() for item in hidden}
        self._labels = [item.label.casefold() for item in hidden]

    def without(self, items: Iterable[Item]) -> tuple[str, ...]:
        """The labels of the items that neither bear a hidden title nor hold a hidden label within their own, each once."""
        labels = dict.fromkeys(item.label for item in items if item.title.casefold() not in self._titles)
        return tuple(label for label in labels if not any(hidden in label.casefold() for hidden in self._labels))

    def names_without(self, names: Iterable[str]) -> tuple[str, ...]:
        """The names, as they are, without those that hold a hidden title."""
        return tuple(name for name in names if not any(f" {hidden} " in f" {name.casefold()} " for hidden in self._titles))


def _known_before(mention: Mention) -> bool:
    return bool(mention.seen) or not mention.suggested


def _eras(item: Item) -> tuple[str, ...]:
    era = era_of(item)
    return () if era is None else (era,)


def _sides(
    liked: Sequence[Item], disliked: Sequence[Item], of: Callable[[Item], tuple[str, ...]], n: int
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The most frequent attributes of the liked, and of the disliked those that no liked item has; at most `n` each."""
    likes = most_frequent(name for item in liked for name in of(item))
    if not disliked:
        return likes[:n], ()
    dislikes = most_frequent(name for item in disliked for name in of(item))
    return likes[:n], tuple(name for name in dislikes if name not in likes)[:n]


def most_frequent(names: Iterable[str]) -> tuple[str, ...]:
    """The different names, the most frequent first, then by the alphabet."""
    counted = Counter(names)
    return tuple(sorted(counted, key=lambda name: (-counted[name], name)))
