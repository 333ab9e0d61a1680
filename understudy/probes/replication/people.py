"""Users with histories of ratings, the humans' side of each task, and the places at which a model is asked.

A user lies in one of three parts by the hash of their id: `search` tunes a prompt, `select` chooses among prompts, `test` reports.
What is shown of a history (`known`) and what stands for the human or is asked about (`held`) never overlap.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from understudy.instruments.chosen import LEXICON, Instruments
from understudy.keys import share_of
from understudy.probes import Refusal
from understudy.records import Item, Need

VERSION = 1
Part = Literal["search", "select", "test"]
# a user of `test` is reported on; half of the others tunes, a fifth of all chooses
_TEST, _SELECT = 0.45, 0.65
KNOWN_SHARE = 0.6
LIKED_FROM, DISLIKED_TO = 4.0, 2.5
_MOST_TRAITS = 5


@dataclass(frozen=True, slots=True)
class RatedRow:
    """One title of a history with its rating on a scale of 5."""

    item: Item
    rating: float


@dataclass(frozen=True, slots=True)
class HistoryUser:
    """A user: `known` rows may be shown to a model, `held` ones never are."""

    user_id: str
    known: tuple[RatedRow, ...]
    held: tuple[RatedRow, ...]

    @property
    def taste(self) -> Need:
        """The genres that the known rows like and avoid, by how often they do; a genre that does both is neither."""
        liked, disliked = (_genres(row for row in self.known if is_in(row.rating)) for is_in in (_is_liked, _is_disliked))
        both = set(liked) & set(disliked)
        likes, avoids = ([one for one in names if one not in both][:_MOST_TRAITS] for names in (liked, disliked))
        return Need(genres=tuple(likes or liked[:_MOST_TRAITS]), disliked_genres=tuple(avoids))


@dataclass(frozen=True, slots=True)
class TitleRatings:
    """What two halves of the raters, who share nobody, gave a title: ratings in each, in order."""

    item: Item
    halves: tuple[tuple[float, ...], tuple[float, ...]]

    @property
    def mean(self) -> float:
        """The mean rating over both halves."""
        given = (*self.halves[0], *self.halves[1])
        return sum(given) / len(given)


@dataclass(frozen=True, slots=True)
class HumanText:
    """What a human wrote: about `item` where the task has one, else on its own."""

    text_id: str
    person_id: str
    text: str
    item: Item | None = None


@dataclass(frozen=True, slots=True)
class PaperHumans:
    """All that the experiment holds a model against. `lacks`: task → why its human side is not there.

    `catalogue`: the items that titles are grounded in and masked by; `texts_from`, `ratings_from`: the names of the data sets.
    """

    users: Sequence[HistoryUser]
    titles: Sequence[TitleRatings] = ()
    opinions: Sequence[HumanText] = ()
    requests: Sequence[HumanText] = ()
    refusals: Sequence[Refusal] = ()
    catalogue: Mapping[str, Item] = field(default_factory=dict)
    instruments: Instruments = LEXICON
    lacks: Mapping[str, str] = field(default_factory=dict)
    texts_from: str = ""
    ratings_from: str = ""


@dataclass(frozen=True, slots=True)
class AskedPlace:
    """One thing to ask: who is played, about which items, how long a text at most, and the human's side of it."""

    place_id: str
    user: HistoryUser
    items: tuple[Item, ...] = ()
    n_characters: int | None = None
    human: HumanText | None = None
    rated: TitleRatings | None = None
    refusal: Refusal | None = None
    held: tuple[Item, ...] = ()

    @property
    def cluster(self) -> str:
        """Whose the place is, for intervals: the title where many persons are asked about one, else the human behind its text."""
        if self.rated is not None:
            return self.rated.item.item_id
        if self.human is not None:
            return self.human.person_id
        return self.user.user_id if self.refusal is None else self.refusal.seeker_id


def part_of_user(user_id: str) -> Part:
    """The part of a user, by the hash of the id."""
    share = share_of("replicate", VERSION, "part", user_id)
    return "test" if share < _TEST else "select" if share < _SELECT else "search"


def user_of(user_id: str, rows: Iterable[RatedRow]) -> HistoryUser:
    """A user whose rows are parted into known and held ones by the hash of user and item."""
    known, held = list[RatedRow](), list[RatedRow]()
    for row in sorted(rows, key=lambda one: one.item.item_id):
        is_known = share_of("replicate", VERSION, "known", user_id, row.item.item_id) < KNOWN_SHARE
        (known if is_known else held).append(row)
    return HistoryUser(user_id, tuple(known), tuple(held))


def users_of(humans: PaperHumans, part: Part, *, seed: int) -> list[HistoryUser]:
    """The users of a part in an order drawn by seed."""
    own = [one for one in humans.users if part_of_user(one.user_id) == part]
    return sorted(own, key=lambda one: (share_of("replicate", VERSION, "order", seed, one.user_id), one.user_id))


def _is_liked(rating: float) -> bool:
    return rating >= LIKED_FROM


def _is_disliked(rating: float) -> bool:
    return rating <= DISLIKED_TO


def _genres(rows: Iterable[RatedRow]) -> list[str]:
    counted: dict[str, int] = {}
    for row in rows:
        for genre in row.item.genres:
            counted[genre] = counted.get(genre, 0) + 1
    return sorted(counted, key=lambda name: (-counted[name], name))
