"""Splits: every dialogue in exactly one of exemplar, search, select and test, and no seeker in two of them.

`select` has two parts, again by seeker: a quarter of the seekers chooses among finalists, the others report on what was chosen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypedDict

from understudy.keys import share_of
from understudy.records import CHOOSING, DIVIDED, PARTS, REPORTING, Dialogue, Part, Split

VERSION = 1
# chosen by the numbers of contexts in both parts alone (decision 0110); another number is another division
DIVISION = 3
CHOOSING_SHARE = 0.25
OFFICIAL_TEST = "test"

# upper borders of the share of a seeker's hash (design, section 3)
WITHOUT_OFFICIAL: tuple[tuple[float, Split], ...] = ((0.10, "exemplar"), (0.45, "search"), (0.75, "select"), (1.0, "test"))
WITH_OFFICIAL: tuple[tuple[float, Split], ...] = ((0.10, "exemplar"), (0.55, "search"), (1.0, "select"))


class PeopleFields(TypedDict):
    """Whose humans a figure rests on: a split, and the part of it where they are not all of it."""

    split: str
    part: str | None


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


def part_of(seeker_id: str) -> Part:
    """The part of `select` that a seeker of this split is in; it depends on nothing but the id."""
    return CHOOSING if share_of("choosing", DIVISION, seeker_id) < CHOOSING_SHARE else REPORTING


def split_holding(people: str) -> str:
    """The split that a part belongs to; a split is its own."""
    return DIVIDED if people in PARTS else people


def people_fields(people: str) -> PeopleFields:
    """The split of some humans, and the part of it that they are; `people` is a split or a part of `select`."""
    return {"split": split_holding(people), "part": people if people in PARTS else None}


def people_named(people: str) -> str:
    """The same in words: `search`, or `select, reporting part`."""
    return f"{split_holding(people)}, {people} part" if people in PARTS else people
