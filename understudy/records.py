"""The values that flow through every stage: items, dialogues, needs, contexts. One shape for human and synthetic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NotRequired, TypedDict

Role = Literal["seeker", "recommender"]
Split = Literal["exemplar", "search", "select", "test"]
Part = Literal["choosing", "reporting"]
Stratum = Literal["liked_seen", "liked_unseen", "disliked", "unstated", "decoy"]

SPLITS: tuple[Split, ...] = ("exemplar", "search", "select", "test")
# the two parts of the split `select`: finalists are chosen on one, and what is chosen is reported and gated on the other
CHOOSING: Part = "choosing"
REPORTING: Part = "reporting"
PARTS: tuple[Part, ...] = (CHOOSING, REPORTING)
DIVIDED: Split = "select"
STRATA: tuple[Stratum, ...] = ("liked_seen", "liked_unseen", "disliked", "unstated")
DECOY: Stratum = "decoy"
# the most items that a ranking of a recommender holds
MAX_RANKED = 50


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that can be recommended. `title` is without its year; `aliases` are other names of it."""

    item_id: str
    title: str
    year: int | None = None
    genres: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    plot: str = ""
    aliases: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The title as it is written in a dialogue: `Title (year)`, or the bare title where the year is unknown."""
        return f"{self.title} ({self.year})" if self.year else self.title

    @property
    def is_described(self) -> bool:
        """Whether anything but its title is known: what nobody can tell of an item, nobody can give away."""
        return bool(self.genres or self.people or self.year or self.plot)


@dataclass(frozen=True, slots=True)
class Turn:
    """All that one speaker says before the other speaks. `n_messages` counts the messages merged into it."""

    role: Role
    text: str
    n_messages: int = 1
    item_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mention:
    """What the seeker's form says of an item; None where it does not say."""

    item_id: str
    suggested: bool | None
    seen: bool | None
    liked: bool | None


@dataclass(frozen=True, slots=True)
class Label:
    """What somebody wrote about a turn, or about the whole dialogue where `turn_index` is None.

    `name` says what it tells (`act`, `accepted`, `satisfaction`, `outcome`, `entity`, …), `value` is as the log has it;
    `annotator` tells several annotators of one thing apart.
    """

    name: str
    value: str
    turn_index: int | None = None
    annotator: str = ""


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One human dialogue as read from a log.

    `is_annotation`: the record exists for its labels. Where a dialogue of this id is there, or comes later, the labels
    attach to it; otherwise the record is a dialogue of its own. `is_tagged`: False where this form of the log leaves out the ids of
    items that other forms of it have.
    """

    dialogue_id: str
    turns: tuple[Turn, ...]
    mentions: tuple[Mention, ...] = ()
    seeker_id: str | None = None
    recommender_id: str | None = None
    official_split: str | None = None
    labels: tuple[Label, ...] = ()
    is_annotation: bool = False
    is_tagged: bool = True


@dataclass(frozen=True, slots=True)
class Rating:
    """What somebody gave an item outside of any dialogue; `value` on the scale of its source, `rated_at` in seconds since 1970.

    `text` is what was written beside it; None where the log has none.
    """

    user_id: str
    item_id: str
    value: float
    rated_at: int | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that could not be read: its position in the file (from 1), why, and a masked excerpt of at most 120 characters."""

    file: str
    record: int
    reason: str
    excerpt: str


Record = Item | Dialogue | Rating | Reject


@dataclass(frozen=True, slots=True)
class Need:
    """What a seeker wants, cut without the label at stake. Titles are labels (`Title (year)`), genres lower case, eras decades (`1990s`).

    `seen` says what the seeker has already watched, read or bought, the item at stake included where that is known.
    `targets` are item ids suggested by the recommender, unseen and liked; never the item at stake.
    """

    liked: tuple[str, ...] = ()
    disliked: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    disliked_genres: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    disliked_people: tuple[str, ...] = ()
    eras: tuple[str, ...] = ()
    disliked_eras: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """A point at which a human dialogue is handed to the simulator.

    The turns before `turn_index` are given, the human's turn there is the pair.

    `stratum` and `item_id` are set for reactions (the turn before recommends exactly one item with a form label).
    For `decoy`, `item_id` is the item put in the place of the one that was recommended.
    """

    context_id: str
    dialogue_id: str
    turn_index: int
    stratum: Stratum | None
    item_id: str | None
    need: Need
    history: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A free run to be played: whose need it is, which item is its target, and who opened the human dialogue behind it."""

    scenario_id: str
    dialogue_id: str
    need: Need
    target: str
    opener: Role = "seeker"


class AmountFields(TypedDict):
    """A number, with its range where it is an estimate, or the reason why nobody knows it."""

    value: float | None
    range: NotRequired[list[float]]
    reason: NotRequired[str]


class FigureFields(TypedDict):
    """A measured figure as the command line answers it: `{value, ci, n}`, or `{value: null, reason, n}`.

    Where a choice could rest on the figure, `min_n` says how many units that needs, and `underpowered` whether there are fewer.
    """

    value: float | None
    n: int
    ci: NotRequired[list[float | None]]
    reason: NotRequired[str]
    min_n: NotRequired[int]
    underpowered: NotRequired[bool]


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure with its 95 % interval and the number of units behind it; `reason` says why where there is no value.

    `min_n`: how many units a choice by this figure needs; 0 where nothing is chosen by it, or where that was not recorded.
    """

    value: float | None
    lo: float | None = None
    hi: float | None = None
    n: int = 0
    reason: str = ""
    min_n: int = 0

    @property
    def is_underpowered(self) -> bool:
        """Whether there is a value, on fewer units than a choice by it needs: it is shown with its n, and nothing is chosen by it."""
        return self.value is not None and self.n < self.min_n

    def as_json(self) -> FigureFields:
        """The contract's form."""
        if self.value is None:
            return {"value": None, "reason": self.reason, "n": self.n}
        fields: FigureFields = {"value": self.value, "ci": [self.lo, self.hi], "n": self.n}
        return {**fields, "min_n": self.min_n, "underpowered": self.is_underpowered} if self.min_n else fields

    @classmethod
    def from_json(cls, value: Mapping[str, Any], *, no_reason: str = "") -> Measured:
        """The figure that `as_json` described; `no_reason` stands where there is neither a value nor a reason."""
        n = value.get("n") or 0
        if value["value"] is None:
            return cls(None, n=n, reason=value.get("reason") or no_reason)
        low, high = value.get("ci") or (None, None)
        return cls(value["value"], low, high, n, min_n=value.get("min_n", 0))
