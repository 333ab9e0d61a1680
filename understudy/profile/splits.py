"""Splits: every dialogue in exactly one of exemplar, search, select and test, and no seeker in two of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from understudy.keys import share_of
from understudy.records import Dialogue, Split

VERSION = 1
OFFICIAL_TEST = "test"

# upper borders of the share of a seeker's hash (design, section 3)
WITHOUT_OFFICIAL: tuple[tuple[float, Split], ...] = ((0.10, "exemplar"), (0.45, "search"), (0.75, "select"), (1.0, "test"))
WITH_OFFICIAL: tuple[tuple[float, Split], ...] = ((0.10, "exemplar"), (0.55, "search"), (1.0, "select"))


def seeker_of(dialogue: Dialogue) -> str:
    """The seeker's id; the dialogue's where the log has none, so that it is a seeker of its own."""
    return dialogue.seeker_id if dialogue.seeker_id is not None else f"dialogue:{dialogue.dialogue_id}"


def assign(dialogues: Iterable[Dialogue]) -> Mapping[str, Split]:
    """Dialogue id → split.

    An official test split stays test. A seeker who is in it and elsewhere is in test with all dialogues: what such a
    seeker says in the train part would otherwise be known before test is opened.
    """
    known = list(dialogues)
    tested = {seeker_of(one) for one in known if one.official_split == OFFICIAL_TEST}
    borders = WITH_OFFICIAL if tested else WITHOUT_OFFICIAL
    return {one.dialogue_id: "test" if seeker_of(one) in tested else split_of(seeker_of(one), borders) for one in known}


def split_of(seeker_id: str, borders: tuple[tuple[float, Split], ...]) -> Split:
    """The split of a seeker who is not in an official test split; it depends on nothing but the id."""
    share = share_of("split", VERSION, seeker_id)
    return next(split for border, split in borders if share < border)

